/**
 * Decision records on their way to the outbox. A request hands its record over and goes on: records are written in batches behind it, and a disk that does
 * not keep up loses records, counted, never time of a request.
 */
import type { Outbox, OutboxEntry } from '../storage/outbox.ts';
import { scopeKey } from '../storage/scope.ts';

/** What is written at a time, at most. */
const batchEntries = 512;
/** How long a record waits for others, in milliseconds. */
const gatherMs = 20;

/** The same entries over one buffer, and one object for each scope: on the way to the writer's thread each of them is copied once. */
const packed = (entries: readonly OutboxEntry[]): readonly OutboxEntry[] => {
  const bytes = new Uint8Array(entries.reduce((sum, { payload }) => sum + payload.length, 0));
  const scopes = new Map<string, OutboxEntry['scope']>();
  let at = 0;
  return entries.map((entry) => {
    const name = scopeKey(entry.scope);
    const scope = scopes.get(name) ?? entry.scope;
    scopes.set(name, scope);
    bytes.set(entry.payload, at);
    const payload = bytes.subarray(at, at + entry.payload.length);
    at += payload.length;
    return { ...entry, scope, payload };
  });
};

/** Entries that wait. */
export class WaitingRecords {
  readonly #outbox: Pick<Outbox, 'append'>;
  readonly #most: number;
  readonly #onFault: (error: unknown) => void;
  #waiting: OutboxEntry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #dropped = 0;
  /** Somebody waits until nothing waits. */
  #isFlushing = false;

  constructor(outbox: Pick<Outbox, 'append'>, most: number, onFault: (error: unknown) => void) {
    this.#outbox = outbox;
    this.#most = most;
    this.#onFault = onFault;
  }

  /** Entries that no room or no disk was there for. */
  get dropped(): number {
    return this.#dropped;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes an entry; false when there is no room. */
  keep(entry: OutboxEntry): boolean {
    if (this.#waiting.length >= this.#most) {
      this.#dropped += 1;
      return false;
    }
    this.#waiting.push(entry);
    if (this.#writing === undefined) this.#timer ??= setTimeout(() => void this.#write(), gatherMs);
    return true;
  }

  /** Writes what waits; resolves when it is on the disk, or lost and counted. */
  async flush(): Promise<void> {
    do {
      this.#isFlushing = true;
      await this.#write();
    } while (this.#waiting.length > 0);
  }

  #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
      this.#isFlushing = false;
      // What came while the last batch was being told as written.
      if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => void this.#write(), gatherMs);
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let least = 1; this.#waiting.length >= least; ) {
      await this.#writeBatch();
      // A few that came meanwhile gather again: each write is a transaction and a sync.
      least = this.#isFlushing ? 1 : batchEntries;
    }
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#waiting.slice(0, batchEntries);
    this.#waiting = this.#waiting.slice(batchEntries);
    try {
      const kept = await this.#outbox.append(packed(batch));
      if (kept.ok) return;
      this.#dropped += batch.length;
      this.#onFault(new Error(`decision records were not kept: ${kept.code}`));
    } catch (error) {
      this.#dropped += batch.length;
      this.#onFault(error);
    }
  }

  /** Writes what is left. */
  close(): Promise<void> {
    return this.flush();
  }
}
