/**
 * Candidates and their scores, in typed arrays: the attributes of every identity as 32-bit hashes, how frequent each value is (a count-min sketch, which errs
 * on the side of frequent, so on that of less weight), and lists of identities by blocking key. A list that many share says nothing and is passed over.
 */
import { createKeyedHash, type HashValue, type KeyedHash } from '@hauberk/primitives';
import type { LinkModel } from './link-model.ts';

/** Identities of one blocking key beyond which it says nothing. */
const maxList = 64;
const sketchRows = 4;
const maxProbes = 32;

/** What an index is made for. */
export interface LinkIndexOptions {
  readonly model: LinkModel;
  /** Identities. */
  readonly capacity: number;
  /** 8 bytes or more that nobody outside knows: values meet the index only as hashes under it. */
  readonly key: Uint8Array;
}

/** The best of the candidates. Written in place. */
export interface LinkFound {
  /** Number of the best, −1 without any. */
  best: number;
  /** Its bits, and those of the second best; −∞ without. */
  bits: number;
  second: number;
  candidates: number;
}

const powerAbove = (least: number): number => 2 ** Math.ceil(Math.log2(Math.max(16, least)));

/** Numbers of names, the same for the same name. */
const numbered = (names: readonly string[]): Int32Array => Int32Array.from(names, (name) => names.indexOf(name));

/** See the top of the file. Numbers of identities are the caller's: 0 to `capacity` − 1. */
export class LinkIndex {
  /** Values and list entries that found no room. */
  refused = 0;
  readonly #width: number;
  readonly #names: readonly string[];
  readonly #blocks: readonly (readonly number[])[];
  readonly #agree: Float64Array;
  readonly #disagree: Float64Array;
  readonly #group: Int32Array;
  readonly #moves: Int32Array;
  readonly #values: Int32Array;
  readonly #counts: Uint32Array;
  readonly #countMask: number;
  readonly #totals: Float64Array;
  /** By place: tag, first entry plus one, length. */
  readonly #heads: Int32Array;
  readonly #headMask: number;
  /** By entry: identity, next entry plus one. */
  readonly #entries: Int32Array;
  #entryCount = 0;
  #size = 0;
  readonly #stamps: Int32Array;
  #stamp = 0;
  readonly #best: Float64Array;
  readonly #worst: Float64Array;
  readonly #hash: KeyedHash;
  readonly #hashed: HashValue = { low: 0, high: 0 };
  readonly #candidates: Int32Array;

  constructor({ model, capacity, key }: LinkIndexOptions) {
    const { attributes, blocks } = model;
    this.#names = attributes.map(({ name }) => name);
    this.#width = attributes.length;
    this.#blocks = blocks.map((block) => block.map((name) => this.#placeOf(name)));
    this.#agree = Float64Array.from(attributes, ({ stays }) => Math.log2(stays));
    this.#disagree = Float64Array.from(attributes, ({ stays }) => Math.log2(1 - stays));
    this.#group = numbered(attributes.map(({ group, name }) => group ?? `=${name}`));
    this.#moves = numbered(attributes.map(({ moves, name }) => moves ?? `=${name}`));
    this.#values = new Int32Array(capacity * this.#width);
    const counters = powerAbove(capacity / 2);
    this.#counts = new Uint32Array(counters * sketchRows);
    this.#countMask = counters - 1;
    this.#totals = new Float64Array(this.#width);
    this.#best = new Float64Array(this.#width);
    this.#worst = new Float64Array(this.#width);
    const heads = powerAbove(capacity * blocks.length * 1.5);
    this.#heads = new Int32Array(heads * 3);
    this.#headMask = heads - 1;
    // Drifted identities are listed again under their new keys.
    this.#entries = new Int32Array(capacity * blocks.length * 3 * 2);
    this.#stamps = new Int32Array(capacity);
    this.#hash = createKeyedHash(key);
    this.#candidates = new Int32Array(blocks.length * maxList);
  }

  #placeOf(name: string): number {
    const place = this.#names.indexOf(name);
    if (place < 0) throw new RangeError(`no attribute ${name}`);
    return place;
  }

  /** Identities that have values. */
  get size(): number {
    return this.#size;
  }

  /** Attributes as hashes, 0 where there is none; the view is the caller's. */
  read(attributes: Readonly<Record<string, string>>, into: Int32Array): void {
    for (let place = 0; place < this.#width; place += 1) {
      const name = this.#names[place] as string;
      const value = attributes[name];
      into[place] = 0;
      if (value === undefined) continue;
      this.#hash(`${name}=${value}`, this.#hashed);
      into[place] = this.#hashed.low === 0 ? 1 : this.#hashed.low;
    }
  }

  /** A view for `read`. */
  newValues(): Int32Array {
    return new Int32Array(this.#width);
  }

  #countOf(value: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let row = 0; row < sketchRows; row += 1)
      least = Math.min(least, this.#counts[this.#counterOf(value, row)] as number);
    return least;
  }

  #counterOf(value: number, row: number): number {
    let word = Math.imul(value ^ (row * 0x9e3779b1), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return (((word ^ (word >>> 16)) & this.#countMask) >>> 0) * sketchRows + row;
  }

  #countUp(value: number, by: 1 | -1): void {
    for (let row = 0; row < sketchRows; row += 1) {
      const counter = this.#counterOf(value, row);
      this.#counts[counter] = Math.max(0, (this.#counts[counter] as number) + by);
    }
  }

  /** Tag of a blocking key; 0 when one of its attributes is missing. */
  #tagOf(block: number, values: Int32Array, from: number): number {
    let tag = Math.imul(block + 1, 0x9e3779b1);
    for (const place of this.#blocks[block] as readonly number[]) {
      const value = values[from + place] as number;
      if (value === 0) return 0;
      tag = Math.imul(tag ^ value, 0x85ebca6b);
      tag = Math.imul(tag ^ (tag >>> 15), 0xc2b2ae35);
    }
    return tag === 0 ? 1 : tag;
  }

  /** Place of a tag in the heads; −1 when it is not there and `makes` finds no room or is not set. */
  #headOf(tag: number, makes: boolean): number {
    let place = (Math.imul(tag, 0x27d4eb2f) >>> 7) & this.#headMask;
    for (let probe = 1; probe <= maxProbes; probe += 1) {
      const held = this.#heads[place * 3];
      if (held === tag) return place * 3;
      if (held === 0) {
        if (!makes) return -1;
        this.#heads[place * 3] = tag;
        return place * 3;
      }
      place = (place + probe) & this.#headMask;
    }
    return -1;
  }

  #list(tag: number, identity: number): void {
    const head = this.#headOf(tag, true);
    if (head < 0 || this.#entryCount * 2 >= this.#entries.length) {
      this.refused += 1;
      return;
    }
    const length = this.#heads[head + 2] as number;
    this.#heads[head + 2] = length + 1;
    // One more than a list may have marks it as saying nothing.
    if (length >= maxList) return;
    this.#entries[this.#entryCount * 2] = identity;
    this.#entries[this.#entryCount * 2 + 1] = this.#heads[head + 1] as number;
    this.#entryCount += 1;
    this.#heads[head + 1] = this.#entryCount;
  }

  /** Sets the values of an identity; a value that is missing leaves the old one. */
  put(identity: number, values: Int32Array): void {
    const from = identity * this.#width;
    if (from + this.#width > this.#values.length) {
      this.refused += 1;
      return;
    }
    const isNew = !this.#isKnown(identity);
    const before = this.#values.slice(from, from + this.#width);
    for (let place = 0; place < this.#width; place += 1) {
      const value = values[place] as number;
      const held = before[place] as number;
      if (value === 0 || value === held) continue;
      if (held === 0) this.#totals[place] = (this.#totals[place] as number) + 1;
      else this.#countUp(held, -1);
      this.#countUp(value, 1);
      this.#values[from + place] = value;
    }
    if (isNew && this.#isKnown(identity)) this.#size += 1;
    for (let block = 0; block < this.#blocks.length; block += 1) {
      const tag = this.#tagOf(block, this.#values, from);
      if (tag !== 0 && tag !== this.#tagOf(block, before, 0)) this.#list(tag, identity);
    }
  }

  /** Takes an identity out: it is no candidate any more. */
  drop(identity: number): void {
    if (!this.#isKnown(identity)) return;
    const from = identity * this.#width;
    for (let place = 0; place < this.#width; place += 1) {
      const held = this.#values[from + place] as number;
      if (held === 0) continue;
      this.#countUp(held, -1);
      this.#totals[place] = (this.#totals[place] as number) - 1;
      this.#values[from + place] = 0;
    }
    this.#size -= 1;
  }

  #isKnown(identity: number): boolean {
    const from = identity * this.#width;
    for (let place = 0; place < this.#width; place += 1) if (this.#values[from + place] !== 0) return true;
    return false;
  }

  /** Bits for two sights being of one device: of each group the best agreement, and of what changes together the worst disagreement. */
  score(values: Int32Array, identity: number): number {
    const from = identity * this.#width;
    this.#best.fill(0);
    this.#worst.fill(0);
    for (let place = 0; place < this.#width; place += 1) {
      const value = values[place] as number;
      const held = this.#values[from + place] as number;
      if (value === 0 || held === 0) continue;
      if (value === held) this.#agreeOn(place, value);
      // How two different devices disagree hardly depends on the values.
      else {
        const moves = this.#moves[place] as number;
        this.#worst[moves] = Math.min(this.#worst[moves] as number, this.#disagree[place] as number);
      }
    }
    let bits = 0;
    for (let place = 0; place < this.#width; place += 1)
      bits += (this.#best[place] as number) + (this.#worst[place] as number);
    return bits;
  }

  #agreeOn(place: number, value: number): void {
    const share = (this.#countOf(value) + 1) / ((this.#totals[place] as number) + 2);
    const weight = (this.#agree[place] as number) - Math.log2(share);
    const group = this.#group[place] as number;
    if (weight > (this.#best[group] as number)) this.#best[group] = weight;
  }

  #gather(values: Int32Array): number {
    this.#stamp += 1;
    let count = 0;
    for (let block = 0; block < this.#blocks.length; block += 1) {
      const tag = this.#tagOf(block, values, 0);
      const head = tag === 0 ? -1 : this.#headOf(tag, false);
      if (head < 0 || (this.#heads[head + 2] as number) > maxList) continue;
      for (let entry = this.#heads[head + 1] as number; entry > 0; ) {
        const identity = this.#entries[(entry - 1) * 2] as number;
        entry = this.#entries[(entry - 1) * 2 + 1] as number;
        if (this.#stamps[identity] === this.#stamp || !this.#isKnown(identity)) continue;
        this.#stamps[identity] = this.#stamp;
        this.#candidates[count] = identity;
        count += 1;
      }
    }
    return count;
  }

  /** The best candidate for values, and how far it is before the second best. */
  find(values: Int32Array, into: LinkFound): void {
    into.best = -1;
    into.bits = Number.NEGATIVE_INFINITY;
    into.second = Number.NEGATIVE_INFINITY;
    into.candidates = this.#gather(values);
    for (let each = 0; each < into.candidates; each += 1) {
      const identity = this.#candidates[each] as number;
      const bits = this.score(values, identity);
      if (bits > into.bits) {
        into.second = into.bits;
        into.bits = bits;
        into.best = identity;
      } else if (bits > into.second) into.second = bits;
    }
  }
}
