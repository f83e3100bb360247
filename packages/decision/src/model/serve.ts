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

/** Reason codes by what they raised, most telling first. */
const strongest = (codes: readonly string[], raised: Float64Array): readonly string[] => {
  let total = 0;
  for (const each of raised) if (each > 0) total += each;
  return codes
    .map((code, place) => ({ code, by: raised[place] as number }))
    .filter(({ by }) => by > 0 && by >= leastShare * total)
    .sort((left, right) => right.by - left.by || (left.code < right.code ? -1 : 1))
    .slice(0, maxModelReasons)
    .map(({ code }) => code);
};

/** Serves an ensemble. `hash` is that of its document; `servedAs` may ask for arrays where code would be allowed. */
export const serveModel = (ensemble: Ensemble, hash: string, servedAs: ServedAs = 'code'): ServingModel => {
  const { features: names, output } = ensemble;
  const serving = scoreFunction(ensemble, servedAs);
  const expected = expectationsOf(ensemble);
  const reasons = names.map(featureReason);
  const codes = [...new Set(reasons)];
  const codeOf = Int32Array.from(reasons, (code) => codes.indexOf(code));
  const direction = directionOf(ensemble);
  const buffer = new Float64Array(names.length + 1);
  const raised = new Float64Array(codes.length);
  return {
    hash,
    features: names,
    servedAs: serving.servedAs,
    raw: serving.score,
    score: (features) => outputOf(output, serving.score(features)),
    reasons: (features) => {
      pathAttributions(ensemble, expected, features, buffer);
      raised.fill(0);
      for (let place = 0; place < codeOf.length; place += 1) {
        const code = codeOf[place] as number;
        raised[code] = (raised[code] as number) + direction * (buffer[place] as number);
      }
      return strongest(codes, raised);
    },
    explain: (features, how = 'path') => {
      const told = (how === 'path' ? pathAttributions : shapleyValues)(ensemble, expected, features);
      return names
        .map((feature, place) => ({
          feature,
          value: features[place] as number,
          contribution: told[place] as number,
          reason: reasons[place] as string,
        }))
        .filter(({ contribution }) => contribution !== 0)
        .sort((left, right) => Math.abs(right.contribution) - Math.abs(left.contribution));
    },
  };
};
