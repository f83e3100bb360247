/** Load, decide, commit, and again when somebody else was faster: the only way in which binding changes anything. */
import type { ServerInstant } from '@hauberk/binding';
import { type Refusal, refuse } from '@hauberk/primitives';
import type { AuditRecord } from '../audit/audit-log.ts';
import type { Scope } from '../storage/scope.ts';
import { type StorageRefusal, StorageUnavailable } from '../storage/storage-refusal.ts';
import type { BindingClock } from './binding-ports.ts';
import type { BindingRowKind, BindingRows, BindingStore, ReadRow, RowKey, RowPut } from './binding-store.ts';
import { rowName } from './binding-store.ts';

/** The rows that a decision may look at. */
export class LoadedRows {
  readonly #rows: ReadonlyMap<string, ReadRow>;
  constructor(rows: readonly ReadRow[]) {
    this.#rows = new Map(rows.map((row) => [rowName(row.key), row]));
  }

  /** A row that was asked for; undefined when it is not there. */
  find<Kind extends BindingRowKind>(kind: Kind, id: string): BindingRows[Kind] | undefined {
    const row = this.#rows.get(rowName({ kind, id }));
    if (row === undefined) throw new Error(`${kind} ${id} was not loaded`);
    return row.value as BindingRows[Kind] | undefined;
  }

  get all(): readonly ReadRow[] {
    return [...this.#rows.values()];
  }
}

/** What a decision comes to. Without puts nothing is written. */
export interface Decided<Answer> {
  readonly answer: Answer;
  readonly puts: readonly RowPut[];
  readonly audit: readonly AuditRecord[];
}

/** A decision: pure in what it is given. */
export type Decide<Answer> = (rows: LoadedRows, now: ServerInstant) => Decided<Answer>;

/** Where a transaction runs. */
export interface TransactionParts {
  readonly scope: Scope;
  readonly store: BindingStore;
  readonly clock: BindingClock;
}

/** A storm of conflicts is an overload: an honest attempt has a handful of writers. */
const mostTries = 16;

type ReadKeys = (load: (keys: readonly RowKey[]) => Promise<LoadedRows>) => Promise<LoadedRows>;

/** Answers a refusal in place of a store that could not be asked. */
export const unlessUnavailable = async <Answer>(
  run: () => Promise<Answer>,
): Promise<Answer | Refusal<StorageRefusal>> => {
  try {
    return await run();
  } catch (error) {
    if (error instanceof StorageUnavailable) return refuse(error.refusal);
    throw error;
  }
};

/**
 * Runs a decision to its end. A store that cannot be asked is a refusal. `read` loads what the decision needs; it may load in turns, what a first row names next. `now` is taken after
 * the reads, so that a slow store cannot make an attempt younger than it is.
 */
export const transact = <Answer>(
  parts: TransactionParts,
  read: ReadKeys,
  decide: Decide<Answer>,
): Promise<Answer | Refusal<StorageRefusal>> => unlessUnavailable(() => decideAndCommit(parts, read, decide));

const decideAndCommit = async <Answer>(
  { scope, store, clock }: TransactionParts,
  read: ReadKeys,
  decide: Decide<Answer>,
): Promise<Answer | Refusal<StorageRefusal>> => {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const fence = await store.fence();
    const loaded: ReadRow[] = [];
    const load = async (keys: readonly RowKey[]): Promise<LoadedRows> => {
      loaded.push(...(await store.load(scope, keys)));
      return new LoadedRows(loaded);
    };
    const rows = await read(load);
    const now = { ...clock.now(), fence };
    const { answer, puts, audit } = decide(rows, now);
    if (puts.length === 0 && audit.length === 0) return answer;
    const versions = rows.all.map(({ key, version }) => ({ key, version }));
    const committed = await store.commit(scope, { fence, read: versions, puts, audit }, now.wallMs);
    if (committed.ok) return answer;
    if (committed.code !== 'binding-conflict' && committed.code !== 'binding-fenced') return refuse(committed.code);
  }
  return refuse('storage-overloaded');
};
