/** Gradient-boosted trees for a yes-or-no question (log loss), after Friedman 2001 with second-order steps; every draw comes from the seed. */
import { type BinnedColumns, binColumns, type Columns } from './histogram.ts';
import { type Tree, TreeGrower, type TreeOptions } from './tree.ts';

/** How to boost. */
export interface BoostOptions extends TreeOptions {
  readonly rounds: number;
  /** Step towards each tree's values. */
  readonly pace: number;
  /** Share of rows and of features that each tree sees. */
  readonly rowShare: number;
  readonly featureShare: number;
  readonly seed: number;
}

/** A sum of trees over a base score, in log odds. */
export interface Forest {
  readonly base: number;
  readonly trees: readonly Tree[];
}

/** Draws in [0, 1) from a seed (SplitMix32); for sampling only. */
export const draws = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4_294_967_296;
  };
};

const sampleRows = (rows: number, share: number, draw: () => number): Int32Array =>
  share >= 1
    ? Int32Array.from({ length: rows }, (_, row) => row)
    : Int32Array.from({ length: rows }, (_, row) => row).filter(() => draw() < share);

const sampleFeatures = (count: number, share: number, draw: () => number): readonly number[] => {
  const all = Array.from({ length: count }, (_, feature) => feature);
  const wanted = Math.max(1, Math.round(count * share));
  for (let place = 0; place < wanted; place += 1) {
    const other = place + Math.floor(draw() * (count - place));
    [all[place], all[other]] = [all[other] as number, all[place] as number];
  }
  return all.slice(0, wanted).sort((left, right) => left - right);
};

/** The value of a tree for a row of raw features. */
export const treeValue = (tree: Tree, features: Float64Array): number => {
  let node = 0;
  for (let feature = tree.feature[0] as number; feature >= 0; feature = tree.feature[node] as number) {
    const value = features[feature] as number;
    const goesLeft = Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= (tree.threshold[node] as number);
    node = (goesLeft ? tree.left : tree.right)[node] as number;
  }
  return tree.value[node] as number;
};

/** Log odds of a row. */
export const forestScore = (forest: Forest, features: Float64Array): number => {
  let score = forest.base;
  for (const tree of forest.trees) score += treeValue(tree, features);
  return score;
};

const rowOf = (columns: readonly Float64Array[], row: number, into: Float64Array): Float64Array => {
  for (let feature = 0; feature < columns.length; feature += 1)
    into[feature] = (columns[feature] as Float64Array)[row] as number;
  return into;
};

/** Log odds of every row. */
export const scoreColumns = (forest: Forest, { rows, columns }: Columns): Float64Array => {
  const features = new Float64Array(columns.length);
  return Float64Array.from({ length: rows }, (_, row) => forestScore(forest, rowOf(columns, row, features)));
};

const scaled = (tree: Tree, by: number): Tree => ({ ...tree, value: tree.value.map((value) => value * by) });

/** Trains on rows and labels (1 yes, 0 no). Throws RangeError when one class is missing. */
export const boost = (
  table: Columns,
  labels: Uint8Array,
  options: BoostOptions,
  binned: BinnedColumns = binColumns(table),
): Forest => {
  const { rows } = table;
  const yes = labels.reduce((sum, label) => sum + label, 0);
  if (yes === 0 || yes === rows) throw new RangeError('labels of both classes are needed');
  const base = Math.log(yes / (rows - yes));
  const scores = new Float64Array(rows).fill(base);
  const [gradients, hessians] = [new Float64Array(rows), new Float64Array(rows)];
  const draw = draws(options.seed);
  const grower = new TreeGrower(binned, options);
  const features = new Float64Array(table.columns.length);
  const trees: Tree[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    for (let row = 0; row < rows; row += 1) {
      const chance = 1 / (1 + Math.exp(-(scores[row] as number)));
      gradients[row] = chance - (labels[row] as number);
      hessians[row] = chance * (1 - chance);
    }
    const sampled = sampleRows(rows, options.rowShare, draw);
    const chosen = sampleFeatures(table.columns.length, options.featureShare, draw);
    const tree = scaled(grower.grow(sampled, chosen, gradients, hessians), options.pace);
    for (let row = 0; row < rows; row += 1)
      scores[row] = (scores[row] as number) + treeValue(tree, rowOf(table.columns, row, features));
    trees.push(tree);
  }
  return { base, trees };
};
