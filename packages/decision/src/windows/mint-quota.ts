/**
 * Quotas on new ids: how many rows one source (a tenant, an address) may have made in a period, so that nobody fills the table with ids that he invents. Sources are
 * counted one by one while a stripe has room; beyond that all further ones of the stripe share one count, so that inventing sources does not help either.
 */
import { reserveStripes, type StripeShape, TurningStripes } from './turning-stripes.ts';

/** A quota. */
export interface MintShape {
  /** Sources that are counted one by one within a period. */
  readonly sources: number;
  /** New rows that one source may have made in a period. */
  readonly most: number;
  /** Milliseconds. */
  readonly period: number;
}

const stripes = 64;

const shapeOf = ({ sources, period }: MintShape): StripeShape => ({
  stripes,
  halfWords: 2 ** Math.ceil(Math.log2(Math.max(32, (sources / stripes) * 3))) + 2,
  period,
});

/** Memory for a quota. */
export const reserveMintQuota = (shape: MintShape): SharedArrayBuffer => reserveStripes(shapeOf(shape));

/** One thread's hand on a quota. */
export class MintQuota {
  /** New rows that this thread refused. */
  refused = 0;
  readonly #stripes: TurningStripes;
  readonly #places: number;
  readonly #most: number;

  constructor(shape: MintShape, memory: SharedArrayBuffer, owners: SharedArrayBuffer, token: number) {
    const cut = shapeOf(shape);
    this.#stripes = new TurningStripes(cut, memory, owners, token);
    this.#places = (cut.halfWords - 2) / 2;
    this.#most = shape.most;
  }

  /** Word of the source's count; that of all others when the stripe is full. */
  #countAt(low: number, high: number): number {
    const { words, filling, entries } = this.#stripes;
    const tag = high === 0 ? 1 : high | 0;
    const home = (low >>> 6) % this.#places;
    for (let step = 0; step < this.#places; step += 1) {
      const at = filling + ((home + step) % this.#places) * 2;
      if (words[at] === tag) return at + 1;
      if (words[at] !== 0) continue;
      if (entries * 4 >= this.#places * 3) break;
      words[at] = tag;
      this.#stripes.countEntry(this.#places);
      return at + 1;
    }
    return filling + this.#places * 2;
  }

  /** Whether a source, given as a keyed hash, may have one more row made; counts it when it may. `now` is the instant of arrival. */
  mint(low: number, high: number, now: number): boolean {
    if (!this.#stripes.enter(low, now)) {
      this.refused += 1;
      return false;
    }
    const at = this.#countAt(low, high);
    const { words } = this.#stripes;
    const count = words[at] as number;
    const isWithin = count < this.#most;
    if (isWithin) words[at] = count + 1;
    else this.refused += 1;
    this.#stripes.leave();
    return isWithin;
  }
}
