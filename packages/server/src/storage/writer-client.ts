/** A thread's access to the writer: writes of one tick travel together, and each resolves after the fsync of its group. */
import type { MessagePort } from 'node:worker_threads';
import { type Refusal, refuse } from '@hauberk/primitives';
import type { WriteOutcome } from './group-committer.ts';
import { StorageFault, type StorageRefusal } from './storage-refusal.ts';
import type { WriteAnswer, WriteInput, WriteKind } from './write-command.ts';
import type { OutcomeBatch, WriteBatch } from './writer-message.ts';

/** Writes that one client may have under way; beyond, they are refused as `storage-overloaded`. */
const defaultMaxInFlight = 16_384;

interface Waiting {
  readonly resolve: (outcome: never) => void;
  readonly reject: (error: Error) => void;
}

/** Submits writes. */
export interface Submit {
  <Kind extends WriteKind>(kind: Kind, input: WriteInput<Kind>): Promise<WriteAnswer<Kind> | Refusal<StorageRefusal>>;
}

/** The writer as one thread sees it. */
export class WriterClient {
  readonly #port: MessagePort;
  readonly #maxInFlight: number;
  readonly #waiting = new Map<number, Waiting>();
  #batch: [WriteKind, WriteInput<WriteKind>][] = [];
  #next = 0;
  #isClosing = false;
  #isGone = false;
  #drained: (() => void) | undefined;

  constructor(port: MessagePort, maxInFlight: number = defaultMaxInFlight) {
    this.#port = port;
    this.#maxInFlight = maxInFlight;
    port.on('message', (outcomes: OutcomeBatch) => this.#settle(outcomes));
    port.on('close', () => this.#lose());
    // A thread with nothing under way may end; one that waits for a write may not.
    port.unref();
  }

  readonly submit: Submit = (kind, input) => {
    if (this.#isClosing || this.#isGone) return Promise.resolve(refuse('storage-closed'));
    if (this.#waiting.size >= this.#maxInFlight) return Promise.resolve(refuse('storage-overloaded', 'client'));
    if (this.#waiting.size === 0) this.#port.ref();
    if (this.#batch.length === 0) setImmediate(() => this.#post());
    this.#batch.push([kind, input]);
    const number = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => this.#waiting.set(number, { resolve, reject }));
  };

  /** Refuses new writes and resolves when all that are under way have settled. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#waiting.size > 0 && !this.#isGone) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    this.#port.close();
  }

  #post(): void {
    const writes = this.#batch;
    this.#batch = [];
    const batch: WriteBatch = { first: this.#next - writes.length, writes };
    if (!this.#isGone) this.#port.postMessage(batch);
  }

  #settle(outcomes: OutcomeBatch): void {
    for (const [number, outcome] of outcomes) {
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (waiting !== undefined) settleOne(waiting, outcome);
    }
    if (this.#waiting.size > 0) return;
    this.#port.unref();
    this.#drained?.();
  }

  #lose(): void {
    this.#isGone = true;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of lost) reject(new StorageFault('the writer is gone; whether the write is kept is unknown'));
    this.#drained?.();
  }
}

const settleOne = ({ resolve, reject }: Waiting, outcome: WriteOutcome): void => {
  if ('error' in outcome) reject(new Error('the write failed and changed nothing', { cause: outcome.error }));
  else resolve(outcome as never);
};
