/** Storage of decisions: what people decide by (policies, lists, models) as versioned rows, and the index of what was decided. */
import type { EpochMs } from '@hauberk/primitives';
import type { ShelvedObject, ShelvedVersions } from '../intelligence/taxii-shelf.ts';
import type { Scope } from '../storage/scope.ts';
import type { Stored } from '../storage/storage-refusal.ts';
import type { RowKey, RowPut, VersionedRows } from '../storage/versioned-rows.ts';
import type { KeptAlert, KeptAlertRule, KeptCase } from './case-rows.ts';
import type { KeptPolicy } from './policy-life.ts';
import type { KeptList, KeptModel, ListEntry, StagedList } from './policy-rows.ts';
import type { KeptLabel } from './record-entry.ts';
import type { KeptText } from './record-texts.ts';

/** Kind of row → what it holds. */
export interface DecisionRows {
  /** By policy and version, see `policyRowId`. */
  readonly policy: KeptPolicy;
  /** By policy: its newest version. */
  readonly newest: { readonly version: number };
  /** By hash. */
  readonly model: KeptModel;
  /** By name. */
  readonly list: KeptList;
  /** By list and member, see `entryRowId`. */
  readonly entry: ListEntry;
  /** By the hash of what it does. */
  readonly staged: StagedList;
  /** By kind and half of the hash, see `textRowId`. */
  readonly text: KeptText;
  /** By id. */
  readonly alertRule: KeptAlertRule;
  /** By id. */
  readonly alert: KeptAlert;
  /** By rule and entity: the alert that is open. */
  readonly alerting: { readonly alert: string };
  /** By id, which sorts by time. */
  readonly case: KeptCase;
  /** By what a case was opened for without anybody's asking, as `cluster ID`: the newest one. */
  readonly caseFor: { readonly case: string };
  /** By decision: what it turned out to be. */
  readonly label: KeptLabel;
  /** By collection and when it was added: a version of an object of STIX. */
  readonly stix: ShelvedObject;
  /** By collection and id: the versions of an object. */
  readonly 'stix-versions': ShelvedVersions;
  /** By name: how far a source was polled. */
  readonly 'stix-source': { readonly cursor: string };
  /** By the empty id: the revision of the app's snapshot. Every change of it reads this row, so changes of one app follow one another. */
  readonly book: { readonly revision: number };
}

/** A kind of row. */
export type DecisionRowKind = keyof DecisionRows;
/** Names a row. */
export type DecisionKey<Kind extends DecisionRowKind = DecisionRowKind> = RowKey<DecisionRows, Kind>;
/** A row to write. */
export type DecisionPut = RowPut<DecisionRows>;

/** A decision as it is found again. */
export interface IndexedDecision {
  readonly id: string;
  readonly atMs: number;
  /** Where its record stands in the outbox. */
  readonly position: number;
  readonly scene: string;
  readonly outcome: string;
  readonly points: number;
  /** Hash of the policy that decided. */
  readonly policy: string;
  readonly reasons: readonly string[];
  /** Kind and keyed hash of each entity, as `device:…`. */
  readonly entities: readonly string[];
}

/** What is asked of the index. All given members must hold. */
export interface DecisionQuery {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly entity?: string | undefined;
  readonly reason?: string | undefined;
  readonly outcome?: string | undefined;
  readonly scene?: string | undefined;
  readonly policy?: string | undefined;
  /** Goes on behind this decision: newest first. */
  readonly before?: { readonly atMs: number; readonly id: string } | undefined;
  readonly limit: number;
}

/** What a batch of records adds, together with how far the outbox was read. */
export interface IndexBatch {
  readonly scope: Scope;
  readonly decisions: readonly IndexedDecision[];
  readonly labels: readonly KeptLabel[];
}

/** The store of all apps. */
export interface DecisionStore extends VersionedRows<DecisionRows, 'decision-conflict'> {
  /** Adds records to the index, each id once, and labels, and says how far the outbox was read; all or nothing. */
  index(
    batches: readonly IndexBatch[],
    advance: { readonly from: number; readonly to: number },
    now: EpochMs,
  ): Stored<true, 'decision-conflict'>;
  find(scope: Scope, id: string): Promise<IndexedDecision | undefined>;
  /** Newest first. */
  query(scope: Scope, query: DecisionQuery): Promise<readonly IndexedDecision[]>;
  /** Forgets decisions before an instant, and the oldest beyond a number; at most so many at once. Answers how many. */
  forget(bounds: { readonly beforeMs: number; readonly most: number }, limit: number): Stored<number>;
}

/** Name of the stream among the consumers of the outbox. */
export const decisionConsumer = 'decision';
