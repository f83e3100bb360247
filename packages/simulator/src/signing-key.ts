/** Keys of simulated hardware and of its makers, on Node's OpenSSL. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as nodeSign,
} from 'node:crypto';
import type { Bytes } from '@hauberk/primitives';

/** The kinds of key that chains and authenticators of today hold. */
export type KeyKind = 'p256' | 'p384' | 'p521' | 'rsa2048' | 'rsa4096' | 'ed25519' | 'ml-dsa-65';

/** A key pair that signs. */
export interface SigningKey {
  readonly kind: KeyKind;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo. */
  readonly spki: Bytes;
}

const pairOf = (kind: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } => {
  if (kind === 'p256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (kind === 'p384') return generateKeyPairSync('ec', { namedCurve: 'P-384' });
  if (kind === 'p521') return generateKeyPairSync('ec', { namedCurve: 'P-521' });
  if (kind === 'rsa2048') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (kind === 'rsa4096') return generateKeyPairSync('rsa', { modulusLength: 4096 });
  return kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ml-dsa-65');
};

const keyOf = (kind: KeyKind, publicKey: KeyObject, privateKey: KeyObject): SigningKey => ({
  kind,
  publicKey,
  privateKey,
  spki: Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' })),
});

/** A fresh key. */
export const signingKey = (kind: KeyKind = 'p256'): SigningKey => {
  const { publicKey, privateKey } = pairOf(kind);
  return keyOf(kind, publicKey, privateKey);
};

/** A P-256 key from PKCS #8 DER: what an attacker imports. */
export const importedKey = (pkcs8: Uint8Array): SigningKey => {
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  return keyOf('p256', createPublicKey(privateKey), privateKey);
};

/** Hash that goes with a key in certificates and statements; none where the algorithm hashes itself. */
const hashes: Readonly<Record<KeyKind, string | null>> = {
  p256: 'sha256',
  p384: 'sha384',
  p521: 'sha512',
  rsa2048: 'sha256',
  rsa4096: 'sha256',
  ed25519: null,
  'ml-dsa-65': null,
};

/** A signature in the form of certificates: ECDSA as DER. */
export const signDer = (key: SigningKey, message: Uint8Array): Bytes =>
  Uint8Array.from(nodeSign(hashes[key.kind], message, key.privateKey));

/** An ECDSA signature as r ‖ s. */
export const signRaw = (key: SigningKey, message: Uint8Array): Bytes =>
  Uint8Array.from(nodeSign(hashes[key.kind], message, { key: key.privateKey, dsaEncoding: 'ieee-p1363' }));

/** SHA-256. */
export const sha256 = (message: Uint8Array): Bytes => Uint8Array.from(createHash('sha256').update(message).digest());

/** The uncompressed point of an elliptic-curve key. */
export const pointOf = (key: SigningKey): Bytes => {
  const { x = '', y = '' } = key.publicKey.export({ format: 'jwk' });
  return Uint8Array.from(Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]));
};
