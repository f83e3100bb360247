/** Device keys and their names. A key has one purpose, and every signature it makes stands under that purpose's context. */
import { type Bytes, toBase64Url, utf8 } from '@hauberk/primitives';

/** What a device key is for. */
export type KeyPurpose = 'identity' | 'step-up';

/** The bytes whose SHA-256 is the key's thumbprint: the canonical JWK of RFC 7638. */
export const thumbprintInput = (publicKey: Uint8Array): Bytes => {
  const x = toBase64Url(publicKey.subarray(1, 33));
  const y = toBase64Url(publicKey.subarray(33, 65));
  return utf8(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`);
};

/** Whether bytes have the form of a raw P-256 point; the provider checks that it is on the curve. */
export const isRawPoint = (publicKey: Uint8Array): boolean => publicKey.length === 65 && publicKey[0] === 4;
