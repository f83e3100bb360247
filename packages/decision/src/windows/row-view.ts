/** A look at one row of a table through views of every width; it is moved from row to row and allocates nothing. */
import { field } from './profile-layout.ts';
import type { ProfileTable, RowChunk } from './profile-table.ts';
import type { RowUndo } from './row-undo.ts';

/** Offsets count in elements of their view from the row's begin. */
export class RowView {
  readonly table: ProfileTable;
  readonly #undo: RowUndo;
  #chunk: RowChunk;
  /** First 8-byte word of the row. */
  #at = 0;

  constructor(table: ProfileTable) {
    this.table = table;
    this.#undo = table.undo;
    this.#chunk = table.chunkOf(0);
  }

  /** Looks at a row. */
  open(row: number): this {
    this.#chunk = this.table.chunkOf(row);
    this.#at = this.table.wordOf(row);
    return this;
  }

  /** Counts a change of the row, whose order number grows by one, and notes it for the journal. */
  changed(kind: number, flags: number, instant: number, two: number): void {
    this.addWord(field.order, 1);
    this.table.note(this.#chunk.words, this.#at * 2, kind, flags, instant, two);
  }

  /** Keeps a word's old value while a change is under way that may have to be undone. */
  #keep(offset: number): void {
    if (this.#undo.isNoting) this.#undo.note(this.#chunk.words, this.#at * 2, offset);
  }

  /** A 32-bit word. */
  word(offset: number): number {
    return this.#chunk.words[this.#at * 2 + offset] as number;
  }

  setWord(offset: number, value: number): void {
    this.#keep(offset);
    this.#chunk.words[this.#at * 2 + offset] = value;
  }

  addWord(offset: number, value: number): void {
    this.#keep(offset);
    const { words } = this.#chunk;
    const at = this.#at * 2 + offset;
    words[at] = (words[at] as number) + value;
  }

  /** A number of double precision. */
  number(offset: number): number {
    return this.#chunk.numbers[this.#at + offset] as number;
  }

  setNumber(offset: number, value: number): void {
    this.#keep(offset * 2);
    this.#keep(offset * 2 + 1);
    this.#chunk.numbers[this.#at + offset] = value;
  }

  /** A number of single precision. */
  single(offset: number): number {
    return this.#chunk.singles[this.#at * 2 + offset] as number;
  }

  setSingle(offset: number, value: number): void {
    this.#keep(offset);
    this.#chunk.singles[this.#at * 2 + offset] = value;
  }

  /** A 16-bit word without sign. */
  half(offset: number): number {
    return this.#chunk.halves[this.#at * 4 + offset] as number;
  }

  setHalf(offset: number, value: number): void {
    this.#keep(offset >>> 1);
    this.#chunk.halves[this.#at * 4 + offset] = value;
  }

  byte(offset: number): number {
    return this.#chunk.bytes[this.#at * 8 + offset] as number;
  }

  setByte(offset: number, value: number): void {
    this.#keep(offset >>> 2);
    this.#chunk.bytes[this.#at * 8 + offset] = value;
  }
}
