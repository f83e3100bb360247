/** The cryptography that verifiers of device evidence need, as an argument: signatures over whatever key a certificate holds. */
import type { Bytes } from './bytes.ts';

/**
 * Signature algorithms of certificates, statements and tokens, by their JOSE and COSE names. `ES256` and its kin name the hash alone: in
 * certificates the curve is that of the key.
 */
export type SignatureAlgorithm =
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'Ed25519'
  | 'Ed448'
  | 'ML-DSA-44'
  | 'ML-DSA-65'
  | 'ML-DSA-87';

/** Synchronous provider for verifiers. No function throws on what a stranger sent: a failed check is a value. */
export interface EvidenceCrypto {
  digest(hash: 'SHA-256' | 'SHA-384' | 'SHA-512', bytes: Uint8Array): Bytes;
  /** ECDSA signatures are DER. False for anything malformed, also for a key of another type than the algorithm's. */
  verify(algorithm: SignatureAlgorithm, spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** AES key unwrap (RFC 3394) under a key of 32 bytes; undefined when the wrapped key is not authentic. */
  unwrapKey(key: Uint8Array, wrapped: Uint8Array): Bytes | undefined;
  /** AES-256-GCM with a 12-byte nonce over ciphertext ‖ 16-byte tag; undefined when it is not authentic. */
  openGcm(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Bytes | undefined;
}
