/**
 * Profiles of many entities in shared memory, off the JavaScript heap: an open-addressing index over rows in chunks. A key is published in
 * the row before the index names the row, and a row never moves, so that threads may add keys at once. One thread at a time writes a row: nothing here locks it. Full means refused.
 */
import type { ProfileLayout } from './profile-layout.ts';
import { field } from './profile-layout.ts';

/** A chunk of rows, with its views. */
export interface RowChunk {
  readonly words: Int32Array;
  readonly numbers: Float64Array;
  readonly bytes: Uint8Array;
}

/** The memory of a table; sent to every thread that opens it. */
export interface ProfileMemory {
  readonly index: SharedArrayBuffer;
  readonly chunks: readonly SharedArrayBuffer[];
  /** Two 32-bit words: rows taken, rows refused. */
  readonly counters: SharedArrayBuffer;
  readonly capacity: number;
}

const chunkRowsLog = 14;
const chunkRows = 1 << chunkRowsLog;

const powerAbove = (least: number): number => 2 ** Math.ceil(Math.log2(Math.max(2, least)));

/** Reserves memory for `capacity` rows. */
export const reserveProfiles = (layout: ProfileLayout, capacity: number): ProfileMemory => {
  if (!Number.isSafeInteger(capacity) || capacity < 1 || capacity > 2 ** 30)
    throw new RangeError('a capacity of 1 to 2^30 rows');
  const chunks = Math.ceil(capacity / chunkRows);
  const lastRows = capacity - (chunks - 1) * chunkRows;
  const bytesOf = (rows: number): number => rows * layout.words * 8;
  return {
    index: new SharedArrayBuffer(powerAbove(capacity * 1.5) * 4),
    chunks: Array.from(
      { length: chunks },
      (_, index) => new SharedArrayBuffer(bytesOf(index === chunks - 1 ? lastRows : chunkRows)),
    ),
    counters: new SharedArrayBuffer(8),
    capacity,
  };
};

/** Longest walk from a key's home in the index; beyond it the table counts as full, so that no chosen key can cost more. */
const maxProbes = 64;

/** A table of profiles. Keys are keyed hashes, so their low half is as good a home as any. */
export class ProfileTable {
  readonly layout: ProfileLayout;
  readonly #index: Int32Array;
  readonly #mask: number;
  readonly #chunks: readonly RowChunk[];
  readonly #counters: Int32Array;
  readonly #capacity: number;

  constructor(layout: ProfileLayout, memory: ProfileMemory) {
    this.layout = layout;
    this.#index = new Int32Array(memory.index);
    this.#mask = this.#index.length - 1;
    this.#chunks = memory.chunks.map((chunk) => ({
      words: new Int32Array(chunk),
      numbers: new Float64Array(chunk),
      bytes: new Uint8Array(chunk),
    }));
    this.#counters = new Int32Array(memory.counters);
    this.#capacity = memory.capacity;
  }

  /** Rows taken. */
  get size(): number {
    return Math.min(this.#capacity, Atomics.load(this.#counters, 0));
  }

  /** Keys that found no room. */
  get refused(): number {
    return Atomics.load(this.#counters, 1);
  }

  /** The chunk that holds a row. */
  chunkOf(row: number): RowChunk {
    const chunk = this.#chunks[row >>> chunkRowsLog];
    if (chunk === undefined) throw new RangeError('no such row');
    return chunk;
  }

  /** First 8-byte word of a row in its chunk. */
  wordOf(row: number): number {
    return (row & (chunkRows - 1)) * this.layout.words;
  }

  #holds(row: number, low: number, high: number): boolean {
    const { words } = this.chunkOf(row);
    const at = this.wordOf(row) * 2;
    return words[at + field.keyLow] === low && words[at + field.keyHigh] === high;
  }

  /** The row of a key; -1 when it was never seen. */
  find(low: number, high: number): number {
    let at = low & this.#mask;
    for (let probe = 0; probe < maxProbes; probe += 1) {
      const entry = Atomics.load(this.#index, at);
      if (entry === 0) return -1;
      if (this.#holds(entry - 1, low, high)) return entry - 1;
      at = (at + 1) & this.#mask;
    }
    return -1;
  }

  /** The row of a key, new when it was never seen; -1 when there is no room. */
  claim(low: number, high: number): number {
    let fresh = -1;
    let at = low & this.#mask;
    for (let probe = 0; probe < maxProbes; probe += 1) {
      let entry = Atomics.load(this.#index, at);
      if (entry === 0) {
        if (fresh < 0) fresh = this.#newRow(low, high);
        if (fresh < 0) return -1;
        entry = Atomics.compareExchange(this.#index, at, 0, fresh + 1);
        if (entry === 0) return fresh;
      }
      if (this.#holds(entry - 1, low, high)) return entry - 1;
      at = (at + 1) & this.#mask;
    }
    Atomics.add(this.#counters, 1, 1);
    return -1;
  }

  #newRow(low: number, high: number): number {
    const row = Atomics.add(this.#counters, 0, 1);
    if (row >= this.#capacity) {
      Atomics.sub(this.#counters, 0, 1);
      Atomics.add(this.#counters, 1, 1);
      return -1;
    }
    const { words } = this.chunkOf(row);
    const at = this.wordOf(row) * 2;
    words[at + field.keyLow] = low;
    words[at + field.keyHigh] = high;
    return row;
  }
}
