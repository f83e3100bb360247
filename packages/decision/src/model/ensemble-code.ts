/**
 * An ensemble as code: a function of nested choices for each tree, made only of numbers and fixed names. Equal bit for bit to the walk over the
 * arrays, which serves where code from text is forbidden or where the code would be too long.
 */
import { type Ensemble, flatScore, isInSet, maxTreeDepth, nodeKinds, zeroBound } from './ensemble.ts';

/** Most nodes that are served as code. */
export const maxCodeNodes = 100_000;
/** Trees whose leaves are added up by one function: V8 leaves functions that are too long uncompiled. */
const treesPerFunction = 8;

/** Scores a row; features of single precision must have been rounded before. */
export type ScoreFunction = (features: Float64Array | Float32Array) => number;

class TooLarge extends Error {}

const conditionOf = (ensemble: Ensemble, node: number): string => {
  const field = `f[${ensemble.feature[node]}]`;
  const threshold = ensemble.threshold[node] as number;
  const goesLeft = ensemble.missingLeft[node] === 1;
  const kind = ensemble.kind[node];
  if (kind === nodeKinds.atMost) return goesLeft ? `!(${field}>${threshold})` : `${field}<=${threshold}`;
  if (kind === nodeKinds.atMostZeroMissing)
    return goesLeft
      ? `(!(abs(${field})>${zeroBound})||${field}<=${threshold})`
      : `(abs(${field})>${zeroBound}&&${field}<=${threshold})`;
  const isFromZero = kind === nodeKinds.categoryFromZero;
  return `(${field}!==${field}?${goesLeft}:isIn(s[${threshold}],${field},${isFromZero}))`;
};

const choiceOf = (ensemble: Ensemble, node: number, depth: number): string => {
  if (depth > maxTreeDepth) throw new TooLarge();
  if ((ensemble.feature[node] as number) < 0) return numberOf(ensemble.value[node] as number);
  const [left, right] = [ensemble.left[node] as number, ensemble.right[node] as number];
  return `${conditionOf(ensemble, node)}?${choiceOf(ensemble, left, depth + 1)}:${choiceOf(ensemble, right, depth + 1)}`;
};

/** Minus zero is not what its text says. */
const numberOf = (value: number): string => (Object.is(value, -0) ? '-0' : `${value < 0 ? `(${value})` : value}`);

const sourceOf = (ensemble: Ensemble): string => {
  const { roots, isSingle, base } = ensemble;
  const functions: string[] = [];
  const calls: string[] = [];
  for (let from = 0; from < roots.length; from += treesPerFunction) {
    const lines = Array.from(roots.subarray(from, from + treesPerFunction), (root) => {
      const choice = choiceOf(ensemble, root, 0);
      return isSingle ? `a=fround(a+(${choice}));` : `a+=${choice};`;
    });
    functions.push(`function g${from}(f,a){${lines.join('\n')}return a;}`);
    calls.push(`a=g${from}(f,a);`);
  }
  const divided = ensemble.divisor === 1 ? 'a' : `a/${ensemble.divisor}`;
  return `${functions.join('\n')}\nreturn function(f){let a=${numberOf(base)};${calls.join('')}return ${divided};}`;
};

/** The score of an ensemble as generated code; undefined where that is forbidden or would be too long. */
export const generateScore = (ensemble: Ensemble): ScoreFunction | undefined => {
  if (ensemble.feature.length > maxCodeNodes) return undefined;
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- the source holds numbers of checked arrays and fixed names alone
    const make = new Function('s', 'isIn', 'abs', 'fround', sourceOf(ensemble)) as (
      ...values: readonly unknown[]
    ) => ScoreFunction;
    return make(ensemble.sets, isInSet, Math.abs, Math.fround);
  } catch (error) {
    if (error instanceof TooLarge || error instanceof EvalError) return undefined;
    throw error;
  }
};

/** How an ensemble is served. */
export type ServedAs = 'code' | 'arrays';

/** The fastest way to score that is allowed here. Takes rows of double precision and rounds them where the trees want that. */
export const scoreFunction = (
  ensemble: Ensemble,
  wanted: ServedAs = 'code',
): { readonly servedAs: ServedAs; readonly score: ScoreFunction } => {
  const generated = wanted === 'code' ? generateScore(ensemble) : undefined;
  const plain: ScoreFunction = generated ?? ((features) => flatScore(ensemble, features));
  const servedAs = generated === undefined ? 'arrays' : 'code';
  if (!ensemble.isSingle) return { servedAs, score: plain };
  const single = new Float32Array(ensemble.features.length);
  return {
    servedAs,
    score: (features) => {
      for (let place = 0; place < single.length; place += 1) single[place] = features[place] as number;
      return plain(single);
    },
  };
};
