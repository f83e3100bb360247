/**
 * Trees as they are served, whoever trained them: all nodes of all trees in flat arrays, children as places in them. The score of a row is a base and the
 * leaves that it reaches, added up in the order of the trees. Trees of others keep their own way of asking: where missing values go, whether zero is
 * missing, sets of categories, single precision.
 */

/** How a node asks. Missing values go where `missingLeft` says, at every kind. */
export const nodeKinds = {
  /** Left when the value is at most the threshold. */
  atMost: 0,
  /** The same, and zero is missing, too. */
  atMostZeroMissing: 1,
  /** Left when the value, cut to a whole number, is in the set. */
  category: 2,
  /** The same, and nothing below zero is in a set. */
  categoryFromZero: 3,
} as const;

/** What becomes of the sum. */
export type EnsembleOutput =
  /** 1 / (1 + e^(slope × score + offset)). */
  | { readonly kind: 'sigmoid'; readonly slope: number; readonly offset: number }
  | { readonly kind: 'identity' }
  /** 2^(−score / usual), of isolation forests: 1 is odd, below 0.5 is usual. */
  | { readonly kind: 'isolation'; readonly usual: number };

/** An ensemble. */
export interface Ensemble {
  /** Names of features, in their order. */
  readonly features: readonly string[];
  /** Whether values, thresholds, leaves and sums are of single precision. */
  readonly isSingle: boolean;
  readonly base: number;
  /** The sum is divided by this: 1, or the number of trees. */
  readonly divisor: number;
  readonly output: EnsembleOutput;
  /** Place of each tree's root. */
  readonly roots: Int32Array;
  /** Feature by node; −1 is a leaf. */
  readonly feature: Int32Array;
  readonly kind: Uint8Array;
  /** Threshold, or the place of the node's set. */
  readonly threshold: Float64Array;
  readonly missingLeft: Uint8Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Value of leaves. */
  readonly value: Float64Array;
  /** What training saw at the node: rows, or a sum of weights. */
  readonly cover: Float64Array;
  /** Sets of categories as bits. */
  readonly sets: readonly Uint32Array[];
}

/** Values that count as zero where zero is missing: LightGBM's bound, which is of single precision. */
export const zeroBound: number = Math.fround(1e-35);

/** Whether a category is in a set. */
export const isInSet = (set: Uint32Array, value: number, isFromZero: boolean): boolean => {
  if (isFromZero && value < 0) return false;
  const category = Math.trunc(value);
  if (!(category >= 0) || category >= set.length * 32) return false;
  return (((set[category >>> 5] as number) >>> (category & 31)) & 1) === 1;
};

/** Whether a row goes left at a node. */
export const goesLeft = (ensemble: Ensemble, node: number, value: number): boolean => {
  const kind = ensemble.kind[node] as number;
  const threshold = ensemble.threshold[node] as number;
  if (value !== value) return ensemble.missingLeft[node] === 1;
  if (kind === nodeKinds.atMost) return value <= threshold;
  if (kind === nodeKinds.atMostZeroMissing)
    return Math.abs(value) <= zeroBound ? ensemble.missingLeft[node] === 1 : value <= threshold;
  return isInSet(ensemble.sets[threshold] as Uint32Array, value, kind === nodeKinds.categoryFromZero);
};

/** The leaf that a row reaches from a root. */
export const leafOf = (ensemble: Ensemble, root: number, features: ArrayLike<number>): number => {
  let node = root;
  for (let feature = ensemble.feature[node] as number; feature >= 0; feature = ensemble.feature[node] as number)
    node = (goesLeft(ensemble, node, features[feature] as number) ? ensemble.left : ensemble.right)[node] as number;
  return node;
};

/** The sum before its output, from the arrays. */
export const flatScore = (ensemble: Ensemble, features: ArrayLike<number>): number => {
  const { roots, value, base, divisor, isSingle } = ensemble;
  let sum = base;
  for (const root of roots) {
    const next = sum + (value[leafOf(ensemble, root, features)] as number);
    sum = isSingle ? Math.fround(next) : next;
  }
  return divisor === 1 ? sum : sum / divisor;
};

/** What the sum means: a probability, or what the model was trained to tell. */
export const outputOf = (output: EnsembleOutput, score: number): number => {
  if (output.kind === 'sigmoid') return 1 / (1 + Math.exp(output.slope * score + output.offset));
  return output.kind === 'isolation' ? 2 ** (-score / output.usual) : score;
};

/** Deepest tree that is served, and that attributions walk. */
export const maxTreeDepth = 128;
/** Most trees, and most nodes of all trees. */
export const maxTrees = 10_000;
/** Most nodes of all trees. */
export const maxNodes = 2_000_000;
/** Most features. */
export const maxFeatures = 4096;
/** Highest category in a set. */
export const maxCategory = 65_535;

/** Collects nodes. */
export class EnsembleBuilder {
  readonly #roots: number[] = [];
  readonly #feature: number[] = [];
  readonly #kind: number[] = [];
  readonly #threshold: number[] = [];
  readonly #missingLeft: number[] = [];
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  readonly #value: number[] = [];
  readonly #cover: number[] = [];
  readonly #sets: Uint32Array[] = [];

  /** Nodes so far. */
  get size(): number {
    return this.#feature.length;
  }

  /** Says that the next node is a root. */
  beginTree(): void {
    this.#roots.push(this.size);
  }

  /** Adds a leaf; answers its place. */
  leaf(value: number, cover: number): number {
    return this.#add(-1, nodeKinds.atMost, 0, false, value, cover);
  }

  /** Adds a split whose children come later; answers its place. */
  split(feature: number, kind: number, threshold: number, missingLeft: boolean, cover: number): number {
    return this.#add(feature, kind, threshold, missingLeft, 0, cover);
  }

  /** Adds a set of categories; answers its place. */
  set(categories: readonly number[]): number {
    const words = new Uint32Array(categories.reduce((most, each) => Math.max(most, (each >>> 5) + 1), 1));
    for (const each of categories) words[each >>> 5] = (words[each >>> 5] as number) | (1 << (each & 31));
    return this.#sets.push(words) - 1;
  }

  /** Joins a split with its children. */
  join(node: number, left: number, right: number): void {
    this.#left[node] = left;
    this.#right[node] = right;
  }

  #add(feature: number, kind: number, threshold: number, missingLeft: boolean, value: number, cover: number): number {
    this.#kind.push(kind);
    this.#threshold.push(threshold);
    this.#missingLeft.push(missingLeft ? 1 : 0);
    this.#left.push(-1);
    this.#right.push(-1);
    this.#value.push(value);
    this.#cover.push(cover);
    return this.#feature.push(feature) - 1;
  }

  /** The ensemble. */
  finish(head: Pick<Ensemble, 'features' | 'isSingle' | 'base' | 'divisor' | 'output'>): Ensemble {
    return {
      ...head,
      roots: Int32Array.from(this.#roots),
      feature: Int32Array.from(this.#feature),
      kind: Uint8Array.from(this.#kind),
      threshold: Float64Array.from(this.#threshold),
      missingLeft: Uint8Array.from(this.#missingLeft),
      left: Int32Array.from(this.#left),
      right: Int32Array.from(this.#right),
      value: Float64Array.from(this.#value),
      cover: Float64Array.from(this.#cover),
      sets: this.#sets,
    };
  }
}
