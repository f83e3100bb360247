/** What keys on a curve look like, asked from OpenSSL once per curve. */
import { generateKeyPairSync, getCurves } from 'node:crypto';
import { CryptoInputError } from '@hauberk/primitives';
import { algorithmIn } from './der.ts';

/** The forms of a curve's keys. */
export interface CurveFacts {
  /** AlgorithmIdentifier. */
  readonly algorithm: Uint8Array;
  readonly scalarLength: number;
  /** Of an uncompressed point. */
  readonly pointLength: number;
}

// OpenSSL's older names of two SEC 2 curves.
const secNames: { readonly [name: string]: string } = { prime256v1: 'secp256r1', prime192v1: 'secp192r1' };
// SM2 keys mean another scheme than ECDSA, and the curves of WTLS have no users.
const nativeNames = new Map(
  getCurves()
    .filter((name) => /^(prime(192|256)v1|secp|sect|brainpool)/.test(name))
    .map((name) => [secNames[name] ?? name, name]),
);

/** The curves of this Node, by their SEC 2 or RFC 5639 names. */
export const curveNames: readonly string[] = [...nativeNames.keys()];

const ecPrivateKeyHead = Buffer.from('02010104', 'hex');

/** The scalar in a PrivateKeyInfo of an elliptic curve; undefined when there is none. */
export const scalarIn = (privateKeyInfo: Uint8Array): Uint8Array | undefined => {
  const start = Buffer.from(privateKeyInfo).indexOf(ecPrivateKeyHead) + ecPrivateKeyHead.length;
  const length = privateKeyInfo[start] ?? 0;
  const scalar = privateKeyInfo.slice(start + 1, start + 1 + length);
  return start >= ecPrivateKeyHead.length && length > 0 && scalar.length === length ? scalar : undefined;
};

const known = new Map<string, CurveFacts>();

const ask = (namedCurve: string): CurveFacts => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
  const info = publicKey.export({ format: 'der', type: 'spki' });
  const algorithm = algorithmIn(info);
  const scalar = scalarIn(privateKey.export({ format: 'der', type: 'pkcs8' }));
  // The point follows the algorithm, the BIT STRING's tag and length, and its count of unused bits.
  const pointStart = info.indexOf(4, info.indexOf(Buffer.from(algorithm)) + algorithm.length);
  return { algorithm, scalarLength: scalar?.length ?? 0, pointLength: info.length - pointStart };
};

/** The facts of a curve; throws CryptoInputError when this Node does not have it. */
export const curveFacts = (curve: string): CurveFacts => {
  const native = nativeNames.get(curve);
  if (native === undefined) throw new CryptoInputError(`no curve ${curve}`, { code: 'unsupported-parameter' });
  const facts = known.get(curve) ?? ask(native);
  known.set(curve, facts);
  return facts;
};
