/**
 * LightGBM's models, as `dump_model` writes them (JSON) and as `save_model` does (text). Scores are equal to its own bit for bit: doubles, leaves added up
 * in the order of trees, its rules for missing values, zeros and categories. One output only; no linear trees.
 */
import { accept, type JsonValue, type Result, refuse } from '@hauberk/primitives';
import {
  type Ensemble,
  EnsembleBuilder,
  type EnsembleOutput,
  maxCategory,
  maxFeatures,
  maxTreeDepth,
  maxTrees,
  nodeKinds,
} from './ensemble.ts';
import {
  checkTrees,
  finiteOf,
  listOf,
  type Members,
  type ModelFileCode,
  ModelFileError,
  malformed,
  membersOf,
  namesOf,
  tooLarge,
  unsupported,
  wholeOf,
} from './import-parts.ts';

/** How missing values are told from others. */
export type MissingType = 'None' | 'Zero' | 'NaN';

/** What a split asks, in LightGBM's words. */
export interface LightSplit {
  readonly feature: number;
  readonly missing: MissingType;
  readonly defaultLeft: boolean;
  readonly cover: number;
  /** The bound of a numeric split, or the categories that go left. */
  readonly asks: number | readonly number[];
}

/** Adds a split. Where nothing is missing, LightGBM takes a value that is none for zero. */
export const addLightSplit = (builder: EnsembleBuilder, split: LightSplit): number => {
  const { feature, missing, defaultLeft, cover, asks } = split;
  if (typeof asks !== 'number') return builder.split(feature, nodeKinds.category, builder.set(asks), false, cover);
  if (missing === 'None') return builder.split(feature, nodeKinds.atMost, asks, asks >= 0, cover);
  const kind = missing === 'Zero' ? nodeKinds.atMostZeroMissing : nodeKinds.atMost;
  return builder.split(feature, kind, asks, defaultLeft, cover);
};

/** The output of an objective as LightGBM writes it: `binary sigmoid:1`. */
export const lightOutput = (objective: string): EnsembleOutput => {
  const [name = '', ...options] = objective.split(' ');
  if (name === 'binary' || name === 'cross_entropy') {
    const given = options.find((each) => each.startsWith('sigmoid:'));
    const slope = given === undefined ? 1 : Number(given.slice(8));
    return slope > 0 && slope < 1e6 ? { kind: 'sigmoid', slope: -slope, offset: 0 } : malformed('sigmoid');
  }
  const plain = ['regression', 'regression_l1', 'huber', 'fair', 'quantile', 'mape', 'lambdarank', 'rank_xendcg', ''];
  // A regression on square roots squares its sum.
  return plain.includes(name) && options.every((each) => each !== 'sqrt')
    ? { kind: 'identity' }
    : unsupported(`objective ${objective.slice(0, 64)}`);
};

/** Categories that go left. */
export const categoriesOf = (values: readonly number[]): readonly number[] =>
  values.map((each) => {
    if (!Number.isInteger(each) || each < 0) malformed('a category');
    return each <= maxCategory ? each : tooLarge(`category over ${maxCategory}`);
  });

const missingTypes: readonly MissingType[] = ['None', 'Zero', 'NaN'];

const asksOf = (node: Members): number | readonly number[] => {
  const { threshold, decision_type: type } = node;
  if (type === '<=') return finiteOf(threshold, 'threshold');
  if (type !== '==') unsupported('decision_type');
  const text =
    typeof threshold === 'string' || typeof threshold === 'number' ? String(threshold) : malformed('threshold');
  if (!/^\d{1,9}(?:\|\|\d{1,9})*$/.test(text)) malformed('threshold of categories');
  return categoriesOf(text.split('||').map(Number));
};

const addNode = (builder: EnsembleBuilder, value: JsonValue | undefined, features: number, depth: number): number => {
  if (depth > maxTreeDepth) tooLarge(`deeper than ${maxTreeDepth}`);
  const node = membersOf(value, 'a node');
  if (node['split_feature'] === undefined) {
    if (node['leaf_coeff'] !== undefined) unsupported('linear trees');
    return builder.leaf(finiteOf(node['leaf_value'], 'leaf_value'), finiteOf(node['leaf_count'] ?? 0, 'leaf_count'));
  }
  const missing = missingTypes.find((each) => each === node['missing_type']) ?? malformed('missing_type');
  const place = addLightSplit(builder, {
    feature: wholeOf(node['split_feature'], 'split_feature', 0, features - 1),
    missing,
    defaultLeft: node['default_left'] === true,
    cover: finiteOf(node['internal_count'] ?? 0, 'internal_count'),
    asks: asksOf(node),
  });
  const left = addNode(builder, node['left_child'], features, depth + 1);
  builder.join(place, left, addNode(builder, node['right_child'], features, depth + 1));
  return place;
};

/** Runs a reader; what it finds wrong becomes a refusal. */
export const readGuarded = (read: () => Ensemble): Result<Ensemble, ModelFileCode> => {
  try {
    return accept(checkTrees(read()));
  } catch (error) {
    if (error instanceof ModelFileError) return refuse(error.code, error.message);
    throw error;
  }
};

/** Reads what `dump_model` writes. */
export const readLightGbmJson = (value: JsonValue): Result<Ensemble, ModelFileCode> =>
  readGuarded(() => {
    const model = membersOf(value, 'the model');
    if (model['num_class'] !== 1 || model['num_tree_per_iteration'] !== 1) unsupported('more than one output');
    const features = namesOf(model['feature_names'], 'feature_names');
    if (features.length > maxFeatures) tooLarge(`over ${maxFeatures} features`);
    const trees = listOf(model['tree_info'], 'tree_info');
    if (trees.length === 0 || trees.length > maxTrees) tooLarge(`1 to ${maxTrees} trees`);
    const builder = new EnsembleBuilder();
    for (const each of trees) {
      builder.beginTree();
      addNode(builder, membersOf(each, 'a tree')['tree_structure'], features.length, 0);
    }
    const { objective = '' } = model;
    return builder.finish({
      features,
      isSingle: false,
      base: 0,
      divisor: model['average_output'] === true ? trees.length : 1,
      output: lightOutput(typeof objective === 'string' ? objective : malformed('objective')),
    });
  });
