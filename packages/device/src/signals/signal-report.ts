/**
 * What a client tells of the phone that it runs on: the body of reports of kind `device.signals`. Writer and reader are here together; both are
 * strict, bounded and without a schema library, for the SDK carries them. A value is a flag or a bucket and evidence is a salted digest: there
 * is no room for anything raw.
 */
import { accept, canonicalJson, type JsonValue, type Result, refuse, utf8 } from '@hauberk/primitives';
import { hasSignalShape } from './signal-shape.ts';
import { type SceneTier, sceneTiers } from './signal-words.ts';

/** Kind of the report, and the version that is written here. */
export const signalReportKind = 'device.signals';
/** The version of the body below. */
export const signalReportVersion = 1;

/** Who sensed it: the page, or the native half of the app through the bridge. Hardware and the server speak for themselves. */
export const signalVoices = ['web', 'native'] as const;
/** One of them. */
export type SignalVoice = (typeof signalVoices)[number];

/** Why a check that is due did not run. */
export const skipReasons = [
  'not-allowed',
  'before-consent',
  'too-often',
  'unsupported',
  'no-bridge',
  'background',
  'out-of-time',
  'failed',
] as const;
/** One of them. */
export type SkipReason = (typeof skipReasons)[number];

/** Kinds of evidence that two phones may have in common. Each is told as a digest under a salt that all installations of an app have, so that what is shared shows and what it is does not. */
export const evidenceKinds = [
  'subnet',
  'bssid',
  'cell',
  'battery',
  'motion',
  'brightness',
  'rendering',
  'audio',
  'image',
  'installOrder',
  'storage',
  'provisioning',
] as const;
/** One of them. */
export type EvidenceKind = (typeof evidenceKinds)[number];

/** A flag, or the number of a bucket. */
export type SignalValue = boolean | number;

/** One signal as it was sensed. */
export interface SensedSignal {
  readonly code: string;
  readonly value: SignalValue;
  readonly source: SignalVoice;
  /** Epoch milliseconds, in server time as the client knew it. */
  readonly observedAtMs: number;
}

/** A check that did not run. */
export interface SkippedSignal {
  readonly code: string;
  readonly why: SkipReason;
}

/** Evidence that others may share. */
export interface SharedEvidence {
  readonly kind: EvidenceKind;
  /** 128 bits as base64url: 22 characters. */
  readonly digest: string;
}

/** The body. */
export interface SignalReport {
  /** The tier of the scene in which it was collected. */
  readonly scene: SceneTier;
  /** Version of the rules that the client collected by; `signalPolicyVersion` of its build. */
  readonly policyVersion: number;
  /** Version of the SDK. */
  readonly sdk: string;
  /** What the gateway gave last; empty when it never did. */
  readonly nonce: string;
  /** 1 for the first report of an installation, one more for each that follows. */
  readonly counter: number;
  /** `signalReportHash` of the report before; empty in the first. */
  readonly previous: string;
  /** Codes of the checks that ran to their end. What is not named here and not in `skipped` was not looked at. */
  readonly ran: readonly string[];
  readonly skipped: readonly SkippedSignal[];
  /** What came through the way of all signals for the gateway's canary, as base64url; empty when nothing did. */
  readonly canary: string;
  /** What was found. A flag that was looked at and is false stands in `ran` alone. */
  readonly signals: readonly SensedSignal[];
  readonly evidence: readonly SharedEvidence[];
}

/** Why a body is refused. */
export type SignalReportCode =
  | 'signal-report.kind'
  | 'signal-report.version'
  | 'signal-report.malformed'
  | 'signal-report.too-many'
  | 'signal-report.repeated';

/** Most codes that ran, most that were skipped and most signals of one report. */
export const maxSignals = 256;
/** Most pieces of evidence of one report. */
export const maxEvidence = 32;
/** Highest bucket. */
export const maxBucket = 1000;

type JsonObject = { readonly [name: string]: JsonValue };
type Check = (value: unknown) => boolean;

const matches =
  (form: RegExp, most: number): Check =>
  (value) =>
    typeof value === 'string' && value.length <= most && form.test(value);
const oneOf =
  (words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value);
const countTo =
  (most: number, least = 0): Check =>
  (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;

/** A group, a dot and a name, so that a policy can name the fact `signal.` and the code. */
export const signalCodeForm: RegExp = /^[a-z][A-Za-z]{1,23}\.[a-z][A-Za-z0-9]{1,39}$/;

const isCode = matches(signalCodeForm, 64);
const isInstant = countTo(8_640_000_000_000_000);
const isValue: Check = (value) => typeof value === 'boolean' || countTo(maxBucket)(value);
const isNonce = matches(/^(?:[A-Za-z0-9_-]{43})?$/, 43);
const isHash = isNonce;
const isCanary = matches(/^(?:[A-Za-z0-9_-]{22})?$/, 22);

const signalMembers = { code: isCode, value: isValue, source: oneOf(signalVoices), observedAtMs: isInstant };
const skippedMembers = { code: isCode, why: oneOf(skipReasons) };
const evidenceMembers = { kind: oneOf(evidenceKinds), digest: matches(/^[A-Za-z0-9_-]{22}$/, 22) };

const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

const reportMembers: Readonly<Record<string, Check>> = {
  scene: oneOf(sceneTiers),
  policyVersion: countTo(2 ** 31 - 1, 1),
  sdk: matches(/^[0-9A-Za-z][0-9A-Za-z.+_-]*$/, 32),
  nonce: isNonce,
  counter: countTo(2 ** 32 - 1, 1),
  previous: isHash,
  ran: listOf(isCode),
  skipped: listOf((value) => hasSignalShape(value, skippedMembers)),
  canary: isCanary,
  signals: listOf((value) => hasSignalShape(value, signalMembers)),
  evidence: listOf((value) => hasSignalShape(value, evidenceMembers)),
};

const lengthOf = (body: unknown, name: string): number => {
  const value = typeof body === 'object' && body !== null ? (body as JsonObject)[name] : undefined;
  return Array.isArray(value) ? value.length : 0;
};

const bounds: Readonly<Record<string, number>> = {
  ran: maxSignals,
  skipped: maxSignals,
  signals: maxSignals,
  evidence: maxEvidence,
};

const repeats = (keys: readonly string[]): boolean => new Set(keys).size !== keys.length;

/** One voice says one thing about one code; a check ran or was skipped; one digest of each kind of evidence. */
const isTwofold = ({ ran, skipped, signals, evidence }: SignalReport): boolean =>
  repeats([...ran, ...skipped.map(({ code }) => code)]) ||
  repeats(signals.map(({ code, source }) => `${source} ${code}`)) ||
  repeats(evidence.map(({ kind }) => kind));

/** Reads the body of a report. Unknown members, forms and words refuse the whole body; that a code is registered is judged by `mayKeepSignal`. */
export const readSignalReport = (
  kind: string,
  kindVersion: number,
  body: unknown,
): Result<SignalReport, SignalReportCode> => {
  if (kind !== signalReportKind) return refuse('signal-report.kind');
  if (kindVersion !== signalReportVersion) return refuse('signal-report.version');
  // Before any row is looked at, so that a flood costs nothing.
  for (const [name, most] of Object.entries(bounds))
    if (lengthOf(body, name) > most) return refuse('signal-report.too-many', name);
  if (!hasSignalShape(body, reportMembers)) return refuse('signal-report.malformed');
  const report = body as unknown as SignalReport;
  return isTwofold(report) ? refuse('signal-report.repeated') : accept(report);
};

/** The kind, version and body of a report, ready for the channel; refused when no reader would take it. */
export const writeSignalReport = (
  report: SignalReport,
): Result<
  { readonly kind: typeof signalReportKind; readonly kindVersion: 1; readonly body: JsonObject },
  SignalReportCode
> => {
  const read = readSignalReport(signalReportKind, signalReportVersion, report);
  if (!read.ok) return read;
  return accept({
    kind: signalReportKind,
    kindVersion: signalReportVersion,
    body: report as unknown as JsonObject,
  });
};

/** The bytes that `previous` of the next report is the SHA-256 of, as base64url: the canonical JSON of the body behind a name of its own. */
export const signalReportBytes = (report: SignalReport): Uint8Array =>
  utf8(`hauberk signal report 1\n${canonicalJson(report as unknown as JsonValue)}`);
