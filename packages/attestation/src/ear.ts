/** Verdicts as EAT Attestation Results (draft-ietf-rats-ear-04) in signed JSON Web Tokens, and the key set that others check them with. */
import { type Bytes, type EpochMs, type JsonValue, toEpochSeconds } from '@hauberk/primitives';
import { signJws, type TokenSigner } from './jose.ts';
import { jwkOfSpki, type PublicJwk } from './jwk.ts';
import type { Verdict } from './verdict.ts';

/** What a result says beside the verdict. */
export interface EarOptions {
  /** Who verified: a name and a build, as `ear_verifier_id`. */
  readonly verifier: { readonly developer: string; readonly build: string };
  readonly issuer: string;
  /** The policy that was applied. */
  readonly policyId: string;
  /** Of the device, in the words of whoever reads the result; left out when absent. */
  readonly subject?: string;
  /** What the reader asked to see again. */
  readonly nonce?: string;
  readonly expiresAt: EpochMs;
}

/** The version of the draft that these claims follow. */
const profile = 'tag:ietf.org,2026:rats/ear#04';

const confirmation = ({ publicKey, keyBinding }: Verdict): { readonly cnf?: JsonValue } => {
  const jwk = keyBinding === 'none' ? undefined : jwkOfSpki(publicKey);
  return jwk === undefined ? {} : { cnf: { jwk } };
};

/** The claims of a result; the device is the submodule `device`. */
export const earClaims = (verdict: Verdict, options: EarOptions): JsonValue => {
  const { status, vector, tier, keyBinding, facts, anomalies, appraisedAt, details } = verdict;
  return {
    eat_profile: profile,
    iss: options.issuer,
    iat: toEpochSeconds(appraisedAt),
    exp: toEpochSeconds(options.expiresAt),
    ...(options.subject === undefined ? {} : { sub: options.subject }),
    ...(options.nonce === undefined ? {} : { eat_nonce: options.nonce }),
    // RFC 7800: whoever shows the result proves that he holds this key.
    ...confirmation(verdict),
    ear_verifier_id: { ...options.verifier },
    submods: {
      device: {
        ear_status: status,
        ear_trustworthiness_vector: { ...vector },
        ear_appraisal_policy_ids: [options.policyId],
        ear_attester_claims: facts as unknown as JsonValue,
        ear_verifier_claims: {
          evidence: details.kind,
          tier,
          keyBinding,
          anomalies: anomalies as unknown as JsonValue,
        },
      },
    },
  };
};

/** A result as a compact JWS. */
export const signEar = (verdict: Verdict, options: EarOptions, signer: TokenSigner): string =>
  signJws(earClaims(verdict, options), 'eat+jwt', signer);

/** A key that signs, or signed, results. */
export interface EarVerificationKey {
  readonly keyId: string;
  readonly algorithm: TokenSigner['algorithm'];
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Bytes;
}

/** The key set (RFC 7517) to publish; keys of other kinds than results are signed with are left out. */
export const earKeySet = (keys: readonly EarVerificationKey[]): { readonly keys: readonly PublicJwk[] } => ({
  keys: keys.flatMap(({ keyId, algorithm, publicKey }) => {
    const jwk = jwkOfSpki(publicKey);
    const isKind = algorithm === 'ES256' ? jwk?.['crv'] === 'P-256' : jwk?.['crv'] === 'Ed25519';
    return jwk === undefined || !isKind ? [] : [{ ...jwk, kid: keyId, alg: algorithm, use: 'sig' }];
  }),
});
