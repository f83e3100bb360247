/** Keys of agreement vectors, in whatever encoding a file gives them, as raw keys. */
import { type Bytes, CryptoInputError, fromBase64, fromBase64Url } from '@hauberk/primitives';
import { curveFacts, scalarIn } from './curve-facts.ts';
import { algorithmId, octetString, privateKeyInfo, rawKeyIn } from './der.ts';
import { hexOf, integerOf, type Members, membersOf, textOf } from './members.ts';

/** Both sides of an agreement. */
export interface RawKeys {
  readonly scalar: Uint8Array;
  readonly peer: Uint8Array;
}

const refuse = (what: string): never => {
  throw new CryptoInputError(what);
};

const pemBytes = (pem: string): Bytes =>
  fromBase64(pem.replace(/-----[A-Z ]+-----/g, '').replace(/\s+/g, '')) ?? refuse('no PEM');

const pointOf = (curve: string, info: Uint8Array): Bytes => {
  const { algorithm, pointLength } = curveFacts(curve);
  return rawKeyIn(info, algorithm, [pointLength, (pointLength + 1) / 2]) ?? refuse('no key of this curve');
};

const pemScalar = (pem: string): Uint8Array => scalarIn(pemBytes(pem)) ?? refuse('no private key');

/** A member of a JWK: one spelling, one length (RFC 7518 section 6.2.1.2). */
const coordinate = (jwk: Members, name: string, length: number): Bytes => {
  const value = jwk[name];
  const bytes = typeof value === 'string' ? fromBase64Url(value) : undefined;
  return bytes?.length === length ? bytes : refuse(`${name} is missing or has another length`);
};

const jwkCurves: { readonly [curve: string]: readonly string[] } = {
  secp256r1: ['P-256'],
  secp384r1: ['P-384'],
  secp521r1: ['P-521'],
  secp256k1: ['secp256k1', 'P-256K'],
  curve25519: ['X25519'],
  curve448: ['X448'],
};

const requireJwk = (jwk: Members, type: string, curve: string): void => {
  const names = jwkCurves[curve] ?? [];
  if (jwk['kty'] !== type || typeof jwk['crv'] !== 'string' || !names.includes(jwk['crv'])) refuse('another curve');
};

/** Elliptic-curve keys by type of group. */
export const ecKeys: { readonly [type: string]: (curve: string, test: Members) => RawKeys } = {
  EcdhTest: (curve, test) => ({
    scalar: integerOf(test, 'private', curveFacts(curve).scalarLength),
    peer: pointOf(curve, hexOf(test, 'public')),
  }),
  EcdhEcpointTest: (curve, test) => ({
    scalar: integerOf(test, 'private', curveFacts(curve).scalarLength),
    peer: hexOf(test, 'public'),
  }),
  EcdhPemTest: (curve, test) => ({
    scalar: pemScalar(textOf(test, 'private')),
    peer: pointOf(curve, pemBytes(textOf(test, 'public'))),
  }),
  EcdhWebcryptoTest: (curve, test) => {
    const [own, peer] = [membersOf(test['private']), membersOf(test['public'])];
    requireJwk(own, 'EC', curve);
    requireJwk(peer, 'EC', curve);
    const { pointLength, scalarLength } = curveFacts(curve);
    const length = (pointLength - 1) / 2;
    const [x, y] = [coordinate(peer, 'x', length), coordinate(peer, 'y', length)];
    return { scalar: coordinate(own, 'd', scalarLength), peer: Uint8Array.from([4, ...x, ...y]) };
  },
};

interface MontgomeryFacts {
  readonly algorithm: Uint8Array;
  readonly length: number;
}
const montgomery: { readonly [curve: string]: MontgomeryFacts } = {
  curve25519: { algorithm: algorithmId('2b656e'), length: 32 },
  curve448: { algorithm: algorithmId('2b656f'), length: 56 },
};

const montgomeryOf = (curve: string): MontgomeryFacts => montgomery[curve] ?? refuse('no such curve');

/** RFC 8410 section 7: version 0, no attributes; longer forms are valid elsewhere. */
const montgomeryScalar = ({ algorithm, length }: MontgomeryFacts, info: Uint8Array): Uint8Array => {
  const scalar = info.slice(Math.max(0, info.length - length));
  const rebuilt = privateKeyInfo(algorithm, octetString(scalar));
  if (Buffer.compare(rebuilt, info) === 0) return scalar;
  throw new CryptoInputError('another form of private key', { code: 'unsupported-parameter' });
};

const montgomeryInfos = (curve: string, own: Uint8Array, peer: Uint8Array): RawKeys => {
  const facts = montgomeryOf(curve);
  const raw = rawKeyIn(peer, facts.algorithm, [facts.length]) ?? refuse('no key of this curve');
  return { scalar: montgomeryScalar(facts, own), peer: raw };
};

/** Montgomery keys by type of group. */
export const montgomeryKeys: { readonly [type: string]: (curve: string, test: Members) => RawKeys } = {
  XdhComp: (_curve, test) => ({ scalar: hexOf(test, 'private'), peer: hexOf(test, 'public') }),
  XdhAsnComp: (curve, test) => montgomeryInfos(curve, hexOf(test, 'private'), hexOf(test, 'public')),
  XdhPemComp: (curve, test) =>
    montgomeryInfos(curve, pemBytes(textOf(test, 'private')), pemBytes(textOf(test, 'public'))),
  XdhJwkComp: (curve, test) => {
    const [own, peer] = [membersOf(test['private']), membersOf(test['public'])];
    requireJwk(own, 'OKP', curve);
    requireJwk(peer, 'OKP', curve);
    const { length } = montgomeryOf(curve);
    return { scalar: coordinate(own, 'd', length), peer: coordinate(peer, 'x', length) };
  },
};
