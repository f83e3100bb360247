/**
 * Storage of binding: versioned rows that change together or not at all. Every mutual exclusion of binding (one attempt for a number, one
 * for a profile, one SMS for a token, one live binding) is a row whose version two writers cannot both have read last.
 */
import type { Binding, BindingAttempt, BindingCode, BindingEnd, Passkeys, Tally, Trail } from '@hauberk/binding';
import type { EpochMs } from '@hauberk/primitives';
import type { AuditRecord } from '../audit/audit-log.ts';
import type { Scope } from '../storage/scope.ts';
import type { Stored } from '../storage/storage-refusal.ts';

/** What became of an inbound SMS. */
export interface SmsOutcome {
  readonly outcome: 'counted' | 'redelivered' | 'ignored' | 'declined';
  readonly code?: BindingCode | undefined;
}

/** The end of a binding, until it was told. */
export interface UntoldEnd {
  readonly id: string;
  readonly profile: string;
  readonly key: string;
  readonly why: BindingEnd;
}

/** What may be kept from binding. A number is its keyed hash. */
export const blockSubjects = ['device', 'key', 'fingerprint', 'profile', 'number'] as const;

/** One of them. */
export type BlockSubject = (typeof blockSubjects)[number];

/** Somebody or something that may not bind for a while: by B09, or by an operator's word. */
export interface Block {
  readonly source: 'rule' | 'operator';
  readonly subject: BlockSubject;
  readonly value: string;
  readonly by: string;
  readonly reason: string;
  readonly atMs: EpochMs;
  readonly untilMs: EpochMs;
}

/** Kind of row → what it holds. */
export interface BindingRows {
  /** By attempt id. */
  readonly attempt: BindingAttempt;
  /** By keyed hash of the token: which attempt it names. */
  readonly token: { readonly attempt: string };
  /** By link, message id and content: what was answered, so that a redelivery gets the same answer. */
  readonly sms: SmsOutcome;
  /** By `device …`, `key …`, `print …` (B09) or `profile …` (B16). */
  readonly tally: Tally;
  /** By `profile …` or `number …`: who is binding it now. Void after its end or under another fence. */
  readonly lock: { readonly attempt: string; readonly key: string; readonly untilMs: EpochMs; readonly fence: number };
  /** By profile: the present or last binding. */
  readonly binding: Binding;
  /** By binding: it ended, and the rest of the house was not told yet. */
  readonly ended: UntoldEnd;
  /** By profile: what can prove its customer without a SIM. */
  readonly passkey: Passkeys;
  /** By profile: what the binding of that id moved while it was cooling (B19). */
  readonly moved: { readonly binding: string; readonly minor: number };
  /** By use of a factor: it was used (B22). */
  readonly factor: { readonly attempt: string };
  /** By device: the VMN that it was given last (B13). */
  readonly vmn: { readonly number: string };
  /** By attempt, also of those that got no token: what happened, for operators. */
  readonly trail: Trail;
  /** By `TIME ATTEMPT`, newest first: which attempts there were. */
  readonly recent: { readonly id: string; readonly attempt: string };
  /** By `SOURCE SUBJECT VALUE`: who may not bind. */
  readonly block: Block;
}

/** A kind of row. */
export type BindingRowKind = keyof BindingRows;

/** Names a row. */
export interface RowKey<Kind extends BindingRowKind = BindingRowKind> {
  readonly kind: Kind;
  readonly id: string;
}

/** A row as it was read; version 0 and no value when it is not there. */
export interface ReadRow {
  readonly key: RowKey;
  readonly version: number;
  readonly value: BindingRows[BindingRowKind] | undefined;
}

/** A row to write; no value deletes it. */
export type RowPut = {
  readonly [Kind in BindingRowKind]: {
    readonly kind: Kind;
    readonly id: string;
    readonly value: BindingRows[Kind] | undefined;
    /** After this it may be dropped; never when absent. */
    readonly expiresAtMs?: EpochMs | undefined;
  };
}[BindingRowKind];

/** Changes that happen together. */
export interface BindingChange {
  /** The fence under which all of it was decided. */
  readonly fence: number;
  /** What was read: each row must still have that version. */
  readonly read: readonly { readonly key: RowKey; readonly version: number }[];
  readonly puts: readonly RowPut[];
  /** One for each transition, in the same transaction. */
  readonly audit: readonly AuditRecord[];
}

/** The store of an app's bindings. */
export interface BindingStore {
  /** Rises with every start and failover; what was decided under an older one is refused. */
  fence(): Promise<number>;
  load(scope: Scope, keys: readonly RowKey[]): Promise<readonly ReadRow[]>;
  /** Writes all or nothing, durable once it is answered. Of two changes that read one row, one is refused. */
  commit(scope: Scope, change: BindingChange, now: EpochMs): Stored<true, 'binding-conflict' | 'binding-fenced'>;
  /** Rows of a kind after an id, in the order of the ids' code units; what has expired may still be among them. */
  list<Kind extends BindingRowKind>(
    scope: Scope,
    kind: Kind,
    after: string,
    limit: number,
  ): Promise<readonly BindingRows[Kind][]>;
  /** Drops rows that expired, at most so many. */
  purge(now: EpochMs, limit: number): Stored<number>;
}

/** The row of a block. */
export const blockKey = ({ source, subject, value }: Pick<Block, 'source' | 'subject' | 'value'>): RowKey<'block'> => ({
  kind: 'block',
  id: `${source} ${subject} ${value}`,
});

const digitsOfTime = 15;

/** Begins the ids of what is listed newest first: a later time sorts before an earlier one. */
export const newestFirst = (atMs: number): string =>
  String(10 ** digitsOfTime - 1 - Math.max(0, Math.floor(atMs))).padStart(digitsOfTime, '0');

/** One text for a row's key. */
export const rowName = ({ kind, id }: RowKey): string => `${kind}\u0000${id}`;
