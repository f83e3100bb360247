/** Makes keys, and gives their node:crypto form. */
import { createECDH, createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { type Bytes, type EpochMs, fromBase64Url, toBase64Url } from '@hauberk/primitives';
import { lifeFrom } from './key-lifecycle.ts';
import { type KeyAlgorithm, type KeyPurpose, keyRules, type ManagedKey, SecretBytes } from './key-provider.ts';

/** PKCS#8 of an X25519 key up to its scalar (RFC 8410 section 7). */
const x25519Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');

const p256Public = (scalar: Uint8Array): Bytes => {
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(scalar);
  return new Uint8Array(curve.getPublicKey());
};

const x25519Public = (scalar: Uint8Array): Bytes | null => {
  const key = createPrivateKey({ key: Buffer.concat([x25519Prefix, scalar]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return fromBase64Url(x ?? '') ?? null;
};

const p256Scalar = (): Bytes => {
  const curve = createECDH('prime256v1');
  curve.generateKeys();
  const minimal = curve.getPrivateKey();
  const scalar = new Uint8Array(32);
  scalar.set(minimal, 32 - minimal.length);
  return scalar;
};

const publicKeyOf = (algorithm: KeyAlgorithm, secret: Uint8Array): Bytes | null => {
  if (algorithm === 'symmetric') return null;
  return algorithm === 'x25519-agree' ? x25519Public(secret) : p256Public(secret);
};

const freshId = (taken: ReadonlySet<number>): number => {
  for (;;) {
    const id = randomBytes(4).readUInt32BE();
    if (id !== 0 && !taken.has(id)) return id;
  }
};

/** A new key of a purpose that becomes active at an instant. */
export const makeKey = (taken: ReadonlySet<number>, purpose: KeyPurpose, activeFromMs: EpochMs): ManagedKey => {
  const { algorithm } = keyRules[purpose];
  const secret = algorithm.startsWith('p256') ? p256Scalar() : new Uint8Array(randomBytes(32));
  const publicKey = publicKeyOf(algorithm, secret);
  const life = lifeFrom(purpose, activeFromMs);
  return { id: freshId(taken), purpose, algorithm, ...life, publicKey, secret: new SecretBytes(secret) };
};

/** The node:crypto form of a P-256 key. */
export const p256PrivateKey = (key: ManagedKey): KeyObject => {
  const scalar = key.secret.reveal();
  const point = p256Public(scalar);
  const [x, y] = [toBase64Url(point.subarray(1, 33)), toBase64Url(point.subarray(33, 65))];
  return createPrivateKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y, d: toBase64Url(scalar) } });
};
