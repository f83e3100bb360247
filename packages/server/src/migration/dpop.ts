/**
 * DPoP (RFC 9449): an access token bound to a key, and with every request a proof of that key over method and URL. The proof never covers
 * body or headers, so money routes do not take it. Each `jti` counts once.
 */
import { hash } from 'node:crypto';
import { accept, type EpochSeconds, epochSeconds, type Result, refuse, toEpochSeconds } from '@hauberk/primitives';
import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, type JWK } from 'jose';
import { jwksOf, type PublicAlgorithm, type VerifiedJwt, verifyJwt } from './jwt.ts';
import {
  headerOf,
  type MigrationProof,
  type MigrationReason,
  type MigrationRequest,
  type MigrationVerifier,
} from './migration-request.ts';

/** What a route accepts. */
export interface DpopRules {
  /** Keys of the authorization server, as the text of a JWK Set. */
  readonly jwks: ReturnType<typeof jwksOf>;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly PublicAlgorithm[];
  /** Origins that `htu` may name: what clients call, which the gateway cannot know from `Host`. */
  readonly origins: readonly string[];
  readonly skewSeconds: number;
  /** Life of the nonces that proofs must carry; 0 demands none. */
  readonly nonceSeconds: number;
}

const accessTokenOf = (request: MigrationRequest): string | undefined =>
  /^DPoP +([\w.~+/-]+=*)$/i.exec(headerOf(request, 'authorization') ?? '')?.[1];

/** The proof's own public key; a private one in the header is an accident that must not be honoured (section 4.3, check 7). */
const embeddedKey = (proof: string): JWK | undefined => {
  try {
    const { jwk } = decodeProtectedHeader(proof);
    if (jwk === undefined || jwk.kty === 'oct') return undefined;
    return ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].some((name) => Object.hasOwn(jwk, name)) ? undefined : jwk;
  } catch {
    return undefined;
  }
};

const verifyProof = (
  rules: DpopRules,
  request: MigrationRequest,
  proof: string,
): Promise<Result<VerifiedJwt, MigrationReason>> =>
  verifyJwt(proof, EmbeddedJWK as ReturnType<typeof jwksOf>, {
    typ: 'dpop+jwt',
    algorithms: [...rules.algorithms],
    clockTolerance: rules.skewSeconds,
    currentDate: new Date(request.now),
  });

const namesTarget = (rules: DpopRules, request: MigrationRequest, htu: unknown): boolean => {
  if (typeof htu !== 'string' || !URL.canParse(htu)) return false;
  const url = new URL(htu);
  // Section 4.3, check 9: query and fragment are ignored, the rest compared after normalisation.
  return rules.origins.includes(url.origin) && url.pathname === new URL(request.path, url.origin).pathname;
};

const judgeProof = (
  rules: DpopRules,
  request: MigrationRequest,
  { payload }: VerifiedJwt,
  token: string,
): MigrationReason | undefined => {
  const { jti, iat } = payload;
  if (typeof jti !== 'string' || jti.length < 8 || jti.length > 256 || typeof iat !== 'number')
    return 'migration.claims';
  if (payload['htm'] !== request.method || !namesTarget(rules, request, payload['htu'])) return 'migration.claims';
  return payload['ath'] === hash('sha256', token, 'base64url') ? undefined : 'migration.claims';
};

/** When the proof was made: by the client's clock, or, where nonces are demanded, no earlier than its nonce. */
const judgeAge = (
  rules: DpopRules,
  request: MigrationRequest,
  { payload }: VerifiedJwt,
): Result<EpochSeconds, MigrationReason> => {
  const now = toEpochSeconds(request.now);
  if (rules.nonceSeconds === 0) {
    const { iat = 0 } = payload;
    return Math.abs(now - iat) > rules.skewSeconds ? refuse('migration.clock') : accept(epochSeconds(iat));
  }
  const nonce = payload['nonce'];
  const issued = typeof nonce === 'string' ? request.nonces?.issuedAt(nonce, request.now) : undefined;
  return issued === undefined || now - issued > rules.nonceSeconds ? refuse('migration.nonce') : accept(issued);
};

const verifyToken = (
  rules: DpopRules,
  request: MigrationRequest,
  token: string,
): Promise<Result<VerifiedJwt, MigrationReason>> =>
  verifyJwt(token, rules.jwks, {
    issuer: rules.issuer,
    audience: rules.audience,
    algorithms: [...rules.algorithms],
    requiredClaims: ['exp', 'cnf'],
    clockTolerance: rules.skewSeconds,
    currentDate: new Date(request.now),
  });

/** Verifies token and proof of one request. */
export const verifyDpop = async (
  rules: DpopRules,
  request: MigrationRequest,
): Promise<Result<MigrationProof, MigrationReason>> => {
  const proof = headerOf(request, 'dpop');
  const token = accessTokenOf(request);
  if (proof === undefined || token === undefined) return refuse('migration.absent');
  const jwk = embeddedKey(proof);
  if (jwk === undefined) return refuse('migration.malformed');
  const proven = await verifyProof(rules, request, proof);
  if (!proven.ok) return proven;
  const unfit = judgeProof(rules, request, proven.value, token);
  if (unfit !== undefined) return refuse(unfit);
  const made = judgeAge(rules, request, proven.value);
  if (!made.ok) return made;
  const granted = await verifyToken(rules, request, token);
  if (!granted.ok) return granted;
  const thumbprint = await calculateJwkThumbprint(jwk);
  const { cnf } = granted.value.payload as { readonly cnf?: { readonly jkt?: unknown } | null };
  if (cnf?.jkt !== thumbprint) return refuse('migration.claims');
  const { jti } = proven.value.payload;
  return accept({ keyId: thumbprint, once: `${thumbprint}\n${jti}`, createdSeconds: made.value });
};

/** The verifier of one route. */
export const dpopVerifier = (rules: DpopRules): MigrationVerifier => ({
  scheme: 'dpop',
  claims: (request) => headerOf(request, 'dpop') !== undefined,
  demandsNonce: rules.nonceSeconds > 0,
  verify: (request) => verifyDpop(rules, request),
});
