/** What verifiers of device evidence need of cryptography, on Node's OpenSSL. */
import {
  constants,
  createDecipheriv,
  createHash,
  createPublicKey,
  type KeyObject,
  type VerifyKeyObjectInput,
  verify,
} from 'node:crypto';
import type { Bytes, EvidenceCrypto, SignatureAlgorithm } from '@hauberk/primitives';
import { tagLength } from './input-checks.ts';

const keyTypes: { readonly [algorithm in SignatureAlgorithm]: string } = {
  ES256: 'ec',
  ES384: 'ec',
  ES512: 'ec',
  RS256: 'rsa',
  RS384: 'rsa',
  RS512: 'rsa',
  PS256: 'rsa',
  Ed25519: 'ed25519',
  Ed448: 'ed448',
  'ML-DSA-44': 'ml-dsa-44',
  'ML-DSA-65': 'ml-dsa-65',
  'ML-DSA-87': 'ml-dsa-87',
};

const copy = (bytes: Uint8Array): Bytes => Uint8Array.from(bytes);

/** The key with what its type needs told; undefined for types that hash in their own way. */
const optionsOf = (algorithm: SignatureAlgorithm, key: KeyObject): VerifyKeyObjectInput | undefined => {
  if (keyTypes[algorithm] === 'ec') return { key, dsaEncoding: 'der' };
  if (algorithm === 'PS256') return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return keyTypes[algorithm] === 'rsa' ? { key, padding: constants.RSA_PKCS1_PADDING } : undefined;
};

/** Reading a key costs as much as a check, and intermediate certificates share few: a bounded memory, oldest out first. */
const known = new Map<string, KeyObject>();
const mostKnown = 256;

const keyOf = (spki: Uint8Array): KeyObject => {
  const spelling = Buffer.from(spki.buffer, spki.byteOffset, spki.length).toString('latin1');
  const found = known.get(spelling);
  if (found !== undefined) return found;
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  const oldest = known.size < mostKnown ? undefined : known.keys().next().value;
  if (oldest !== undefined) known.delete(oldest);
  known.set(spelling, key);
  return key;
};

const check: EvidenceCrypto['verify'] = (algorithm, spki, message, signature) => {
  try {
    const key = keyOf(spki);
    if (key.asymmetricKeyType !== keyTypes[algorithm]) return false;
    const options = optionsOf(algorithm, key);
    return options === undefined
      ? verify(null, message, key, signature)
      : verify(`sha${algorithm.slice(2)}`, message, options, signature);
  } catch {
    // OpenSSL throws on keys and signatures that it cannot read; to a verifier they are wrong ones.
    return false;
  }
};

/** RFC 3394 section 2.2.3.1. */
const wrapNonce = Buffer.alloc(8, 0xa6);

const unwrapKey: EvidenceCrypto['unwrapKey'] = (key, wrapped) => {
  if (key.length !== 32 || wrapped.length < 24 || wrapped.length % 8 !== 0) return undefined;
  const decipher = createDecipheriv('id-aes256-wrap', key, wrapNonce);
  try {
    return copy(Buffer.concat([decipher.update(wrapped), decipher.final()]));
  } catch {
    // With the lengths checked, it fails for one reason only: the integrity value is not RFC 3394's.
    return undefined;
  }
};

const openGcm: EvidenceCrypto['openGcm'] = (key, nonce, sealed, associated) => {
  if (key.length !== 32 || nonce.length !== 12 || sealed.length < tagLength) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(sealed.length - tagLength));
  const plaintext = decipher.update(sealed.subarray(0, sealed.length - tagLength));
  try {
    decipher.final();
    return copy(plaintext);
  } catch {
    // The tag is not that of these bytes.
    return undefined;
  }
};

/** The provider of the server and of the tools. */
export const nodeEvidenceCrypto: EvidenceCrypto = {
  digest: (hash, bytes) => copy(createHash(hash.replace('-', '').toLowerCase()).update(bytes).digest()),
  verify: check,
  unwrapKey,
  openGcm,
};
