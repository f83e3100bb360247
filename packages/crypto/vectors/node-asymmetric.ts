/** Signatures, agreement and RSA of node:crypto, on whatever curves this build of OpenSSL has. */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  privateDecrypt,
  sign,
  type VerifyKeyObjectInput,
  verify,
} from 'node:crypto';
import type { Bytes } from '@hauberk/primitives';
import type { AgreementAlgorithm, Row, SignatureAlgorithm } from './algorithm.ts';
import { curveFacts, curveNames } from './curve-facts.ts';
import { algorithmId, ecPrivateKey, octetString, privateKeyInfo, publicKeyInfo } from './der.ts';
import { nodeHashes } from './node-symmetric.ts';
import { quietly, refusing } from './refusing.ts';

/** The key of a SubjectPublicKeyInfo; throws CryptoInputError when it is none. */
export const publicKeyFrom = (info: Uint8Array): KeyObject =>
  refusing('public key', () => createPublicKey({ key: Buffer.from(info), format: 'der', type: 'spki' }));

/** The key of a PrivateKeyInfo; throws CryptoInputError when it is none. */
export const privateKeyFrom = (info: Uint8Array): KeyObject =>
  refusing('private key', () => createPrivateKey({ key: Buffer.from(info), format: 'der', type: 'pkcs8' }));

const agreement = (algorithm: () => Uint8Array, wrap: (scalar: Uint8Array) => Uint8Array): AgreementAlgorithm => ({
  kind: 'agreement',
  agree: (scalar, peer) => {
    const privateKey = privateKeyFrom(privateKeyInfo(algorithm(), wrap(scalar)));
    const publicKey = publicKeyFrom(publicKeyInfo(algorithm(), peer));
    return refusing('agreement', (): Bytes => Uint8Array.from(diffieHellman({ privateKey, publicKey })));
  },
});

const ecdh = (curve: string): AgreementAlgorithm => agreement(() => curveFacts(curve).algorithm, ecPrivateKey);

/** Keys that OpenSSL cannot read are refused before, so that they never pass for failed signatures. */
const verifier = (hash: string | null, options: Omit<VerifyKeyObjectInput, 'key'>): SignatureAlgorithm => ({
  kind: 'signature',
  verify: ({ info }, { message, signature }) => {
    const key = publicKeyFrom(info);
    // A malformed signature is refused in many ways; all of them mean false.
    return quietly(() => verify(hash, message, { key, ...options }, signature)) ?? false;
  },
});

const dsaRows = (title: string, name: string): Row[] => [
  [`${title}-DER`, verifier(name, { dsaEncoding: 'der' })],
  [`${title}-P1363`, verifier(name, { dsaEncoding: 'ieee-p1363' })],
];
const pkcs1 = (name: string): SignatureAlgorithm => verifier(name, { padding: constants.RSA_PKCS1_PADDING });
const pss = (name: string, saltLength: number): SignatureAlgorithm =>
  verifier(name, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
const eddsa = verifier(null, {});

const saltLengths = [0, 20, 24, 28, 32, 48, 64];

const rsaRows = ([hash, name]: readonly [string, string]): Row[] => [
  [`RSASSA-PKCS1-v1_5-${hash}`, pkcs1(name)],
  ...saltLengths.map((length): Row => [`RSASSA-PSS-${hash}-MGF1-${hash}-${length}`, pss(name, length)]),
  [
    `RSASSA-PKCS1-v1_5-SIGN-${hash}`,
    {
      kind: 'signing',
      sign: (privateKey, message) => {
        const key = privateKeyFrom(privateKey);
        return refusing('RSA', () => Uint8Array.from(sign(name, message, key)));
      },
    },
  ],
  [
    `RSAES-OAEP-${hash}-MGF1-${hash}`,
    {
      kind: 'decryption',
      decrypt: (privateKey, ciphertext, label) => {
        const key = privateKeyFrom(privateKey);
        const input = { key, oaepHash: name, oaepLabel: Buffer.from(label) };
        return quietly(() => Uint8Array.from(privateDecrypt(input, ciphertext)));
      },
    },
  ],
];

const curveRows = (curve: string): Row[] => [
  [`ECDH-${curve}`, ecdh(curve)],
  ...nodeHashes.flatMap(([hash, name]) => dsaRows(`ECDSA-${curve}-${hash}`, name)),
];

// RFC 8410: the object identifiers of the Montgomery curves.
const x25519 = algorithmId('2b656e');
const x448 = algorithmId('2b656f');

/** Asymmetric algorithms of this Node. */
export const nodeAsymmetric: readonly Row[] = [
  ['X25519', agreement(() => x25519, octetString)],
  ['X448', agreement(() => x448, octetString)],
  ['Ed25519', eddsa],
  ['Ed448', eddsa],
  ...nodeHashes.flatMap(([hash, name]) => dsaRows(`DSA-${hash}`, name)),
  ...nodeHashes.flatMap(rsaRows),
  ...curveNames.flatMap(curveRows),
];
