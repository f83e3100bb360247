/**
 * Rows of JSON by kind and id, each with a version: what a room keeps that changes together or not at all. One table for each room; `Rows` maps
 * the kinds of that room to what they hold.
 */
import type { EpochMs } from '@hauberk/primitives';
import type { AuditRecord } from '../audit/audit-log.ts';
import type { Scope } from './scope.ts';
import type { Stored } from './storage-refusal.ts';

/** Names a row. */
export interface RowKey<Rows, Kind extends keyof Rows & string = keyof Rows & string> {
  readonly kind: Kind;
  readonly id: string;
}

/** A row as it was read; version 0 and no value when it is not there. */
export interface VersionedRow<Rows, Kind extends keyof Rows & string = keyof Rows & string> {
  readonly key: RowKey<Rows, Kind>;
  readonly version: number;
  readonly value: Rows[Kind] | undefined;
}

/** A row to write; no value deletes it. */
export type RowPut<Rows> = {
  readonly [Kind in keyof Rows & string]: {
    readonly kind: Kind;
    readonly id: string;
    readonly value: Rows[Kind] | undefined;
    /** What retention goes by. */
    readonly atMs: number;
  };
}[keyof Rows & string];

/** Changes of one app. */
export interface RowChange<Rows> {
  readonly scope: Scope;
  /** What was read: each row must still have that version. */
  readonly read: readonly { readonly key: RowKey<Rows>; readonly version: number }[];
  readonly puts: readonly RowPut<Rows>[];
  readonly audit: readonly AuditRecord[];
}

/** Changes that happen together. */
export interface RowCommit<Rows> {
  readonly changes: readonly RowChange<Rows>[];
  /** The stream of the room has read so far: refused when it stands elsewhere than at `from`. */
  readonly advance?: { readonly from: number; readonly to: number };
}

/** A page of rows in the order of the ids' code units, all of which begin with `prefix`. */
export interface RowPage {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit: number;
}

/** The rows of one room. */
export interface VersionedRows<Rows, Conflict extends string> {
  load<Kind extends keyof Rows & string>(
    scope: Scope,
    keys: readonly RowKey<Rows, Kind>[],
  ): Promise<readonly VersionedRow<Rows, Kind>[]>;
  list<Kind extends keyof Rows & string>(
    scope: Scope,
    kind: Kind,
    page: RowPage,
  ): Promise<readonly VersionedRow<Rows, Kind>[]>;
  /** How many rows of a kind have ids that begin with `prefix`. */
  count(scope: Scope, kind: keyof Rows & string, prefix?: string): Promise<number>;
  /** Writes all or nothing, durable once it is answered. */
  commit(commit: RowCommit<Rows>, now: EpochMs): Stored<true, Conflict>;
  /** Drops rows of a kind whose time is before, at most so many. */
  purge(kind: keyof Rows & string, before: EpochMs, limit: number): Stored<number>;
}
