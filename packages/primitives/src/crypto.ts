/**
 * The cryptography that Hauberk needs, as arguments: cores never import an implementation. `SyncCrypto` serves the gateway
 * (node, noble), `AsyncCrypto` the client (WebCrypto, node, noble). Providers are in `@hauberk/crypto`; one suite runs over all.
 */
import type { Bytes } from './bytes.ts';

/** Key-agreement groups: `p256` shares are 65-byte uncompressed points, `x25519` shares are 32 bytes. */
export type Group = 'p256' | 'x25519';

/** A private key that only its provider understands. `handle` never leaves the process; it may be non-extractable. */
export interface PrivateKey {
  readonly group: Group;
  readonly usage: 'agree' | 'sign';
  readonly handle: unknown;
}

/** A fresh or loaded key pair; `publicKey` in the raw form of its group (65-byte uncompressed point for p256). */
export interface KeyPair {
  readonly privateKey: PrivateKey;
  readonly publicKey: Bytes;
}

/** A symmetric key prepared for many uses (a KeyObject, a CryptoKey or bytes); made by `importMac` or `importAead`. */
export interface SecretKey {
  readonly use: 'mac' | 'aead';
  readonly handle: unknown;
}

/** A sealed message with its tag beside it. */
export interface DetachedSeal {
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/** Synchronous provider. Functions that meet malformed keys or points throw `CryptoInputError`; a failed check is a value. */
export interface SyncCrypto {
  readonly name: string;
  /** Cryptographically secure random bytes. */
  random(length: number): Bytes;
  sha256(input: Uint8Array): Bytes;
  /** HKDF-Extract with SHA-256 (RFC 5869). */
  hkdfExtract(salt: Uint8Array, keyMaterial: Uint8Array): Bytes;
  /** HKDF-Expand with SHA-256 (RFC 5869); at most 8160 bytes. */
  hkdfExpand(pseudoRandomKey: Uint8Array, label: Uint8Array, length: number): Bytes;
  importMac(key: Uint8Array): SecretKey;
  /** AES-256-GCM key of 32 bytes. */
  importAead(key: Uint8Array): SecretKey;
  /** HMAC-SHA256, 32 bytes. */
  mac(key: SecretKey, input: Uint8Array): Bytes;
  /** Constant-time check of a full-length HMAC-SHA256. */
  verifyMac(key: SecretKey, input: Uint8Array, tag: Uint8Array): boolean;
  /** AES-256-GCM with a 12-byte nonce; answers ciphertext ‖ 16-byte tag. */
  seal(key: SecretKey, nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Bytes;
  /** Opens ciphertext ‖ tag; undefined when it is not authentic. */
  open(key: SecretKey, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Bytes | undefined;
  /** `mac` over the UTF-8 bytes of a text, which need not be made first. */
  macText(key: SecretKey, text: string): Bytes;
  /** `verifyMac` over the UTF-8 bytes of a text. */
  verifyMacText(key: SecretKey, text: string, tag: Uint8Array): boolean;
  /** `seal` with a text as associated data and the tag apart, so that nothing is joined only to be split again. */
  sealDetached(key: SecretKey, nonce: Uint8Array, plaintext: Uint8Array, associated: string): DetachedSeal;
  /** `open` for what `sealDetached` made. */
  openDetached(key: SecretKey, nonce: Uint8Array, seal: DetachedSeal, associated: string): Bytes | undefined;
  generateKeyPair(group: Group, usage: 'agree' | 'sign'): KeyPair;
  /** Loads a private key from its raw scalar (32 bytes). */
  importPrivateKey(group: Group, usage: 'agree' | 'sign', scalar: Uint8Array): KeyPair;
  /** Raw shared secret (x coordinate for p256, 32 bytes both). Throws on an invalid or low-order point. */
  agree(privateKey: PrivateKey, peerPublicKey: Uint8Array): Bytes;
  /** ECDSA P-256 with SHA-256, 64-byte r ‖ s (IEEE P1363). */
  sign(privateKey: PrivateKey, message: Uint8Array): Bytes;
  /** Checks an ECDSA P-256 SHA-256 signature in r ‖ s form; false for anything malformed. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

type Asynchronous<Method> = Method extends (...parameters: infer Parameters) => infer Answer
  ? (...parameters: Parameters) => Promise<Answer>
  : never;

/** Forms that only save a synchronous caller copies. */
type SavingForm = 'macText' | 'verifyMacText' | 'sealDetached' | 'openDetached';

/** The same operations, each answering a promise; `random` stays synchronous everywhere. */
export type AsyncCrypto = {
  readonly [Name in Exclude<keyof SyncCrypto, 'name' | 'random' | SavingForm>]: Asynchronous<SyncCrypto[Name]>;
} & Pick<SyncCrypto, 'name' | 'random'>;

/** Why an input was refused: `unsupported-parameter` is valid elsewhere but outside HB/1, `malformed-key` is valid nowhere. */
export type CryptoInputCode = 'unsupported-parameter' | 'malformed-key';

/** A key, point or length that is no valid input: a programming error or a hostile peer, never a failed check. */
export class CryptoInputError extends Error {
  override readonly name = 'CryptoInputError';
  readonly code: CryptoInputCode;
  constructor(message: string, options: { readonly code?: CryptoInputCode; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = options.code ?? 'malformed-key';
  }
}
