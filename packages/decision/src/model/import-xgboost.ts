/**
 * XGBoost's models as `save_model('….json')` writes them: gradient-boosted trees with one output. Margins are equal to its own bit for bit: values,
 * thresholds, leaves and sums of single precision, added up in the order of trees; categories and default directions by its rules.
 */
import type { JsonValue, Result } from '@hauberk/primitives';
import {
  type Ensemble,
  EnsembleBuilder,
  type EnsembleOutput,
  maxCategory,
  maxFeatures,
  maxTrees,
  nodeKinds,
} from './ensemble.ts';
import { readGuarded } from './import-lightgbm.ts';
import {
  finiteOf,
  listOf,
  type Members,
  type ModelFileCode,
  malformed,
  membersOf,
  namesOf,
  numbersOf,
  tooLarge,
  unsupported,
} from './import-parts.ts';

const single = new Float32Array(1);
const bits = new Int32Array(single.buffer);

/** The greatest number of single precision below one: XGBoost goes left below a threshold, we go left up to it. */
export const singleBelow = (value: number): number => {
  single[0] = value;
  if (single[0] === 0) return -1.401298464324817e-45;
  bits[0] = (bits[0] as number) + ((bits[0] as number) > 0 ? -1 : 1);
  return single[0] as number;
};

interface Tree {
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly condition: readonly number[];
  readonly feature: readonly number[];
  readonly defaultLeft: readonly number[];
  readonly splitType: readonly number[];
  readonly cover: readonly number[];
  readonly sets: ReadonlyMap<number, readonly number[]>;
}

/** Truth values were written as such by some versions, as numbers by others. */
const flagsOf = (value: JsonValue | undefined, where: string, length: number): readonly number[] =>
  numbersOf(
    listOf(value, where).map((each) => (typeof each === 'boolean' ? Number(each) : each)),
    where,
    length,
  );

const setsOf = (tree: Members): ReadonlyMap<number, readonly number[]> => {
  const nodes = numbersOf(tree['categories_nodes'] ?? [], 'categories_nodes');
  const segments = numbersOf(tree['categories_segments'] ?? [], 'categories_segments', nodes.length);
  const sizes = numbersOf(tree['categories_sizes'] ?? [], 'categories_sizes', nodes.length);
  const categories = numbersOf(tree['categories'] ?? [], 'categories');
  return new Map(
    nodes.map((node, place) => {
      const [from, size] = [segments[place] as number, sizes[place] as number];
      if (!(from >= 0 && size >= 0 && from + size <= categories.length)) malformed('categories_segments');
      const set = categories.slice(from, from + size);
      if (!set.every((each) => Number.isInteger(each) && each >= 0)) malformed('categories');
      return [node, set.every((each) => each <= maxCategory) ? set : tooLarge(`category over ${maxCategory}`)];
    }),
  );
};

/** Splits by category have no condition: null here. */
const conditionsOf = (value: JsonValue | undefined, length: number): readonly number[] => {
  const list = listOf(value, 'split_conditions');
  if (list.length !== length) malformed('split_conditions');
  return list.map((each) => (each === null ? Number.NaN : Math.fround(finiteOf(each, 'split_conditions'))));
};

const treeOf = (value: JsonValue): Tree => {
  const tree = membersOf(value, 'a tree');
  const left = numbersOf(tree['left_children'], 'left_children');
  const { length } = left;
  return {
    left,
    right: numbersOf(tree['right_children'], 'right_children', length),
    condition: conditionsOf(tree['split_conditions'], length),
    feature: numbersOf(tree['split_indices'], 'split_indices', length),
    defaultLeft: flagsOf(tree['default_left'], 'default_left', length),
    splitType: tree['split_type'] === undefined ? [] : numbersOf(tree['split_type'], 'split_type', length),
    cover: numbersOf(tree['sum_hessian'], 'sum_hessian', length),
    sets: setsOf(tree),
  };
};

const addSplit = (builder: EnsembleBuilder, tree: Tree, node: number, features: number): number => {
  const feature = tree.feature[node] as number;
  if (!Number.isInteger(feature) || feature < 0 || feature >= features) malformed('split_indices');
  const [isLeft, cover] = [tree.defaultLeft[node] === 1, tree.cover[node] as number];
  if (tree.splitType[node] === 1) {
    const set = tree.sets.get(node) ?? malformed('a split by category without its set');
    // Its sets hold what goes right; ours what goes left, so that the children change places.
    return builder.split(feature, nodeKinds.categoryFromZero, builder.set(set), !isLeft, cover);
  }
  return builder.split(
    feature,
    nodeKinds.atMost,
    singleBelow(finiteOf(tree.condition[node], 'a threshold')),
    isLeft,
    cover,
  );
};

/** Adds the nodes level by level, so that children stand behind their parents. */
const addTree = (builder: EnsembleBuilder, tree: Tree, features: number): void => {
  builder.beginTree();
  if (tree.left.length === 0) malformed('a tree without nodes');
  const placed = new Set<number>([0]);
  const waiting: { readonly node: number; readonly parent: number; readonly isLeft: boolean }[] = [];
  const children = new Map<number, [number, number]>();
  const add = (node: number): number => {
    const [left, right] = [tree.left[node] as number, tree.right[node] as number];
    if (left === -1) return builder.leaf(finiteOf(tree.condition[node], 'a leaf'), tree.cover[node] as number);
    const place = addSplit(builder, tree, node, features);
    children.set(place, [-1, -1]);
    const isSwapped = tree.splitType[node] === 1;
    for (const child of [left, right]) {
      if (!(Number.isInteger(child) && child > 0 && child < tree.left.length) || placed.has(child))
        malformed('a child');
      placed.add(child);
      waiting.push({ node: child, parent: place, isLeft: (child === left) !== isSwapped });
    }
    return place;
  };
  add(0);
  for (let next = 0; next < waiting.length; next += 1) {
    const { node, parent, isLeft } = waiting[next] as (typeof waiting)[number];
    const place = add(node);
    (children.get(parent) as [number, number])[isLeft ? 0 : 1] = place;
  }
  for (const [place, [left, right]] of children) builder.join(place, left, right);
};

/** Base scores are written as texts, by some versions within brackets. */
const baseOf = (value: JsonValue | undefined): number => {
  const text = typeof value === 'string' ? value.replace(/^\[(.*)\]$/, '$1') : malformed('base_score');
  const number = Number(text);
  return text !== '' && Number.isFinite(number) ? Math.fround(number) : malformed('base_score');
};

const outputs: Readonly<Record<string, EnsembleOutput>> = {
  'binary:logistic': { kind: 'sigmoid', slope: -1, offset: 0 },
  'reg:logistic': { kind: 'sigmoid', slope: -1, offset: 0 },
  'binary:logitraw': { kind: 'identity' },
  'reg:squarederror': { kind: 'identity' },
  'reg:pseudohubererror': { kind: 'identity' },
  'rank:pairwise': { kind: 'identity' },
};

/** Base scores of these objectives are probabilities, and the sum begins with their log odds. */
const marginOf = (objective: string, base: number): number => {
  if (!['binary:logistic', 'reg:logistic', 'binary:logitraw'].includes(objective)) return base;
  if (!(base > 0 && base < 1)) return malformed('base_score');
  return Math.fround(-Math.fround(Math.log(Math.fround(Math.fround(1 / base) - 1)))) || 0;
};

/** JSON as XGBoost writes it, with NaN where a split has no threshold; those become null. Texts stay as they are. */
export const xgboostJson = (text: string): string =>
  text.replaceAll(/"(?:[^"\\]|\\.)*"|NaN/g, (token) => (token === 'NaN' ? 'null' : token));

/** Reads a model. Features without names are called f0, f1, … as XGBoost does. */
export const readXgboostJson = (value: JsonValue): Result<Ensemble, ModelFileCode> =>
  readGuarded(() => {
    const learner = membersOf(membersOf(value, 'the model')['learner'], 'learner');
    const parameters = membersOf(learner['learner_model_param'], 'learner_model_param');
    if (Number(parameters['num_class'] ?? 0) > 1 || Number(parameters['num_target'] ?? 1) > 1)
      unsupported('more than one output');
    const booster = membersOf(learner['gradient_booster'], 'gradient_booster');
    if (booster['name'] !== 'gbtree') unsupported('a booster that is not gbtree');
    const objective = membersOf(learner['objective'], 'objective')['name'];
    const output = typeof objective === 'string' && Object.hasOwn(outputs, objective) ? outputs[objective] : undefined;
    if (output === undefined || typeof objective !== 'string') return unsupported('objective');
    const count = Number(parameters['num_feature']);
    if (!Number.isInteger(count) || count < 1) malformed('num_feature');
    if (count > maxFeatures) tooLarge(`over ${maxFeatures} features`);
    const given = namesOf(learner['feature_names'] ?? [], 'feature_names');
    const features = given.length > 0 ? given : Array.from({ length: count }, (_, place) => `f${place}`);
    if (features.length !== count) malformed('feature_names');
    const trees = listOf(membersOf(booster['model'], 'model')['trees'], 'trees');
    if (trees.length === 0 || trees.length > maxTrees) tooLarge(`1 to ${maxTrees} trees`);
    const builder = new EnsembleBuilder();
    for (const each of trees) addTree(builder, treeOf(each), count);
    const base = marginOf(objective, baseOf(parameters['base_score']));
    return builder.finish({ features, isSingle: true, base, divisor: 1, output });
  });
