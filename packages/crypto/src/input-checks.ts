/** What every provider refuses in the same words, before its implementation sees it. */
import { CryptoInputError, type Group, type PrivateKey, type SecretKey } from '@hauberk/primitives';

/** Bytes of a GCM tag. */
export const tagLength = 16;

const isPoint = (raw: Uint8Array): boolean => raw.length === 65 && raw[0] === 4;

/** Whether the bytes have the form of a public key of that group; whether the point is on the curve shows later. */
export const hasPublicForm = (group: Group, raw: Uint8Array): boolean =>
  group === 'p256' ? isPoint(raw) : raw.length === 32;

/** Refuses public keys in any other than the raw form of their group: one key has one spelling. */
export const requirePublicForm = (group: Group, raw: Uint8Array): void => {
  if (hasPublicForm(group, raw)) return;
  const isCompressed = group === 'p256' && raw.length === 33 && (raw[0] === 2 || raw[0] === 3);
  const code = isCompressed ? 'unsupported-parameter' : 'malformed-key';
  throw new CryptoInputError(`no raw ${group} public key`, { code });
};

/** Refuses scalars that are not 32 bytes. */
export const requireScalar = (scalar: Uint8Array): void => {
  if (scalar.length !== 32) throw new CryptoInputError('a private scalar has 32 bytes');
};

/** HB/1 seals under AES-256 only; AES-128 and AES-192 keys are valid elsewhere. */
export const requireAeadKey = (key: Uint8Array): void => {
  if (key.length === 32) return;
  const code = key.length === 16 || key.length === 24 ? 'unsupported-parameter' : 'malformed-key';
  throw new CryptoInputError('an AEAD key has 32 bytes', { code });
};

/** Other nonce lengths make GCM hash the nonce, which costs collision resistance (SP 800-38D section 8). */
export const requireNonce = (nonce: Uint8Array): void => {
  if (nonce.length !== 12) throw new CryptoInputError('a nonce has 12 bytes', { code: 'unsupported-parameter' });
};

/** RFC 5869 section 2.3: from a key of at least one block, to at most 255 blocks. */
export const requireExpandable = (pseudoRandomKey: Uint8Array, length: number): void => {
  if (pseudoRandomKey.length < 32) throw new CryptoInputError('HKDF expands keys of at least 32 bytes');
  if (!Number.isInteger(length) || length < 1 || length > 8160)
    throw new CryptoInputError('HKDF expands to 1 to 8160 bytes', { code: 'unsupported-parameter' });
};

/** X25519 keys cannot sign. */
export const requireUsage = (group: Group, usage: 'agree' | 'sign'): void => {
  if (group === 'x25519' && usage === 'sign')
    throw new CryptoInputError('x25519 keys only agree', { code: 'unsupported-parameter' });
};

/** Refuses keys that another provider made: their handles mean nothing here. */
export const requireHandle = <Handle>(handle: unknown, isOurs: (handle: unknown) => handle is Handle): Handle => {
  if (!isOurs(handle)) throw new CryptoInputError('a key of another provider');
  return handle;
};

/** Refuses a private key that was made for the other purpose: a key has one use. */
export const requireKeyUsage = (key: PrivateKey, usage: 'agree' | 'sign'): void => {
  if (key.usage !== usage) throw new CryptoInputError(`not a key to ${usage}`, { code: 'unsupported-parameter' });
};

/** Refuses a secret key that was made for the other purpose. */
export const requireSecretUse = (key: SecretKey, use: 'mac' | 'aead'): void => {
  if (key.use !== use) throw new CryptoInputError(`not a key for ${use}`, { code: 'unsupported-parameter' });
};
