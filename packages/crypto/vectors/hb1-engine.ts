/** A provider of HB/1, seen through nothing but its interface. */
import { type AsyncCrypto, CryptoInputError, type Group } from '@hauberk/primitives';
import type {
  AeadAlgorithm,
  AgreementAlgorithm,
  Engine,
  KdfAlgorithm,
  MacAlgorithm,
  Row,
  SignatureAlgorithm,
} from './algorithm.ts';

const hmac = (crypto: AsyncCrypto): MacAlgorithm => ({
  kind: 'mac',
  mac: async (key, message) => crypto.mac(await crypto.importMac(key), message),
  verify: async (key, message, tag) => crypto.verifyMac(await crypto.importMac(key), message, tag),
});

const hkdf = (crypto: AsyncCrypto): KdfAlgorithm => ({
  kind: 'kdf',
  derive: async (secret, salt, label, length) =>
    crypto.hkdfExpand(await crypto.hkdfExtract(salt, secret), label, length),
});

const requireFullTag = (tagLength: number): void => {
  if (tagLength !== 16) throw new CryptoInputError('tags have 16 bytes', { code: 'unsupported-parameter' });
};

const aead = (crypto: AsyncCrypto): AeadAlgorithm => ({
  kind: 'aead',
  seal: async ({ key, nonce, associated, tagLength }, plaintext) => {
    requireFullTag(tagLength);
    return crypto.seal(await crypto.importAead(key), nonce, plaintext, associated);
  },
  open: async ({ key, nonce, associated, tagLength }, sealed) => {
    requireFullTag(tagLength);
    return crypto.open(await crypto.importAead(key), nonce, sealed, associated);
  },
});

const agreement = (crypto: AsyncCrypto, group: Group): AgreementAlgorithm => ({
  kind: 'agreement',
  agree: async (scalar, peer) => {
    const { privateKey } = await crypto.importPrivateKey(group, 'agree', scalar);
    return crypto.agree(privateKey, peer);
  },
});

const ecdsa = (crypto: AsyncCrypto): SignatureAlgorithm => ({
  kind: 'signature',
  verify: async ({ raw }, { message, signature }) => {
    if (raw === undefined) throw new CryptoInputError('no raw key');
    return crypto.verify(raw, message, signature);
  },
});

/** The algorithms of HB/1, and the sizes beside them that its providers must refuse. */
export const hb1Engine = (crypto: AsyncCrypto): Engine => ({
  name: `${crypto.name} (HB/1)`,
  algorithms: new Map<string, Row[1]>([
    ['HMAC-SHA-256', hmac(crypto)],
    ['HKDF-SHA-256', hkdf(crypto)],
    ['AES-128-GCM', aead(crypto)],
    ['AES-192-GCM', aead(crypto)],
    ['AES-256-GCM', aead(crypto)],
    ['X25519', agreement(crypto, 'x25519')],
    ['ECDH-secp256r1', agreement(crypto, 'p256')],
    ['ECDSA-secp256r1-SHA-256-P1363', ecdsa(crypto)],
  ]),
});
