/**
 * Group commit: many writes, one transaction, one fsync. A write that throws must not take its neighbours along, so the group is undone
 * and each is tried on its own; a full disk refuses the whole group, which then has changed nothing.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type Refusal, refuse } from '@hauberk/primitives';
import { StorageFault, type StorageRefusal } from './storage-refusal.ts';
import type { WriteAnswer, WriteInput, WriteKind } from './write-command.ts';

/** A write that waits for its group. */
export interface PendingWrite<Kind extends WriteKind = WriteKind> {
  readonly kind: Kind;
  readonly input: WriteInput<Kind>;
  readonly client: number;
}

/** What became of a write: its answer, a refusal, or the message of an error in the code behind it, which changed nothing. */
export type WriteOutcome = WriteAnswer<WriteKind> | Refusal<StorageRefusal> | { readonly error: string };

/** Runs one write inside the open transaction. */
export type RunWrite = (write: PendingWrite) => WriteAnswer<WriteKind>;

/** What surrounds the writes of a group. */
export interface GroupHooks {
  /** Runs in the transaction after the writes. */
  readonly beforeCommit: () => void;
  /** The transaction was undone: what memory knows of it must go. */
  readonly undone: () => void;
}

const sqliteFull = 13;
const sqliteCodes = { write: 778, shmSize: 4874, truncate: 1546 } as const;
const noSpace: readonly number[] = [sqliteFull, sqliteCodes.write, sqliteCodes.shmSize, sqliteCodes.truncate];
/** Busy, locked: somebody opened the record with another program and holds it. */
const busyPrimaries: readonly number[] = [5, 6];
/** I/O error, corrupt, not a database, cannot open, read-only: the connection cannot be trusted any more. */
const fatalPrimaries: readonly number[] = [10, 11, 26, 14, 8];

const sqliteCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;

/** What an error of SQLite means for the storage: `full` and `busy` may pass, `broken` may not, `write` is one write's own. */
export const severityOf = (error: unknown): 'full' | 'busy' | 'broken' | 'write' => {
  const code = sqliteCode(error);
  if (code === undefined) return 'write';
  if (noSpace.includes(code)) return 'full';
  if (busyPrimaries.includes(code & 0xff)) return 'busy';
  // After a failed fsync the kernel may drop the pages and report success next time: nothing may be acknowledged any more.
  return fatalPrimaries.includes(code & 0xff) ? 'broken' : 'write';
};

/** Commits groups on the writing connection. */
export class GroupCommitter {
  readonly #database: DatabaseSync;
  readonly #run: RunWrite;
  readonly #hooks: GroupHooks;

  constructor(database: DatabaseSync, run: RunWrite, hooks: GroupHooks) {
    this.#database = database;
    this.#run = run;
    this.#hooks = hooks;
  }

  /**
   * Answers each write once all of them are on the disk.
   * @throws StorageFault when whether they are cannot be known.
   */
  commit(writes: readonly PendingWrite[]): readonly WriteOutcome[] {
    try {
      return this.#commitOnce(writes);
    } catch (error) {
      this.#undo();
      const severity = severityOf(error);
      if (severity === 'broken') throw new StorageFault('the record can no longer be written', { cause: error });
      if (severity === 'busy') return writes.map(() => refuse('storage-overloaded', 'the record is locked'));
      if (severity === 'full') return writes.map(() => refuse('storage-full'));
      return writes.length > 1 ? writes.flatMap((write) => this.commit([write])) : writes.map(() => errorOf(error));
    }
  }

  #commitOnce(writes: readonly PendingWrite[]): readonly WriteOutcome[] {
    this.#database.exec('begin immediate');
    const outcomes = writes.map((write) => this.#run(write));
    this.#hooks.beforeCommit();
    this.#database.exec('commit');
    return outcomes;
  }

  #undo(): void {
    // A full disk may have undone the transaction already.
    if (this.#database.isTransaction) this.#database.exec('rollback');
    this.#hooks.undone();
  }
}

const errorOf = (error: unknown): { readonly error: string } => ({
  error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
});
