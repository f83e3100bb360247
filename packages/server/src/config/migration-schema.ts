/** Parser of the migration schemes of one route. */
import { z } from 'zod';
import type { MigrationConfig } from './migration-config.ts';

const headerName = z.string().regex(/^[a-z0-9!#$%&'*+.^_`|~-]+$/, 'must be a header name in lower case');
const visible = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible characters');
const skew = z
  .int()
  .min(1)
  .max(900)
  .default(300)
  .describe('Most seconds between the time of the client and ours; at most limits.migrationSkewSeconds.');

const secretSchema = z.strictObject({
  id: visible.describe('Key id, user name or access key id.'),
  secret: z.string().min(16).describe('The shared secret, at least 16 characters.'),
});
const secrets = z.array(secretSchema).min(1);

const once = z
  .enum(['all', 'unsafe', 'none'])
  .default('unsafe')
  .describe('Which signatures count once only. `unsafe`: those of methods that change something.');

const isJwkSet = (text: string): boolean => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && 'keys' in parsed && Array.isArray(parsed.keys);
  } catch {
    return false;
  }
};
const jwks = z.string().refine(isJwkSet, 'must be the JSON text of a JWK Set').describe('JWK Set with public keys.');
const algorithms = z
  .array(z.enum(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256', 'PS384', 'PS512', 'RS256']))
  .min(1)
  .default(['ES256'])
  .describe('Accepted JWT algorithms; symmetric ones and `none` never are.');

const cavageSchema = z.strictObject({
  scheme: z.literal('cavage-hmac'),
  dialect: z
    .enum(['draft', 'kong', 'apisix'])
    .default('draft')
    .describe('`draft`: draft-cavage-http-signatures; `kong`, `apisix`: as the hmac-auth plugins of these speak it.'),
  keys: secrets,
  algorithms: z
    .array(z.enum(['hmac-sha1', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512']))
    .min(1)
    .default(['hmac-sha256', 'hmac-sha512']),
  requiredHeaders: z
    .array(headerName)
    .default([])
    .describe('Headers that must be covered beside the request line and the date.'),
  skewSeconds: skew,
  bodyDigest: z.boolean().default(true).describe('A body needs a covered Digest header.'),
  once,
});

const sigV4Schema = z.strictObject({
  scheme: z.literal('sigv4'),
  keys: secrets,
  region: z.string().regex(/^[\w-]+$/),
  service: z.string().regex(/^[\w-]+$/),
  path: z
    .enum(['normalised', 's3'])
    .default('normalised')
    .describe('How the path is canonicalised: as most services do, or as S3 does.'),
  skewSeconds: skew,
  presignedSeconds: z.int().min(0).max(3600).default(0).describe('Longest life of a presigned URL; 0 accepts none.'),
  unsignedPayload: z.boolean().default(false).describe('Accept UNSIGNED-PAYLOAD.'),
  signedChunks: z
    .boolean()
    .default(false)
    .describe('Accept STREAMING-AWS4-HMAC-SHA256-PAYLOAD; the upstream gets the body without its chunks.'),
  requiredHeaders: z.array(headerName).default([]).describe('Headers that must be signed when they are present.'),
  once,
});

const dpopSchema = z.strictObject({
  scheme: z.literal('dpop'),
  jwks,
  issuer: z.string().min(1).describe('`iss` of access tokens.'),
  audience: z.string().min(1).describe('`aud` of access tokens.'),
  origins: z
    .array(z.string().regex(/^https?:\/\/[^/?#\s@]+$/, 'must be an origin such as https://api.bank.example'))
    .min(1)
    .describe('Origins that `htu` may name: those that clients call.'),
  algorithms,
  skewSeconds: skew,
  nonceSeconds: z
    .int()
    .min(0)
    .max(900)
    .default(0)
    .describe('Life of the nonces that proofs must carry; 0 demands none. At most limits.migrationSkewSeconds.'),
});

const attestationSchema = z.strictObject({
  scheme: z.literal('oauth-attestation'),
  jwks,
  issuer: z.string().min(1).optional().describe('`iss` of attestations; any when absent.'),
  audience: z.string().min(1).describe('`aud` of the proof of possession.'),
  clients: z.array(visible).default([]).describe('Client ids that may call; any attested one when empty.'),
  algorithms,
  skewSeconds: skew,
});

/** The schemes of one route, in the order in which they are tried. */
export const migrationSchema: z.ZodType<readonly MigrationConfig[]> = z
  .array(z.discriminatedUnion('scheme', [cavageSchema, sigV4Schema, dpopSchema, attestationSchema]))
  .default([])
  .describe(
    'What clients that do not speak HB/1 yet may show instead. A request with HB/1 headers is never judged by it.',
  );
