/** What ceremonies need of cryptography, on Node's OpenSSL: for vectors and tests. */
import { constants, createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { CeremonyCrypto } from '../src/webauthn-certificate.ts';

const keyType = (algorithm: string): string =>
  algorithm.startsWith('ES') ? 'ec' : algorithm.startsWith('Ed') ? algorithm.toLowerCase() : 'rsa';

const check = (algorithm: string, key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean => {
  if (key.asymmetricKeyType !== keyType(algorithm)) return false;
  if (algorithm.startsWith('Ed')) return verify(null, message, key, signature);
  const padding = algorithm === 'PS256' ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  const options = keyType(algorithm) === 'ec' ? { key, dsaEncoding: 'der' as const } : { key, padding, saltLength: 32 };
  return verify(`sha${algorithm.slice(2)}`, message, options, signature);
};

/** Signatures and hashes of ceremonies. */
export const ceremonyCrypto: CeremonyCrypto = {
  digest: (hash, bytes) => Uint8Array.from(createHash(hash.replace('-', '').toLowerCase()).update(bytes).digest()),
  verify: (algorithm, spki, message, signature) => {
    try {
      const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
      return check(algorithm, key, message, signature);
    } catch {
      return false;
    }
  },
};
