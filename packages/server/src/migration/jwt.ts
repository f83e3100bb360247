/** What DPoP and OAuth attestation share: JWTs judged by `jose`, with allowed algorithms as an argument and refusals as data. */

import { accept, type Result, refuse } from '@hauberk/primitives';
import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import type { MigrationReason } from './migration-request.ts';

/** Signature algorithms with a public key. A symmetric one would let whoever knows the public key sign (HS256 over an RSA key); `none` is none. */
export const publicAlgorithms = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
] as const;

/** One of them. */
export type PublicAlgorithm = (typeof publicAlgorithms)[number];

/** A JWT whose signature, type and times hold. */
export interface VerifiedJwt {
  readonly payload: JWTPayload;
  readonly header: Readonly<Record<string, unknown>>;
}

/** Reads a JWK Set; throws when it is none. */
export const jwksOf = (text: string): ReturnType<typeof createLocalJWKSet> =>
  createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);

const reasonOf = (error: unknown): MigrationReason | undefined => {
  if (error instanceof errors.JWTExpired) return 'migration.clock';
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.claim === 'nbf' || error.claim === 'iat' ? 'migration.clock' : 'migration.claims';
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported)
    return 'migration.algorithm';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'migration.signature';
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return 'migration.key-unknown';
  // What a client sends can make a key import throw a TypeError; that is its mistake and no fault of ours.
  return error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException
    ? 'migration.malformed'
    : undefined;
};

/** Verifies a JWT under a key set or one key. */
export const verifyJwt = async (
  token: string,
  key: ReturnType<typeof createLocalJWKSet> | CryptoKey | Uint8Array,
  options: JWTVerifyOptions,
): Promise<Result<VerifiedJwt, MigrationReason>> => {
  try {
    const verified =
      typeof key === 'function' ? await jwtVerify(token, key, options) : await jwtVerify(token, key, options);
    return accept({ payload: verified.payload, header: verified.protectedHeader });
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    return refuse(reason);
  }
};
