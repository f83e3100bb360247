/** The provider of hosts without WebCrypto (React Native, mini-programs): JavaScript only, so slow and not constant-time everywhere. */

import {
  type AsyncCrypto,
  type Bytes,
  CryptoInputError,
  concat,
  equalBytes,
  type Group,
  type KeyPair,
  type PrivateKey,
  type SecretKey,
  type SyncCrypto,
  utf8,
} from '@hauberk/primitives';
import { gcm } from '@noble/ciphers/aes.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { expand } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { randomBytes } from '@noble/hashes/utils.js';
import { asAsync } from './as-async.ts';
import {
  hasPublicForm,
  requireAeadKey,
  requireExpandable,
  requireHandle,
  requireKeyUsage,
  requireNonce,
  requirePublicForm,
  requireScalar,
  requireSecretUse,
  requireUsage,
  tagLength,
} from './input-checks.ts';
import { randomInPieces } from './random-in-pieces.ts';

// Both halves of a signature may be high: RFC 6979 signers of other libraries do not normalise s for P-256.
const ecdsa = { prehash: true, lowS: false, format: 'compact' } as const;

const isOurs = (handle: unknown): handle is Bytes => handle instanceof Uint8Array;

const handleOf = (key: SecretKey, use: SecretKey['use']): Bytes => {
  requireSecretUse(key, use);
  return requireHandle(key.handle, isOurs);
};

const scalarOf = (key: PrivateKey, usage: PrivateKey['usage']): Bytes => {
  requireKeyUsage(key, usage);
  return requireHandle(key.handle, isOurs);
};

/** Keys are copied: a caller that wipes its bytes afterwards must not wipe ours. */
const secretKey = (use: SecretKey['use'], key: Uint8Array): SecretKey => ({ use, handle: key.slice() });

const mac = (key: SecretKey, input: Uint8Array): Bytes => hmac(sha256, handleOf(key, 'mac'), input);

const open = (key: SecretKey, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Bytes | undefined => {
  requireNonce(nonce);
  const cipher = gcm(handleOf(key, 'aead'), nonce, associated);
  if (sealed.length < tagLength) return undefined;
  try {
    return cipher.decrypt(sealed);
  } catch {
    // With key, nonce and length checked, decrypt throws for one reason only: the tag.
    return undefined;
  }
};

const seal = (key: SecretKey, nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Bytes => {
  requireNonce(nonce);
  return gcm(handleOf(key, 'aead'), nonce, associated).encrypt(plaintext);
};

const importPrivateKey = (group: Group, usage: PrivateKey['usage'], scalar: Uint8Array): KeyPair => {
  requireUsage(group, usage);
  requireScalar(scalar);
  try {
    const publicKey = group === 'p256' ? p256.getPublicKey(scalar, false) : x25519.getPublicKey(scalar);
    return { privateKey: { group, usage, handle: scalar.slice() }, publicKey };
  } catch (cause) {
    throw new CryptoInputError(`no ${group} private scalar`, { cause });
  }
};

/** FIPS 186-5 appendix A.2.1: P-256 scalars come from more bits than they have, so that no value is likelier. */
const generateKeyPair = (group: Group, usage: PrivateKey['usage']): KeyPair => {
  requireUsage(group, usage);
  const curve = group === 'p256' ? p256 : x25519;
  return importPrivateKey(group, usage, curve.utils.randomSecretKey());
};

const agree = (privateKey: PrivateKey, peerPublicKey: Uint8Array): Bytes => {
  const scalar = scalarOf(privateKey, 'agree');
  requirePublicForm(privateKey.group, peerPublicKey);
  try {
    return privateKey.group === 'p256'
      ? p256.getSharedSecret(scalar, peerPublicKey, true).slice(1)
      : x25519.getSharedSecret(scalar, peerPublicKey);
  } catch (cause) {
    throw new CryptoInputError('no shared secret with this peer', { cause });
  }
};

const sign = (privateKey: PrivateKey, message: Uint8Array): Bytes =>
  p256.sign(message, scalarOf(privateKey, 'sign'), ecdsa);

const verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  if (signature.length !== 64 || !hasPublicForm('p256', publicKey)) return false;
  try {
    return p256.verify(signature, message, publicKey, ecdsa);
  } catch {
    return false;
  }
};

/** Everything of HB/1 in JavaScript. Randomness is the host's `crypto.getRandomValues`. */
export const nobleCrypto: SyncCrypto = {
  name: 'noble',
  random: (length) => randomInPieces(length, (piece) => piece.set(randomBytes(piece.length))),
  sha256: (input) => sha256(input),
  hkdfExtract: (salt, keyMaterial) => hmac(sha256, salt, keyMaterial),
  hkdfExpand: (pseudoRandomKey, label, length) => {
    requireExpandable(pseudoRandomKey, length);
    return expand(sha256, pseudoRandomKey, label, length);
  },
  importMac: (key) => secretKey('mac', key),
  importAead: (key) => {
    requireAeadKey(key);
    return secretKey('aead', key);
  },
  mac,
  verifyMac: (key, input, tag) => equalBytes(mac(key, input), tag),
  seal,
  open,
  macText: (key, text) => mac(key, utf8(text)),
  verifyMacText: (key, text, tag) => equalBytes(mac(key, utf8(text)), tag),
  sealDetached: (key, nonce, plaintext, associated) => {
    const sealed = seal(key, nonce, plaintext, utf8(associated));
    const split = sealed.length - tagLength;
    return { ciphertext: sealed.subarray(0, split), tag: sealed.subarray(split) };
  },
  openDetached: (key, nonce, { ciphertext, tag }, associated) =>
    tag.length === tagLength ? open(key, nonce, concat(ciphertext, tag), utf8(associated)) : undefined,
  generateKeyPair,
  importPrivateKey,
  agree,
  sign,
  verify,
};

/** The same for callers that await. */
export const nobleAsyncCrypto: AsyncCrypto = asAsync(nobleCrypto);
