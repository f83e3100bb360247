/** The algorithms of the noble libraries that Hauberk carries. */
import { type Bytes, CryptoInputError } from '@hauberk/primitives';
import { aeskw, aeskwp, cbc, cmac, gcm, gcmsiv } from '@noble/ciphers/aes.js';
import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed448, x448 } from '@noble/curves/ed448.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { brainpoolP256r1, brainpoolP384r1, brainpoolP512r1 } from '@noble/curves/misc.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512, sha512_224, sha512_256 } from '@noble/hashes/sha2.js';
import { sha3_224, sha3_256, sha3_384, sha3_512 } from '@noble/hashes/sha3.js';
import type {
  AeadAlgorithm,
  AgreementAlgorithm,
  CipherAlgorithm,
  Engine,
  Row,
  SignatureAlgorithm,
} from './algorithm.ts';
import { quietly, refusing } from './refusing.ts';

const hashes = {
  'SHA-1': sha1,
  'SHA-224': sha224,
  'SHA-256': sha256,
  'SHA-384': sha384,
  'SHA-512': sha512,
  'SHA-512/224': sha512_224,
  'SHA-512/256': sha512_256,
  'SHA3-224': sha3_224,
  'SHA3-256': sha3_256,
  'SHA3-384': sha3_384,
  'SHA3-512': sha3_512,
} as const;

const curves = {
  secp256r1: p256,
  secp384r1: p384,
  secp521r1: p521,
  secp256k1,
  brainpoolP256r1,
  brainpoolP384r1,
  brainpoolP512r1,
} as const;

type Cipher = (
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
) => { encrypt(plaintext: Uint8Array): Uint8Array; decrypt(sealed: Uint8Array): Uint8Array };

const requireSizes = (key: Uint8Array, keyLength: number, tagLength: number): void => {
  if (key.length !== keyLength || tagLength !== 16)
    throw new CryptoInputError('key or tag length', { code: 'unsupported-parameter' });
};

const aead = (cipher: Cipher, keyLength: number): AeadAlgorithm => ({
  kind: 'aead',
  seal: ({ key, nonce, associated, tagLength }, plaintext) => {
    requireSizes(key, keyLength, tagLength);
    return refusing('seal', () => Uint8Array.from(cipher(key, nonce, associated).encrypt(plaintext)));
  },
  open: ({ key, nonce, associated, tagLength }, sealed) => {
    requireSizes(key, keyLength, tagLength);
    const opener = refusing('open', () => cipher(key, nonce, associated));
    return quietly(() => Uint8Array.from(opener.decrypt(sealed)));
  },
});

// GCM with a nonce under 8 bytes is valid, but noble has none.
const gcmOfAnyNonce: Cipher = (key, nonce, associated) => {
  if (nonce.length > 0 && nonce.length < 8)
    throw new CryptoInputError('nonce length', { code: 'unsupported-parameter' });
  return gcm(key, nonce, associated);
};

const cbcCipher: CipherAlgorithm = {
  kind: 'cipher',
  encrypt: (key, iv, plaintext) => refusing('encrypt', () => Uint8Array.from(cbc(key, iv).encrypt(plaintext))),
  decrypt: (key, iv, ciphertext) => {
    const engine = refusing('decrypt', () => cbc(key, iv));
    return quietly(() => Uint8Array.from(engine.decrypt(ciphertext)));
  },
};

const wrap = (cipher: typeof aeskw): CipherAlgorithm => ({
  kind: 'cipher',
  encrypt: (key, _iv, plaintext) => refusing('wrap', () => Uint8Array.from(cipher(key).encrypt(plaintext))),
  decrypt: (key, _iv, ciphertext) => quietly(() => Uint8Array.from(cipher(key).decrypt(ciphertext))),
});

const montgomery = (curve: typeof x25519): AgreementAlgorithm => ({
  kind: 'agreement',
  agree: (scalar, peer) => refusing('agreement', () => Uint8Array.from(curve.getSharedSecret(scalar, peer))),
});

const ecdh = (curve: typeof p256): AgreementAlgorithm => ({
  kind: 'agreement',
  agree: (scalar, peer) =>
    refusing('agreement', (): Bytes => Uint8Array.from(curve.getSharedSecret(scalar, peer, true).subarray(1))),
});

type Hash = (message: Uint8Array) => Uint8Array;

const ecdsa = (
  curve: typeof p256,
  hash: Hash,
  options: { readonly lowS: boolean; readonly format: 'der' | 'compact' },
): SignatureAlgorithm => ({
  kind: 'signature',
  verify: ({ raw }, { message, signature }) => {
    if (raw === undefined) throw new CryptoInputError('no raw key');
    return quietly(() => curve.verify(signature, hash(message), raw, { ...options, prehash: false })) ?? false;
  },
});

const ecdsaRows = (title: string, curve: typeof p256, hash: Hash): Row[] => [
  [`${title}-DER`, ecdsa(curve, hash, { lowS: false, format: 'der' })],
  [`${title}-P1363`, ecdsa(curve, hash, { lowS: false, format: 'compact' })],
];

const eddsa = (curve: typeof ed25519): SignatureAlgorithm => ({
  kind: 'signature',
  verify: ({ raw }, { message, signature }) => {
    if (raw === undefined) throw new CryptoInputError('no raw key');
    // RFC 8032 as it is written, not the laxer ZIP 215.
    return quietly(() => curve.verify(signature, message, raw, { zip215: false })) ?? false;
  },
});

const hashRows = Object.entries(hashes).flatMap(([title, hash]): Row[] => [
  [`HMAC-${title}`, { kind: 'mac', mac: (key, message) => Uint8Array.from(hmac(hash, key, message)) }],
  [
    `HKDF-${title}`,
    {
      kind: 'kdf',
      derive: (secret, salt, label, length) =>
        refusing('HKDF', () => Uint8Array.from(hkdf(hash, secret, salt, label, length))),
    },
  ],
]);

const curveRows = Object.entries(curves).flatMap(([curve, engine]): Row[] => [
  [`ECDH-${curve}`, ecdh(engine)],
  ...Object.entries(hashes).flatMap(([hash, digest]) => ecdsaRows(`ECDSA-${curve}-${hash}`, engine, digest)),
]);

const aesRows = [16, 24, 32].flatMap((length): Row[] => [
  [`AES-${length * 8}-GCM`, aead(gcmOfAnyNonce, length)],
  [`AES-${length * 8}-GMAC`, aead(gcmOfAnyNonce, length)],
  [`AES-${length * 8}-GCM-SIV`, aead(gcmsiv, length)],
  [`AES-${length * 8}-CBC-PKCS5`, cbcCipher],
  [`AES-${length * 8}-WRAP`, wrap(aeskw)],
  [`AES-${length * 8}-KWP`, wrap(aeskwp)],
  [
    `AES-${length * 8}-CMAC`,
    { kind: 'mac', mac: (key, message) => refusing('CMAC', () => Uint8Array.from(cmac(message, key))) },
  ],
]);

/** noble beyond what HB/1 asks of it. */
export const nobleEngine: Engine = {
  name: 'noble',
  algorithms: new Map<string, Row[1]>([
    ...hashRows,
    ...aesRows,
    ['CHACHA20-POLY1305', aead(chacha20poly1305, 32)],
    ['XCHACHA20-POLY1305', aead(xchacha20poly1305, 32)],
    ['X25519', montgomery(x25519)],
    ['X448', montgomery(x448)],
    ['Ed25519', eddsa(ed25519)],
    ['Ed448', eddsa(ed448)],
    ['ECDSA-secp256k1-SHA-256-BITCOIN', ecdsa(secp256k1, sha256, { lowS: true, format: 'der' })],
    ...curveRows,
  ]),
};
