import type { AsyncCrypto } from '@hauberk/primitives';

/** What HB/1 needs of a provider; the columns of docs/crypto-matrix.md. */
export type CryptoAlgorithm =
  | 'random'
  | 'SHA-256'
  | 'HKDF-SHA256'
  | 'HMAC-SHA256'
  | 'AES-256-GCM'
  | 'ECDH P-256'
  | 'X25519'
  | 'ECDSA P-256';

/** One thing that every provider does alike. */
export interface CryptoRule {
  readonly algorithm: CryptoAlgorithm;
  readonly rule: string;
  /** Rejects when the provider does not. */
  check(crypto: AsyncCrypto): Promise<void>;
}
