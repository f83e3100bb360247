/** The algorithms of RFC 9421 section 3.3, on node:crypto. */
import { constants, createHmac, type KeyObject, sign, timingSafeEqual, verify } from 'node:crypto';

/** The names of the registry (section 6.2). */
export type AlgorithmName = 'rsa-pss-sha512' | 'rsa-v1_5-sha256' | 'ecdsa-p256-sha256' | 'ed25519' | 'hmac-sha256';

/** A row of section 3.3. */
export interface SignatureAlgorithm {
  sign(base: string, key: KeyObject): Buffer;
  verify(base: string, key: KeyObject, signature: Uint8Array): boolean;
}

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 } as const;
const p1363 = { dsaEncoding: 'ieee-p1363' } as const;

const asymmetric = (hash: string | null, options: object): SignatureAlgorithm => ({
  sign: (base, key) => sign(hash, Buffer.from(base), { key, ...options }),
  verify: (base, key, signature) => verify(hash, Buffer.from(base), { key, ...options }, signature),
});

const hmacOf = (base: string, key: KeyObject): Buffer => createHmac('sha256', key).update(base).digest();

/** Every algorithm that a key of ours may name. */
export const signatureAlgorithms: Readonly<Record<AlgorithmName, SignatureAlgorithm>> = {
  'rsa-pss-sha512': asymmetric('sha512', pss),
  'rsa-v1_5-sha256': asymmetric('sha256', {}),
  'ecdsa-p256-sha256': asymmetric('sha256', p1363),
  ed25519: asymmetric(null, {}),
  'hmac-sha256': {
    sign: hmacOf,
    verify: (base, key, signature) => {
      const expected = hmacOf(base, key);
      return signature.length === expected.length && timingSafeEqual(expected, signature);
    },
  },
};
