/**
 * Who touched a trap: bounded memory that all threads share. A mark counts for its time and can be taken back; when there is
 * no room the one that would end first makes way, so that nobody is refused for want of it and old marks are what a flood washes out.
 */
import { createKeyedHash, type HashValue } from '@hauberk/primitives';

/** What was touched, by its bit; `trap` is one that a policy laid. */
export const markKinds = ['decoy', 'honey', 'canary', 'trap'] as const;
/** One of them. */
export type MarkKind = (typeof markKinds)[number];

/** The memory, as it is posted to workers. */
export interface MarkMemory {
  readonly cells: SharedArrayBuffer;
  readonly hashKey: Uint8Array<ArrayBuffer>;
}

/** 32-bit words of a cell: both halves of the hash, bits of the kinds, seconds at which it was marked first and at which it ends. */
const cellWords = 5;
/** Longest walk from a name's home. */
const maxProbes = 16;

/** Reserves memory for so many marks; a power of two is taken. */
export const reserveMarks = (marks: number, hashKey: Uint8Array<ArrayBuffer>): MarkMemory => ({
  cells: new SharedArrayBuffer(2 ** Math.ceil(Math.log2(Math.max(maxProbes, marks))) * cellWords * 4),
  hashKey,
});

/** A mark that counts. */
export interface Mark {
  readonly kinds: readonly MarkKind[];
  /** Since when, in epoch seconds. */
  readonly sinceSeconds: number;
}

/** Marks by name of what is marked: a device, an address. */
export class TrapMarks {
  readonly #words: Int32Array;
  readonly #mask: number;
  readonly #hash: (text: string, into: HashValue) => void;
  readonly #value: HashValue = { low: 0, high: 0 };

  constructor(memory: MarkMemory) {
    this.#words = new Int32Array(memory.cells);
    this.#mask = this.#words.length / cellWords - 1;
    this.#hash = createKeyedHash(memory.hashKey);
  }

  #home(name: string): number {
    this.#hash(name, this.#value);
    // Zero stands for an empty cell.
    if (this.#value.low === 0) this.#value.low = 1;
    return this.#value.low & this.#mask;
  }

  /** First word of the cell of a name; -1 when it has none. */
  #find(name: string): number {
    const home = this.#home(name);
    for (let probe = 0; probe < maxProbes; probe += 1) {
      const at = ((home + probe) & this.#mask) * cellWords;
      if (Atomics.load(this.#words, at) === this.#value.low && Atomics.load(this.#words, at + 1) === this.#value.high)
        return at;
    }
    return -1;
  }

  /** The cell that a new name takes: an empty one, one that ended, or the one that ends first. */
  #room(home: number, nowSeconds: number): number {
    let best = -1;
    let bestEnd = Number.POSITIVE_INFINITY;
    for (let probe = 0; probe < maxProbes; probe += 1) {
      const at = ((home + probe) & this.#mask) * cellWords;
      const end = Atomics.load(this.#words, at) === 0 ? 0 : Atomics.load(this.#words, at + 4);
      if (end < nowSeconds) return at;
      if (end < bestEnd) {
        best = at;
        bestEnd = end;
      }
    }
    return best;
  }

  /** Marks a name until then. Two threads that mark a new name at once may leave it two cells; the first one is read. */
  mark(name: string, kind: MarkKind, nowSeconds: number, untilSeconds: number): void {
    const found = this.#find(name);
    const bit = 1 << markKinds.indexOf(kind);
    const words = this.#words;
    const isLive = found >= 0 && Atomics.load(words, found + 4) >= nowSeconds;
    const at = found >= 0 ? found : this.#room(this.#value.low & this.#mask, nowSeconds);
    if (!isLive) {
      // No reader takes the cell for anybody while it changes hands.
      Atomics.store(words, at, 0);
      Atomics.store(words, at + 2, 0);
      Atomics.store(words, at + 3, nowSeconds);
      Atomics.store(words, at + 1, this.#value.high);
      Atomics.store(words, at + 4, untilSeconds);
    }
    Atomics.or(words, at + 2, bit);
    if (Atomics.load(words, at + 4) < untilSeconds) Atomics.store(words, at + 4, untilSeconds);
    Atomics.store(words, at, this.#value.low);
  }

  /** What a name is marked with; undefined when nothing is in force. */
  read(name: string, nowSeconds: number): Mark | undefined {
    const at = this.#find(name);
    if (at < 0 || Atomics.load(this.#words, at + 4) < nowSeconds) return undefined;
    const bits = Atomics.load(this.#words, at + 2);
    return {
      kinds: markKinds.filter((_, place) => (bits & (1 << place)) !== 0),
      sinceSeconds: Atomics.load(this.#words, at + 3),
    };
  }

  /** Takes every mark of a name back; false when there was none. */
  clear(name: string): boolean {
    const at = this.#find(name);
    if (at < 0) return false;
    Atomics.store(this.#words, at + 4, 0);
    return true;
  }
}

/** How a device is named in the marks. */
export const deviceMark = (deviceId: string): string => `device\n${deviceId}`;
/** How an address is named in the marks. */
export const addressMark = (network: string): string => `address\n${network}`;
