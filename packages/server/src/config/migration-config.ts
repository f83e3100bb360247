/** What the configuration says of the schemes that clients still speak before HB/1. `migration-schema.ts` parses it. */

/** A shared secret with its name. */
export interface SharedSecretConfig {
  readonly id: string;
  readonly secret: string;
}

/** draft-cavage with shared secrets. */
export interface CavageConfig {
  readonly scheme: 'cavage-hmac';
  readonly dialect: 'draft' | 'kong' | 'apisix';
  readonly keys: readonly SharedSecretConfig[];
  readonly algorithms: readonly ('hmac-sha1' | 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512')[];
  readonly requiredHeaders: readonly string[];
  readonly skewSeconds: number;
  readonly bodyDigest: boolean;
  readonly once: 'all' | 'unsafe' | 'none';
}

/** AWS Signature Version 4. */
export interface SigV4Config {
  readonly scheme: 'sigv4';
  readonly keys: readonly SharedSecretConfig[];
  readonly region: string;
  readonly service: string;
  readonly path: 'normalised' | 's3';
  readonly skewSeconds: number;
  readonly presignedSeconds: number;
  readonly unsignedPayload: boolean;
  readonly signedChunks: boolean;
  readonly requiredHeaders: readonly string[];
  readonly once: 'all' | 'unsafe' | 'none';
}

/** Algorithms of JWTs: public-key ones only. */
export type JwtAlgorithmConfig =
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'RS256';

/** DPoP, RFC 9449. */
export interface DpopConfig {
  readonly scheme: 'dpop';
  /** Text of the authorization server's JWK Set. */
  readonly jwks: string;
  readonly issuer: string;
  readonly audience: string;
  readonly origins: readonly string[];
  readonly algorithms: readonly JwtAlgorithmConfig[];
  readonly skewSeconds: number;
  readonly nonceSeconds: number;
}

/** OAuth attestation-based client authentication. */
export interface AttestationConfig {
  readonly scheme: 'oauth-attestation';
  /** Text of the attester's JWK Set. */
  readonly jwks: string;
  readonly issuer?: string | undefined;
  readonly audience: string;
  readonly clients: readonly string[];
  readonly algorithms: readonly JwtAlgorithmConfig[];
  readonly skewSeconds: number;
}

/** One scheme of one route. */
export type MigrationConfig = CavageConfig | SigV4Config | DpopConfig | AttestationConfig;
