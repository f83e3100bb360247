/** The signals half of a simulated phone: what its native half senses, and the reports of its installation, honest or with one lie. */
import { nodeCrypto } from '@hauberk/crypto/node';
import {
  isSignalCode,
  nativeCanary,
  newReportChain,
  nextReport,
  type ReportChain,
  type RoundChallenge,
  type SceneTier,
  type SensedSignal,
  type SignalReport,
  type SignalValue,
  sensedCanary,
  signalRuleOf,
} from '@hauberk/device/client';
import type { Bytes } from '@hauberk/primitives';
import type { TrustedBackend } from '@hauberk/sdk/trusted';

/** What whoever holds the phone does between its probes and its reports. */
export const signalLies = ['silenced', 'no-canary', 'wrong-canary', 'replayed', 'forgotten-chain'] as const;
/** One of them. */
export type SignalLie = (typeof signalLies)[number];

/** In words, for the demo and reports. */
export const signalLieWords: Readonly<Record<SignalLie, string>> = {
  silenced: 'A hook takes every signal out between the probes and the report.',
  'no-canary': 'The probes never run; a report that found nothing is made up.',
  'wrong-canary': 'The answer to the gateway’s question is guessed.',
  replayed: 'The clean report of an earlier day is shown again.',
  'forgotten-chain': 'The report does not know the one before it.',
};

/** What a report is made of beside its signals. */
export interface PhoneReportOptions {
  readonly scene?: SceneTier;
  /** What the gateway gave last; none when absent. */
  readonly challenge?: RoundChallenge;
  /** Epoch milliseconds; the world's now when absent. */
  readonly atMs?: number;
  /** Checks that ran and found nothing. */
  readonly ran?: readonly string[];
  readonly evidence?: SignalReport['evidence'];
  readonly lie?: SignalLie;
}

/** A signal that the phone shows: its code, or code and bucket, sensed by the native half where it can, else by the page. */
export type ShownSignal =
  | string
  | { readonly code: string; readonly value?: SignalValue; readonly source?: 'web' | 'native' };

/** A phone's signals, as a test moves them. */
export interface SignalControls {
  /** The native half senses these from now on. */
  readonly show: (...signals: readonly ShownSignal[]) => void;
  /** The next report of the phone's installation: what its native half shows, and these. */
  readonly report: (signals?: readonly ShownSignal[], options?: PhoneReportOptions) => SignalReport;
}

/** A signals half. */
export interface SignalHalf {
  readonly readSignals: TrustedBackend['readSignals'];
  readonly controls: SignalControls;
}

const sha256 = (input: Uint8Array): Bytes => nodeCrypto.sha256(input);

const sensed = (signal: ShownSignal, observedAtMs: number): SensedSignal => {
  const { code, value, source } =
    typeof signal === 'string' ? { code: signal, value: undefined, source: undefined } : signal;
  const rule = signalRuleOf(code);
  const voice = source ?? (rule?.layers.includes('native') === true ? 'native' : 'web');
  return { code, value: value ?? (rule?.form === 'bucket' ? 1 : true), source: voice, observedAtMs };
};

const withLie = (report: SignalReport, lie: SignalLie | undefined, first: SignalReport): SignalReport => {
  if (lie === 'no-canary') return { ...report, signals: [], canary: '' };
  if (lie === 'wrong-canary') return { ...report, canary: 'A'.repeat(22) };
  if (lie === 'forgotten-chain') return { ...report, previous: 'A'.repeat(43) };
  return lie === 'replayed' ? first : report;
};

/** The reports of one installation, one after the other: what its probes sense, honestly told or with one lie. */
export const newSignalReports = (
  now: () => number,
): ((signals: readonly ShownSignal[], options?: PhoneReportOptions) => SignalReport) => {
  let chain: ReportChain = newReportChain;
  let first: SignalReport | undefined;
  return (signals, options = {}) => {
    const { scene = 'pay', challenge, atMs = now(), ran = [], evidence = [], lie } = options;
    const all = signals.map((signal) => sensed(signal, atMs));
    const ranAll = [...new Set([...ran, ...all.map(({ code }) => code)])];
    const native = nativeCanary(
      sha256,
      challenge?.nonce ?? '',
      all.filter(({ source }) => source === 'native'),
    );
    const canary = sensedCanary(sha256, challenge, { ran: ranAll, signals: all }, native);
    const told = lie === 'silenced' ? [] : all;
    const round = { scene, sdk: '0.1.0', ran: ranAll, skipped: [], signals: told, evidence };
    const next = nextReport(sha256, chain, challenge, round, canary);
    chain = next.chain;
    first ??= next.report;
    return withLie(next.report, lie, first);
  };
};

/** Makes one. */
export const signalHalf = (now: () => number): SignalHalf => {
  const shown = new Map<string, ShownSignal>();
  const answer = (codes: readonly string[], nonce: string) => {
    const known = codes.filter((code) => isSignalCode(code) && signalRuleOf(code)?.layers.includes('native') === true);
    const found = known.flatMap((code) => shown.get(code) ?? []).map((signal) => sensed(signal, now()));
    return {
      ran: known,
      skipped: codes.filter((code) => !known.includes(code)).map((code) => ({ code, why: 'unsupported' as const })),
      signals: found.map(({ code, value, observedAtMs }) => ({ code, value, observedAtMs })),
      evidence: [],
      canary: nativeCanary(sha256, nonce, found),
    };
  };
  const next = newSignalReports(now);
  return {
    readSignals: async ({ codes, nonce }) => answer(codes, nonce),
    controls: {
      show: (...signals) => {
        for (const signal of signals) shown.set(typeof signal === 'string' ? signal : signal.code, signal);
      },
      report: (signals = [], options = {}) => next([...shown.values(), ...signals], options),
    },
  };
};
