/** One regression tree over binned features, grown leaf by leaf where the gain is highest (histogram gradient boosting, second order). */
import type { BinnedColumns } from './histogram.ts';
import { maxBins } from './histogram.ts';

/** How a tree may grow. */
export interface TreeOptions {
  readonly leaves: number;
  /** Least sum of second derivatives on each side of a split: how much evidence a leaf needs. */
  readonly minHessian: number;
  /** Least rows on each side. */
  readonly minRows: number;
  /** Pull of leaf values to zero. */
  readonly l2: number;
}

/** A grown tree in arrays. A node with `feature` −1 is a leaf. Missing values go left when `missingLeft` is 1. */
export interface Tree {
  readonly feature: Int16Array;
  /** Values at most this go left. */
  readonly threshold: Float64Array;
  readonly missingLeft: Uint8Array;
  readonly left: Int16Array;
  readonly right: Int16Array;
  readonly value: Float64Array;
  /** Gain of each split, for telling which features matter. */
  readonly gain: Float64Array;
  /** Rows that training saw at each node; absent in models of before it was kept. */
  readonly cover?: Float64Array;
}

interface Split {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly leftValue: number;
  readonly rightValue: number;
}

interface Leaf {
  readonly node: number;
  readonly from: number;
  readonly to: number;
  readonly gradient: number;
  readonly hessian: number;
  readonly histogram: Float64Array;
  readonly split: Split | undefined;
}

/** Gradient, hessian and count by bin and feature. */
const cells = 3;

/** Grows trees over one set of rows; holds its buffers. */
export class TreeGrower {
  readonly #data: BinnedColumns;
  readonly #options: TreeOptions;
  readonly #order: Int32Array;
  readonly #spare: Int32Array;
  #features: readonly number[] = [];

  constructor(data: BinnedColumns, options: TreeOptions) {
    this.#data = data;
    this.#options = options;
    this.#order = new Int32Array(data.rows);
    this.#spare = new Int32Array(data.rows);
  }

  /** Grows one tree over the given rows and features. */
  grow(rows: Int32Array, features: readonly number[], gradients: Float64Array, hessians: Float64Array): Tree {
    this.#features = features;
    this.#order.set(rows);
    const nodes = new TreeNodes(this.#options.leaves * 2 - 1);
    const root = this.#rootLeaf(nodes.add(rows.length), rows.length, gradients, hessians);
    const leaves = [root];
    while (leaves.length < this.#options.leaves) {
      const best = bestOf(leaves);
      if (best?.split === undefined) break;
      leaves.splice(leaves.indexOf(best), 1, ...this.#divide(best, best.split, nodes, gradients, hessians));
    }
    return nodes.finish();
  }

  #rootLeaf(node: number, count: number, gradients: Float64Array, hessians: Float64Array): Leaf {
    const histogram = this.#histogram(0, count, gradients, hessians);
    let gradient = 0;
    let hessian = 0;
    for (let index = 0; index < count; index += 1) {
      const row = this.#order[index] as number;
      gradient += gradients[row] as number;
      hessian += hessians[row] as number;
    }
    return this.#withSplit({ node, from: 0, to: count, gradient, hessian, histogram });
  }

  #histogram(from: number, to: number, gradients: Float64Array, hessians: Float64Array): Float64Array {
    const histogram = new Float64Array(this.#features.length * maxBins * cells);
    for (const [place, feature] of this.#features.entries()) {
      const bins = this.#data.bins[feature] as Uint8Array;
      const base = place * maxBins * cells;
      for (let index = from; index < to; index += 1) {
        const row = this.#order[index] as number;
        const cell = base + (bins[row] as number) * cells;
        histogram[cell] = (histogram[cell] as number) + (gradients[row] as number);
        histogram[cell + 1] = (histogram[cell + 1] as number) + (hessians[row] as number);
        histogram[cell + 2] = (histogram[cell + 2] as number) + 1;
      }
    }
    return histogram;
  }

  #withSplit(leaf: Omit<Leaf, 'split'>): Leaf {
    let split: Split | undefined;
    for (const [place, feature] of this.#features.entries()) {
      const found = this.#bestSplit(leaf, place, feature);
      if (found !== undefined && found.gain > (split?.gain ?? 1e-9)) split = found;
    }
    return { ...leaf, split };
  }

  #bestSplit(leaf: Omit<Leaf, 'split'>, place: number, feature: number): Split | undefined {
    const { histogram } = leaf;
    const base = place * maxBins * cells;
    const last = (this.#data.cuts[feature] as Float64Array).length + 1;
    const missing = histogram[base + 2] as number;
    const sides = missing > 0 ? [true, false] : [true];
    let best: Split | undefined;
    for (const missingLeft of sides) {
      const start = missingLeft ? 0 : 1;
      let [gradient, hessian, count] = [0, 0, 0];
      for (let bin = start; bin < last; bin += 1) {
        const cell = base + bin * cells;
        gradient += histogram[cell] as number;
        hessian += histogram[cell + 1] as number;
        count += histogram[cell + 2] as number;
        if (bin === 0) continue;
        const found = this.#judge(leaf, gradient, hessian, count);
        if (found !== undefined && found.gain > (best?.gain ?? 0)) best = { ...found, feature, bin, missingLeft };
      }
    }
    return best;
  }

  /** What a split would gain; undefined when it must not be. */
  #judge(leaf: Omit<Leaf, 'split'>, gradient: number, hessian: number, count: number) {
    const { minHessian, minRows, l2 } = this.#options;
    const rightHessian = leaf.hessian - hessian;
    const rightCount = leaf.to - leaf.from - count;
    if (hessian < minHessian || rightHessian < minHessian || count < minRows || rightCount < minRows) return undefined;
    const rightGradient = leaf.gradient - gradient;
    const reward = (g: number, h: number): number => (g * g) / (h + l2);
    const gain = reward(gradient, hessian) + reward(rightGradient, rightHessian) - reward(leaf.gradient, leaf.hessian);
    const leftValue = -gradient / (hessian + l2);
    const rightValue = -rightGradient / (rightHessian + l2);
    return gain > 0 ? { gain, leftValue, rightValue } : undefined;
  }

  #divide(
    leaf: Leaf,
    split: Split,
    nodes: TreeNodes,
    gradients: Float64Array,
    hessians: Float64Array,
  ): readonly [Leaf, Leaf] {
    const middle = this.#partition(leaf, split);
    const [left, right] = nodes.split(leaf.node, split, this.#data.cuts[split.feature] as Float64Array, [
      middle - leaf.from,
      leaf.to - middle,
    ]);
    const isLeftSmaller = middle - leaf.from < leaf.to - middle;
    const [from, to] = isLeftSmaller ? [leaf.from, middle] : [middle, leaf.to];
    const smaller = this.#histogram(from, to, gradients, hessians);
    const larger = leaf.histogram;
    for (let cell = 0; cell < larger.length; cell += 1)
      larger[cell] = (larger[cell] as number) - (smaller[cell] as number);
    const [leftHistogram, rightHistogram] = isLeftSmaller ? [smaller, larger] : [larger, smaller];
    const [gradient, hessian] = this.#sums(leaf.from, middle, gradients, hessians);
    return [
      this.#withSplit({ node: left, from: leaf.from, to: middle, gradient, hessian, histogram: leftHistogram }),
      this.#withSplit({
        node: right,
        from: middle,
        to: leaf.to,
        gradient: leaf.gradient - gradient,
        hessian: leaf.hessian - hessian,
        histogram: rightHistogram,
      }),
    ];
  }

  #sums(from: number, to: number, gradients: Float64Array, hessians: Float64Array): readonly [number, number] {
    let [gradient, hessian] = [0, 0];
    for (let index = from; index < to; index += 1) {
      const row = this.#order[index] as number;
      gradient += gradients[row] as number;
      hessian += hessians[row] as number;
    }
    return [gradient, hessian];
  }

  /** Moves the rows of the left side to the front, in order. */
  #partition(leaf: Leaf, { feature, bin, missingLeft }: Split): number {
    const bins = this.#data.bins[feature] as Uint8Array;
    let left = leaf.from;
    let spare = 0;
    for (let index = leaf.from; index < leaf.to; index += 1) {
      const row = this.#order[index] as number;
      const value = bins[row] as number;
      const goesLeft = value === 0 ? missingLeft : value <= bin;
      if (goesLeft) {
        this.#order[left] = row;
        left += 1;
      } else {
        this.#spare[spare] = row;
        spare += 1;
      }
    }
    this.#order.set(this.#spare.subarray(0, spare), left);
    return left;
  }
}

const bestOf = (leaves: readonly Leaf[]): Leaf | undefined => {
  let best: Leaf | undefined;
  for (const leaf of leaves) if ((leaf.split?.gain ?? 0) > (best?.split?.gain ?? 0)) best = leaf;
  return best;
};

class TreeNodes {
  readonly #feature: Int16Array;
  readonly #threshold: Float64Array;
  readonly #missingLeft: Uint8Array;
  readonly #left: Int16Array;
  readonly #right: Int16Array;
  readonly #value: Float64Array;
  readonly #gain: Float64Array;
  readonly #cover: Float64Array;
  #count = 0;

  constructor(most: number) {
    this.#feature = new Int16Array(most).fill(-1);
    this.#threshold = new Float64Array(most);
    this.#missingLeft = new Uint8Array(most);
    this.#left = new Int16Array(most);
    this.#right = new Int16Array(most);
    this.#value = new Float64Array(most);
    this.#gain = new Float64Array(most);
    this.#cover = new Float64Array(most);
  }

  add(rows: number): number {
    this.#cover[this.#count] = rows;
    this.#count += 1;
    return this.#count - 1;
  }

  split(
    node: number,
    split: Split,
    cuts: Float64Array,
    [leftRows, rightRows]: readonly [number, number],
  ): readonly [number, number] {
    const [left, right] = [this.add(leftRows), this.add(rightRows)];
    this.#feature[node] = split.feature;
    this.#threshold[node] = cuts[split.bin - 1] as number;
    this.#missingLeft[node] = split.missingLeft ? 1 : 0;
    this.#left[node] = left;
    this.#right[node] = right;
    this.#gain[node] = split.gain;
    this.#value[left] = split.leftValue;
    this.#value[right] = split.rightValue;
    return [left, right];
  }

  finish(): Tree {
    const to = this.#count;
    return {
      feature: this.#feature.slice(0, to),
      threshold: this.#threshold.slice(0, to),
      missingLeft: this.#missingLeft.slice(0, to),
      left: this.#left.slice(0, to),
      right: this.#right.slice(0, to),
      value: this.#value.slice(0, to),
      gain: this.#gain.slice(0, to),
      cover: this.#cover.slice(0, to),
    };
  }
}
