/**
 * Whether a feature looks as it did when a model was trained: the population stability index (PSI) of each feature, the missing values as a bin of their own.
 * Σ (now − then) × ln(now / then) over bins; below 0.1 nothing moved, from 0.25 on a model should be looked at.
 */
import type { Columns } from './histogram.ts';

/** How a feature was distributed. */
export interface FeatureShape {
  readonly name: string;
  /** Rising upper bounds of bins; the last bin has none. */
  readonly cuts: readonly number[];
  /** Share of rows by bin; the first is the share of missing values. */
  readonly shares: readonly number[];
}

/** How all features were distributed; kept with a model. */
export interface DriftReference {
  readonly rows: number;
  readonly features: readonly FeatureShape[];
}

/** How far a feature moved. */
export type DriftGrade = 'steady' | 'moved' | 'drifted';

/** What is known of one feature now. */
export interface FeatureDrift {
  readonly name: string;
  readonly psi: number;
  /** What PSI would be on average if nothing had moved, with so few rows. */
  readonly expected: number;
  readonly grade: DriftGrade;
}

const bins = 10;
/** Empty bins count as this share, so that one row in a new place is no infinity. */
const floor = 1e-4;

const quantileCuts = (column: Float64Array): readonly number[] => {
  const sorted = column.filter((value) => !Number.isNaN(value)).sort();
  const cuts: number[] = [];
  for (let bin = 1; bin < bins; bin += 1) {
    const cut = sorted[Math.ceil((bin * sorted.length) / bins) - 1];
    if (cut !== undefined && cut > (cuts.at(-1) ?? Number.NEGATIVE_INFINITY) && cut < (sorted.at(-1) as number))
      cuts.push(cut);
  }
  return cuts;
};

const binOf = (cuts: readonly number[], value: number): number => {
  if (Number.isNaN(value)) return 0;
  let bin = 0;
  while (bin < cuts.length && value > (cuts[bin] as number)) bin += 1;
  return bin + 1;
};

/** The reference of a table. */
export const driftReference = ({ rows, columns }: Columns, names: readonly string[]): DriftReference => ({
  rows,
  features: columns.map((column, place) => {
    const cuts = quantileCuts(column);
    const counts = new Float64Array(cuts.length + 2);
    for (const value of column) {
      const bin = binOf(cuts, value);
      counts[bin] = (counts[bin] as number) + 1;
    }
    return { name: names[place] ?? '', cuts, shares: Array.from(counts, (count) => count / Math.max(1, rows)) };
  }),
});

/** The index of two distributions over the same bins. */
export const stabilityIndex = (then: readonly number[], now: readonly number[]): number =>
  then.reduce((sum, share, bin) => {
    const [before, after] = [Math.max(floor, share), Math.max(floor, now[bin] ?? 0)];
    return sum + (after - before) * Math.log(after / before);
  }, 0);

const gradeOf = (psi: number, expected: number): DriftGrade => {
  const beyond = psi - expected;
  if (beyond < 0.1) return 'steady';
  return beyond < 0.25 ? 'moved' : 'drifted';
};

/** Watches the features that a model is given. Bounded: a count by bin and feature. Old rows fade: every `fade` rows all counts are halved. */
export class DriftWatch {
  readonly #reference: DriftReference;
  readonly #counts: readonly Float64Array[];
  readonly #fade: number;
  #rows = 0;

  constructor(reference: DriftReference, fade = 100_000) {
    this.#reference = reference;
    this.#counts = reference.features.map(({ cuts }) => new Float64Array(cuts.length + 2));
    this.#fade = fade;
  }

  /** Rows that count now. */
  get rows(): number {
    return this.#rows;
  }

  /** Takes a row; features in the order of the reference. */
  observe(features: ArrayLike<number>): void {
    for (const [place, { cuts }] of this.#reference.features.entries()) {
      const counts = this.#counts[place] as Float64Array;
      const bin = binOf(cuts, features[place] ?? Number.NaN);
      counts[bin] = (counts[bin] as number) + 1;
    }
    this.#rows += 1;
    if (this.#rows >= this.#fade) this.#halve();
  }

  #halve(): void {
    for (const counts of this.#counts)
      for (let bin = 0; bin < counts.length; bin += 1) counts[bin] = (counts[bin] as number) / 2;
    this.#rows /= 2;
  }

  /** How far every feature moved, the farthest first; empty before the first row. */
  drift(): readonly FeatureDrift[] {
    if (this.#rows === 0) return [];
    const { rows, features } = this.#reference;
    return features
      .map(({ name, shares }, place): FeatureDrift => {
        const now = Array.from(this.#counts[place] as Float64Array, (count) => count / this.#rows);
        const psi = stabilityIndex(shares, now);
        const expected = (shares.filter((share) => share > 0).length - 1) * (1 / this.#rows + 1 / Math.max(1, rows));
        return { name, psi, expected, grade: gradeOf(psi, expected) };
      })
      .sort((left, right) => right.psi - left.psi);
  }
}
