/** What the importers of models share: their refusals, and readers of lists of numbers that are bounded and say where they failed. */
import type { JsonValue } from '@hauberk/primitives';
import { type Ensemble, maxNodes, maxTreeDepth } from './ensemble.ts';

/** Why a model file is refused. */
export type ModelFileCode =
  /** Not a model of this form, or one that contradicts itself; the detail says where. */
  | 'model-file.malformed'
  /** More trees, nodes, features or categories, or deeper, than is served. */
  | 'model-file.too-large'
  /** A kind of model that is not served. */
  | 'model-file.unsupported';

/** Leaves a reader at the first thing that is wrong. */
export class ModelFileError extends Error {
  readonly code: ModelFileCode;
  constructor(code: ModelFileCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** Refuses as malformed. */
export const malformed = (detail: string): never => {
  throw new ModelFileError('model-file.malformed', detail);
};
/** Refuses as too large. */
export const tooLarge = (detail: string): never => {
  throw new ModelFileError('model-file.too-large', detail);
};
/** Refuses as unsupported. */
export const unsupported = (detail: string): never => {
  throw new ModelFileError('model-file.unsupported', detail);
};

/** Members of a JSON object. */
export type Members = Readonly<Record<string, JsonValue>>;

/** A JSON object, or refused. */
export const membersOf = (value: JsonValue | undefined, where: string): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Members)
    : malformed(`${where} is no object`);

/** A list, or refused. */
export const listOf = (value: JsonValue | undefined, where: string): readonly JsonValue[] =>
  Array.isArray(value) ? (value as readonly JsonValue[]) : malformed(`${where} is no list`);

/** A finite number, or refused. */
export const finiteOf = (value: JsonValue | undefined, where: string): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : malformed(`${where} is no number`);

/** A whole number from `least` to `most`, or refused. */
export const wholeOf = (value: JsonValue | undefined, where: string, least: number, most: number): number => {
  const number = finiteOf(value, where);
  return Number.isInteger(number) && number >= least && number <= most
    ? number
    : malformed(`${where} is not from ${least} to ${most}`);
};

/** A list of finite numbers of the given length, or refused. */
export const numbersOf = (value: JsonValue | undefined, where: string, length?: number): readonly number[] => {
  const list = listOf(value, where);
  if (length !== undefined && list.length !== length) malformed(`${where} has ${list.length} elements, not ${length}`);
  return list.map((each) => finiteOf(each, where));
};

/** Names of features: texts of at most 256 characters, each once, or refused. */
export const namesOf = (value: JsonValue | undefined, where: string): readonly string[] => {
  const names = listOf(value, where).map((each) =>
    typeof each === 'string' && each.length > 0 && each.length <= 256 ? each : malformed(`${where} holds no name`),
  );
  return new Set(names).size === names.length ? names : malformed(`${where} names one twice`);
};

/** Refuses an ensemble whose nodes are not trees: every node but roots has one parent that stands before it, and none is too deep. */
export const checkTrees = (ensemble: Ensemble): Ensemble => {
  const { feature, left, right, roots } = ensemble;
  if (feature.length > maxNodes) tooLarge(`over ${maxNodes} nodes`);
  const depths = new Int16Array(feature.length).fill(-1);
  for (const root of roots) depths[root] = 0;
  for (let node = 0; node < feature.length; node += 1) {
    const depth = depths[node] as number;
    if (depth < 0) malformed(`node ${node} hangs nowhere`);
    if (depth > maxTreeDepth) tooLarge(`deeper than ${maxTreeDepth}`);
    if ((feature[node] as number) < 0) continue;
    for (const child of [left[node] as number, right[node] as number]) {
      if (!(child > node && child < feature.length) || depths[child] !== -1)
        malformed(`node ${node} has no such child`);
      depths[child] = depth + 1;
    }
  }
  return ensemble;
};
