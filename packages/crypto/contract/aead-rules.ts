/** AES-256-GCM. */
import { utf8 } from '@hauberk/primitives';
import type { CryptoRule } from './crypto-rule.ts';
import { counting, expectBytes, expectRefusal, expectThat, flipped, hex } from './expect.ts';

// The GCM specification (McGrew and Viega), test case 16.
const key = hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308');
const nonce = hex('cafebabefacedbaddecaf888');
const associated = hex('feedfacedeadbeeffeedfacedeadbeefabaddad2');
const plaintext = hex(`d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
  1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39`);
const sealed = hex(`522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
  8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b`);
// Test case 13: nothing sealed under zeros.
const emptyTag = hex('530f8afbc74536b9a963b4f1c4cb738b');

/** Rules about sealing. */
export const aeadContract: readonly CryptoRule[] = [
  {
    algorithm: 'AES-256-GCM',
    rule: 'gives the answers of the GCM specification, empty plaintext included',
    check: async (crypto) => {
      const imported = await crypto.importAead(key);
      expectBytes(await crypto.seal(imported, nonce, plaintext, associated), sealed, 'seal');
      expectBytes(await crypto.open(imported, nonce, sealed, associated), plaintext, 'open');
      const zeros = await crypto.importAead(new Uint8Array(32));
      const none = new Uint8Array(0);
      expectBytes(await crypto.seal(zeros, new Uint8Array(12), none, none), emptyTag, 'seal nothing');
      expectBytes(await crypto.open(zeros, new Uint8Array(12), emptyTag, none), none, 'open nothing');
    },
  },
  {
    algorithm: 'AES-256-GCM',
    rule: 'answers undefined when any bit of ciphertext, tag, nonce or associated bytes is turned over',
    check: async (crypto) => {
      const imported = await crypto.importAead(key);
      for (let bit = 0; bit < sealed.length * 8; bit += 1)
        expectThat((await crypto.open(imported, nonce, flipped(sealed, bit), associated)) === undefined, `bit ${bit}`);
      for (let bit = 0; bit < nonce.length * 8; bit += 1)
        expectThat(
          (await crypto.open(imported, flipped(nonce, bit), sealed, associated)) === undefined,
          `nonce ${bit}`,
        );
      for (let bit = 0; bit < associated.length * 8; bit += 1)
        expectThat((await crypto.open(imported, nonce, sealed, flipped(associated, bit))) === undefined, `aad ${bit}`);
    },
  },
  {
    algorithm: 'AES-256-GCM',
    rule: 'answers undefined for anything cut short, down to nothing, and under another key',
    check: async (crypto) => {
      const imported = await crypto.importAead(key);
      for (let length = 0; length < sealed.length; length += 1)
        expectThat(
          (await crypto.open(imported, nonce, sealed.subarray(0, length), associated)) === undefined,
          `${length}`,
        );
      const other = await crypto.importAead(counting(32));
      expectThat((await crypto.open(other, nonce, sealed, associated)) === undefined, 'another key');
    },
  },
  {
    algorithm: 'AES-256-GCM',
    rule: 'takes keys of 32 bytes and nonces of 12, and says whether others are valid elsewhere',
    check: async (crypto) => {
      for (const length of [16, 24])
        await expectRefusal(() => crypto.importAead(counting(length)), `${length}`, 'unsupported-parameter');
      for (const length of [0, 15, 31, 33, 64])
        await expectRefusal(() => crypto.importAead(counting(length)), `${length}`, 'malformed-key');
      const imported = await crypto.importAead(key);
      for (const length of [0, 8, 11, 13, 16]) {
        const other = counting(length);
        await expectRefusal(
          () => crypto.seal(imported, other, plaintext, associated),
          `${length}`,
          'unsupported-parameter',
        );
        await expectRefusal(
          () => crypto.open(imported, other, sealed, associated),
          `${length}`,
          'unsupported-parameter',
        );
      }
    },
  },
  {
    algorithm: 'AES-256-GCM',
    rule: 'refuses a key that was made to authenticate',
    check: async (crypto) => {
      const mac = await crypto.importMac(key);
      await expectRefusal(() => crypto.seal(mac, nonce, plaintext, associated), 'seal');
      await expectRefusal(() => crypto.open(mac, nonce, sealed, associated), 'open');
    },
  },
  {
    algorithm: 'AES-256-GCM',
    rule: 'reads exactly the views it is given and leaves them as they were',
    check: async (crypto) => {
      const around = Uint8Array.from([9, 9, ...key, 9]);
      const imported = await crypto.importAead(around.subarray(2, 34));
      around.fill(0);
      const message = Uint8Array.from([7, ...plaintext, 7]);
      expectBytes(await crypto.seal(imported, nonce, message.subarray(1, -1), associated), sealed, 'seal a view');
      const envelope = Uint8Array.from([7, ...sealed, 7]);
      expectBytes(await crypto.open(imported, nonce, envelope.subarray(1, -1), associated), plaintext, 'open a view');
      expectBytes(envelope.subarray(1, -1), sealed, 'the envelope afterwards');
    },
  },
  {
    algorithm: 'AES-256-GCM',
    rule: 'seals and opens a body of 1 MiB',
    check: async (crypto) => {
      const imported = await crypto.importAead(key);
      const body = new Uint8Array(1 << 20).fill(0x5a);
      const envelope = await crypto.seal(imported, nonce, body, utf8('base'));
      expectThat(envelope.length === body.length + 16, 'length');
      const opened = await crypto.open(imported, nonce, envelope, utf8('base'));
      expectThat(opened?.length === body.length && opened.every((byte) => byte === 0x5a), 'body');
    },
  },
];
