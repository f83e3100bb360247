/** What a client remembers between two reports, and how it makes the next one of it. */
import { type Bytes, toBase64Url } from '@hauberk/primitives';
import { canaryAnswer, nativeCanary } from './signal-canary.ts';
import {
  type SensedSignal,
  type SharedEvidence,
  type SignalReport,
  type SkippedSignal,
  signalReportBytes,
} from './signal-report.ts';
import { signalPolicyVersion } from './signal-rules.ts';
import type { SceneTier } from './signal-words.ts';

/** Kept between reports, and between starts of the app. */
export interface ReportChain {
  /** Of the last report; 0 before the first. */
  readonly counter: number;
  /** Hash of the last report; empty before the first. */
  readonly previous: string;
}

/** Before the first report. */
export const newReportChain: ReportChain = { counter: 0, previous: '' };

/** What one round of checks came to. */
export interface SensedRound {
  readonly scene: SceneTier;
  readonly sdk: string;
  readonly ran: readonly string[];
  readonly skipped: readonly SkippedSignal[];
  readonly signals: readonly SensedSignal[];
  readonly evidence: readonly SharedEvidence[];
}

/** The gateway's nonce and question; undefined before it was ever asked. */
export type RoundChallenge = { readonly nonce: string; readonly canary: string } | undefined;

/** The answer of the sensing side: made where signals are sensed, before anybody is told of them. */
export const sensedCanary = (
  sha256: (input: Uint8Array) => Bytes,
  challenge: RoundChallenge,
  round: Pick<SensedRound, 'ran' | 'signals'>,
  native: string | undefined,
): string => {
  if (challenge === undefined) return '';
  const { nonce, canary: question } = challenge;
  return canaryAnswer(sha256, {
    nonce,
    question,
    ran: round.ran,
    signals: round.signals,
    native: native ?? nativeCanary(sha256, nonce, []),
  });
};

/** The next report and what to remember of it. */
export const nextReport = (
  sha256: (input: Uint8Array) => Bytes,
  chain: ReportChain,
  challenge: RoundChallenge,
  round: SensedRound,
  canary: string,
): { readonly report: SignalReport; readonly chain: ReportChain } => {
  const report: SignalReport = {
    scene: round.scene,
    policyVersion: signalPolicyVersion,
    sdk: round.sdk,
    nonce: challenge?.nonce ?? '',
    counter: chain.counter + 1,
    previous: chain.previous,
    ran: round.ran,
    skipped: round.skipped,
    canary,
    signals: round.signals,
    evidence: round.evidence,
  };
  const previous = toBase64Url(sha256(signalReportBytes(report)));
  return { report, chain: { counter: report.counter, previous } };
};
