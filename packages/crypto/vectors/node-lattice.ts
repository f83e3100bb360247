/** ML-KEM and ML-DSA of node:crypto, where this Node has them. */
import * as nodeCrypto from 'node:crypto';
import { type Bytes, CryptoInputError } from '@hauberk/primitives';
import type { KemAlgorithm, Row, SignatureAlgorithm } from './algorithm.ts';
import { algorithmId, octetString, privateKeyInfo, publicKeyInfo, tlv } from './der.ts';
import { privateKeyFrom, publicKeyFrom } from './node-asymmetric.ts';
import { quietly, refusing } from './refusing.ts';

/** The end of a SubjectPublicKeyInfo. */
const rawPublicKey = (privateKey: nodeCrypto.KeyObject, length: number): Bytes => {
  const info = nodeCrypto.createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return Uint8Array.from(info.subarray(info.length - length));
};

const seedTag = 0x80;

/** RFC 9935 and RFC 9881: a seed is tagged [0], an expanded key is an OCTET STRING. */
const privateKeyOf = (algorithm: Uint8Array, key: Uint8Array, seedLength: number): nodeCrypto.KeyObject =>
  privateKeyFrom(privateKeyInfo(algorithm, key.length === seedLength ? tlv(seedTag, key) : octetString(key)));

const requireSeed = (seed: Uint8Array, length: number): void => {
  if (seed.length !== length) throw new CryptoInputError('seed length');
};

const mlKem = (oid: string, publicLength: number): KemAlgorithm => {
  const algorithm = algorithmId(oid);
  return {
    kind: 'kem',
    publicKeyOf: (seed) => {
      requireSeed(seed, 64);
      return rawPublicKey(privateKeyOf(algorithm, seed, 64), publicLength);
    },
    decapsulate: (key, ciphertext) => {
      const privateKey = privateKeyOf(algorithm, key, 64);
      return refusing('decapsulation', () => Uint8Array.from(nodeCrypto.decapsulate(privateKey, ciphertext)));
    },
    encapsulate: (publicKey) => {
      const key = publicKeyFrom(publicKeyInfo(algorithm, publicKey));
      return refusing('encapsulation', () => Uint8Array.from(nodeCrypto.encapsulate(key).ciphertext));
    },
  };
};

const mlDsa = (oid: string): SignatureAlgorithm => {
  const algorithm = algorithmId(oid);
  return {
    kind: 'signature',
    verify: ({ raw }, { message, signature, context }) => {
      if (raw === undefined) throw new CryptoInputError('no raw key');
      const key = publicKeyFrom(publicKeyInfo(algorithm, raw));
      // It throws for a context over 255 bytes or a signature of another length.
      return quietly(() => nodeCrypto.verify(null, message, { key, context }, signature)) ?? false;
    },
  };
};

// NIST's object identifiers, contents in hexadecimal, and the lengths of encapsulation keys (FIPS 203 table 3).
const kems: readonly (readonly [string, string, number])[] = [
  ['ML-KEM-512', '608648016503040401', 800],
  ['ML-KEM-768', '608648016503040402', 1184],
  ['ML-KEM-1024', '608648016503040403', 1568],
];
const signatures: readonly (readonly [string, string])[] = [
  ['ML-DSA-44', '608648016503040311'],
  ['ML-DSA-65', '608648016503040312'],
  ['ML-DSA-87', '608648016503040313'],
];

/** Lattice algorithms of this Node; none when it was built without them. */
export const nodeLattice: readonly Row[] =
  typeof nodeCrypto.encapsulate === 'function'
    ? [
        ...kems.map(([name, oid, length]): Row => [name, mlKem(oid, length)]),
        ...signatures.map(([name, oid]): Row => [name, mlDsa(oid)]),
      ]
    : [];
