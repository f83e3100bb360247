/** The little DER that vectors need: to wrap raw keys, and to unwrap keys that have exactly one accepted spelling. */
import { type Bytes, concat, equalBytes, fromHex } from '@hauberk/primitives';

const lengthOf = (length: number): number[] => {
  if (length < 0x80) return [length];
  if (length < 0x100) return [0x81, length];
  return [0x82, length >> 8, length & 0xff];
};

/** One element; contents up to 65,535 bytes. */
export const tlv = (tag: number, ...parts: readonly Uint8Array[]): Bytes => {
  const contents = concat(...parts);
  if (contents.length > 0xffff) throw new RangeError('element too long');
  return concat(Uint8Array.from([tag, ...lengthOf(contents.length)]), contents);
};

const sequence = 0x30;
const octets = 0x04;
const bits = 0x03;
const version0 = tlv(0x02, Uint8Array.of(0));
const version1 = tlv(0x02, Uint8Array.of(1));

/** An AlgorithmIdentifier of an object identifier (its contents in hexadecimal) without parameters. */
export const algorithmId = (oid: string): Bytes => tlv(sequence, tlv(0x06, fromHex(oid) ?? new Uint8Array(0)));

/** SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). */
export const publicKeyInfo = (algorithm: Uint8Array, raw: Uint8Array): Bytes =>
  tlv(sequence, algorithm, tlv(bits, Uint8Array.of(0), raw));

/** PrivateKeyInfo (RFC 5958) around the private key as its algorithm encodes it. */
export const privateKeyInfo = (algorithm: Uint8Array, privateKey: Uint8Array): Bytes =>
  tlv(sequence, version0, algorithm, tlv(octets, privateKey));

/** ECPrivateKey (RFC 5915) without the public key. */
export const ecPrivateKey = (scalar: Uint8Array): Bytes => tlv(sequence, version1, tlv(octets, scalar));

/** An OCTET STRING, as RFC 8410 private keys are. */
export const octetString = (contents: Uint8Array): Bytes => tlv(octets, contents);

/** The AlgorithmIdentifier inside a SubjectPublicKeyInfo that we trust. */
export const algorithmIn = (info: Uint8Array): Bytes => {
  const start = (info[1] ?? 0) < 0x80 ? 2 : 2 + ((info[1] ?? 0) & 0x7f);
  return info.slice(start, start + 2 + (info[start + 1] ?? 0));
};

/**
 * The raw key inside a SubjectPublicKeyInfo of that algorithm, when it is the one DER spelling of it; otherwise undefined.
 * Lax readers of curve parameters and lengths are how foreign curves slip in.
 */
export const rawKeyIn = (info: Uint8Array, algorithm: Uint8Array, lengths: readonly number[]): Bytes | undefined => {
  for (const length of lengths) {
    const raw = info.slice(Math.max(0, info.length - length));
    if (raw.length === length && equalBytes(publicKeyInfo(algorithm, raw), info)) return raw;
  }
  return undefined;
};
