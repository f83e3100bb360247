/** Model files: our own documents, what `hauberk learn` writes, and those of LightGBM and XGBoost; told apart by what they are. */
import { accept, type JsonValue, type Result, refuse } from '@hauberk/primitives';
import { maxPlanned } from '../learn/feature-plan.ts';
import type { Calibration } from './calibration.ts';
import { type Ensemble, type EnsembleOutput, isInSet, maxFeatures, maxNodes, maxTrees, nodeKinds } from './ensemble.ts';
import { readGuarded, readLightGbmJson } from './import-lightgbm.ts';
import { maxModelText, readLightGbmText } from './import-lightgbm-text.ts';
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
} from './import-parts.ts';
import { readXgboostJson, xgboostJson } from './import-xgboost.ts';
import { learntEnsemble } from './own-ensemble.ts';
import type { Tree } from './tree.ts';

const format = 'hauberk-ensemble-1';

const categoriesIn = (set: Uint32Array): readonly number[] =>
  Array.from({ length: set.length * 32 }, (_, category) => category).filter((category) => isInSet(set, category, true));

/** The document of an ensemble: numbers as JSON writes them, which brings every double back. */
export const modelDocument = (ensemble: Ensemble): JsonValue => ({
  format,
  features: ensemble.features,
  isSingle: ensemble.isSingle,
  base: ensemble.base,
  divisor: ensemble.divisor,
  output: { ...ensemble.output },
  roots: [...ensemble.roots],
  feature: [...ensemble.feature],
  kind: [...ensemble.kind],
  threshold: [...ensemble.threshold],
  missingLeft: [...ensemble.missingLeft],
  left: [...ensemble.left],
  right: [...ensemble.right],
  value: [...ensemble.value],
  cover: [...ensemble.cover],
  sets: ensemble.sets.map(categoriesIn),
});

const outputFrom = (value: JsonValue | undefined): EnsembleOutput => {
  const output = membersOf(value, 'output');
  if (output['kind'] === 'identity') return { kind: 'identity' };
  if (output['kind'] === 'isolation') {
    const usual = finiteOf(output['usual'], 'usual');
    return usual > 0 ? { kind: 'isolation', usual } : malformed('usual');
  }
  if (output['kind'] !== 'sigmoid') return malformed('output');
  return { kind: 'sigmoid', slope: finiteOf(output['slope'], 'slope'), offset: finiteOf(output['offset'], 'offset') };
};

const wholes = (model: Members, name: string, length: number | undefined, least: number, most: number): number[] => {
  const values = numbersOf(model[name], name, length);
  return values.every((each) => Number.isInteger(each) && each >= least && each <= most)
    ? [...values]
    : malformed(name);
};

const setFrom = (value: JsonValue): Uint32Array => {
  const categories = wholes({ set: value }, 'set', undefined, 0, 65_535);
  const set = new Uint32Array(categories.reduce((most, each) => Math.max(most, (each >>> 5) + 1), 1));
  for (const each of categories) set[each >>> 5] = (set[each >>> 5] as number) | (1 << (each & 31));
  return set;
};

const ownEnsemble = (model: Members): Ensemble => {
  const features = namesOf(model['features'], 'features');
  if (features.length > maxFeatures) tooLarge(`over ${maxFeatures} features`);
  const feature = wholes(model, 'feature', undefined, -1, features.length - 1);
  const { length } = feature;
  if (length > maxNodes) tooLarge(`over ${maxNodes} nodes`);
  const roots = wholes(model, 'roots', undefined, 0, length - 1);
  if (roots.length === 0 || roots.length > maxTrees) tooLarge(`1 to ${maxTrees} trees`);
  const sets = listOf(model['sets'], 'sets').map(setFrom);
  const kind = wholes(model, 'kind', length, 0, 3);
  const threshold = numbersOf(model['threshold'], 'threshold', length);
  const isSet = (place: number): boolean =>
    Number.isInteger(threshold[place]) && sets[threshold[place] as number] !== undefined;
  if (!kind.every((each, place) => each < nodeKinds.category || isSet(place))) malformed('sets');
  const divisor = finiteOf(model['divisor'], 'divisor');
  if (divisor < 1) malformed('divisor');
  return {
    features,
    isSingle: model['isSingle'] === true,
    base: finiteOf(model['base'], 'base'),
    divisor,
    output: outputFrom(model['output']),
    roots: Int32Array.from(roots),
    feature: Int32Array.from(feature),
    kind: Uint8Array.from(kind),
    threshold: Float64Array.from(threshold),
    missingLeft: Uint8Array.from(wholes(model, 'missingLeft', length, 0, 1)),
    left: Int32Array.from(wholes(model, 'left', length, -1, length - 1)),
    right: Int32Array.from(wholes(model, 'right', length, -1, length - 1)),
    value: Float64Array.from(numbersOf(model['value'], 'value', length)),
    cover: Float64Array.from(numbersOf(model['cover'], 'cover', length)),
    sets,
  };
};

const learntTree = (value: JsonValue, features: number): Tree => {
  const tree = membersOf(value, 'a tree');
  const feature = wholes(tree, 'feature', undefined, -1, features - 1);
  const { length } = feature;
  const floats = (name: string): Float64Array => Float64Array.from(numbersOf(tree[name], name, length));
  return {
    feature: Int16Array.from(feature),
    threshold: floats('threshold'),
    missingLeft: Uint8Array.from(wholes(tree, 'missingLeft', length, 0, 1)),
    left: Int16Array.from(wholes(tree, 'left', length, 0, length - 1)),
    right: Int16Array.from(wholes(tree, 'right', length, 0, length - 1)),
    value: floats('value'),
    gain: floats('gain'),
    ...(tree['cover'] === undefined ? {} : { cover: floats('cover') }),
  };
};

const planned = (value: JsonValue | undefined, where: string): readonly string[] => {
  const names = namesOf(value, where);
  return names.length <= maxPlanned ? names : tooLarge(where);
};

const learnt = (model: Members): Ensemble => {
  const plan = membersOf(model['plan'], 'plan');
  const forest = membersOf(model['forest'], 'forest');
  const { slope, offset } = membersOf(model['calibration'], 'calibration');
  const calibration: Calibration = { slope: finiteOf(slope, 'slope'), offset: finiteOf(offset, 'offset') };
  const trees = listOf(forest['trees'], 'trees');
  if (trees.length === 0 || trees.length > maxTrees) tooLarge(`1 to ${maxTrees} trees`);
  const head = {
    plan: { kinds: planned(plan['kinds'], 'kinds'), numbers: planned(plan['numbers'], 'numbers') },
    labelDelay: finiteOf(model['labelDelay'], 'labelDelay'),
    calibration,
  };
  const empty = learntEnsemble({ ...head, forest: { base: 0, trees: [] } });
  return learntEnsemble({
    ...head,
    forest: {
      base: finiteOf(forest['base'], 'base'),
      trees: trees.map((each) => learntTree(each, empty.features.length)),
    },
  });
};

/** Reads a model as JSON, of whatever make. */
export const readModelJson = (value: JsonValue): Result<Ensemble, ModelFileCode> => {
  const model = typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
  if (model['format'] === format) return readGuarded(() => ownEnsemble(model));
  if (model['format'] === 'hauberk-model-1') return readGuarded(() => learnt(model));
  return model['learner'] === undefined ? readLightGbmJson(value) : readXgboostJson(value);
};

/** Reads a model file, of whatever make. */
export const readModelFile = (text: string): Result<Ensemble, ModelFileCode> => {
  if (text.length > maxModelText) return refuse('model-file.too-large', `over ${maxModelText} characters`);
  if (text.startsWith('tree\n')) return readLightGbmText(text);
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    try {
      value = JSON.parse(xgboostJson(text)) as JsonValue;
    } catch {
      return refuse('model-file.malformed', 'neither JSON nor a text of LightGBM');
    }
  }
  const read = readModelJson(value);
  return read.ok ? accept(read.value) : read;
};
