/**
 * Nonces for DPoP proofs (RFC 9449, section 8): a client cannot make a proof now for a time to come, and its clock no longer counts. They are
 * stateless: an instant and its MAC under a key that lives as long as the process, so that no nonce outlives a start.
 */
import {
  concat,
  type EpochMs,
  type EpochSeconds,
  epochSeconds,
  equalBytes,
  fromBase64Url,
  type SecretKey,
  type SyncCrypto,
  toBase64Url,
  toEpochSeconds,
  utf8,
} from '@hauberk/primitives';

/** Issues nonces and knows them again. */
export interface DpopNonces {
  readonly issue: (now: EpochMs) => string;
  /** When this gateway issued the nonce; undefined when it did not, or not in this life. */
  readonly issuedAt: (nonce: string, now: EpochMs) => EpochSeconds | undefined;
}

const label = utf8('hauberk/dpop-nonce\u0000');

const instantBytes = (seconds: number): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, seconds);
  return bytes;
};

/** The nonces of one start, the same on all threads. `bornAt` is its second, of which nothing is honoured: see `OnceMemory`. */
export const dpopNonces = (crypto: SyncCrypto, key: SecretKey, bornAt: EpochSeconds): DpopNonces => {
  const mac = (instant: Uint8Array): Uint8Array => crypto.mac(key, concat(label, instant)).subarray(0, 16);
  const latest = (now: EpochMs): number => Math.max(toEpochSeconds(now), bornAt + 1);
  return {
    issue: (now) => {
      const instant = instantBytes(latest(now));
      return toBase64Url(concat(instant, mac(instant)));
    },
    issuedAt: (nonce, now) => {
      const bytes = nonce.length === 32 ? fromBase64Url(nonce) : undefined;
      if (bytes?.length !== 24 || !equalBytes(mac(bytes.subarray(0, 8)), bytes.subarray(8))) return undefined;
      const seconds = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
      return seconds <= latest(now) ? epochSeconds(seconds) : undefined;
    },
  };
};
