/** The writer's work without its thread: a queue of writes, groups, checkpoints of the audit log. */
import type { KeyObject } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { epochMs, refuse } from '@hauberk/primitives';
import { writeAnchor } from '../audit/audit-anchor.ts';
import { GroupCommitter, type PendingWrite, severityOf, type WriteOutcome } from './group-committer.ts';
import { migrateRecord } from './migrations.ts';
import { openWriter } from './node-sqlite.ts';
import { type AuditChain, openAuditChain } from './sqlite/audit-writes.ts';
import type { WriteContext } from './sqlite/write-context.ts';
import { recordStart, type Start } from './start-record.ts';
import { StateError } from './storage-refusal.ts';
import { writeHandlers } from './write-handlers.ts';
import type { WriterLimits, WriterStart } from './writer-message.ts';

/** Entries after which a checkpoint is signed in the same group. */
const checkpointEvery = 256;

/** A queued write and where its outcome goes. */
export interface QueuedWrite extends PendingWrite {
  readonly settle: (outcome: WriteOutcome) => void;
}

/** The record's only writer. */
export interface RecordWriter {
  readonly start: Start;
  /** Queues a write, or refuses it at once when too many wait. */
  queue(write: QueuedWrite): void;
  /** Commits one group; answers whether more waits. Throws a StorageFault when the record can no longer be trusted. */
  commitGroup(): boolean;
  /** Signs what no checkpoint covers yet, and keeps the newest one outside the record. */
  checkpoint(now: number): void;
  limit(maxBytes: number | null): void;
  signWith(auditKeyId: number, auditKey: KeyObject): void;
  /** Commits what waits, signs the last checkpoint and closes the record. */
  close(now: number): void;
}

const applyLimit = (database: DatabaseSync, maxBytes: number | null): void => {
  const { page_size: pageSize } = database.prepare('pragma page_size').get() as { page_size: number };
  // SQLite's own largest number of pages stands for no limit.
  const pages = maxBytes === null ? 4_294_967_294 : Math.max(1, Math.floor(maxBytes / pageSize));
  database.exec(`pragma max_page_count=${pages}`);
};

class OpenWriter implements RecordWriter {
  readonly start: Start;
  readonly #database: DatabaseSync;
  readonly #chain: AuditChain;
  readonly #committer: GroupCommitter;
  readonly #limits: WriterLimits;
  readonly #anchorFile: string;
  #signer: { keyId: number; privateKey: KeyObject };
  #queue: QueuedWrite[] = [];
  #lastSize: number;
  #lastAtMs = 0;
  #anchoredSize = 0;

  constructor(database: DatabaseSync, options: WriterStart) {
    this.#database = database;
    this.#limits = options.limits;
    this.#anchorFile = options.anchorFile;
    this.#signer = { keyId: options.auditKeyId, privateKey: options.auditKey };
    this.#chain = openAuditChain(database);
    this.#lastSize = this.#signedSize();
    this.start = recordStart(database, this.#chain, options.startedAtMs);
    const audit: WriteContext['audit'] = (scope, record, now) => {
      this.#lastAtMs = now;
      return this.#chain.append(scope, record, now);
    };
    const run = writeHandlers({ database, boot: this.start.boot, audit });
    this.#committer = new GroupCommitter(database, run, {
      beforeCommit: () => this.#signIfDue(),
      undone: () => this.#undone(),
    });
    applyLimit(database, options.limits.maxBytes);
  }

  queue(write: QueuedWrite): void {
    if (this.#queue.length >= this.#limits.maxQueued) write.settle(refuse('storage-overloaded', 'writer queue'));
    else this.#queue.push(write);
  }

  commitGroup(): boolean {
    const group = this.#queue.splice(0, this.#limits.maxGroup);
    if (group.length === 0) return false;
    const outcomes = this.#committer.commit(group);
    for (const [index, write] of group.entries()) write.settle(outcomes[index] ?? { error: 'no outcome' });
    return this.#queue.length > 0;
  }

  #signIfDue(): void {
    if (this.#chain.head().size - this.#lastSize >= checkpointEvery) this.#sign(this.#lastAtMs);
  }

  #sign(now: number): void {
    this.#lastSize = this.#chain.checkpoint(this.#signer, this.start, epochMs(now))?.size ?? this.#lastSize;
  }

  #signedSize(): number {
    return this.#chain.latestCheckpoint()?.size ?? 0;
  }

  #undone(): void {
    this.#chain.reload();
    this.#lastSize = this.#signedSize();
  }

  checkpoint(now: number): void {
    if (this.#chain.head().size === this.#signedSize()) return this.#anchor();
    this.#unlessFull(() => {
      try {
        this.#database.exec('begin immediate');
        this.#sign(now);
        this.#database.exec('commit');
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('rollback');
        this.#undone();
        throw error;
      }
    });
    this.#anchor();
  }

  #anchor(): void {
    const latest = this.#chain.latestCheckpoint();
    if (latest === undefined || latest.size === this.#anchoredSize) return;
    this.#unlessFull(() => {
      writeAnchor(this.#anchorFile, latest);
      this.#anchoredSize = latest.size;
    });
  }

  /** A full disk only delays checkpoints: the entries are there, and the next checkpoint covers them. */
  #unlessFull(work: () => void): void {
    try {
      work();
    } catch (error) {
      const isFull = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
      if (!isFull && severityOf(error) !== 'full') throw error;
    }
  }

  limit(maxBytes: number | null): void {
    applyLimit(this.#database, maxBytes);
  }

  signWith(auditKeyId: number, auditKey: KeyObject): void {
    this.#signer = { keyId: auditKeyId, privateKey: auditKey };
  }

  close(now: number): void {
    while (this.commitGroup());
    this.checkpoint(now);
    this.#unlessFull(() => this.#database.exec('pragma wal_checkpoint(truncate)'));
    this.#database.close();
  }
}

/** Opens the record for writing, migrates it and counts this start. */
export const openRecordWriter = async (options: WriterStart): Promise<RecordWriter> => {
  try {
    const database = openWriter(options.file);
    await migrateRecord(database);
    return new OpenWriter(database, options);
  } catch (cause) {
    if (severityOf(cause) !== 'broken') throw cause;
    const hint = 'restore a backup; do not delete the record, for then every revocation would be forgotten';
    throw new StateError('state-unreadable', 'record.db cannot be used', hint, { cause });
  }
};
