/** Wycheproof groups about ciphers, MACs and key derivation. */
import { equalBytes } from '@hauberk/primitives';
import { type GroupRule, rule, type Verdict } from './group-rule.ts';
import { hashName } from './hash-names.ts';
import { countOf, hexOf, type Members, optionalHexOf, textOf } from './members.ts';

/** AES-GCM with a key of 256 bits is AES-256-GCM in the tables; ChaCha20 has one size. */
const sizedName = (file: Members, group: Members): string => {
  const name = textOf(file, 'algorithm');
  return name.replace(/^(AES|ARIA|CAMELLIA|SM4|SEED)-/i, (family) => `${family}${countOf(group, 'keySize')}-`);
};

const equalOr = (actual: Uint8Array, expected: Uint8Array, otherwise: Verdict): Verdict =>
  equalBytes(actual, expected) ? 'accepted' : otherwise;

const macName = (file: Members, group: Members): string => {
  const name = textOf(file, 'algorithm');
  return name.startsWith('HMAC') ? `HMAC-${hashName(name.slice(4))}` : sizedName(file, group);
};

const mac = rule('mac', macName, async (algorithm, { group, test }) => {
  const [key, message, tag] = [hexOf(test, 'key'), hexOf(test, 'msg'), hexOf(test, 'tag')];
  const full = await algorithm.mac(key, message);
  const expected = full.subarray(0, countOf(group, 'tagSize') / 8);
  const verdict = equalOr(expected, tag, 'refused');
  // The engine's own check must say the same of full-length tags.
  if (algorithm.verify === undefined || expected.length < full.length) return verdict;
  return (await algorithm.verify(key, message, tag)) === (verdict === 'accepted') ? verdict : 'wrong';
});

const hkdf = rule(
  'kdf',
  (file) => hashName(textOf(file, 'algorithm')),
  async (algorithm, { test }) => {
    const length = countOf(test, 'size');
    const derived = await algorithm.derive(hexOf(test, 'ikm'), hexOf(test, 'salt'), hexOf(test, 'info'), length);
    return equalOr(derived, hexOf(test, 'okm'), 'wrong');
  },
);

const pbkdf2 = rule(
  'password',
  (file) => textOf(file, 'algorithm').replace(/HMAC-?(.*)$/, (_match, hash: string) => `HMAC-${hashName(hash)}`),
  async (algorithm, { test }) => {
    const iterations = countOf(test, 'iterationCount');
    const length = countOf(test, 'dkLen');
    const derived = await algorithm.derive(hexOf(test, 'password'), hexOf(test, 'salt'), iterations, length);
    return equalOr(derived, hexOf(test, 'dk'), 'wrong');
  },
);

const aead = rule('aead', sizedName, async (algorithm, { group, test }) => {
  const input = {
    key: hexOf(test, 'key'),
    nonce: hexOf(test, 'iv'),
    associated: hexOf(test, 'aad'),
    tagLength: countOf(group, 'tagSize') / 8,
  };
  const sealed = Uint8Array.from([...hexOf(test, 'ct'), ...hexOf(test, 'tag')]);
  const opened = await algorithm.open(input, sealed);
  if (opened === undefined) return 'refused';
  const plaintext = hexOf(test, 'msg');
  if (!equalBytes(opened, plaintext)) return 'wrong';
  return equalOr(await algorithm.seal(input, plaintext), sealed, 'wrong');
});

/** GMAC is GCM of nothing with the message as associated bytes (SP 800-38D section 3). */
const gmac = rule('aead', sizedName, async (algorithm, { group, test }) => {
  const input = {
    key: hexOf(test, 'key'),
    nonce: hexOf(test, 'iv'),
    associated: hexOf(test, 'msg'),
    tagLength: countOf(group, 'tagSize') / 8,
  };
  return (await algorithm.open(input, hexOf(test, 'tag')))?.length === 0 ? 'accepted' : 'refused';
});

const cipher = rule('cipher', sizedName, async (algorithm, { test }) => {
  const [key, iv, ciphertext] = [hexOf(test, 'key'), optionalHexOf(test, 'iv'), hexOf(test, 'ct')];
  const opened = await algorithm.decrypt(key, iv, ciphertext);
  if (opened === undefined) return 'refused';
  const plaintext = hexOf(test, 'msg');
  if (!equalBytes(opened, plaintext)) return 'wrong';
  return equalOr(await algorithm.encrypt(key, iv, plaintext), ciphertext, 'wrong');
});

/** By type of group. */
export const symmetricRules: readonly (readonly [string, GroupRule])[] = [
  ['MacTest', mac],
  ['MacWithIvTest', gmac],
  ['HkdfTest', hkdf],
  ['PbkdfTest', pbkdf2],
  ['AeadTest', aead],
  ['IndCpaTest', cipher],
  ['KeywrapTest', cipher],
];
