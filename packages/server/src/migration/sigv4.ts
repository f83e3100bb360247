/**
 * AWS Signature Version 4, by header and by presigned query. Everything that could change the meaning of a request and is not signed is
 * refused: `x-amz-*` headers, the content type, unsigned payloads unless the route allows them, bodies of presigned requests.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { accept, type Result, refuse, toEpochSeconds } from '@hauberk/primitives';
import {
  headerOf,
  isOnce,
  type MigrationProof,
  type MigrationReason,
  type MigrationRequest,
  type MigrationVerifier,
  type OnceScope,
} from './migration-request.ts';
import { canonicalHeaders, canonicalPath, canonicalQuery, queryPairs, type SigV4Path } from './sigv4-canonical.ts';
import { readSignedChunks, signedChunks } from './sigv4-chunks.ts';

/** What a route accepts. */
export interface SigV4Rules {
  /** Access key id → secret access key. */
  readonly keys: ReadonlyMap<string, string>;
  readonly region: string;
  readonly service: string;
  readonly path: SigV4Path;
  readonly skewSeconds: number;
  /** Longest life of a presigned URL that is accepted; 0 accepts none. */
  readonly presignedSeconds: number;
  readonly unsignedPayload: boolean;
  /** Whether bodies may come in signed chunks. */
  readonly signedChunks: boolean;
  readonly requiredHeaders: readonly string[];
  readonly once: OnceScope;
}

const algorithm = 'AWS4-HMAC-SHA256';
const unsigned = 'UNSIGNED-PAYLOAD';

/** A signature with what it says of itself. */
interface SigV4Claim {
  readonly keyId: string;
  /** `date/region/service/aws4_request`. */
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string;
  /** Life in seconds; undefined for signatures in a header. */
  readonly life: number | undefined;
  /** The query without the signature itself. */
  readonly pairs: readonly (readonly [string, string])[];
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** The key of one day, region and service. */
export const signingKey = (secret: string, scope: string): Buffer =>
  scope.split('/').reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${secret}`) as Buffer;

/** The string to sign of a canonical request. */
export const stringToSign = (timestamp: string, scope: string, canonicalRequest: string): string =>
  [algorithm, timestamp, scope, hash('sha256', canonicalRequest, 'hex')].join('\n');

const stampForm = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

const secondsOfStamp = (stamp: string): number | undefined => {
  const match = stampForm.exec(stamp);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [number, ...number[]];
  const milliseconds = Date.UTC(year, (month ?? 1) - 1, day, hour, minute, second);
  return Math.floor(milliseconds / 1000);
};

const readNames = (text: string): readonly string[] | undefined => {
  const names = text.split(';');
  const isSorted = names.every((name, index) => index === 0 || (names[index - 1] ?? '') < name);
  return isSorted && names.every((name) => /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) ? names : undefined;
};

const splitCredential = (text: string): { readonly keyId: string; readonly scope: string } | undefined => {
  const match = /^([\w-]{4,128})\/(\d{8}\/[\w-]+\/[\w-]+\/aws4_request)$/.exec(text);
  return match === null ? undefined : { keyId: match[1] ?? '', scope: match[2] ?? '' };
};

const hexSignature = /^[0-9a-f]{64}$/;

const claimOf = (
  parts: Readonly<Record<'credential' | 'signedHeaders' | 'signature' | 'timestamp', string | undefined>>,
  life: number | undefined,
  pairs: SigV4Claim['pairs'],
): SigV4Claim | undefined => {
  const credential = splitCredential(parts.credential ?? '');
  const signedHeaders = readNames(parts.signedHeaders ?? '');
  const { signature = '', timestamp = '' } = parts;
  if (credential === undefined || signedHeaders === undefined || !hexSignature.test(signature)) return undefined;
  if (!stampForm.test(timestamp) || !credential.scope.startsWith(timestamp.slice(0, 8))) return undefined;
  return { ...credential, signedHeaders, signature, timestamp, life, pairs };
};

const readHeaderClaim = (request: MigrationRequest, pairs: SigV4Claim['pairs']): SigV4Claim | undefined => {
  const form = /^AWS4-HMAC-SHA256 +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([^,\s]+)$/;
  const match = form.exec(headerOf(request, 'authorization') ?? '');
  if (match === null) return undefined;
  const [, credential, signedHeaders, signature] = match;
  const timestamp = headerOf(request, 'x-amz-date');
  return claimOf({ credential, signedHeaders, signature, timestamp }, undefined, pairs);
};

const readQueryClaim = (pairs: SigV4Claim['pairs']): SigV4Claim | undefined => {
  const values = new Map(pairs);
  const amazon = pairs.filter(([name]) => name.startsWith('X-Amz-'));
  // Twice the same parameter: the one that counts here need not be the one that counts behind us.
  if (new Set(amazon.map(([name]) => name)).size !== amazon.length) return undefined;
  const expires = values.get('X-Amz-Expires') ?? '';
  if (values.get('X-Amz-Algorithm') !== algorithm || !/^[1-9]\d{0,5}$/.test(expires)) return undefined;
  return claimOf(
    {
      credential: values.get('X-Amz-Credential'),
      signedHeaders: values.get('X-Amz-SignedHeaders'),
      signature: values.get('X-Amz-Signature'),
      timestamp: values.get('X-Amz-Date'),
    },
    Number(expires),
    pairs.filter(([name]) => name !== 'X-Amz-Signature'),
  );
};

const isPresigned = ({ query }: MigrationRequest): boolean => /[?&]X-Amz-Signature=/.test(query);

const readClaim = (rules: SigV4Rules, request: MigrationRequest): Result<SigV4Claim, MigrationReason> => {
  const presigned = isPresigned(request);
  const byHeader = headerOf(request, 'authorization')?.startsWith(algorithm) === true;
  if (!presigned && !byHeader) return refuse('migration.absent');
  // Both at once: one of them would go unread.
  if (presigned && byHeader) return refuse('migration.malformed');
  if (presigned && rules.presignedSeconds === 0) return refuse('migration.algorithm');
  const pairs = queryPairs(request.query);
  if (pairs === undefined) return refuse('migration.malformed');
  const claim = presigned ? readQueryClaim(pairs) : readHeaderClaim(request, pairs);
  if (claim === undefined) return refuse('migration.malformed');
  if (claim.life !== undefined && claim.life > rules.presignedSeconds) return refuse('migration.clock');
  return accept(claim);
};

const judgeCoverage = (
  rules: SigV4Rules,
  { signedHeaders }: SigV4Claim,
  request: MigrationRequest,
): MigrationReason | undefined => {
  if (!signedHeaders.includes('host')) return 'migration.uncovered';
  for (const name of Object.keys(request.headers)) {
    const counts = name.startsWith('x-amz-') || name === 'content-type' || rules.requiredHeaders.includes(name);
    if (counts && !signedHeaders.includes(name)) return 'migration.uncovered';
  }
  const isChunked = headerOf(request, 'x-amz-content-sha256') === signedChunks;
  if (isChunked && headerOf(request, 'content-encoding') !== undefined && !signedHeaders.includes('content-encoding'))
    return 'migration.uncovered';
  return undefined;
};

/** The payload hash that must have been signed; a refusal when the body is not what it says. */
const payloadHash = (
  rules: SigV4Rules,
  claim: SigV4Claim,
  request: MigrationRequest,
): Result<string, MigrationReason> => {
  if (claim.life !== undefined) {
    if (request.body.length > 0) return refuse('migration.digest');
    return accept(rules.path === 's3' ? unsigned : hash('sha256', '', 'hex'));
  }
  const actual = hash('sha256', request.body, 'hex');
  const declared = headerOf(request, 'x-amz-content-sha256');
  if (declared === undefined) return accept(actual);
  if (declared === signedChunks) return rules.signedChunks ? accept(signedChunks) : refuse('migration.algorithm');
  if (declared.startsWith('STREAMING-')) return refuse('migration.algorithm');
  if (declared === unsigned) return rules.unsignedPayload ? accept(unsigned) : refuse('migration.digest');
  return declared === actual ? accept(actual) : refuse('migration.digest');
};

/** The canonical request (step 1); undefined when a signed header is absent or the path has no reading. */
export const canonicalRequest = (
  style: SigV4Path,
  request: MigrationRequest,
  claim: Pick<SigV4Claim, 'signedHeaders' | 'pairs'>,
  payload: string,
): string | undefined => {
  const path = canonicalPath(request.path, style);
  const headers = canonicalHeaders(request.rawHeaders, claim.signedHeaders);
  if (path === undefined || headers === undefined) return undefined;
  return [request.method, path, canonicalQuery(claim.pairs), headers, claim.signedHeaders.join(';'), payload].join(
    '\n',
  );
};

const judgeTime = (
  rules: SigV4Rules,
  { life }: SigV4Claim,
  created: number,
  now: number,
): MigrationReason | undefined => {
  if (created - now > rules.skewSeconds) return 'migration.clock';
  return now - created > (life ?? rules.skewSeconds) ? 'migration.clock' : undefined;
};

/** What makes a request the one that it is: its signature, and where the body has signatures of its own, the last of these. */
const lastSignature = (
  request: MigrationRequest,
  { timestamp, signature }: SigV4Claim,
  hashed: string,
  scope: string,
  key: Buffer,
): Result<{ readonly signature: string; readonly payload?: Uint8Array }, MigrationReason> => {
  if (hashed !== signedChunks) return accept({ signature });
  const length = headerOf(request, 'x-amz-decoded-content-length') ?? '';
  if (!/^(?:0|[1-9]\d{0,9})$/.test(length)) return refuse('migration.malformed');
  return readSignedChunks({ key, timestamp, scope, signature }, request.body, Number(length));
};

/** Verifies one request. */
export const verifySigV4 = (rules: SigV4Rules, request: MigrationRequest): Result<MigrationProof, MigrationReason> => {
  const read = readClaim(rules, request);
  if (!read.ok) return read;
  const claim = read.value;
  const secret = rules.keys.get(claim.keyId);
  if (secret === undefined) return refuse('migration.key-unknown');
  const scope = `${claim.timestamp.slice(0, 8)}/${rules.region}/${rules.service}/aws4_request`;
  if (claim.scope !== scope) return refuse('migration.claims');
  const uncovered = judgeCoverage(rules, claim, request);
  if (uncovered !== undefined) return refuse(uncovered);
  const payload = payloadHash(rules, claim, request);
  if (!payload.ok) return payload;
  const canonical = canonicalRequest(rules.path, request, claim, payload.value);
  const created = secondsOfStamp(claim.timestamp);
  if (canonical === undefined || created === undefined) return refuse('migration.malformed');
  const key = signingKey(secret, scope);
  const expected = hmac(key, stringToSign(claim.timestamp, scope, canonical));
  if (!timingSafeEqual(expected, Buffer.from(claim.signature, 'hex'))) return refuse('migration.signature');
  const late = judgeTime(rules, claim, created, toEpochSeconds(request.now));
  if (late !== undefined) return refuse(late);
  const last = lastSignature(request, claim, payload.value, scope, key);
  if (!last.ok) return last;
  const { signature, ...carried } = last.value;
  const once = isOnce(rules.once, request.method) ? `${claim.keyId}\n${signature}` : undefined;
  return accept({ keyId: claim.keyId, once, createdSeconds: created, ...carried });
};

/** The verifier of one route. */
export const sigV4Verifier = (rules: SigV4Rules): MigrationVerifier => ({
  scheme: 'sigv4',
  claims: (request) => isPresigned(request) || headerOf(request, 'authorization')?.startsWith(algorithm) === true,
  verify: (request) => Promise.resolve(verifySigV4(rules, request)),
});
