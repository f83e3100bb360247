/**
 * Pairs that meet for the first time: this account with this device, this payee with this account. A blocked Bloom filter: it never takes a pair that it remembers for new, and
 * takes a new one for old with a probability that `firstSeenError` declares. Pairs are remembered for at least a period and at most two after they last met.
 */
import { entryKind, type JournalBuffer } from './journal-format.ts';
import { reserveStripes, type StripeShape, TurningStripes } from './turning-stripes.ts';

/** What a memory of pairs is made for. */
export interface FirstSeenShape {
  /** Pairs that meet within the period. */
  readonly pairs: number;
  /** Milliseconds. */
  readonly period: number;
}

const stripeCount = 1024;
/** Words of a block: one cache line. */
const blockWords = 16;
const bitsPerPair = 16;
const bitsSet = 8;

const shapeOf = ({ pairs, period }: FirstSeenShape): StripeShape => ({
  stripes: stripeCount,
  halfWords: 2 ** Math.ceil(Math.log2(Math.max(blockWords, ((pairs / stripeCount) * bitsPerPair) / 32))),
  period,
});

/** Memory for pairs. */
export const reserveFirstSeen = (shape: FirstSeenShape): SharedArrayBuffer => reserveStripes(shapeOf(shape));

/** Probability that a new pair is taken for old while no half holds more than it was made for: the mean over blocks whose load is Poisson, for two halves. */
export const firstSeenError = (shape: FirstSeenShape): number => {
  const blocks = (shapeOf(shape).halfWords / blockWords) * stripeCount;
  const mean = shape.pairs / blocks;
  let chance = Math.exp(-mean);
  let error = 0;
  for (let held = 0; held < mean + 20 * Math.sqrt(mean) + 40; held += 1) {
    // The share of a block's bits that is set after `held` pairs.
    const share = 1 - (1 - 1 / (blockWords * 32)) ** (held * bitsSet);
    error += chance * share ** bitsSet;
    chance *= mean / (held + 1);
  }
  return Math.min(1, 2 * error);
};

/** Mixes two words; both are halves of keyed hashes, so that nobody outside knows what meets what. */
const mix = (left: number, right: number): number => {
  let word = Math.imul(left ^ (right >>> 15), 0x2c1b3c6d) ^ right;
  word = Math.imul(word ^ (word >>> 12), 0x297a2d39);
  return word ^ (word >>> 15);
};

/** One thread's hand on the pairs. */
export class FirstSeen {
  /** Where it is kept; for snapshots. */
  readonly stripes: TurningStripes;
  readonly #journal: JournalBuffer | undefined;
  readonly #blocks: number;
  readonly #most: number;

  constructor(
    shape: FirstSeenShape,
    memory: SharedArrayBuffer,
    owners: SharedArrayBuffer,
    token: number,
    journal?: JournalBuffer,
  ) {
    const cut = shapeOf(shape);
    this.#journal = journal;
    this.stripes = new TurningStripes(cut, memory, owners, token);
    this.#blocks = cut.halfWords / blockWords;
    this.#most = Math.ceil((cut.halfWords * 32) / bitsPerPair) * 2;
  }

  /** Sets the pair's bits in a half when `sets`; whether all were set before. */
  #bits(from: number, one: number, two: number, sets: boolean): boolean {
    const { words } = this.stripes;
    const block = from + (((one >>> 10) % this.#blocks) | 0) * blockWords;
    let isThere = true;
    let walk = two;
    for (let each = 0; each < bitsSet; each += 1) {
      const word = block + ((walk >>> 5) & (blockWords - 1));
      const bit = 1 << (walk & 31);
      const held = words[word] as number;
      if ((held & bit) === 0) isThere = false;
      if (sets) words[word] = held | bit;
      walk = mix(walk, one + each);
    }
    return isThere;
  }

  /** Remembers that two things met; 1 when it is the first time, 0 when they met before, −1 when that cannot be told now. The keyed hashes of both; `now` is the instant of arrival. */
  meet(leftLow: number, leftHigh: number, rightLow: number, rightHigh: number, now: number): number {
    const one = mix(leftLow, rightHigh);
    const two = mix(leftHigh, Math.imul(rightLow, 0x9e3779b1) ^ one);
    if (!this.stripes.enter(one, now)) return -1;
    const isHere = this.#bits(this.stripes.filling, one, two, true);
    const isKnown = isHere || this.#bits(this.stripes.before, one, two, false);
    if (!isHere) this.stripes.countEntry(this.#most);
    this.stripes.leave();
    if (!isHere) this.#journal?.memory(entryKind.pair, leftLow, leftHigh, now, rightLow, rightHigh);
    return isKnown ? 0 : 1;
  }

  /** Stripes that forgot before the period. */
  get forgotEarly(): number {
    return this.stripes.turnedEarly();
  }
}
