/**
 * Profiles of many entities in shared memory, off the JavaScript heap: an open-addressing index over rows in chunks. A key is published in
 * the row before the index names the row, and a row never moves, so that threads may add keys at once. Full means refused. A row changes
 * between `enter` and `leave` of one thread; before that its content is kept aside, so that whoever takes the row over from a thread that ended undoes a half change.
 */
import type { JournalBuffer } from './journal-format.ts';
import { Owner, reserveOwners } from './owners.ts';
import type { ProfileLayout } from './profile-layout.ts';
import { field } from './profile-layout.ts';
import { RowUndo, reserveUndo } from './row-undo.ts';

/** A chunk of rows, with its views. */
export interface RowChunk {
  readonly words: Int32Array;
  readonly numbers: Float64Array;
  readonly singles: Float32Array;
  readonly halves: Uint16Array;
  readonly bytes: Uint8Array;
}

/** The memory of a table; sent to every thread that opens it. */
export interface ProfileMemory {
  readonly index: SharedArrayBuffer;
  readonly chunks: readonly SharedArrayBuffer[];
  /** 32-bit words; see `counter`. */
  readonly counters: SharedArrayBuffer;
  readonly owners: SharedArrayBuffer;
  /** By owner: what the row that it changes held before. */
  readonly undo: SharedArrayBuffer;
  /** The pool of sketches for distinct counts. */
  readonly sketches: SharedArrayBuffer;
  readonly capacity: number;
}

/** Words of the table's counters. */
const counter = { taken: 0, refused: 1, late: 2, undone: 3, sketches: 4, sketchesRefused: 5 } as const;

const chunkRowsLog = 14;
const chunkRows = 1 << chunkRowsLog;

const powerAbove = (least: number): number => 2 ** Math.ceil(Math.log2(Math.max(2, least)));

/** What a table is reserved with, beside its layout and its rows. */
export interface ReserveOptions {
  /** From `reserveOwners`; tables that the same threads write share it. */
  readonly owners?: SharedArrayBuffer;
  /** Sketches in the pool: entities whose distinct counts outgrow their exact places. */
  readonly sketches?: number;
}

/** Reserves memory for `capacity` rows. */
export const reserveProfiles = (
  layout: ProfileLayout,
  capacity: number,
  { owners = reserveOwners(), sketches = 0 }: ReserveOptions = {},
): ProfileMemory => {
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
    counters: new SharedArrayBuffer(8 * 4),
    owners,
    undo: reserveUndo(layout.words * 2),
    sketches: new SharedArrayBuffer(sketches * layout.sketchWords * 8),
    capacity,
  };
};

/** Bytes that a memory takes. */
export const profileBytes = ({ index, chunks, counters, undo, sketches }: ProfileMemory): number =>
  [index, ...chunks, counters, undo, sketches].reduce((sum, { byteLength }) => sum + byteLength, 0);

/** Longest walk from a key's home in the index; beyond it the table counts as full, so that no chosen key can cost more. */
const maxProbes = 64;

/** What a table has counted. */
export interface ProfileCounts {
  /** Rows taken. */
  readonly rows: number;
  /** Keys that found no room. */
  readonly refused: number;
  /** Changes that came too late and changed nothing. */
  readonly late: number;
  /** Half changes of threads that ended, undone. */
  readonly undone: number;
  readonly sketches: number;
  /** Distinct counts that outgrew their exact places and found no sketch. */
  readonly sketchesRefused: number;
}

const viewsOf = (memory: SharedArrayBuffer): RowChunk => ({
  words: new Int32Array(memory),
  numbers: new Float64Array(memory),
  singles: new Float32Array(memory),
  halves: new Uint16Array(memory),
  bytes: new Uint8Array(memory),
});

/** Where a thread's changes of a table are noted. */
export interface TableJournal {
  readonly buffer: JournalBuffer;
  /** Number of the table in the files. */
  readonly table: number;
}

/** A table of profiles as one thread has it. Keys are keyed hashes, so their low half is as good a home as any. */
export class ProfileTable {
  readonly layout: ProfileLayout;
  /** The pool of sketches. */
  readonly sketches: RowChunk;
  /** What the row that is being changed held before. */
  readonly undo: RowUndo;
  readonly #journal: TableJournal | undefined;
  readonly #index: Int32Array;
  readonly #mask: number;
  readonly #chunks: readonly RowChunk[];
  readonly #counters: Int32Array;
  readonly #capacity: number;
  readonly #sketchCapacity: number;
  readonly #owner: Owner | undefined;
  #entered = -1;
  #version = 0;

  /** `token` is from `joinOwners` over `memory.owners`; a table without one is for one thread alone and cannot enter rows. */
  constructor(layout: ProfileLayout, memory: ProfileMemory, token?: number, journal?: TableJournal) {
    this.layout = layout;
    this.#journal = journal;
    this.#index = new Int32Array(memory.index);
    this.#mask = this.#index.length - 1;
    this.#chunks = memory.chunks.map(viewsOf);
    this.#counters = new Int32Array(memory.counters);
    this.#capacity = memory.capacity;
    this.sketches = viewsOf(memory.sketches);
    this.#sketchCapacity = layout.sketchWords === 0 ? 0 : memory.sketches.byteLength / (layout.sketchWords * 8);
    this.#owner = token === undefined ? undefined : new Owner(memory.owners, token);
    this.undo = new RowUndo(memory.undo, layout.words * 2, this.#owner?.place ?? 0);
  }

  /** Rows taken. */
  get size(): number {
    return Math.min(this.#capacity, Atomics.load(this.#counters, counter.taken));
  }

  /** Keys that found no room. */
  get refused(): number {
    return Atomics.load(this.#counters, counter.refused);
  }

  /** What all threads have counted. */
  counts(): ProfileCounts {
    const of = (word: number): number => Atomics.load(this.#counters, word) >>> 0;
    return {
      rows: this.size,
      refused: of(counter.refused),
      late: of(counter.late),
      undone: of(counter.undone),
      sketches: Math.min(this.#sketchCapacity, of(counter.sketches)),
      sketchesRefused: of(counter.sketchesRefused),
    };
  }

  /** Counts a change that came too late. */
  countLate(): void {
    Atomics.add(this.#counters, counter.late, 1);
  }

  /** Notes a change of the row that lies at a word of a chunk, when this thread keeps a journal. */
  note(words: Int32Array, at: number, kind: number, flags: number, instant: number, two: number): void {
    const journal = this.#journal;
    if (journal === undefined) return;
    const low = words[at + field.keyLow] as number;
    const high = words[at + field.keyHigh] as number;
    journal.buffer.row(kind, flags, journal.table, words[at + field.order] as number, low, high, instant, two);
  }

  /** Takes a sketch from the pool and answers its number; −1 when there is none left. */
  takeSketch(): number {
    if (Atomics.load(this.#counters, counter.sketches) < this.#sketchCapacity) {
      const taken = Atomics.add(this.#counters, counter.sketches, 1);
      if (taken < this.#sketchCapacity) return taken;
      Atomics.sub(this.#counters, counter.sketches, 1);
    }
    Atomics.add(this.#counters, counter.sketchesRefused, 1);
    return -1;
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

  /**
   * Brings the row at a key's home into the cache and answers nothing of meaning. A caller that will visit several tables touches them all first, so that the waits for memory
   * run side by side.
   */
  touch(low: number): number {
    const entry = this.#index[low & this.#mask] as number;
    if (entry === 0) return 0;
    const words = this.#chunks[(entry - 1) >>> chunkRowsLog]?.words;
    if (words === undefined) return 0;
    const at = this.wordOf(entry - 1) * 2;
    let sum = 0;
    // A line of the cache is 16 words; wide rows are read from their head on when they are visited.
    for (let word = at; word < at + 64 && word < at + this.layout.words * 2; word += 16) sum += words[word] as number;
    return sum;
  }

  /** The row of a key; -1 when it was never seen. */
  find(low: number, high: number): number {
    let at = low & this.#mask;
    for (let probe = 1; probe <= maxProbes; probe += 1) {
      const entry = Atomics.load(this.#index, at);
      if (entry === 0) return -1;
      if (this.#holds(entry - 1, low, high)) return entry - 1;
      // Steps grow, so that full places do not clot.
      at = (at + probe) & this.#mask;
    }
    return -1;
  }

  /** The row of a key, new when it was never seen; -1 when there is no room. */
  claim(low: number, high: number): number {
    let fresh = -1;
    let at = low & this.#mask;
    for (let probe = 1; probe <= maxProbes; probe += 1) {
      let entry = Atomics.load(this.#index, at);
      if (entry === 0) {
        if (fresh < 0) fresh = this.#newRow(low, high);
        if (fresh < 0) return -1;
        entry = Atomics.compareExchange(this.#index, at, 0, fresh + 1);
        if (entry === 0) return fresh;
      }
      if (this.#holds(entry - 1, low, high)) return entry - 1;
      at = (at + probe) & this.#mask;
    }
    Atomics.add(this.#counters, counter.refused, 1);
    return -1;
  }

  #newRow(low: number, high: number): number {
    const row = Atomics.add(this.#counters, counter.taken, 1);
    if (row >= this.#capacity) {
      Atomics.sub(this.#counters, counter.taken, 1);
      Atomics.add(this.#counters, counter.refused, 1);
      return -1;
    }
    const { words } = this.chunkOf(row);
    const at = this.wordOf(row) * 2;
    words[at + field.keyLow] = low;
    words[at + field.keyHigh] = high;
    return row;
  }

  /** Begins a change of a row: nobody else changes it, and no reader takes it as whole, until `leave`. False when it stayed held for two seconds. */
  enter(row: number): boolean {
    const owner = this.#owner;
    if (owner === undefined) throw new TypeError('a table without a token has no locks');
    if (this.#entered >= 0) throw new TypeError('one row at a time');
    const { words } = this.chunkOf(row);
    const at = this.wordOf(row) * 2;
    const version = owner.take(words, at + field.lock);
    if ((version & 1) === 1) return false;
    this.#version = owner.takenFrom < 0 ? version : this.#undoOf(owner.takenFrom, row, words, at);
    this.undo.begin(row, this.#version, words, at);
    this.#entered = row;
    return true;
  }

  /** Undoes what a dead owner left half done in a row; answers the version after the one that the row had. */
  #undoOf(place: number, row: number, words: Int32Array, at: number): number {
    if (this.undo.undo(place, row, words, at, field.lock)) Atomics.add(this.#counters, counter.undone, 1);
    return (this.undo.versionOf(place) + 2) | 0;
  }

  /** Ends the change and answers the row's order number. */
  leave(): number {
    const row = this.#entered;
    if (row < 0 || this.#owner === undefined) throw new TypeError('no row was entered');
    const { words } = this.chunkOf(row);
    const at = this.wordOf(row) * 2;
    const order = words[at + field.order] as number;
    this.undo.end();
    this.#owner.release(words, at + field.lock, this.#version);
    this.#entered = -1;
    return order;
  }

  /** The version of a row that nobody is changing, for a reader that does not change it; odd when it stayed held. */
  versionOf(row: number): number {
    const { words } = this.chunkOf(row);
    const at = this.wordOf(row) * 2 + field.lock;
    if (this.#owner !== undefined) return this.#owner.await(words, at);
    return Atomics.load(words, at);
  }

  /** Whether nobody changed the row since `versionOf` answered this: what was read in between is of one piece. */
  isUnchanged(row: number, version: number): boolean {
    const { words } = this.chunkOf(row);
    // An addition of nothing, since a load alone would let earlier reads pass it on some processors.
    return Atomics.add(words, this.wordOf(row) * 2 + field.lock, 0) === version;
  }
}
