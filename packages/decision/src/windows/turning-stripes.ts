/**
 * Memory that forgets by whole periods, for things that all threads remember together: ids of events, pairs that met, counts by source. It is cut
 * into stripes, each under its own lock and with two halves: one that fills and the one before it. A half turns when its period is over or when it is
 * full; what was in the older one is forgotten then. A stripe is small, so that no turn stalls anybody.
 */
import { Owner } from './owners.ts';
import { layoutDigest } from './profile-layout.ts';

/** How such a memory is cut. */
export interface StripeShape {
  readonly stripes: number;
  /** 32-bit words of one half of a stripe. */
  readonly halfWords: number;
  /** Milliseconds until a half turns. */
  readonly period: number;
}

const head = { lock: 0, period: 1, filling: 2, entries: 3, early: 4 } as const;
const headWords = 8;

/** Reserves memory of a shape. Throws RangeError for one that cannot be. */
export const reserveStripes = ({ stripes, halfWords, period }: StripeShape): SharedArrayBuffer => {
  if (!Number.isSafeInteger(stripes) || stripes < 1 || stripes > 2 ** 20 || (stripes & (stripes - 1)) !== 0)
    throw new RangeError('stripes are a power of two up to 2^20');
  if (!Number.isSafeInteger(halfWords) || halfWords < 16) throw new RangeError('a half of 16 words or more');
  if (!(period >= 1000)) throw new RangeError('a period of a second or more');
  return new SharedArrayBuffer(stripes * (headWords + halfWords * 2) * 4);
};

/** One thread's hand on such a memory. */
export class TurningStripes {
  readonly words: Int32Array;
  /** Begin of the half that fills and of the one before it, once a stripe was entered. */
  filling = 0;
  before = 0;
  readonly #shape: StripeShape;
  readonly #owner: Owner;
  #at = 0;
  #version = 0;

  constructor(shape: StripeShape, memory: SharedArrayBuffer, owners: SharedArrayBuffer, token: number) {
    this.words = new Int32Array(memory);
    this.#shape = shape;
    this.#owner = new Owner(owners, token);
  }

  /** Enters the stripe of a hash at an instant of arrival; false when it stayed held. Periods only go forward: an older instant counts in the present one. */
  enter(hash: number, now: number): boolean {
    const { words } = this;
    const { stripes, halfWords, period } = this.#shape;
    const at = (hash & (stripes - 1)) * (headWords + halfWords * 2);
    const version = this.#owner.take(words, at + head.lock);
    if ((version & 1) === 1) return false;
    this.#at = at;
    this.#version = version;
    const present = Math.floor(now / period);
    const known = words[at + head.period] as number;
    if (present > known) {
      if (present > known + 1 && known > 0) this.#turn();
      if (known > 0) this.#turn();
      words[at + head.period] = present;
    }
    this.#aim();
    return true;
  }

  #aim(): void {
    const { halfWords } = this.#shape;
    const which = this.words[this.#at + head.filling] as number;
    this.filling = this.#at + headWords + which * halfWords;
    this.before = this.#at + headWords + (1 - which) * halfWords;
  }

  /** The older half is emptied first and named after: a thread that ends in between leaves it to be emptied again. */
  #turn(): void {
    const { words } = this;
    const { halfWords } = this.#shape;
    const next = 1 - (words[this.#at + head.filling] as number);
    const from = this.#at + headWords + next * halfWords;
    words.fill(0, from, from + halfWords);
    words[this.#at + head.filling] = next;
    words[this.#at + head.entries] = 0;
  }

  /** Entries of the half that fills, as counted by `countEntry`. */
  get entries(): number {
    return this.words[this.#at + head.entries] as number;
  }

  /** Counts an entry; when the half then holds `most`, it turns before its period is over, and what was before is forgotten early. */
  countEntry(most: number): void {
    const { words } = this;
    const entries = this.entries + 1;
    words[this.#at + head.entries] = entries;
    if (entries < most) return;
    this.#turn();
    words[this.#at + head.early] = (words[this.#at + head.early] as number) + 1;
  }

  /** Leaves the stripe. */
  leave(): void {
    this.#owner.release(this.words, this.#at + head.lock, this.#version);
  }

  /** Stripes of the memory. */
  get stripes(): number {
    return this.#shape.stripes;
  }

  /** Bytes of a stripe. */
  get stripeBytes(): number {
    return (headWords + this.#shape.halfWords * 2) * 4;
  }

  /** Stands for the shape: 16 hexadecimal digits. */
  get digest(): string {
    return layoutDigest(JSON.stringify(this.#shape));
  }

  /** Copies a stripe of one piece, for a snapshot. Throws when it stays held. */
  copyOut(stripe: number, into: Uint8Array, at: number): void {
    const from = (stripe * this.stripeBytes) / 4;
    const version = this.#owner.take(this.words, from + head.lock);
    if ((version & 1) === 1) throw new Error('a stripe stayed held');
    into.set(new Uint8Array(this.words.buffer, from * 4, this.stripeBytes), at);
    into.fill(0, at, at + 4);
    this.#owner.release(this.words, from + head.lock, version);
  }

  /** Puts a copy back, in a memory that no other thread uses yet. */
  copyIn(stripe: number, content: Uint8Array, at: number): void {
    const { stripeBytes } = this;
    new Uint8Array(this.words.buffer).set(content.subarray(at, at + stripeBytes), stripe * stripeBytes);
    this.words[(stripe * stripeBytes) / 4] = 0;
  }

  /** Halves that turned before their period was over: where this grows, the memory is too small for its period. */
  turnedEarly(): number {
    const size = headWords + this.#shape.halfWords * 2;
    let sum = 0;
    for (let at = head.early; at < this.words.length; at += size) sum += Atomics.load(this.words, at);
    return sum;
  }
}
