/**
 * What a row held before the change that a thread is making, kept in shared memory by owner, so that whoever takes the row over from a thread that
 * ended puts it back. A small row is copied whole; of a large one each word is noted before it changes, and the row is copied only when that becomes too much.
 */
import { Owner } from './owners.ts';

/** Words before the notes: row plus one (0: no change is under way), version, notes (−1: the copy counts). */
const headWords = 4;
/** Notes of two words: where and what. */
const maxNotes = 128;
/** Rows up to so many words are copied whole. */
const smallRow = 128;

const stride = (rowWords: number): number => headWords + maxNotes * 2 + rowWords;

/** Memory for all owners of a table with rows of so many 32-bit words. */
export const reserveUndo = (rowWords: number): SharedArrayBuffer =>
  new SharedArrayBuffer(Owner.places * stride(rowWords) * 4);

/** One thread's notes; with another owner's place it undoes what that one left. */
export class RowUndo {
  /** Whether words must be noted before they change. */
  isNoting = false;
  readonly #words: Int32Array;
  readonly #rowWords: number;
  readonly #from: number;
  #notes = 0;

  /** `place` is the owner's. */
  constructor(memory: SharedArrayBuffer, rowWords: number, place: number) {
    this.#words = new Int32Array(memory);
    this.#rowWords = rowWords;
    this.#from = place * stride(rowWords);
  }

  /** Begins a change of the row that begins at a word of `row`. From here on it is undone unless it ends. */
  begin(number: number, version: number, row: Int32Array, at: number): void {
    const undo = this.#words;
    const from = this.#from;
    undo[from + 1] = version;
    this.isNoting = this.#rowWords > smallRow;
    this.#notes = 0;
    if (this.isNoting) undo[from + 2] = 0;
    else this.#copy(row, at);
    Atomics.store(undo, from, number + 1);
  }

  #copy(row: Int32Array, at: number): void {
    const undo = this.#words;
    const into = this.#from + headWords + maxNotes * 2;
    for (let word = 0; word < this.#rowWords; word += 1) undo[into + word] = row[at + word] as number;
    for (let note = this.#notes - 1; note >= 0; note -= 1) {
      const noted = this.#from + headWords + note * 2;
      undo[into + (undo[noted] as number)] = undo[noted + 1] as number;
    }
    undo[this.#from + 2] = -1;
    this.isNoting = false;
  }

  /** Notes a word of the row before it changes. */
  note(row: Int32Array, at: number, offset: number): void {
    if (this.#notes === maxNotes) {
      this.#copy(row, at);
      return;
    }
    const undo = this.#words;
    const place = this.#from + headWords + this.#notes * 2;
    undo[place] = offset;
    undo[place + 1] = row[at + offset] as number;
    this.#notes += 1;
    undo[this.#from + 2] = this.#notes;
  }

  /** Ends the change: it stands. */
  end(): void {
    this.isNoting = false;
    Atomics.store(this.#words, this.#from, 0);
  }

  /** The version of the row whose change the owner of a place began last. */
  versionOf(place: number): number {
    return this.#words[place * stride(this.#rowWords) + 1] as number;
  }

  /** Puts back what the owner of a place left half changed in a row, but for the word `lock`; false when it left nothing. */
  undo(place: number, number: number, row: Int32Array, at: number, lock: number): boolean {
    const undo = this.#words;
    const from = place * stride(this.#rowWords);
    if (Atomics.load(undo, from) !== number + 1) return false;
    const notes = undo[from + 2] as number;
    const copy = from + headWords + maxNotes * 2;
    if (notes < 0)
      for (let word = 0; word < this.#rowWords; word += 1)
        if (word !== lock) row[at + word] = undo[copy + word] as number;
    for (let note = notes - 1; note >= 0; note -= 1) {
      const noted = from + headWords + note * 2;
      row[at + (undo[noted] as number)] = undo[noted + 1] as number;
    }
    return true;
  }
}
