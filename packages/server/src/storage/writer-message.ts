/** What passes between the writer thread and the others. */
import type { KeyObject } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import type { WriteOutcome } from './group-committer.ts';
import type { StateErrorCode } from './storage-refusal.ts';
import type { WriteInput, WriteKind } from './write-command.ts';

/** Writes of one tick of a client; their numbers follow `first`. */
export interface WriteBatch {
  readonly first: number;
  readonly writes: readonly (readonly [kind: WriteKind, input: WriteInput<WriteKind>])[];
}

/** Outcomes of one group for a client, by number. */
export type OutcomeBatch = readonly (readonly [number: number, outcome: WriteOutcome])[];

/** How the writer thread starts. */
export interface WriterStart {
  readonly file: string;
  /** Where the newest checkpoint is kept outside the record. */
  readonly anchorFile: string;
  readonly auditKeyId: number;
  readonly auditKey: KeyObject;
  readonly startedAtMs: number;
  readonly limits: WriterLimits;
}

/** Bounds of the writer thread. */
export interface WriterLimits {
  /** Writes that may wait over all clients; beyond, they are refused as `storage-overloaded`. */
  readonly maxQueued: number;
  /** Writes in one group. */
  readonly maxGroup: number;
  /** Largest record; beyond, writes are refused as `storage-full`. Null for the disk's own limit. */
  readonly maxBytes: number | null;
}

/** From the main thread to the writer. */
export type WriterOrder =
  | { readonly order: 'connect'; readonly client: number; readonly port: MessagePort }
  | { readonly order: 'limit'; readonly maxBytes: number | null }
  | { readonly order: 'sign-with'; readonly auditKeyId: number; readonly auditKey: KeyObject }
  | { readonly order: 'close' };

/** From the writer to the main thread. */
export type WriterNews =
  | { readonly news: 'ready'; readonly boot: number; readonly epoch: number; readonly disowned: number }
  | { readonly news: 'refused'; readonly code: StateErrorCode; readonly message: string; readonly hint: string }
  | { readonly news: 'failed'; readonly message: string }
  | { readonly news: 'closed' };
