/** Public keys as JSON Web Keys (RFC 7517, RFC 7518, RFC 8037, RFC 9964 for ML-DSA). */
import { type Bytes, toBase64Url } from '@hauberk/primitives';
import { type DerElement, readDer, withTag } from './der.ts';
import { algorithmOfSpki } from './spki.ts';

/** Members of a public key. */
export type PublicJwk = Readonly<Record<string, string>>;

const curves: Readonly<Record<string, readonly [name: string, size: number]>> = {
  ES256: ['P-256', 32],
  ES384: ['P-384', 48],
  ES512: ['P-521', 66],
};

const pointJwk = (key: Bytes, [crv, size]: readonly [string, number]): PublicJwk | undefined =>
  key.length === 1 + 2 * size && key[0] === 4
    ? { kty: 'EC', crv, x: toBase64Url(key.slice(1, 1 + size)), y: toBase64Url(key.slice(1 + size)) }
    : undefined;

const numberOf = (element: DerElement | undefined): string | undefined => {
  const contents = withTag(element, 2)?.contents;
  return contents === undefined ? undefined : toBase64Url(contents[0] === 0 ? contents.slice(1) : contents);
};

const rsaJwk = (key: Bytes): PublicJwk | undefined => {
  const [modulus, exponent] = withTag(readDer(key), 0x30)?.children ?? [];
  const [n, e] = [numberOf(modulus), numberOf(exponent)];
  return n === undefined || e === undefined ? undefined : { kty: 'RSA', n, e };
};

/** The key of a SubjectPublicKeyInfo; undefined for kinds that no verifier here knows. */
export const jwkOfSpki = (spki: Bytes): PublicJwk | undefined => {
  const algorithm = algorithmOfSpki(spki);
  const bits = withTag(readDer(spki)?.children[1], 3)?.contents;
  if (algorithm === undefined || bits?.[0] !== 0) return undefined;
  const key = bits.slice(1);
  const curve = curves[algorithm];
  if (curve !== undefined) return pointJwk(key, curve);
  if (algorithm === 'RS256') return rsaJwk(key);
  if (algorithm === 'Ed25519' || algorithm === 'Ed448') return { kty: 'OKP', crv: algorithm, x: toBase64Url(key) };
  return { kty: 'AKP', alg: algorithm, pub: toBase64Url(key) };
};
