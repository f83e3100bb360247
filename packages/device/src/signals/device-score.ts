/**
 * What the signals in force come to: a score from 0, nothing speaks against the device, to 100, and a band. Each signal takes its share of what is
 * left, so that many small ones never outweigh all bounds, and each counts as much as who vouches for it is believed.
 */
import { type SignalRule, signalRules } from './signal-rules.ts';
import type { Provenance } from './signal-table.ts';

/** How much of a signal's points counts, in hundredths. What hardware attested and what the gateway saw itself is no claim; what a page says is little more. */
export const provenanceWeights: Readonly<Record<Provenance, number>> = { web: 40, native: 70, server: 100, tee: 100 };

/** Bands of the score, best first. `unknown`: the device never reported, which is not the same as clean. */
export const deviceBands = ['unknown', 'clean', 'low', 'medium', 'high', 'critical'] as const;
/** One of them. */
export type DeviceBand = (typeof deviceBands)[number];

/** Lowest score of each band. */
export const bandFloors: Readonly<Record<Exclude<DeviceBand, 'unknown'>, number>> = {
  clean: 0,
  low: 5,
  medium: 20,
  high: 45,
  critical: 75,
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
  return signalRules.flatMap(({ index }) => best.get(index) ?? []);
};

/** The score of parts, a whole number. */
export const scoreOf = (parts: readonly ScorePart[]): number => {
  let left = 1;
  for (const { points } of parts) left *= 1 - points / 100;
  return Math.round((1 - left) * 100);
};

/** The band of a score. */
export const bandOf = (score: number, hasReported: boolean): DeviceBand => {
  if (score >= bandFloors.critical) return 'critical';
  if (score >= bandFloors.high) return 'high';
  if (score >= bandFloors.medium) return 'medium';
  if (score >= bandFloors.low) return 'low';
  return hasReported ? 'clean' : 'unknown';
};
