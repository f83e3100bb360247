/** SubjectPublicKeyInfo (RFC 5480, RFC 8410, RFC 9881): which algorithm a key is for. */
import { type Bytes, type SignatureAlgorithm, toHex } from '@hauberk/primitives';
import { oidHex, readDer, withTag } from './der.ts';

const curves: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  [oidHex('1.2.840.10045.3.1.7'), 'ES256'],
  [oidHex('1.3.132.0.34'), 'ES384'],
  [oidHex('1.3.132.0.35'), 'ES512'],
]);
const algorithms: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  [oidHex('1.2.840.113549.1.1.1'), 'RS256'],
  [oidHex('1.3.101.112'), 'Ed25519'],
  [oidHex('1.3.101.113'), 'Ed448'],
  [oidHex('2.16.840.1.101.3.4.3.17'), 'ML-DSA-44'],
  [oidHex('2.16.840.1.101.3.4.3.18'), 'ML-DSA-65'],
  [oidHex('2.16.840.1.101.3.4.3.19'), 'ML-DSA-87'],
]);
const ellipticCurve = oidHex('1.2.840.10045.2.1');

const hexOf = (bytes: Bytes | undefined): string => toHex(bytes ?? new Uint8Array(0));

/** The usual signature algorithm of a key: ECDSA by its curve, RSA as RS256; undefined for any other key. */
export const algorithmOfSpki = (spki: Bytes): SignatureAlgorithm | undefined => {
  const [algorithm, parameters] = withTag(readDer(spki)?.children[0], 0x30)?.children ?? [];
  const name = hexOf(withTag(algorithm, 6)?.contents);
  return name === ellipticCurve ? curves.get(hexOf(withTag(parameters, 6)?.contents)) : algorithms.get(name);
};
