/**
 * The events that the memory remembers, in shared memory and in order: for telling duplicates, for finding the rows that a label settles, and for settling as honest
 * what waited long enough. A ring: the oldest gives way to the newest. Used under the engine's lock only.
 */

const head = {
  order: 0,
  taken: 1,
  due: 2,
  frauds: 3,
  settled: 4,
  duplicates: 5,
  unknownLabels: 6,
  unsettled: 7,
} as const;
const headNumbers = 8;
/** 32-bit words before the rows: two of the id, flags, the next of the chain, two of the instant. */
const entryHead = 6;
const settledFlag = 1;
const fraudFlag = 2;

/** How the share of frauds in general begins: one in a hundred. */
const prior = { frauds: 1, settled: 100 };

/** What a book is made for. */
export interface BookShape {
  /** Events that are remembered. */
  readonly events: number;
  /** Kinds of entities: rows of an event. */
  readonly kinds: number;
}

const strideOf = ({ kinds }: BookShape): number => entryHead + kinds + (kinds % 2);
const bucketsOf = ({ events }: BookShape): number => 2 ** Math.ceil(Math.log2(events + 1));

/** Memory for a book. Throws RangeError for a shape that cannot be. */
export const reserveBook = (shape: BookShape): SharedArrayBuffer => {
  const { events } = shape;
  if (!Number.isSafeInteger(events) || events < 16 || events > 2 ** 28) throw new RangeError('16 to 2^28 events');
  const memory = new SharedArrayBuffer(headNumbers * 8 + (bucketsOf(shape) + events * strideOf(shape)) * 4);
  const numbers = new Float64Array(memory, 0, headNumbers);
  numbers[head.frauds] = prior.frauds;
  numbers[head.settled] = prior.settled;
  return memory;
};

/** One thread's hand on the book. */
export class EventBook {
  readonly #numbers: Float64Array;
  readonly #words: Int32Array;
  readonly #instants: Float64Array;
  readonly #events: number;
  readonly #kinds: number;
  readonly #stride: number;
  readonly #mask: number;
  /** 32-bit word at which buckets, and entries, begin. */
  readonly #buckets = headNumbers * 2;
  readonly #entries: number;

  constructor(shape: BookShape, memory: SharedArrayBuffer) {
    this.#numbers = new Float64Array(memory, 0, headNumbers);
    this.#words = new Int32Array(memory);
    this.#instants = new Float64Array(memory, 0, Math.floor(memory.byteLength / 8));
    this.#events = shape.events;
    this.#kinds = shape.kinds;
    this.#stride = strideOf(shape);
    this.#mask = bucketsOf(shape) - 1;
    this.#entries = this.#buckets + bucketsOf(shape);
  }

  #get(number: number): number {
    return this.#numbers[number] as number;
  }

  #add(number: number, by: number): number {
    const value = this.#get(number) + by;
    this.#numbers[number] = value;
    return value;
  }

  /** Takes the next number of the global order: 1, 2, 3… */
  nextOrder(): number {
    return this.#add(head.order, 1);
  }

  /** The newest number that was given. */
  get order(): number {
    return this.#get(head.order);
  }
  /** Events that came twice. */
  get duplicates(): number {
    return this.#get(head.duplicates);
  }
  /** Labels whose event was not remembered. */
  get unknownLabels(): number {
    return this.#get(head.unknownLabels);
  }
  /** Events that gave way before they were settled: the book is too small for the label delay. */
  get unsettled(): number {
    return this.#get(head.unsettled);
  }
  /** Share of frauds among what is settled. */
  get fraudRate(): number {
    return this.#get(head.frauds) / this.#get(head.settled);
  }

  countDuplicate(): void {
    this.#add(head.duplicates, 1);
  }

  countUnknownLabel(): void {
    this.#add(head.unknownLabels, 1);
  }

  #entryOf(slot: number): number {
    return this.#entries + slot * this.#stride;
  }

  /** The slot of an event; −1 when it is not remembered. */
  find(low: number, high: number): number {
    const words = this.#words;
    for (let next = words[this.#buckets + (low & this.#mask)] as number; next !== 0; ) {
      const entry = this.#entryOf(next - 1);
      if (words[entry] === low && words[entry + 1] === high) return next - 1;
      next = words[entry + 3] as number;
    }
    return -1;
  }

  #unlink(slot: number): void {
    const words = this.#words;
    const entry = this.#entryOf(slot);
    let at = this.#buckets + ((words[entry] as number) & this.#mask);
    while (words[at] !== slot + 1) {
      if (words[at] === 0) return;
      at = this.#entryOf((words[at] as number) - 1) + 3;
    }
    words[at] = words[entry + 3] as number;
  }

  /** Remembers an event that is not there yet. `rows` are by kind, −1 for none. */
  take(low: number, high: number, atMs: number, rows: Int32Array): void {
    const words = this.#words;
    const taken = this.#get(head.taken);
    const slot = taken % this.#events;
    const entry = this.#entryOf(slot);
    if (taken >= this.#events) this.#unlink(slot);
    if (this.#get(head.due) <= taken - this.#events) {
      this.#numbers[head.due] = taken - this.#events + 1;
      if (((words[entry + 2] as number) & settledFlag) === 0) this.#add(head.unsettled, 1);
    }
    const bucket = this.#buckets + (low & this.#mask);
    words[entry] = low;
    words[entry + 1] = high;
    words[entry + 2] = 0;
    words[entry + 3] = words[bucket] as number;
    this.#instants[(entry + 4) / 2] = atMs;
    for (let kind = 0; kind < this.#kinds; kind += 1) words[entry + entryHead + kind] = (rows[kind] as number) + 1;
    words[bucket] = slot + 1;
    this.#numbers[head.taken] = taken + 1;
  }

  /** When the event of a slot happened. */
  atOf(slot: number): number {
    return this.#instants[(this.#entryOf(slot) + 4) / 2] as number;
  }

  /** The row of a kind of the event of a slot; −1 for none. */
  rowOf(slot: number, kind: number): number {
    return (this.#words[this.#entryOf(slot) + entryHead + kind] as number) - 1;
  }

  isSettled(slot: number): boolean {
    return ((this.#words[this.#entryOf(slot) + 2] as number) & settledFlag) !== 0;
  }

  isFraud(slot: number): boolean {
    return ((this.#words[this.#entryOf(slot) + 2] as number) & fraudFlag) !== 0;
  }

  /** Marks the event of a slot as settled. */
  settle(slot: number, isFraud: boolean): void {
    if (!this.isSettled(slot)) this.#add(head.settled, 1);
    if (isFraud) this.#add(head.frauds, 1);
    this.#words[this.#entryOf(slot) + 2] = settledFlag | (isFraud ? fraudFlag : 0);
  }

  /** The next slot whose event happened at or before `until` and is not settled, in order of arrival; −1 when there is none. Each is answered once. */
  nextDue(until: number): number {
    const taken = this.#get(head.taken);
    for (let due = this.#get(head.due); due < taken; due += 1) {
      const slot = due % this.#events;
      if (this.atOf(slot) > until) {
        this.#numbers[head.due] = due;
        return -1;
      }
      if (this.isSettled(slot)) continue;
      this.#numbers[head.due] = due + 1;
      return slot;
    }
    this.#numbers[head.due] = taken;
    return -1;
  }
}
