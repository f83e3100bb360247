/**
 * Play Integrity: tokens of the classic API, opened offline with the app's own response keys (JWE around JWS), and payloads that Google's
 * server decoded. Every detail of the request is checked before any verdict is looked at. It vouches for app and device, and for no key.
 */
import {
  accept,
  type Bytes,
  type DurationMs,
  type EpochMs,
  type EvidenceCrypto,
  elapsed,
  epochMs,
  equalBytes,
  fromBase64Url,
  fromUtf8,
  type JsonValue,
  type Result,
  refuse,
  toHex,
} from '@hauberk/primitives';
import { type JsonMembers, openJwe, openJws } from './jose.ts';
import { jsonMembers } from './webauthn-client-data.ts';

/** Why a token was refused. */
export type PlayIntegrityCode =
  | 'play-integrity.encryption'
  | 'play-integrity.signature'
  | 'play-integrity.payload'
  | 'play-integrity.package'
  | 'play-integrity.nonce'
  | 'play-integrity.timestamp'
  | 'play-integrity.testing'
  | 'play-integrity.app'
  | 'play-integrity.signer'
  | 'play-integrity.device'
  | 'play-integrity.licence';

/** The response keys of the app, from the Play Console. */
export interface PlayIntegrityKeys {
  /** 32 bytes. */
  readonly decryption: Bytes;
  /** SubjectPublicKeyInfo on P-256. */
  readonly verification: Bytes;
}

/** What Google says of a device, weakest first. */
export const playDeviceLabels = ['MEETS_BASIC_INTEGRITY', 'MEETS_DEVICE_INTEGRITY', 'MEETS_STRONG_INTEGRITY'] as const;
/** One of them. */
export type PlayDeviceLabel = (typeof playDeviceLabels)[number];

/** What a token is measured against. */
export interface PlayIntegrityExpectations {
  /** What the app passed as nonce, or as request hash of a standard request, before base64url. */
  readonly nonce: Bytes;
  readonly packages: ReadonlySet<string>;
  /** Hexadecimal SHA-256 of signing certificates. */
  readonly digests: ReadonlySet<string>;
  readonly now: EpochMs;
  /** Older tokens are refused; five minutes when absent. */
  readonly maxAge?: DurationMs;
  /** `MEETS_DEVICE_INTEGRITY` when absent. */
  readonly leastLabel?: PlayDeviceLabel;
  /** Whether answers that the Play Console was told to give pass; false when absent. */
  readonly allowTesting?: boolean;
  /** Whether the app must be one that the account bought; false when absent. */
  readonly requireLicence?: boolean;
}

declare const mark: unique symbol;

/** A token that passed. Only this module makes one. */
export interface PlayIntegrityVerdict {
  readonly [mark]: 'play-integrity';
  readonly packageName: string;
  readonly versionCode: string | undefined;
  /** Hexadecimal. */
  readonly signers: readonly string[];
  /** The strongest label. */
  readonly label: PlayDeviceLabel;
  readonly sdkVersion: number | undefined;
  readonly licence: string | undefined;
  /** `LEVEL_1` to `LEVEL_4`: how many tokens the device asked for in an hour. */
  readonly activityLevel: string | undefined;
  readonly requestedAt: EpochMs;
}

/** Clocks of Google and of the gateway may differ by so much. */
const toleranceMs = 60_000;
const defaultAgeMs = 300_000;

const textOf = (members: JsonMembers | undefined, name: string): string | undefined => {
  const value = members?.[name];
  return typeof value === 'string' ? value : undefined;
};

const isTextList = (value: JsonValue | undefined): value is readonly string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string');

const textsOf = (members: JsonMembers | undefined, name: string): readonly string[] => {
  const value = members?.[name];
  return isTextList(value) ? value : [];
};

const isNonce = (details: JsonMembers, expected: Bytes): boolean => {
  const written = textOf(details, 'nonce') ?? textOf(details, 'requestHash');
  // The classic API gives base64 back with the padding that it came with.
  const bytes = written === undefined ? undefined : fromBase64Url(written.replace(/={1,2}$/, ''));
  return bytes !== undefined && expected.length >= 16 && equalBytes(bytes, expected);
};

const timeOf = (details: JsonMembers): EpochMs | undefined => {
  const text = textOf(details, 'timestampMillis');
  return text !== undefined && /^[0-9]{10,15}$/.test(text) ? epochMs(Number(text)) : undefined;
};

/** The request first: an answer to another question says nothing, however good it is. */
const checkRequest = (
  details: JsonMembers,
  requestedAt: EpochMs,
  { packages, nonce, now, maxAge = defaultAgeMs as DurationMs }: PlayIntegrityExpectations,
): PlayIntegrityCode | undefined => {
  if (!packages.has(textOf(details, 'requestPackageName') ?? '')) return 'play-integrity.package';
  if (!isNonce(details, nonce)) return 'play-integrity.nonce';
  const age = elapsed(requestedAt, now);
  return age > maxAge || age < -toleranceMs ? 'play-integrity.timestamp' : undefined;
};

const signersOf = (app: JsonMembers | undefined): readonly string[] | undefined => {
  const digests = textsOf(app, 'certificateSha256Digest').map((text) => fromBase64Url(text.replace(/={1,2}$/, '')));
  const read = digests.filter((digest) => digest?.length === 32).map((digest) => toHex(digest ?? new Uint8Array(0)));
  return read.length === digests.length && read.length > 0 ? read : undefined;
};

const checkApp = (
  app: JsonMembers | undefined,
  requested: string | undefined,
  { digests }: PlayIntegrityExpectations,
): PlayIntegrityCode | undefined => {
  if (textOf(app, 'appRecognitionVerdict') !== 'PLAY_RECOGNIZED') return 'play-integrity.app';
  if (textOf(app, 'packageName') !== requested) return 'play-integrity.package';
  return signersOf(app)?.every((digest) => digests.has(digest)) === true ? undefined : 'play-integrity.signer';
};

/** The strongest label that was given. */
const labelOf = (device: JsonMembers | undefined): PlayDeviceLabel | undefined => {
  const labels = textsOf(device, 'deviceRecognitionVerdict');
  return playDeviceLabels.findLast((label) => labels.includes(label));
};

const numberOf = (members: JsonMembers | undefined, name: string): number | undefined => {
  const value = members?.[name];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
};

interface Sections {
  readonly details: JsonMembers;
  readonly app: JsonMembers | undefined;
  readonly device: JsonMembers | undefined;
  readonly licence: string | undefined;
  readonly isTesting: boolean;
}

const sectionsOf = (payload: JsonMembers): Sections | undefined => {
  const details = jsonMembers(payload['requestDetails']);
  if (details === undefined) return undefined;
  return {
    details,
    app: jsonMembers(payload['appIntegrity']),
    device: jsonMembers(payload['deviceIntegrity']),
    licence: textOf(jsonMembers(payload['accountDetails']), 'appLicensingVerdict'),
    isTesting: payload['testingDetails'] !== undefined,
  };
};

const checkVerdicts = (
  { details, app, device, licence, isTesting }: Sections,
  expectations: PlayIntegrityExpectations,
): PlayIntegrityCode | undefined => {
  if (isTesting && expectations.allowTesting !== true) return 'play-integrity.testing';
  const fault = checkApp(app, textOf(details, 'requestPackageName'), expectations);
  if (fault !== undefined) return fault;
  const label = labelOf(device);
  const least = playDeviceLabels.indexOf(expectations.leastLabel ?? 'MEETS_DEVICE_INTEGRITY');
  if (label === undefined || playDeviceLabels.indexOf(label) < least) return 'play-integrity.device';
  return licence !== 'LICENSED' && expectations.requireLicence === true ? 'play-integrity.licence' : undefined;
};

/** Judges a payload that was opened here, or that Google's server decoded for a standard request. */
export const judgePlayIntegrity = (
  payload: JsonMembers,
  expectations: PlayIntegrityExpectations,
): Result<PlayIntegrityVerdict, PlayIntegrityCode> => {
  const sections = sectionsOf(payload);
  const requestedAt = sections === undefined ? undefined : timeOf(sections.details);
  if (sections === undefined || requestedAt === undefined) return refuse('play-integrity.payload');
  const fault = checkRequest(sections.details, requestedAt, expectations) ?? checkVerdicts(sections, expectations);
  if (fault !== undefined) return refuse(fault);
  const { app, device, licence } = sections;
  return accept({
    packageName: textOf(app, 'packageName') ?? '',
    versionCode: textOf(app, 'versionCode'),
    signers: signersOf(app) ?? [],
    label: labelOf(device) ?? 'MEETS_BASIC_INTEGRITY',
    sdkVersion: numberOf(jsonMembers(device?.['deviceAttributes']), 'sdkVersion'),
    licence,
    activityLevel: textOf(jsonMembers(device?.['recentDeviceActivity']), 'deviceActivityLevel'),
    requestedAt,
  } as unknown as PlayIntegrityVerdict);
};

/** Opens and judges a token of the classic API. */
export const verifyPlayIntegrity = (
  token: string,
  keys: PlayIntegrityKeys,
  expectations: PlayIntegrityExpectations,
  crypto: Pick<EvidenceCrypto, 'verify' | 'unwrapKey' | 'openGcm'>,
): Result<PlayIntegrityVerdict, PlayIntegrityCode> => {
  const opened = openJwe(token, keys.decryption, crypto);
  const inner = opened === undefined ? undefined : fromUtf8(opened);
  if (inner === undefined) return refuse('play-integrity.encryption');
  const payload = openJws(inner, keys.verification, crypto);
  return payload === undefined ? refuse('play-integrity.signature') : judgePlayIntegrity(payload, expectations);
};
