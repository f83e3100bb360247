/**
 * draft-cavage-http-signatures with shared secrets, as clients of Kong and APISIX speak it. The route decides what must be covered: always the
 * request line and a date, the digest of a body, and what the configuration adds. Weaker than HB/1: a static secret, no bound reply.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { accept, type Result, refuse, toEpochSeconds } from '@hauberk/primitives';
import { type CavageDialect, type CavageParameters, cavageCredential, readCavage } from './cavage-parameters.ts';
import { isDigestOf } from './digest-header.ts';
import {
  headerOf,
  isOnce,
  type MigrationProof,
  type MigrationReason,
  type MigrationRequest,
  type MigrationVerifier,
  type OnceScope,
  requestTarget,
} from './migration-request.ts';

/** HMAC algorithms by the name that the draft gives them. */
export type CavageAlgorithm = 'hmac-sha1' | 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';

/** What a route accepts. */
export interface CavageRules {
  readonly dialect: CavageDialect;
  /** Key id → secret. */
  readonly keys: ReadonlyMap<string, string>;
  readonly algorithms: readonly CavageAlgorithm[];
  /** Headers that must be covered beside the request line and the date. */
  readonly requiredHeaders: readonly string[];
  readonly skewSeconds: number;
  /** Whether a body must be covered by a digest. */
  readonly bodyDigest: boolean;
  readonly once: OnceScope;
}

/** The name under which each dialect signs the request line. */
const targetName: Readonly<Record<CavageDialect, string>> = {
  draft: '(request-target)',
  kong: 'request-line',
  apisix: '@request-target',
};

const targetLine = (dialect: CavageDialect, request: MigrationRequest): string => {
  const target = requestTarget(request);
  if (dialect === 'kong') return `${request.method} ${target} HTTP/${request.httpVersion}`;
  return dialect === 'apisix'
    ? `${request.method} ${target}`
    : `(request-target): ${request.method.toLowerCase()} ${target}`;
};

const lineOf = (
  dialect: CavageDialect,
  parameters: CavageParameters,
  request: MigrationRequest,
  name: string,
): string | undefined => {
  if (name === targetName[dialect]) return targetLine(dialect, request);
  if (name === '(created)') return parameters.created === undefined ? undefined : `(created): ${parameters.created}`;
  if (name === '(expires)') return parameters.expires === undefined ? undefined : `(expires): ${parameters.expires}`;
  const value = headerOf(request, name);
  return value === undefined ? undefined : `${name}: ${value.trim()}`;
};

/** The signing string (draft section 2.3); undefined when something that it names is absent. */
export const cavageSigningString = (
  dialect: CavageDialect,
  parameters: CavageParameters,
  request: MigrationRequest,
): string | undefined => {
  const lines: string[] = dialect === 'apisix' ? [parameters.keyId] : [];
  for (const name of parameters.covered) {
    const line = lineOf(dialect, parameters, request, name);
    if (line === undefined) return undefined;
    lines.push(line);
  }
  return dialect === 'apisix' ? `${lines.join('\n')}\n` : lines.join('\n');
};

/** The signer's time, from what is covered; an uncovered date says nothing. */
const coveredTime = (parameters: CavageParameters, request: MigrationRequest): number | undefined => {
  if (parameters.covered.includes('(created)')) return parameters.created;
  // Kong's order: X-Date stands in where a client cannot set Date.
  const name = ['x-date', 'date'].find((each) => parameters.covered.includes(each));
  const value = name === undefined ? undefined : headerOf(request, name);
  const milliseconds = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
};

const algorithmOf = (rules: CavageRules, parameters: CavageParameters): CavageAlgorithm | undefined => {
  const { algorithm } = parameters;
  const [only, ...others] = rules.algorithms;
  // `hs2019` and silence leave the choice to the key's owner: that is unambiguous only where one algorithm is allowed.
  if (algorithm === undefined || algorithm === 'hs2019') return others.length === 0 ? only : undefined;
  return rules.algorithms.find((allowed) => allowed === algorithm);
};

const judgeCoverage = (
  rules: CavageRules,
  { covered }: CavageParameters,
  request: MigrationRequest,
): MigrationReason | undefined => {
  const required = [targetName[rules.dialect], ...rules.requiredHeaders];
  if (!required.every((name) => covered.includes(name))) return 'migration.uncovered';
  const digest = headerOf(request, 'digest');
  if (digest === undefined) return rules.bodyDigest && request.body.length > 0 ? 'migration.digest' : undefined;
  // A digest that nobody signed vouches for whatever body it came with.
  if (!covered.includes('digest')) return 'migration.uncovered';
  return isDigestOf(digest, request.body) ? undefined : 'migration.digest';
};

const judgeTime = (
  rules: CavageRules,
  parameters: CavageParameters,
  created: number,
  now: number,
): MigrationReason | undefined => {
  if (Math.abs(now - created) > rules.skewSeconds) return 'migration.clock';
  const isOver = parameters.covered.includes('(expires)') && (parameters.expires ?? 0) <= now;
  return isOver ? 'migration.clock' : undefined;
};

const isSignatureOf = (algorithm: CavageAlgorithm, secret: string, text: string, signature: string): boolean => {
  const expected = createHmac(algorithm.slice('hmac-'.length), secret).update(text).digest();
  const given = Buffer.from(signature, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
};

/** Verifies one request. The signature is judged before the time, so that only a holder of the secret learns of a skewed clock. */
export const verifyCavage = (
  rules: CavageRules,
  request: MigrationRequest,
): Result<MigrationProof, MigrationReason> => {
  const text = cavageCredential(rules.dialect, request);
  if (text === undefined) return refuse('migration.absent');
  const parameters = readCavage(rules.dialect, text);
  if (parameters === undefined) return refuse('migration.malformed');
  const algorithm = algorithmOf(rules, parameters);
  if (algorithm === undefined) return refuse('migration.algorithm');
  const secret = rules.keys.get(parameters.keyId);
  if (secret === undefined) return refuse('migration.key-unknown');
  const uncovered = judgeCoverage(rules, parameters, request);
  if (uncovered !== undefined) return refuse(uncovered);
  const created = coveredTime(parameters, request);
  const signingString = cavageSigningString(rules.dialect, parameters, request);
  if (created === undefined || signingString === undefined) return refuse('migration.uncovered');
  if (!isSignatureOf(algorithm, secret, signingString, parameters.signature)) return refuse('migration.signature');
  const late = judgeTime(rules, parameters, created, toEpochSeconds(request.now));
  if (late !== undefined) return refuse(late);
  // By the bytes, not by their spelling: base64 has several for one value.
  const bytes = Buffer.from(parameters.signature, 'base64').toString('base64');
  const once = isOnce(rules.once, request.method) ? `${parameters.keyId}\n${bytes}` : undefined;
  return accept({ keyId: parameters.keyId, once, createdSeconds: created });
};

/** The verifier of one route. */
export const cavageVerifier = (rules: CavageRules): MigrationVerifier => ({
  scheme: 'cavage-hmac',
  claims: (request) => cavageCredential(rules.dialect, request) !== undefined,
  verify: (request) => Promise.resolve(verifyCavage(rules, request)),
});
