/**
 * OAuth attestation-based client authentication (draft-ietf-oauth-attestation-based-client-auth): the attester's JWT names the key of one
 * client instance, a second JWT proves it. The proof covers neither method nor URL nor body: it says who calls, never what.
 */

import { accept, type Result, refuse, toEpochSeconds } from '@hauberk/primitives';
import { type CryptoKey, importJWK, type JWK } from 'jose';
import { jwksOf, type PublicAlgorithm, type VerifiedJwt, verifyJwt } from './jwt.ts';
import {
  headerOf,
  type MigrationProof,
  type MigrationReason,
  type MigrationRequest,
  type MigrationVerifier,
} from './migration-request.ts';

/** What a route accepts. */
export interface AttestationRules {
  /** Keys of the client attester. */
  readonly jwks: ReturnType<typeof jwksOf>;
  /** `iss` of the attestation; any when undefined: its key then says who made it. */
  readonly issuer: string | undefined;
  /** `aud` of the proof. */
  readonly audience: string;
  /** Client ids that may call; any attested one when empty. */
  readonly clients: readonly string[];
  readonly algorithms: readonly PublicAlgorithm[];
  readonly skewSeconds: number;
}

const attestationHeader = 'oauth-client-attestation';
const proofHeader = 'oauth-client-attestation-pop';

const readAttestation = (
  rules: AttestationRules,
  request: MigrationRequest,
  text: string,
): Promise<Result<VerifiedJwt, MigrationReason>> =>
  verifyJwt(text, rules.jwks, {
    typ: 'oauth-client-attestation+jwt',
    algorithms: [...rules.algorithms],
    requiredClaims: ['sub', 'exp', 'cnf'],
    clockTolerance: rules.skewSeconds,
    currentDate: new Date(request.now),
    ...(rules.issuer === undefined ? {} : { issuer: rules.issuer }),
  });

const instanceKey = async ({ payload }: VerifiedJwt): Promise<CryptoKey | undefined> => {
  const { cnf } = payload as { readonly cnf?: { readonly jwk?: JWK } | null };
  const jwk = cnf?.jwk;
  if (typeof jwk !== 'object' || jwk === null || jwk.kty === 'oct' || jwk.d !== undefined) return undefined;
  try {
    const key = await importJWK(jwk, jwk.alg ?? (jwk.kty === 'EC' ? 'ES256' : jwk.kty === 'OKP' ? 'EdDSA' : 'PS256'));
    return key instanceof Uint8Array ? undefined : key;
  } catch {
    // A key that cannot be imported proves nothing.
    return undefined;
  }
};

const readProof = (
  rules: AttestationRules,
  request: MigrationRequest,
  text: string,
  key: CryptoKey,
): Promise<Result<VerifiedJwt, MigrationReason>> =>
  verifyJwt(text, key, {
    typ: 'oauth-client-attestation-pop+jwt',
    audience: rules.audience,
    algorithms: [...rules.algorithms],
    requiredClaims: ['jti', 'iat'],
    clockTolerance: rules.skewSeconds,
    currentDate: new Date(request.now),
  });

const judgeProof = (
  rules: AttestationRules,
  request: MigrationRequest,
  client: string,
  { payload }: VerifiedJwt,
): MigrationReason | undefined => {
  const { jti, iat, iss } = payload;
  if (typeof jti !== 'string' || jti.length < 8 || jti.length > 256) return 'migration.claims';
  // Earlier drafts name the client again as issuer of the proof; where it stands it must agree.
  if (iss !== undefined && iss !== client) return 'migration.claims';
  return Math.abs(toEpochSeconds(request.now) - (iat ?? 0)) > rules.skewSeconds ? 'migration.clock' : undefined;
};

/** Verifies attestation and proof of one request. */
export const verifyAttestation = async (
  rules: AttestationRules,
  request: MigrationRequest,
): Promise<Result<MigrationProof, MigrationReason>> => {
  const attestation = headerOf(request, attestationHeader);
  const proof = headerOf(request, proofHeader);
  if (attestation === undefined || proof === undefined) return refuse('migration.absent');
  const attested = await readAttestation(rules, request, attestation);
  if (!attested.ok) return attested;
  const client = attested.value.payload.sub ?? '';
  if (rules.clients.length > 0 && !rules.clients.includes(client)) return refuse('migration.key-unknown');
  const key = await instanceKey(attested.value);
  if (key === undefined) return refuse('migration.claims');
  const proven = await readProof(rules, request, proof, key);
  if (!proven.ok) return proven;
  const unfit = judgeProof(rules, request, client, proven.value);
  if (unfit !== undefined) return refuse(unfit);
  const { jti, iat } = proven.value.payload;
  return accept({ keyId: client, once: `${client}\n${jti}`, createdSeconds: iat ?? 0 });
};

/** The verifier of one route. */
export const attestationVerifier = (rules: AttestationRules): MigrationVerifier => ({
  scheme: 'oauth-attestation',
  claims: (request) => headerOf(request, attestationHeader) !== undefined,
  verify: (request) => verifyAttestation(rules, request),
});
