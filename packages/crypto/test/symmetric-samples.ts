/** Fresh files about ciphers, MACs and key derivation. */
import { createCipheriv, createHmac, hkdfSync, pbkdf2Sync, randomBytes } from 'node:crypto';
import { hex, message, type SampleFile, turned } from './sample-file.ts';

const aead = (
  algorithm: string,
  cipher: 'aes-256-gcm',
  keySize: number,
  nonceLength: number,
  engines: number,
): SampleFile => {
  const [key, nonce, aad] = [randomBytes(keySize / 8), randomBytes(nonceLength), randomBytes(9)];
  const engine = createCipheriv(cipher, key, nonce, { authTagLength: 16 });
  engine.setAAD(aad, { plaintextLength: message.length });
  const ct = hex(Buffer.concat([engine.update(message), engine.final()]));
  const tag = hex(engine.getAuthTag());
  return {
    title: `AeadTest ${algorithm} ${keySize}`,
    engines,
    algorithm,
    group: { type: 'AeadTest', ivSize: nonceLength * 8, keySize, tagSize: 128 },
    valid: { key: hex(key), iv: hex(nonce), aad: hex(aad), msg: hex(message), ct, tag },
    spoil: { tag: turned(tag) },
  };
};

const gmac = (): SampleFile => {
  const [key, nonce] = [randomBytes(16), randomBytes(12)];
  const engine = createCipheriv('aes-128-gcm', key, nonce);
  engine.setAAD(message);
  engine.final();
  const tag = hex(engine.getAuthTag());
  return {
    title: 'MacWithIvTest',
    engines: 2,
    algorithm: 'AES-GMAC',
    group: { type: 'MacWithIvTest', ivSize: 96, keySize: 128, tagSize: 128 },
    valid: { key: hex(key), iv: hex(nonce), msg: hex(message), tag },
    spoil: { tag: turned(tag) },
  };
};

const mac = (algorithm: string, hash: string, tagSize: number, engines: number): SampleFile => {
  const key = randomBytes(40);
  const tag = hex(
    createHmac(hash, key)
      .update(message)
      .digest()
      .subarray(0, tagSize / 8),
  );
  return {
    title: `MacTest ${algorithm} ${tagSize}`,
    engines,
    algorithm,
    group: { type: 'MacTest', keySize: 320, tagSize },
    valid: { key: hex(key), msg: hex(message), tag },
    spoil: { tag: turned(tag) },
  };
};

// RFC 4493 section 4, example 2.
const cmac: SampleFile = {
  title: 'MacTest AES-CMAC',
  engines: 1,
  algorithm: 'AES-CMAC',
  group: { type: 'MacTest', keySize: 128, tagSize: 128 },
  valid: {
    key: '2b7e151628aed2a6abf7158809cf4f3c',
    msg: '6bc1bee22e409f96e93d7e117393172a',
    tag: '070a16b46b4d4144f79bdd9dd04a287c',
  },
  spoil: { tag: '070a16b46b4d4144f79bdd9dd04a287d' },
};

const hkdf = (algorithm: string, hash: string, engines: number): SampleFile => {
  const [ikm, salt, info] = [randomBytes(22), randomBytes(9), randomBytes(5)];
  return {
    title: `HkdfTest ${algorithm}`,
    engines,
    algorithm,
    group: { type: 'HkdfTest', keySize: 176 },
    valid: {
      ikm: hex(ikm),
      salt: hex(salt),
      info: hex(info),
      size: 50,
      okm: hex(Buffer.from(hkdfSync(hash, ikm, salt, info, 50))),
    },
    spoil: { size: 255 * 64 + 1, okm: '' },
  };
};

const pbkdf2 = (): SampleFile => {
  const [password, salt] = [randomBytes(10), randomBytes(16)];
  const dk = hex(pbkdf2Sync(password, salt, 100, 40, 'sha512'));
  return {
    title: 'PbkdfTest',
    engines: 1,
    algorithm: 'PBKDF2-HMACSHA512',
    group: { type: 'PbkdfTest' },
    valid: { password: hex(password), salt: hex(salt), iterationCount: 100, dkLen: 40, dk },
    spoil: { iterationCount: 0 },
  };
};

const cbc = (): SampleFile => {
  const [key, iv] = [randomBytes(24), randomBytes(16)];
  const engine = createCipheriv('aes-192-cbc', key, iv);
  const ct = hex(Buffer.concat([engine.update(message), engine.final()]));
  return {
    title: 'IndCpaTest',
    engines: 2,
    algorithm: 'AES-CBC-PKCS5',
    group: { type: 'IndCpaTest', ivSize: 128, keySize: 192 },
    valid: { key: hex(key), iv: hex(iv), msg: hex(message), ct },
    spoil: { ct: ct.slice(2) },
  };
};

// RFC 3394 section 4.1 and RFC 5649 section 6.
const wraps: readonly SampleFile[] = [
  {
    title: 'KeywrapTest AES-WRAP',
    engines: 2,
    algorithm: 'AES-WRAP',
    group: { type: 'KeywrapTest', keySize: 128 },
    valid: {
      key: '000102030405060708090a0b0c0d0e0f',
      msg: '00112233445566778899aabbccddeeff',
      ct: '1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5',
    },
    spoil: { ct: '1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe4' },
  },
  {
    title: 'KeywrapTest AES-KWP',
    engines: 2,
    algorithm: 'AES-KWP',
    group: { type: 'KeywrapTest', keySize: 192 },
    valid: {
      key: '5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8',
      msg: '466f7250617369',
      ct: 'afbeb0f07dfbf5419200f2ccb50bb24f',
    },
    spoil: { ct: 'afbeb0f07dfbf5419200f2ccb50bb24e' },
  },
];

const unwrapNothing = (sample: SampleFile): SampleFile => ({
  ...sample,
  title: `${sample.title} of nothing`,
  spoil: { msg: '', ct: '' },
});

/** A file for every type of group without key pairs. */
export const symmetricSamples = (): readonly SampleFile[] => [
  aead('AES-GCM', 'aes-256-gcm', 256, 12, 5),
  aead('AES-CCM', 'aes-256-ccm' as 'aes-256-gcm', 256, 12, 1),
  aead('ARIA-GCM', 'aria-256-gcm' as 'aes-256-gcm', 256, 12, 1),
  aead('CHACHA20-POLY1305', 'chacha20-poly1305' as 'aes-256-gcm', 256, 12, 2),
  gmac(),
  mac('HMACSHA256', 'sha256', 256, 5),
  mac('HMACSHA256', 'sha256', 128, 5),
  mac('HMACSHA3-384', 'sha3-384', 384, 2),
  mac('HMACSHA512/224', 'sha512-224', 112, 2),
  mac('HMACSM3', 'sm3', 256, 1),
  cmac,
  hkdf('HKDF-SHA-256', 'sha256', 5),
  hkdf('HKDF-SHA-512', 'sha512', 2),
  pbkdf2(),
  cbc(),
  ...wraps,
  ...wraps.map(unwrapNothing),
];
