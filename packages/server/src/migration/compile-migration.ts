/** From configured schemes to verifiers. */
import type { MigrationConfig, SharedSecretConfig } from '../config/migration-config.ts';
import { cavageVerifier } from './cavage-hmac.ts';
import { dpopVerifier } from './dpop.ts';
import { jwksOf } from './jwt.ts';
import type { MigrationVerifier } from './migration-request.ts';
import { attestationVerifier } from './oauth-attestation.ts';
import { sigV4Verifier } from './sigv4.ts';

const secretsOf = (keys: readonly SharedSecretConfig[]): ReadonlyMap<string, string> =>
  new Map(keys.map(({ id, secret }) => [id, secret]));

/** The verifier of one configured scheme. */
export const migrationVerifier = (config: MigrationConfig): MigrationVerifier => {
  switch (config.scheme) {
    case 'cavage-hmac':
      return cavageVerifier({ ...config, keys: secretsOf(config.keys) });
    case 'sigv4':
      return sigV4Verifier({ ...config, keys: secretsOf(config.keys) });
    case 'dpop':
      return dpopVerifier({ ...config, jwks: jwksOf(config.jwks) });
    case 'oauth-attestation':
      return attestationVerifier({ ...config, issuer: config.issuer, jwks: jwksOf(config.jwks) });
  }
};
