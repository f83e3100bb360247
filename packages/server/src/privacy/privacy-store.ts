/**
 * Storage of privacy: versioned rows that change together or not at all, and the way in for reports. Rows know a person only by a pseudonym that
 * was drawn at random; the one row that leads from a device to its pseudonym is named by a keyed hash and can be erased.
 */

import type { Bytes, EpochMs } from '@hauberk/primitives';
import type { ChainFrame, EffectReport, Finding, LedgerHead } from '@hauberk/privacy';
import type { Scope } from '../storage/scope.ts';
import type { Stored } from '../storage/storage-refusal.ts';
import type { RowChange, RowCommit, RowKey, RowPut, VersionedRow, VersionedRows } from '../storage/versioned-rows.ts';

/** Calls counted together: one day, function, chain, owner, scene, place and outcome. */
export interface AccessTotal {
  readonly day: string;
  readonly api: string;
  readonly chain: string;
  readonly owner: string;
  readonly scene: string;
  readonly isForeground: boolean;
  readonly outcome: string;
  readonly calls: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** What is known of a chain. */
export interface KnownChain {
  readonly chain: string;
  /** Owner → how many devices told it so, counted up to `maxWitnesses`. */
  readonly owners: Readonly<Record<string, readonly string[]>>;
  readonly ownerVersion: string | null;
  /** Empty until a device told the frames. */
  readonly frames: readonly ChainFrame[];
  /** Directive and version → what devices proved of it. */
  readonly effects: Readonly<Record<string, ChainEffect>>;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** What devices proved of one directive on one chain. */
export interface ChainEffect {
  readonly devices: number;
  readonly stopped: number;
  /** When calls were stopped first and last; null while none was. */
  readonly firstAtMs: number | null;
  readonly lastAtMs: number | null;
}

/** A finding with who saw it. */
export interface KeptFinding {
  readonly id: string;
  readonly finding: Finding;
  /** Tags of the devices that reported it, at most `maxWitnesses`; a tag leads to nobody. */
  readonly witnesses: readonly string[];
  /** The directive that stopped it last. */
  readonly stoppedBy: string | null;
  readonly changedBy: string | null;
}

/** Proof of one device that a directive is in force there. */
export interface KeptEffect extends EffectReport {
  /** Calls by run of the app, named by its first stop: counting begins anew with each, and several pages count side by side. */
  readonly runs: Readonly<Record<string, number>>;
  readonly subject: string;
  readonly receivedAtMs: number;
}

/** An answer that is given without asking again: exceptions of a kind are stopped where they come from. */
export interface ResponseRule {
  readonly id: string;
  readonly kind: string;
  readonly action: 'empty' | 'deny' | 'delay';
  readonly delayMs: number | null;
  /** Devices that must have seen the exception. */
  readonly minDevices: number;
  /** Directives that it may make in a day. */
  readonly perDay: number;
  /** How long what it stops stays stopped. */
  readonly stopHours: number;
  readonly expiresAtMs: number;
  /** Hash of all of the above in canonical JSON: what the second person approved. */
  readonly hash: string;
  /** Who proposed and who approved it. */
  readonly approvedBy: string;
  readonly state: 'active' | 'revoked';
  /** What it stopped lately, newest last. */
  readonly answers: readonly { readonly chain: string; readonly atMs: number; readonly untilMs: number }[];
}

/** Chains that are to be stopped on devices, by scope of the directive. */
export interface StopList {
  readonly stops: readonly {
    readonly chain: string;
    readonly apis?: readonly string[];
    readonly action: 'empty' | 'deny' | 'delay';
    readonly delayMs?: number;
    /** Undefined for no end. */
    readonly untilMs?: number;
    readonly by: string;
  }[];
  /** The directive that carries a list with this hash, and until when; null before the first. */
  readonly published: { readonly hash: string; readonly rollout: string; readonly untilMs: number } | null;
}

/** Kind of row → what it holds. */
export interface PrivacyRows {
  /** By tag of a device: its pseudonym. */
  readonly subject: { readonly subject: string; readonly day: string };
  /** By pseudonym: the tag that leads to it. */
  readonly alias: { readonly tag: string };
  /** By pseudonym: what the windows remember, and how many new chains this day brought. */
  readonly watch: { readonly saved: unknown; readonly day: string; readonly newChains: number };
  readonly total: AccessTotal;
  readonly chain: KnownChain;
  readonly finding: KeptFinding;
  readonly effect: KeptEffect;
  /** By pseudonym and number: one line of the ledger. */
  readonly consent: { readonly line: string };
  /** By pseudonym: where the ledger stands. */
  readonly ledger: LedgerHead & { readonly atMs: number };
  readonly rule: ResponseRule;
  readonly stops: StopList;
  /** By pseudonym: the mapping was erased. A restore erases it again. */
  readonly erasure: { readonly atMs: number };
}

/** A kind of row. */
export type PrivacyRowKind = keyof PrivacyRows;

/** Names a row. */
export type PrivacyKey<Kind extends PrivacyRowKind = PrivacyRowKind> = RowKey<PrivacyRows, Kind>;
/** A row as it was read. */
export type PrivacyRow<Kind extends PrivacyRowKind = PrivacyRowKind> = VersionedRow<PrivacyRows, Kind>;
/** A row to write. */
export type PrivacyPut = RowPut<PrivacyRows>;
/** Changes of one app. */
export type PrivacyChange = RowChange<PrivacyRows>;
/** Changes that happen together. */
export type PrivacyCommit = RowCommit<PrivacyRows>;

/** A report on its way in. */
export interface IncomingReport {
  readonly kind: string;
  /** Names the report among those of the device. */
  readonly mark: Bytes;
  readonly untilMs: EpochMs;
  /** JSON of an object; the pseudonym is put before its members. */
  readonly json: string;
}

/** Reports of one device. */
export interface PrivacyIntake {
  readonly tag: string;
  /** The pseudonym, if this device has none yet. */
  readonly fresh: string;
  readonly reports: readonly IncomingReport[];
  /** Events that the stream may be behind. */
  readonly maxBehind: number;
}

/** The store of all apps. */
export interface PrivacyStore extends VersionedRows<PrivacyRows, 'privacy-conflict'> {
  /** Appends the reports to the outbox under the device's pseudonym, durable once it is answered, each once only; answers how many were new. */
  ingest(scope: Scope, intake: PrivacyIntake, now: EpochMs): Stored<number, 'privacy-behind'>;
}

/** Name of the stream among the consumers of the outbox. */
export const privacyConsumer = 'privacy';

/** Outbox kind of a report. */
export const reportEventKind = (kind: string): string => `report.${kind}`;

/** The payload of an event: what came in, after the pseudonym. */
export const eventPayload = (subject: string, json: string): string => `{"subject":"${subject}",${json.slice(1)}`;
