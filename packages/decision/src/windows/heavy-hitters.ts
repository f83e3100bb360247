/**
 * The most frequent things of a period: space-saving (Metwally, Agrawal, El Abbadi 2005), 64 counters a stripe. A thing's count is never below the truth and above it by
 * at most what is kept beside it; every thing with more than 1/64 of its stripe's events is there.
 */
import { reserveStripes, type StripeShape, TurningStripes } from './turning-stripes.ts';

const counters = 64;
/** Words of a counter, in columns: key halves, count, error. */
const halfWords = counters * 4;

/** How many stripes (a power of two) and milliseconds of a period. */
export interface HeavyShape {
  readonly stripes: number;
  readonly period: number;
}

const shapeOf = ({ stripes, period }: HeavyShape): StripeShape => ({ stripes, halfWords, period });

/** Memory for counters. */
export const reserveHeavyHitters = (shape: HeavyShape): SharedArrayBuffer => reserveStripes(shapeOf(shape));

/** A frequent thing: the truth lies in [count − error, count]. */
export interface HeavyHitter {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  readonly error: number;
}

/** One thread's hand on the counters. */
export class HeavyHitters {
  readonly #stripes: TurningStripes;
  readonly #shape: HeavyShape;

  constructor(shape: HeavyShape, memory: SharedArrayBuffer, owners: SharedArrayBuffer, token: number) {
    this.#stripes = new TurningStripes(shapeOf(shape), memory, owners, token);
    this.#shape = shape;
  }

  /** The counter of a key, else the smallest. */
  #counterOf(from: number, low: number, high: number): number {
    const { words } = this.#stripes;
    let least = 0;
    for (let each = 0; each < counters; each += 1) {
      const count = words[from + counters * 2 + each] as number;
      if (count > 0 && words[from + each] === low && words[from + counters + each] === high) return each;
      if (count < (words[from + counters * 2 + least] as number)) least = each;
    }
    return least;
  }

  /** Counts a thing, given as a keyed hash, and answers its count in the period, never below the truth; −1 when that cannot be told now. */
  take(low: number, high: number, now: number): number {
    const stripes = this.#stripes;
    if (!stripes.enter(high, now)) return -1;
    const { words, filling } = stripes;
    const each = this.#counterOf(filling, low, high);
    const countAt = filling + counters * 2 + each;
    const count = words[countAt] as number;
    const isSame = count > 0 && words[filling + each] === low && words[filling + counters + each] === high;
    if (!isSame) {
      words[filling + each] = low;
      words[filling + counters + each] = high;
      words[filling + counters * 3 + each] = count;
    }
    if (count < 2 ** 31 - 1) words[countAt] = count + 1;
    stripes.leave();
    return count + 1;
  }

  #collect(from: number, into: HeavyHitter[]): void {
    const { words } = this.#stripes;
    for (let each = 0; each < counters; each += 1) {
      const count = words[from + counters * 2 + each] as number;
      const [low, high, error] = [words[from + each], words[from + counters + each], words[from + counters * 3 + each]];
      if (count > 0) into.push({ low: low as number, high: high as number, count, error: error as number });
    }
  }

  /** The most frequent things of the present period or, with `ofBefore`, of the one before. Not for the hot path. */
  top(most: number, now: number, ofBefore = false): readonly HeavyHitter[] {
    const found: HeavyHitter[] = [];
    for (let stripe = 0; stripe < this.#shape.stripes; stripe += 1) {
      if (!this.#stripes.enter(stripe, now)) continue;
      this.#collect(ofBefore ? this.#stripes.before : this.#stripes.filling, found);
      this.#stripes.leave();
    }
    return found.sort((left, right) => right.count - left.count).slice(0, most);
  }
}
