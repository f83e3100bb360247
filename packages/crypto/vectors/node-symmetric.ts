/** The hashes and ciphers of node:crypto that this build of OpenSSL really has. */
import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  getCiphers,
  getHashes,
  hkdfSync,
  pbkdf2Sync,
} from 'node:crypto';
import { type Bytes, CryptoInputError, concat } from '@hauberk/primitives';
import type { AeadAlgorithm, AeadInput, CipherAlgorithm, Row } from './algorithm.ts';
import { quietly, refusing } from './refusing.ts';

/** Our name of a hash and OpenSSL's. */
const hashNames: readonly (readonly [string, string])[] = [
  ['SHA-1', 'sha1'],
  ['SHA-224', 'sha224'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
  ['SHA-512/224', 'sha512-224'],
  ['SHA-512/256', 'sha512-256'],
  ['SHA3-224', 'sha3-224'],
  ['SHA3-256', 'sha3-256'],
  ['SHA3-384', 'sha3-384'],
  ['SHA3-512', 'sha3-512'],
  ['SM3', 'sm3'],
];
const builtHashes = new Set(getHashes());

/** The hashes of this Node: our name and OpenSSL's. */
export const nodeHashes: readonly (readonly [string, string])[] = hashNames.filter(([, name]) => builtHashes.has(name));

const plain = (buffer: Uint8Array): Bytes => Uint8Array.from(buffer);

const hashRows = ([hash, name]: readonly [string, string]): Row[] => [
  [
    `HMAC-${hash}`,
    { kind: 'mac', mac: (key, message) => plain(createHmac(name, createSecretKey(key)).update(message).digest()) },
  ],
  [
    `HKDF-${hash}`,
    {
      kind: 'kdf',
      derive: (secret, salt, label, length) =>
        refusing('HKDF', () => new Uint8Array(hkdfSync(name, secret, salt, label, length))),
    },
  ],
  [
    `PBKDF2-HMAC-${hash}`,
    {
      kind: 'password',
      derive: (password, salt, iterations, length) =>
        refusing('PBKDF2', () => plain(pbkdf2Sync(password, salt, iterations, length, name))),
    },
  ],
];

const unsupported = (what: string): never => {
  throw new CryptoInputError(what, { code: 'unsupported-parameter' });
};

const requireNonce = (name: string, nonce: Uint8Array): void => {
  // OpenSSL would pad a short ChaCha20 nonce with zeros (CVE-2019-1543): two spellings of one nonce.
  if (name === 'chacha20-poly1305' && nonce.length !== 12) throw new CryptoInputError('nonce length');
  // Longer ones are valid GCM, but OpenSSL has no room for them.
  if (nonce.length > 128) unsupported('nonces over 128 bytes');
};

const aead = (cipher: string, keyLength: number): AeadAlgorithm => {
  // One call serves GCM, CCM and ChaCha20-Poly1305 alike; its type names only one of them.
  const name = cipher as CipherGCMTypes;
  const require = ({ key, nonce }: AeadInput): void => {
    requireNonce(cipher, nonce);
    if (key.length !== keyLength) unsupported('key length');
  };
  const seal = (input: AeadInput, plaintext: Uint8Array): Bytes => {
    const sealer = createCipheriv(name, input.key, input.nonce, { authTagLength: input.tagLength });
    sealer.setAAD(input.associated, { plaintextLength: plaintext.length });
    return concat(sealer.update(plaintext), sealer.final(), sealer.getAuthTag());
  };
  const open = (input: AeadInput, sealed: Uint8Array): Bytes | undefined => {
    const length = sealed.length - input.tagLength;
    const opener = createDecipheriv(name, input.key, input.nonce, { authTagLength: input.tagLength });
    opener.setAuthTag(sealed.subarray(length));
    opener.setAAD(input.associated, { plaintextLength: length });
    return quietly(() => concat(opener.update(sealed.subarray(0, length)), opener.final()));
  };
  return {
    kind: 'aead',
    seal: (input, plaintext) => {
      require(input);
      return refusing(cipher, () => seal(input, plaintext));
    },
    open: (input, sealed) => {
      require(input);
      return sealed.length < input.tagLength ? undefined : refusing(cipher, () => open(input, sealed));
    },
  };
};

const blocks = (cipher: string): CipherAlgorithm => ({
  kind: 'cipher',
  encrypt: (key, iv, plaintext) =>
    refusing(cipher, () => {
      const engine = createCipheriv(cipher, key, iv);
      return concat(engine.update(plaintext), engine.final());
    }),
  decrypt: (key, iv, ciphertext) => {
    const engine = refusing(cipher, () => createDecipheriv(cipher, key, iv));
    return quietly(() => concat(engine.update(ciphertext), engine.final()));
  },
});

/** RFC 3394 section 2.2.3.1 and RFC 5649 section 3: the initial values of key wrapping. */
const wrapping: readonly (readonly [string, string, Uint8Array])[] = [
  ['WRAP', 'wrap', Buffer.from('a6a6a6a6a6a6a6a6', 'hex')],
  ['KWP', 'wrap-pad', Buffer.from('a65959a6', 'hex')],
];

const wrap = (cipher: string, initial: Uint8Array): CipherAlgorithm => {
  const engine = blocks(cipher);
  return {
    kind: 'cipher',
    encrypt: (key, _iv, plaintext) => engine.encrypt(key, initial, plaintext),
    // OpenSSL takes no bytes for no work and says nothing against them.
    decrypt: (key, _iv, ciphertext) => (ciphertext.length === 0 ? undefined : engine.decrypt(key, initial, ciphertext)),
  };
};

const wrapRows = (bits: number): Row[] =>
  wrapping
    .filter(([, name]) => builtCiphers.has(`id-aes${bits}-${name}`))
    .map(([title, name, initial]) => [`AES-${bits}-${title}`, wrap(`id-aes${bits}-${name}`, initial)]);

const builtCiphers = new Set(getCiphers());

const cipherRows = (family: string, bits: number): Row[] => {
  const modes: readonly (readonly [string, string])[] = [
    ['GCM', 'gcm'],
    ['GMAC', 'gcm'],
    ['CCM', 'ccm'],
  ];
  const lower = family.toLowerCase();
  const sealing = modes
    .filter(([, mode]) => builtCiphers.has(`${lower}-${bits}-${mode}`))
    .map(([title, mode]): Row => [`${family}-${bits}-${title}`, aead(`${lower}-${bits}-${mode}`, bits / 8)]);
  const padded = builtCiphers.has(`${lower}-${bits}-cbc`) ? [blocks(`${lower}-${bits}-cbc`)] : [];
  return [...sealing, ...padded.map((cipher): Row => [`${family}-${bits}-CBC-PKCS5`, cipher])];
};

/** Hashes, key derivation and ciphers of this Node. */
export const nodeSymmetric: readonly Row[] = [
  ...nodeHashes.flatMap(hashRows),
  ...['AES', 'ARIA', 'CAMELLIA'].flatMap((family) => [128, 192, 256].flatMap((bits) => cipherRows(family, bits))),
  ...[128, 192, 256].flatMap(wrapRows),
  ['CHACHA20-POLY1305', aead('chacha20-poly1305', 32)],
];
