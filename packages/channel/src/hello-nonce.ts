/** The retry cookie: a stateless gateway nonce, valid 120 s, for clients whose clock is off and for every client under load. */
import {
  concat,
  type EpochMs,
  equalBytes,
  fromBase64Url,
  type SecretKey,
  type SyncCrypto,
  toBase64Url,
  toEpochSeconds,
} from '@hauberk/primitives';
import { helloSkewSeconds } from './names.ts';

const expiryBytes = (seconds: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, seconds);
  return bytes;
};

const macOf = (crypto: SyncCrypto, key: SecretKey, expiry: Uint8Array, thumbprint: Uint8Array): Uint8Array =>
  crypto.mac(key, concat(expiry, thumbprint)).subarray(0, 16);

/** A nonce for the device of that thumbprint: it is worth nothing in another's hello. */
export const issueHelloNonce = (crypto: SyncCrypto, key: SecretKey, thumbprint: Uint8Array, now: EpochMs): string => {
  const expiry = expiryBytes(toEpochSeconds(now) + helloSkewSeconds);
  return toBase64Url(concat(expiry, macOf(crypto, key, expiry, thumbprint)));
};

/** Whether this gateway issued the nonce for that device and it has not expired. */
export const isHelloNonce = (
  crypto: SyncCrypto,
  key: SecretKey,
  thumbprint: Uint8Array,
  nonce: string,
  now: EpochMs,
): boolean => {
  const bytes = fromBase64Url(nonce);
  if (bytes?.length !== 24) return false;
  const expiry = bytes.subarray(0, 8);
  if (!equalBytes(macOf(crypto, key, expiry, thumbprint), bytes.subarray(8))) return false;
  const left = new DataView(bytes.buffer).getFloat64(0) - toEpochSeconds(now);
  return left >= 0 && left <= helloSkewSeconds;
};
