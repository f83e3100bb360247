/**
 * Trusted statements: what a device's keeper of keys says about a person's deed or a piece of data, for any server to verify. A statement is
 * a signed document (`payload.signature`, context `hb1/trusted`); captured media are signed under `hb1/capture` where they are taken,
 * before the page sees them. Sealed data are for one recipient key and travel with a statement over the ciphertext.
 */
import {
  type AsyncCrypto,
  accept,
  type Bytes,
  concat,
  type EpochMs,
  equalBytes,
  type PrivateKey,
  type Result,
  refuse,
  type SyncCrypto,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import { context, protocolVersion } from './names.ts';
import { bytesOf, countOf, hasOnly, type JsonObject, textOf } from './shape.ts';
import { bytesUnderContext, readDocument } from './signed-document.ts';

/** What a statement is for; one never passes as another. */
export type TrustedKind = 'identify' | 'sign' | 'verify-user' | 'capture' | 'seal';

/** What a statement says. */
export interface TrustedClaims {
  readonly kind: TrustedKind;
  readonly organisation: string;
  readonly app: string;
  readonly service: string;
  /** Base64url of the key's thumbprint (RFC 7638). */
  readonly key: string;
  /** The server's, 16 to 64 bytes, used once. */
  readonly challenge: Bytes;
  /** By the device's clock, in milliseconds: a claim, not a proof. */
  readonly createdAtMs: number;
  /** SHA-256 of the data; of nothing for `identify`; all zeros in captures, whose signature covers the media itself. */
  readonly digest: Bytes;
  readonly mediaType: string;
  /** SHA-256 of title, a zero byte and text as they were shown; absent where nothing was. */
  readonly promptDigest?: Bytes;
}

/** Why a statement is refused. */
export type TrustedReason =
  | 'trusted.malformed'
  | 'trusted.kind'
  | 'trusted.scope'
  | 'trusted.key'
  | 'trusted.challenge'
  | 'trusted.signature'
  | 'trusted.digest'
  | 'trusted.prompt'
  | 'trusted.too-old'
  | 'trusted.from-the-future'
  | 'trusted.not-for-us';

const kinds: readonly string[] = ['identify', 'sign', 'verify-user', 'capture', 'seal'];
const members = [
  'v',
  'kind',
  'organisation',
  'app',
  'service',
  'key',
  'challenge',
  'createdAtMs',
  'digest',
  'mediaType',
];

/** What the evidence for a key of the services is made for. */
export interface TrustedKeyAsk {
  /** The gateway's, 32 bytes, used once. */
  readonly nonce: Uint8Array;
  readonly deviceId: string;
  readonly purpose: string;
  readonly organisation: string;
  readonly app: string;
  readonly service: string;
}

/** The bytes whose SHA-256 is the challenge of a key: evidence for one device or purpose is worth nothing for another. */
export const trustedKeyInput = ({ nonce, deviceId, purpose, organisation, app, service }: TrustedKeyAsk): Bytes =>
  bytesUnderContext(context.trustedKey, nonce, utf8(`${deviceId}\n${purpose}\n${organisation}\n${app}\n${service}`));

/** The payload of a statement. */
export const trustedPayload = (claims: TrustedClaims): JsonObject => ({
  v: protocolVersion,
  kind: claims.kind,
  organisation: claims.organisation,
  app: claims.app,
  service: claims.service,
  key: claims.key,
  challenge: toBase64Url(claims.challenge),
  createdAtMs: claims.createdAtMs,
  digest: toBase64Url(claims.digest),
  mediaType: claims.mediaType,
  ...(claims.promptDigest === undefined ? {} : { promptDigest: toBase64Url(claims.promptDigest) }),
});

/** The text that is signed: base64url of the payload. */
export const trustedText = (claims: TrustedClaims): string => toBase64Url(utf8(JSON.stringify(trustedPayload(claims))));

/** The bytes that the key signs for a statement that is no capture. */
export const trustedBytes = (text: string): Bytes => bytesUnderContext(context.trusted, utf8(text));

/** The digest of what the user is shown. */
export const promptBytes = (title: string, text: string): Bytes => concat(utf8(title), Uint8Array.of(0), utf8(text));

/** Data, or their SHA-256 where somebody else holds them. */
export type TrustedData = Uint8Array | { readonly sha256: Uint8Array };

const digestOf = (crypto: Pick<SyncCrypto, 'sha256'>, data: TrustedData): Uint8Array =>
  data instanceof Uint8Array ? crypto.sha256(data) : data.sha256;

/** What was captured. */
export interface CapturedMedia {
  readonly media: TrustedData;
  readonly mediaType: string;
  /** By the device's clock. */
  readonly capturedAtMs: number;
}

/** The digests that a capture's signature covers. */
export interface CaptureDigests {
  readonly binding: Uint8Array;
  readonly media: Uint8Array;
  readonly mediaType: Uint8Array;
}

/** The bytes that a capture key signs: context, zero, SHA-256 of binding, media and media type, then the time in eight bytes, highest first. */
export const captureBytes = ({ binding, media, mediaType }: CaptureDigests, capturedAtMs: number): Bytes => {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(capturedAtMs));
  return bytesUnderContext(context.capture, binding, media, mediaType, time);
};

/** A statement, taken apart and not yet believed. */
interface Unverified {
  readonly claims: TrustedClaims;
  readonly text: string;
  readonly signedBytes: Bytes;
  readonly signature: Bytes;
}

const readClaims = (payload: JsonObject): TrustedClaims | undefined => {
  const [kind, organisation, app] = [payload['kind'], textOf(payload, 'organisation', 64), textOf(payload, 'app', 64)];
  const [service, key, mediaType] = [
    textOf(payload, 'service', 64),
    textOf(payload, 'key', 43),
    textOf(payload, 'mediaType', 128),
  ];
  const [challenge, digest] = [bytesOf(payload, 'challenge'), bytesOf(payload, 'digest', 32)];
  const createdAtMs = countOf(payload, 'createdAtMs');
  const promptDigest = bytesOf(payload, 'promptDigest', 32);
  if (typeof kind !== 'string' || !kinds.includes(kind)) return undefined;
  if (organisation === undefined || app === undefined || service === undefined) return undefined;
  if (key?.length !== 43 || mediaType === undefined || digest === undefined || createdAtMs === undefined)
    return undefined;
  if (challenge === undefined || challenge.length < 16 || challenge.length > 64) return undefined;
  if ('promptDigest' in payload && promptDigest === undefined) return undefined;
  const base = {
    kind: kind as TrustedKind,
    organisation,
    app,
    service,
    key,
    challenge,
    createdAtMs,
    digest,
    mediaType,
  };
  return promptDigest === undefined ? base : { ...base, promptDigest };
};

const readStatement = (statement: string): Unverified | undefined => {
  const document = statement.length > 16_384 ? undefined : readDocument(context.trusted, statement);
  if (document?.ok !== true) return undefined;
  const { payload, signedBytes, signature } = document.value;
  const claims =
    payload['v'] === protocolVersion && hasOnly(payload, [...members, 'promptDigest'])
      ? readClaims(payload)
      : undefined;
  return claims && { claims, text: statement.slice(0, statement.indexOf('.')), signedBytes, signature };
};

/** What a server measures a statement against. */
export interface TrustedExpectations {
  readonly kind: TrustedKind;
  readonly organisation: string;
  readonly app: string;
  readonly service: string;
  /** Raw point of the enrolled key that must have signed; its purpose (user verification, capture) is the enrolment's business. */
  readonly publicKey: Uint8Array;
  /** Base64url of its thumbprint. */
  readonly thumbprint: string;
  readonly challenge: Uint8Array;
  readonly now: EpochMs;
  /** Longest age by the device's clock, in milliseconds; 5 minutes when absent. */
  readonly maxAgeMs?: number;
  /** The very words that the user had to be shown. */
  readonly prompt?: { readonly title: string; readonly text: string };
}

/** Clocks of device and server may differ by so much, in milliseconds. */
const tolerance = 120_000;

const checkClaims = (
  claims: TrustedClaims,
  expected: TrustedExpectations,
  crypto: SyncCrypto,
): TrustedReason | undefined => {
  const { organisation, app, service, prompt, now, maxAgeMs = 300_000 } = expected;
  if (claims.kind !== expected.kind) return 'trusted.kind';
  if (claims.organisation !== organisation || claims.app !== app || claims.service !== service) return 'trusted.scope';
  if (claims.key !== expected.thumbprint) return 'trusted.key';
  if (!equalBytes(claims.challenge, expected.challenge)) return 'trusted.challenge';
  if (claims.createdAtMs > now + tolerance) return 'trusted.from-the-future';
  if (claims.createdAtMs < now - maxAgeMs - tolerance) return 'trusted.too-old';
  if (prompt === undefined) return undefined;
  const shown = crypto.sha256(promptBytes(prompt.title, prompt.text));
  return claims.promptDigest !== undefined && equalBytes(claims.promptDigest, shown) ? undefined : 'trusted.prompt';
};

declare const mark: unique symbol;

/** A statement that holds; made here and nowhere else. The caller has consumed its challenge, exactly once. */
export interface VerifiedStatement extends TrustedClaims {
  readonly [mark]: true;
}

/** Verifies a statement over `data` (empty for `identify`; what the user approved for `verify-user`; the ciphertext for `seal`). */
export const verifyTrustedStatement = (
  crypto: SyncCrypto,
  statement: string,
  data: TrustedData,
  expected: TrustedExpectations,
): Result<VerifiedStatement, TrustedReason> => {
  const read = readStatement(statement);
  if (read === undefined) return refuse('trusted.malformed');
  // A capture's signature is made by another routine over other bytes; here it would have to be the page's word.
  if (read.claims.kind === 'capture') return refuse('trusted.kind');
  const fault = checkClaims(read.claims, expected, crypto);
  if (fault !== undefined) return refuse(fault);
  if (!crypto.verify(expected.publicKey, read.signedBytes, read.signature)) return refuse('trusted.signature');
  if (!equalBytes(read.claims.digest, digestOf(crypto, data))) return refuse('trusted.digest');
  return accept(read.claims as VerifiedStatement);
};

/** A capture that holds. */
export interface VerifiedCapture extends VerifiedStatement {
  readonly capturedAtMs: number;
}

/** Verifies captured media: signed where they were taken, for this challenge, by a key that signs nothing else. */
export const verifyTrustedCapture = (
  crypto: SyncCrypto,
  statement: string,
  captured: CapturedMedia,
  expected: Omit<TrustedExpectations, 'kind'>,
): Result<VerifiedCapture, TrustedReason> => {
  const { capturedAtMs, media, mediaType } = captured;
  const read = readStatement(statement);
  if (read === undefined || !Number.isSafeInteger(capturedAtMs) || capturedAtMs < 0) return refuse('trusted.malformed');
  const fault = checkClaims(read.claims, { ...expected, kind: 'capture' }, crypto);
  if (fault !== undefined) return refuse(fault);
  if (capturedAtMs > expected.now + tolerance) return refuse('trusted.from-the-future');
  if (capturedAtMs < read.claims.createdAtMs - tolerance) return refuse('trusted.too-old');
  const digests = {
    binding: crypto.sha256(utf8(read.text)),
    media: digestOf(crypto, media),
    mediaType: crypto.sha256(utf8(mediaType)),
  };
  return crypto.verify(expected.publicKey, captureBytes(digests, capturedAtMs), read.signature)
    ? accept({ ...read.claims, capturedAtMs } as VerifiedCapture)
    : refuse('trusted.signature');
};

const sealLabel = (ephemeral: Uint8Array, recipient: Uint8Array): Bytes =>
  concat(utf8('hb1/trusted-seal'), Uint8Array.of(0), ephemeral, recipient);
const noSalt = /* @__PURE__ */ new Uint8Array(32);

/** Seals data for a recipient's P-256 key: ephemeral point ‖ nonce ‖ ciphertext and tag (ECDH, HKDF-SHA-256, AES-256-GCM). */
export const sealForRecipient = async (
  crypto: AsyncCrypto,
  recipient: Uint8Array,
  data: Uint8Array,
  associated: Uint8Array,
): Promise<Bytes> => {
  const ephemeral = await crypto.generateKeyPair('p256', 'agree');
  const shared = await crypto.agree(ephemeral.privateKey, recipient);
  const secret = await crypto.hkdfExtract(noSalt, shared);
  const key = await crypto.importAead(await crypto.hkdfExpand(secret, sealLabel(ephemeral.publicKey, recipient), 32));
  const nonce = crypto.random(12);
  return concat(ephemeral.publicKey, nonce, await crypto.seal(key, nonce, data, associated));
};

/** Opens what was sealed for this key. */
export const openSealed = (
  crypto: SyncCrypto,
  recipient: { readonly privateKey: PrivateKey; readonly publicKey: Uint8Array },
  sealed: Uint8Array,
  associated: Uint8Array,
): Result<Bytes, TrustedReason> => {
  if (sealed.length < 65 + 12 + 16 || sealed[0] !== 4) return refuse('trusted.malformed');
  const ephemeral = sealed.subarray(0, 65);
  let shared: Bytes;
  try {
    shared = crypto.agree(recipient.privateKey, ephemeral);
  } catch {
    // The point is not on the curve: a hostile or broken sender.
    return refuse('trusted.malformed');
  }
  const secret = crypto.hkdfExtract(noSalt, shared);
  const key = crypto.importAead(crypto.hkdfExpand(secret, sealLabel(ephemeral, recipient.publicKey), 32));
  const opened = crypto.open(key, sealed.subarray(65, 77), sealed.subarray(77), associated);
  return opened === undefined ? refuse('trusted.not-for-us') : accept(opened);
};

/** What sealed data are bound to besides their recipient: the scope and the challenge. */
export const sealedAssociated = (
  scope: Pick<TrustedClaims, 'organisation' | 'app' | 'service'>,
  challenge: Uint8Array,
): Bytes => concat(utf8(JSON.stringify([scope.organisation, scope.app, scope.service])), Uint8Array.of(0), challenge);

/** What a device sealed for this server: the statement over it first, then the data. */
export const openTrustedSeal = (
  crypto: SyncCrypto,
  recipient: { readonly privateKey: PrivateKey; readonly publicKey: Uint8Array },
  { statement, sealed }: { readonly statement: string; readonly sealed: Uint8Array },
  expected: Omit<TrustedExpectations, 'kind'>,
): Result<Bytes, TrustedReason> => {
  const verified = verifyTrustedStatement(crypto, statement, sealed, { ...expected, kind: 'seal' });
  return verified.ok ? openSealed(crypto, recipient, sealed, sealedAssociated(expected, expected.challenge)) : verified;
};

/** What a user's own proof (WebAuthn) beside a statement must have been made over: SHA-256 of the bytes that the key signed. */
export const userProofChallenge = (crypto: Pick<SyncCrypto, 'sha256'>, statement: string): Bytes =>
  crypto.sha256(trustedBytes(statement.split('.', 1)[0] ?? ''));
