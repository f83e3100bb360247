/**
 * Rows of typed arrays under 64-bit keys, within a capacity. When it is full, a hand goes round and gives up the idlest row of a few that may
 * go; when none may, the key is refused and counted. A generation per row tells a row from the one that had its place before.
 */

type Column = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float32Array | Float64Array;
type ColumnType<Type extends Column> = new (length: number) => Type;

/** Whether a row may be given up now, and what has to be undone when it is. */
export interface Eviction {
  /** How long the row has been idle, in seconds; below 0 when it must stay. */
  readonly idleSeconds: (row: number) => number;
  readonly forget: (row: number) => void;
}

/** Rows that the hand looks at before it gives the idlest one up. */
const handSpan = 32;

/** See the top of the file. */
export class RowStore {
  readonly capacity: number;
  readonly keyLow: Int32Array;
  readonly keyHigh: Int32Array;
  /** Goes up whenever a row is given up; odd while the row is used. */
  readonly generation: Int32Array;
  readonly #index: Int32Array;
  readonly #mask: number;
  readonly #columns: { readonly values: Column; readonly width: number }[] = [];
  readonly #nextFree: Int32Array;
  /** used, highest row ever used, first free row + 1, hand, refused, given up. */
  readonly #counters: Float64Array = new Float64Array(6);

  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1 || capacity > 2 ** 26)
      throw new RangeError('a capacity of 1 to 2^26 rows');
    this.capacity = capacity;
    this.#index = new Int32Array(2 ** Math.ceil(Math.log2(capacity * 2 + 2)));
    this.#mask = this.#index.length - 1;
    this.keyLow = this.column(Int32Array, 1);
    this.keyHigh = this.column(Int32Array, 1);
    this.generation = this.column(Int32Array, 1);
    this.#nextFree = this.column(Int32Array, 1);
  }

  /** Adds a column of `width` values a row; all columns are part of {@link save}. */
  column<Type extends Column>(type: ColumnType<Type>, width: number): Type {
    const values = new type(this.capacity * width);
    this.#columns.push({ values, width });
    return values;
  }

  /** Rows in use. */
  get size(): number {
    return this.#counters[0] as number;
  }

  /** One more than the highest row that was ever used. */
  get highest(): number {
    return this.#counters[1] as number;
  }

  /** Keys that found no room. */
  get refused(): number {
    return this.#counters[4] as number;
  }

  /** Rows that were given up. */
  get givenUp(): number {
    return this.#counters[5] as number;
  }

  /** Whether a row is in use. */
  isUsed(row: number): boolean {
    return ((this.generation[row] as number) & 1) === 1;
  }

  #slotOf(low: number, high: number): number {
    let at = low & this.#mask;
    for (;;) {
      const entry = this.#index[at] as number;
      if (entry === 0) return at;
      if (this.keyLow[entry - 1] === low && this.keyHigh[entry - 1] === high) return at;
      at = (at + 1) & this.#mask;
    }
  }

  /** The row of a key; −1 when there is none. */
  find(low: number, high: number): number {
    return (this.#index[this.#slotOf(low, high)] as number) - 1;
  }

  /** The row of a key, new when there is none; −1 when there is no room. A new row's columns are all zero. */
  claim(low: number, high: number, eviction: Eviction): number {
    const found = this.find(low, high);
    if (found >= 0) return found;
    const row = this.#freeRow(eviction);
    if (row < 0) {
      (this.#counters[4] as number) += 1;
      return -1;
    }
    this.keyLow[row] = low;
    this.keyHigh[row] = high;
    (this.generation[row] as number) += 1;
    this.#index[this.#slotOf(low, high)] = row + 1;
    (this.#counters[0] as number) += 1;
    return row;
  }

  #freeRow(eviction: Eviction): number {
    if ((this.#counters[2] as number) === 0 && this.highest >= this.capacity) this.#makeRoom(eviction);
    const free = (this.#counters[2] as number) - 1;
    if (free >= 0) {
      this.#counters[2] = this.#nextFree[free] as number;
      this.#nextFree[free] = 0;
      return free;
    }
    if (this.highest >= this.capacity) return -1;
    (this.#counters[1] as number) += 1;
    return this.highest - 1;
  }

  #makeRoom({ idleSeconds, forget }: Eviction): void {
    let idlest = -1;
    let longest = -1;
    for (let step = 0; step < Math.min(handSpan, this.capacity); step += 1) {
      const row = this.#counters[3] as number;
      this.#counters[3] = (row + 1) % this.capacity;
      const idle = idleSeconds(row);
      if (idle > longest) [longest, idlest] = [idle, row];
    }
    if (idlest < 0) return;
    forget(idlest);
    this.release(idlest);
    (this.#counters[5] as number) += 1;
  }

  /** Gives a row up and clears its columns. */
  release(row: number): void {
    this.#unindex(row);
    const generation = (this.generation[row] as number) + 1;
    for (const { values, width } of this.#columns) values.fill(0, row * width, (row + 1) * width);
    this.generation[row] = generation;
    this.#nextFree[row] = this.#counters[2] as number;
    this.#counters[2] = row + 1;
    (this.#counters[0] as number) -= 1;
  }

  /** Takes an entry out and moves those behind it up, so that no walk stops at a gap. */
  #unindex(row: number): void {
    let gap = this.#slotOf(this.keyLow[row] as number, this.keyHigh[row] as number);
    this.#index[gap] = 0;
    for (let at = (gap + 1) & this.#mask; this.#index[at] !== 0; at = (at + 1) & this.#mask) {
      const entry = this.#index[at] as number;
      const home = (this.keyLow[entry - 1] as number) & this.#mask;
      if (((at - home) & this.#mask) < ((at - gap) & this.#mask)) continue;
      this.#index[gap] = entry;
      this.#index[at] = 0;
      gap = at;
    }
  }

  /** The rows ever used, with the counters, as bytes in the order of the columns. */
  save(): readonly Uint8Array[] {
    const bytesOf = (values: Column, length: number): Uint8Array =>
      new Uint8Array(values.buffer, values.byteOffset, length * values.BYTES_PER_ELEMENT).slice();
    return [
      bytesOf(this.#counters, this.#counters.length),
      ...this.#columns.map(({ values, width }) => bytesOf(values, this.highest * width)),
    ];
  }

  /** Puts back what {@link save} gave, from an empty store of the same columns and capacity; false when it does not fit. */
  load(parts: readonly Uint8Array[]): boolean {
    const [counters, ...columns] = parts;
    if (counters === undefined || counters.length !== this.#counters.byteLength) return false;
    const saved = new Float64Array(Uint8Array.from(counters).buffer);
    const highest = saved[1] as number;
    const isCount = (value: number, most: number): boolean =>
      Number.isSafeInteger(value) && value >= 0 && value <= most;
    const { capacity } = this;
    if (!isCount(highest, capacity) || !isCount(saved[2] as number, highest) || !isCount(saved[3] as number, capacity))
      return false;
    const fits = this.#columns.every(
      ({ values, width }, place) => columns[place]?.length === highest * width * values.BYTES_PER_ELEMENT,
    );
    if (!fits || columns.length !== this.#columns.length) return false;
    for (const [place, { values }] of this.#columns.entries())
      new Uint8Array(values.buffer, values.byteOffset).set(columns[place] as Uint8Array);
    this.#counters.set(saved);
    return this.#rebuild();
  }

  #rebuild(): boolean {
    let used = 0;
    for (let row = 0; row < this.highest; row += 1) {
      const free = this.#nextFree[row] as number;
      if (free < 0 || free > this.highest) return false;
      if (!this.isUsed(row)) continue;
      const slot = this.#slotOf(this.keyLow[row] as number, this.keyHigh[row] as number);
      if (this.#index[slot] !== 0) return false;
      this.#index[slot] = row + 1;
      used += 1;
    }
    return used === this.size;
  }
}
