/**
 * What an engine offers, beyond HB/1 too, in the shape in which official vectors ask for it. Names are `FAMILY-PARAMETERS`; hashes
 * carry their FIPS names, curves those of SEC 2 and RFC 5639. An engine throws CryptoInputError for what it refuses as input:
 * `unsupported-parameter` when the input is valid elsewhere.
 */
import type { Bytes } from '@hauberk/primitives';

/** WebCrypto awaits; the others answer at once. */
export type Awaitable<Value> = Value | Promise<Value>;

/** A keyed hash over a whole message. */
export interface MacAlgorithm {
  readonly kind: 'mac';
  /** The full-length tag. */
  mac(key: Uint8Array, message: Uint8Array): Awaitable<Bytes>;
  /** The engine's own check of a full-length tag, where it has one. */
  verify?(key: Uint8Array, message: Uint8Array, tag: Uint8Array): Awaitable<boolean>;
}

/** Bytes from a secret, a salt and a label. */
export interface KdfAlgorithm {
  readonly kind: 'kdf';
  derive(secret: Uint8Array, salt: Uint8Array, label: Uint8Array, length: number): Awaitable<Bytes>;
}

/** Password-based derivation. */
export interface PasswordAlgorithm {
  readonly kind: 'password';
  derive(password: Uint8Array, salt: Uint8Array, iterations: number, length: number): Awaitable<Bytes>;
}

/** What one message is sealed or opened with. */
export interface AeadInput {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly associated: Uint8Array;
  /** In bytes. */
  readonly tagLength: number;
}

/** Authenticated encryption; sealed = ciphertext ‖ tag. */
export interface AeadAlgorithm {
  readonly kind: 'aead';
  seal(input: AeadInput, plaintext: Uint8Array): Awaitable<Bytes>;
  /** Undefined when not authentic. */
  open(input: AeadInput, sealed: Uint8Array): Awaitable<Bytes | undefined>;
}

/** A cipher without associated bytes, padding included; key wrapping has a fixed iv and takes an empty one. */
export interface CipherAlgorithm {
  readonly kind: 'cipher';
  encrypt(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Awaitable<Bytes>;
  /** Undefined when the padding or the check value is wrong. */
  decrypt(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Awaitable<Bytes | undefined>;
}

/** Diffie-Hellman on raw keys: fixed-length scalars, points in SEC 1 or RFC 7748 form. */
export interface AgreementAlgorithm {
  readonly kind: 'agreement';
  agree(scalar: Uint8Array, peerPublicKey: Uint8Array): Awaitable<Bytes>;
}

/** A public key in the form that vectors give it. */
export interface PublicKey {
  /** SubjectPublicKeyInfo. */
  readonly info: Uint8Array;
  /** The uncompressed point or the key itself, where the algorithm has such a form. */
  readonly raw: Uint8Array | undefined;
}

/** One signature to check. */
export interface SignatureInput {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  /** The context string of ML-DSA. */
  readonly context: Uint8Array;
}

/** Checks signatures; false for anything malformed. */
export interface SignatureAlgorithm {
  readonly kind: 'signature';
  verify(publicKey: PublicKey, input: SignatureInput): Awaitable<boolean>;
}

/** A signature scheme whose answer is fixed by key and message. */
export interface SigningAlgorithm {
  readonly kind: 'signing';
  /** `privateKey` is PrivateKeyInfo. */
  sign(privateKey: Uint8Array, message: Uint8Array): Awaitable<Bytes>;
}

/** Public-key decryption. */
export interface DecryptionAlgorithm {
  readonly kind: 'decryption';
  /** Undefined when the padding is wrong. `privateKey` is PrivateKeyInfo. */
  decrypt(privateKey: Uint8Array, ciphertext: Uint8Array, label: Uint8Array): Awaitable<Bytes | undefined>;
}

/** A key-encapsulation mechanism with raw keys. */
export interface KemAlgorithm {
  readonly kind: 'kem';
  /** The encapsulation key of a seed. */
  publicKeyOf(seed: Uint8Array): Awaitable<Bytes>;
  /** `key` is a seed or an expanded decapsulation key; they differ in length. */
  decapsulate(key: Uint8Array, ciphertext: Uint8Array): Awaitable<Bytes>;
  /** Uses the key once with randomness of its own; throws when it is none. */
  encapsulate(publicKey: Uint8Array): Awaitable<Bytes>;
}

/** One row of an engine's table. */
export type Algorithm =
  | MacAlgorithm
  | KdfAlgorithm
  | PasswordAlgorithm
  | AeadAlgorithm
  | CipherAlgorithm
  | AgreementAlgorithm
  | SignatureAlgorithm
  | SigningAlgorithm
  | DecryptionAlgorithm
  | KemAlgorithm;

/** The kinds of algorithm, as rows name them. */
export type AlgorithmKind = Algorithm['kind'];

/** A row of a table that is still being built. */
export type Row = readonly [string, Algorithm];

/** An engine and its algorithms by name. */
export interface Engine {
  readonly name: string;
  readonly algorithms: ReadonlyMap<string, Algorithm>;
}
