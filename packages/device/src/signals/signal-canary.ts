/**
 * The canary: what a client must answer to the gateway's question, over everything that its probes sensed. It is made where signals are sensed
 * and told where they are reported. Whoever silences what lies between, a hooked callback or a list that was emptied, breaks it.
 */
import { type Bytes, toBase64Url, utf8 } from '@hauberk/primitives';
import type { SensedSignal, SignalReport } from './signal-report.ts';

/** SHA-256. */
export type Digest = (input: Uint8Array) => Bytes;

const lineOf = ({ code, value, observedAtMs }: SensedSignal): string => `${code}=${value}@${observedAtMs}`;

const told = (sha256: Digest, lines: readonly string[]): string =>
  toBase64Url(sha256(utf8(lines.join('\n'))).slice(0, 16));

/** The part of the native half: `canary` of its answer to `readSignals`. */
export const nativeCanary = (sha256: Digest, nonce: string, signals: readonly SensedSignal[]): string =>
  told(sha256, ['hauberk native canary 1', nonce, ...signals.map(lineOf).toSorted()]);

/** What the page senses, before it is told to anybody. */
export interface SensedOnPage {
  readonly nonce: string;
  /** The gateway's question, which came with the nonce. */
  readonly question: string;
  readonly ran: readonly string[];
  readonly signals: readonly SensedSignal[];
  /** `nativeCanary`, as the native half answered it. */
  readonly native: string;
}

/** The answer to the gateway's question. */
export const canaryAnswer = (sha256: Digest, { nonce, question, ran, signals, native }: SensedOnPage): string =>
  told(sha256, [
    'hauberk canary 1',
    nonce,
    question,
    native,
    ...ran.toSorted(),
    ...signals
      .filter(({ source }) => source === 'web')
      .map(lineOf)
      .toSorted(),
  ]);

/** What a report must answer to the question that came with its nonce. */
export const expectedCanary = (sha256: Digest, report: SignalReport, question: string): string => {
  const { nonce, ran, signals } = report;
  const native = nativeCanary(
    sha256,
    nonce,
    signals.filter(({ source }) => source === 'native'),
  );
  return canaryAnswer(sha256, { nonce, question, ran, signals, native });
};
