/** An ensemble as the engine takes it: a score in microseconds, and the reasons for it. */
import { featureReason } from '../reasons/model-reasons.ts';
import { expectationsOf, pathAttributions, shapleyValues } from './attribution.ts';
import { type Ensemble, outputOf } from './ensemble.ts';
import { type ServedAs, scoreFunction } from './ensemble-code.ts';

/** What one feature did to a score. */
export interface FeatureTold {
  readonly feature: string;
  /** NaN is missing. */
  readonly value: number;
  /** In units of the sum before its output: log odds for probabilities. */
  readonly contribution: number;
  readonly reason: string;
}

/** A model that can be asked. Holds buffers: one for each thread. */
export interface ServingModel {
  /** Hexadecimal SHA-256 of its document. */
  readonly hash: string;
  readonly features: readonly string[];
  readonly servedAs: ServedAs;
  /** The sum before its output. */
  readonly raw: (features: Float64Array) => number;
  /** What the engine compares: the probability of fraud, or how odd the row is. */
  readonly score: (features: Float64Array) => number;
  /** Reason codes of what raised the score, most telling first. */
  readonly reasons: (features: Float64Array) => readonly string[];
  /** Every feature that moved the score, by how far. `shapley` takes a thousand times as long as `path`. */
  readonly explain: (features: Float64Array, how?: 'path' | 'shapley') => readonly FeatureTold[];
}

/** Most reasons of a score. */
export const maxModelReasons = 4;
/** A reason needs at least this share of what raised the score. */
const leastShare = 0.1;

/** Isolation forests sum path lengths: short ones are odd, so that what lowers the sum raises the score. */
const directionOf = ({ output }: Ensemble): number =>
  output.kind === 'isolation' || (output.kind === 'sigmoid' && output.slope > 0) ? -1 : 1;

const strongest = (raised: ReadonlyMap<string, number>): readonly string[] => {
  const total = [...raised.values()].reduce((sum, each) => sum + Math.max(0, each), 0);
  return [...raised]
    .filter(([, each]) => each > 0 && each >= leastShare * total)
    .sort(([left, one], [right, other]) => other - one || (left < right ? -1 : 1))
    .slice(0, maxModelReasons)
    .map(([code]) => code);
};

/** Serves an ensemble. `hash` is that of its document; `servedAs` may ask for arrays where code would be allowed. */
export const serveModel = (ensemble: Ensemble, hash: string, servedAs: ServedAs = 'code'): ServingModel => {
  const { features: names, output } = ensemble;
  const serving = scoreFunction(ensemble, servedAs);
  const expected = expectationsOf(ensemble);
  const codes = names.map(featureReason);
  const direction = directionOf(ensemble);
  const buffer = new Float64Array(names.length + 1);
  return {
    hash,
    features: names,
    servedAs: serving.servedAs,
    raw: serving.score,
    score: (features) => outputOf(output, serving.score(features)),
    reasons: (features) => {
      pathAttributions(ensemble, expected, features, buffer);
      const raised = new Map<string, number>();
      for (const [place, code] of codes.entries())
        raised.set(code, (raised.get(code) ?? 0) + direction * (buffer[place] as number));
      return strongest(raised);
    },
    explain: (features, how = 'path') => {
      const told = (how === 'path' ? pathAttributions : shapleyValues)(ensemble, expected, features);
      return names
        .map((feature, place) => ({
          feature,
          value: features[place] as number,
          contribution: told[place] as number,
          reason: codes[place] as string,
        }))
        .filter(({ contribution }) => contribution !== 0)
        .sort((left, right) => Math.abs(right.contribution) - Math.abs(left.contribution));
    },
  };
};
