/** Random bytes, SHA-256, HKDF and HMAC. */
import { toHex, utf8 } from '@hauberk/primitives';
import type { CryptoRule } from './crypto-rule.ts';
import { counting, expectBytes, expectRefusal, expectThat, flipped, hex } from './expect.ts';

const randomRules: readonly CryptoRule[] = [
  {
    algorithm: 'random',
    rule: 'answers exactly as many bytes as were asked for, however many',
    check: async (crypto) => {
      for (const length of [0, 1, 12, 32, 64, 65, 8192, 70_000])
        expectThat(crypto.random(length).length === length, `${length} bytes`);
    },
  },
  {
    algorithm: 'random',
    rule: 'never repeats and never answers a run of zeros',
    check: async (crypto) => {
      const drawn = Array.from({ length: 2000 }, () => toHex(crypto.random(12)));
      expectThat(new Set(drawn).size === drawn.length, 'repeated');
      expectThat(!drawn.includes('00'.repeat(12)), 'zeros');
      expectThat(
        crypto
          .random(70_000)
          .subarray(65_536)
          .some((byte) => byte !== 0),
        'zeros past the quota of WebCrypto',
      );
    },
  },
  {
    algorithm: 'random',
    rule: 'hands out bytes that stay as they are',
    check: async (crypto) => {
      const first = crypto.random(16);
      const spelling = toHex(first);
      for (let draw = 0; draw < 1000; draw += 1) crypto.random(16).fill(0);
      expectThat(toHex(first) === spelling, 'changed afterwards');
    },
  },
];

const hashRules: readonly CryptoRule[] = [
  {
    algorithm: 'SHA-256',
    rule: 'gives the answers of FIPS 180-4',
    check: async (crypto) => {
      const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
      const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
      expectBytes(await crypto.sha256(new Uint8Array(0)), hex(empty), 'of nothing');
      expectBytes(await crypto.sha256(utf8('abc')), hex(abc), 'of abc');
    },
  },
  {
    algorithm: 'SHA-256',
    rule: 'reads exactly the view it is given',
    check: async (crypto) => {
      const around = utf8('xxabcxx');
      expectBytes(await crypto.sha256(around.subarray(2, 5)), await crypto.sha256(utf8('abc')), 'of a view');
    },
  },
];

// RFC 5869 appendix A.1 and A.3.
const keyMaterial = new Uint8Array(22).fill(0x0b);
const extractedA1 = hex('077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5');
const expandedA1 = hex('3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865');
const extractedA3 = hex('19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04');
const expandedA3 = hex('8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8');

const hkdfRules: readonly CryptoRule[] = [
  {
    algorithm: 'HKDF-SHA256',
    rule: 'gives the answers of RFC 5869, with and without salt and label',
    check: async (crypto) => {
      const none = new Uint8Array(0);
      expectBytes(await crypto.hkdfExtract(counting(13), keyMaterial), extractedA1, 'extract A.1');
      expectBytes(await crypto.hkdfExpand(extractedA1, counting(10, 0xf0), 42), expandedA1, 'expand A.1');
      expectBytes(await crypto.hkdfExtract(none, keyMaterial), extractedA3, 'extract A.3');
      expectBytes(await crypto.hkdfExpand(extractedA3, none, 42), expandedA3, 'expand A.3');
    },
  },
  {
    algorithm: 'HKDF-SHA256',
    rule: 'expands to 1 to 8160 bytes, each shorter answer a prefix of the longer ones',
    check: async (crypto) => {
      const longest = await crypto.hkdfExpand(extractedA1, utf8('label'), 8160);
      expectThat(longest.length === 8160, 'length');
      for (const length of [1, 31, 32, 33, 64])
        expectBytes(await crypto.hkdfExpand(extractedA1, utf8('label'), length), longest.subarray(0, length), 'prefix');
      for (const length of [0, 8161, -1, 1.5])
        await expectRefusal(() => crypto.hkdfExpand(extractedA1, utf8('label'), length), `${length} bytes`);
    },
  },
  {
    algorithm: 'HKDF-SHA256',
    rule: 'expands no key that is shorter than a hash',
    check: async (crypto) => {
      for (const length of [0, 16, 31])
        await expectRefusal(() => crypto.hkdfExpand(counting(length), utf8('label'), 32), `a key of ${length}`);
    },
  },
];

// RFC 4231 test cases 1, 2 and 6.
const macCases: readonly (readonly [string, Uint8Array, Uint8Array, string])[] = [
  [
    'case 1',
    new Uint8Array(20).fill(0x0b),
    utf8('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    'case 2',
    utf8('Jefe'),
    utf8('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    'case 6',
    new Uint8Array(131).fill(0xaa),
    utf8('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
];

const macRules: readonly CryptoRule[] = [
  {
    algorithm: 'HMAC-SHA256',
    rule: 'gives the answers of RFC 4231 and confirms them',
    check: async (crypto) => {
      for (const [name, key, message, tag] of macCases) {
        const imported = await crypto.importMac(key);
        expectBytes(await crypto.mac(imported, message), hex(tag), name);
        expectThat(await crypto.verifyMac(imported, message, hex(tag)), `${name} confirmed`);
      }
    },
  },
  {
    algorithm: 'HMAC-SHA256',
    rule: 'takes an empty key for a block of zeros',
    check: async (crypto) => {
      const [empty, zeros] = [await crypto.importMac(new Uint8Array(0)), await crypto.importMac(new Uint8Array(64))];
      expectBytes(await crypto.mac(empty, utf8('x')), await crypto.mac(zeros, utf8('x')), 'empty key');
    },
  },
  {
    algorithm: 'HMAC-SHA256',
    rule: 'refuses a tag with any bit turned over, cut short, stretched or absent',
    check: async (crypto) => {
      const key = await crypto.importMac(counting(32));
      const tag = await crypto.mac(key, utf8('message'));
      for (let bit = 0; bit < 256; bit += 1)
        expectThat(!(await crypto.verifyMac(key, utf8('message'), flipped(tag, bit))), `bit ${bit}`);
      const stretched = Uint8Array.from([...tag, 0]);
      for (const other of [tag.subarray(0, 31), tag.subarray(0, 16), stretched, new Uint8Array(0)])
        expectThat(!(await crypto.verifyMac(key, utf8('message'), other)), `${other.length} bytes`);
      expectThat(!(await crypto.verifyMac(key, utf8('massage'), tag)), 'another message');
    },
  },
  {
    algorithm: 'HMAC-SHA256',
    rule: 'keeps its key when the caller wipes the bytes it came from',
    check: async (crypto) => {
      const bytes = counting(32);
      const key = await crypto.importMac(bytes);
      const before = await crypto.mac(key, utf8('x'));
      bytes.fill(0);
      expectBytes(await crypto.mac(key, utf8('x')), before, 'after the wipe');
    },
  },
  {
    algorithm: 'HMAC-SHA256',
    rule: 'refuses a key that was made to seal',
    check: async (crypto) => {
      const key = await crypto.importAead(counting(32));
      await expectRefusal(() => crypto.mac(key, utf8('x')), 'mac');
      await expectRefusal(() => crypto.verifyMac(key, utf8('x'), new Uint8Array(32)), 'verifyMac');
    },
  },
];

const foreignRules: readonly CryptoRule[] = [
  {
    algorithm: 'HMAC-SHA256',
    rule: 'refuses a key that another provider made',
    check: async (crypto) => {
      const foreign = { use: 'mac', handle: { foreign: true } } as const;
      await expectRefusal(() => crypto.mac(foreign, utf8('x')), 'mac', 'malformed-key');
      await expectRefusal(() => crypto.verifyMac(foreign, utf8('x'), new Uint8Array(32)), 'verifyMac', 'malformed-key');
    },
  },
];

/** Rules about what has no key pair. */
export const hashContract: readonly CryptoRule[] = [
  ...randomRules,
  ...hashRules,
  ...hkdfRules,
  ...macRules,
  ...foreignRules,
];
