/**
 * Isolation forests (Liu, Ting and Zhou 2008): what is odd is alone after few random cuts. They need no labels, and find lone odd devices that no cluster
 * holds. Trained here, served like every ensemble; the same rows, options and seed give the same forest.
 */
import { draws } from './boosting.ts';
import { type Ensemble, EnsembleBuilder, nodeKinds } from './ensemble.ts';
import type { Columns } from './histogram.ts';

/** How to train. */
export interface IsolationOptions {
  /** 100 is usual. */
  readonly trees: number;
  /** Rows that each tree sees, at most; 256 is usual. */
  readonly sample: number;
  readonly seed: number;
}

/** Usual values. */
export const usualIsolation: IsolationOptions = { trees: 100, sample: 256, seed: 20_250_101 };

const euler = 0.577_215_664_901_532_9;

/** Mean length of a search that fails among so many rows: what a path is compared with. */
export const usualPath = (rows: number): number => {
  if (rows <= 1) return 0;
  return rows === 2 ? 1 : 2 * (Math.log(rows - 1) + euler) - (2 * (rows - 1)) / rows;
};

interface Cut {
  readonly feature: number;
  readonly threshold: number;
  readonly missingLeft: boolean;
}

const spanOf = (column: Float64Array, rows: Int32Array): readonly [number, number] => {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const row of rows) {
    const value = column[row] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
};

class IsolationGrower {
  readonly #table: Columns;
  readonly #builder = new EnsembleBuilder();
  readonly #draw: () => number;
  readonly #deepest: number;

  constructor(table: Columns, sample: number, seed: number) {
    this.#table = table;
    this.#draw = draws(seed);
    this.#deepest = Math.ceil(Math.log2(Math.max(2, sample)));
  }

  #sample(count: number): Int32Array {
    const rows = Int32Array.from({ length: this.#table.rows }, (_, row) => row);
    for (let place = 0; place < count; place += 1) {
      const other = place + Math.floor(this.#draw() * (rows.length - place));
      [rows[place], rows[other]] = [rows[other] as number, rows[place] as number];
    }
    return rows.slice(0, count);
  }

  /** A cut through a feature whose values differ; undefined when none does after as many tries as there are features. */
  #cut(rows: Int32Array): Cut | undefined {
    const { columns } = this.#table;
    const first = Math.floor(this.#draw() * columns.length);
    for (let step = 0; step < columns.length; step += 1) {
      const feature = (first + step) % columns.length;
      const [low, high] = spanOf(columns[feature] as Float64Array, rows);
      // Infinite values leave no room for a random threshold.
      if (!(high > low) || high - low === Number.POSITIVE_INFINITY) continue;
      const threshold = Math.min(low + this.#draw() * (high - low), Math.max(low, high - (high - low) * 1e-12));
      return { feature, threshold, missingLeft: this.#draw() < 0.5 };
    }
    return undefined;
  }

  #grow(rows: Int32Array, depth: number): number {
    const cut = rows.length > 1 && depth < this.#deepest ? this.#cut(rows) : undefined;
    if (cut === undefined) return this.#builder.leaf(depth + usualPath(rows.length), rows.length);
    const { feature, threshold, missingLeft } = cut;
    const column = this.#table.columns[feature] as Float64Array;
    const isLeft = (row: number): boolean => {
      const value = column[row] as number;
      return Number.isNaN(value) ? missingLeft : value <= threshold;
    };
    const node = this.#builder.split(feature, nodeKinds.atMost, threshold, missingLeft, rows.length);
    const left = this.#grow(
      rows.filter((row) => isLeft(row)),
      depth + 1,
    );
    this.#builder.join(
      node,
      left,
      this.#grow(
        rows.filter((row) => !isLeft(row)),
        depth + 1,
      ),
    );
    return node;
  }

  train(trees: number, sample: number, features: readonly string[]): Ensemble {
    const count = Math.min(sample, this.#table.rows);
    for (let tree = 0; tree < trees; tree += 1) {
      this.#builder.beginTree();
      this.#grow(this.#sample(count), 0);
    }
    return this.#builder.finish({
      features,
      isSingle: false,
      base: 0,
      divisor: trees,
      output: { kind: 'isolation', usual: usualPath(count) },
    });
  }
}

/** Trains on rows without labels. Throws RangeError for fewer than two rows. */
export const isolate = (
  table: Columns,
  features: readonly string[],
  { trees, sample, seed }: IsolationOptions = usualIsolation,
): Ensemble => {
  if (table.rows < 2) throw new RangeError('two rows at least');
  return new IsolationGrower(table, Math.min(sample, table.rows), seed).train(trees, sample, features);
};
