/**
 * What the signals in force come to: a score from 100, nothing speaks against the device, down to 0, and a band. Each signal takes its share of what
 * is left, so that many small ones never outweigh all bounds, and each counts as much as who vouches for it is believed.
 */
import type { SignalRule } from './signal-rules.ts';
import type { Provenance } from './signal-table.ts';

/** How much of a signal's points counts, in hundredths. What hardware attested and what the gateway saw itself is no claim; what a page says is little more. */
export const provenanceWeights: Readonly<Record<Provenance, number>> = { web: 40, native: 70, server: 100, tee: 100 };

/** Bands of the score, best first. `unknown`: the device never reported, which is not the same as clean. */
export const deviceBands = ['unknown', 'clean', 'good', 'fair', 'poor', 'bad'] as const;
/** One of them. */
export type DeviceBand = (typeof deviceBands)[number];

/** Lowest score of each band. */
export const bandFloors: Readonly<Record<Exclude<DeviceBand, 'unknown'>, number>> = {
  clean: 96,
  good: 81,
  fair: 56,
  poor: 26,
  bad: 0,
};

/** A signal that is in force. */
export interface ScoredSignal {
  readonly rule: SignalRule;
  readonly value: number;
  readonly provenance: Provenance;
}

/** One signal's part in a score. */
export interface ScorePart {
  readonly code: string;
  readonly provenance: Provenance;
  /** Points before those of the other signals are taken into account. */
  readonly points: number;
}

const pointsOf = ({ rule, value, provenance }: ScoredSignal): number =>
  value === 0 ? 0 : (rule.points * provenanceWeights[provenance]) / 100;

/** The best vouched claim of each signal that counts, in the order of the registry, so that a score does not depend on who came first. */
export const scoreParts = (signals: readonly ScoredSignal[]): readonly ScorePart[] => {
  const best = new Map<number, ScorePart>();
  for (const signal of signals) {
    const points = pointsOf(signal);
    const { index, code } = signal.rule;
    if (points > (best.get(index)?.points ?? 0)) best.set(index, { code, provenance: signal.provenance, points });
  }
  return [...best].toSorted(([one], [other]) => one - other).map(([, part]) => part);
};

/** The score of parts, a whole number. */
export const scoreOf = (parts: readonly ScorePart[]): number => {
  let left = 1;
  for (const { points } of parts) left *= 1 - points / 100;
  return Math.round(left * 100);
};

/** The band of a score. A device that never reported is not clean because of that. */
export const bandOf = (score: number, hasReported: boolean): DeviceBand => {
  if (score < bandFloors.poor) return 'bad';
  if (score < bandFloors.fair) return 'poor';
  if (score < bandFloors.good) return 'fair';
  if (score < bandFloors.clean) return 'good';
  return hasReported ? 'clean' : 'unknown';
};
