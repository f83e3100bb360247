/** Agreement and signatures. */
import { type AsyncCrypto, type Bytes, concat, type Group, utf8 } from '@hauberk/primitives';
import type { CryptoAlgorithm, CryptoRule } from './crypto-rule.ts';
import { counting, expectBytes, expectRefusal, expectThat, flipped, hex } from './expect.ts';

const groups: readonly (readonly [Group, CryptoAlgorithm, number])[] = [
  ['p256', 'ECDH P-256', 65],
  ['x25519', 'X25519', 32],
];

const agreementRules = groups.flatMap(([group, algorithm, length]): CryptoRule[] => [
  {
    algorithm,
    rule: 'makes a fresh pair each time, in the raw form, whose two sides agree',
    check: async (crypto) => {
      const [ours, theirs] = [
        await crypto.generateKeyPair(group, 'agree'),
        await crypto.generateKeyPair(group, 'agree'),
      ];
      expectThat(ours.publicKey.length === length, 'raw form');
      expectThat(ours.privateKey.group === group && ours.privateKey.usage === 'agree', 'labels');
      const shared = await crypto.agree(ours.privateKey, theirs.publicKey);
      expectThat(shared.length === 32, 'length');
      expectBytes(await crypto.agree(theirs.privateKey, ours.publicKey), shared, 'the other side');
      const third = await crypto.generateKeyPair(group, 'agree');
      expectThat((await crypto.agree(third.privateKey, ours.publicKey)).join() !== shared.join(), 'a fresh pair');
    },
  },
  {
    algorithm,
    rule: 'refuses peers and scalars of another length or form',
    check: async (crypto) => {
      const { privateKey, publicKey } = await crypto.generateKeyPair(group, 'agree');
      const forms = [publicKey.subarray(1), concat(publicKey, Uint8Array.of(0)), new Uint8Array(0)];
      for (const form of forms) await expectRefusal(() => crypto.agree(privateKey, form), `peer of ${form.length}`);
      for (const size of [0, 31, 33])
        await expectRefusal(() => crypto.importPrivateKey(group, 'agree', counting(size, 1)), `scalar of ${size}`);
    },
  },
]);

// RFC 7748 section 5.2, first vector.
const montgomery = {
  scalar: hex('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4'),
  peer: hex('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c'),
  shared: hex('c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552'),
};

/** Points of small order, canonical and not: their product is zero whatever the scalar (RFC 7748 section 6.1). */
const lowOrder = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map(hex);

const montgomeryRules: readonly CryptoRule[] = [
  {
    algorithm: 'X25519',
    rule: 'gives the answer of RFC 7748',
    check: async (crypto) => {
      const { privateKey } = await crypto.importPrivateKey('x25519', 'agree', montgomery.scalar);
      expectBytes(await crypto.agree(privateKey, montgomery.peer), montgomery.shared, 'shared');
    },
  },
  {
    algorithm: 'X25519',
    rule: 'refuses every peer of low order',
    check: async (crypto) => {
      const { privateKey } = await crypto.generateKeyPair('x25519', 'agree');
      for (const [index, peer] of lowOrder.entries())
        await expectRefusal(() => crypto.agree(privateKey, peer), `point ${index}`, 'malformed-key');
    },
  },
  {
    algorithm: 'X25519',
    rule: 'makes and loads no signing keys',
    check: async (crypto) => {
      const code = 'unsupported-parameter';
      await expectRefusal(() => crypto.generateKeyPair('x25519', 'sign'), 'generate', code);
      await expectRefusal(() => crypto.importPrivateKey('x25519', 'sign', montgomery.scalar), 'import', code);
    },
  },
];

// RFC 5903 section 8.1.
const weierstrass = {
  scalar: hex('c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433'),
  publicKey: hex(`04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180
    5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3`),
  peer: hex(`04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63
    56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab`),
  shared: hex('d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de'),
};
const order = hex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const prime = hex('ffffffff00000001000000000000000000000000ffffffffffffffffffffffff');

const offCurve: readonly (readonly [string, Bytes])[] = [
  ['a point beside the curve', flipped(weierstrass.peer, 64 * 8)],
  ['a point of zeros', concat(Uint8Array.of(4), new Uint8Array(64))],
  ['a coordinate not below the prime', concat(Uint8Array.of(4), prime, weierstrass.peer.subarray(33))],
  ['infinity', Uint8Array.of(0)],
  ['the hybrid form', concat(Uint8Array.of(7), weierstrass.peer.subarray(1))],
];

const curveRules: readonly CryptoRule[] = [
  {
    algorithm: 'ECDH P-256',
    rule: 'gives the answers of RFC 5903',
    check: async (crypto) => {
      const { privateKey, publicKey } = await crypto.importPrivateKey('p256', 'agree', weierstrass.scalar);
      expectBytes(publicKey, weierstrass.publicKey, 'public key');
      expectBytes(await crypto.agree(privateKey, weierstrass.peer), weierstrass.shared, 'shared');
    },
  },
  {
    algorithm: 'ECDH P-256',
    rule: 'refuses peers that are no points of the curve, and says that compressed ones are valid elsewhere',
    check: async (crypto) => {
      const { privateKey } = await crypto.generateKeyPair('p256', 'agree');
      for (const [what, peer] of offCurve)
        await expectRefusal(() => crypto.agree(privateKey, peer), what, 'malformed-key');
      const sign = 2 + ((weierstrass.peer[64] ?? 0) & 1);
      const compressed = concat(Uint8Array.of(sign), weierstrass.peer.subarray(1, 33));
      await expectRefusal(() => crypto.agree(privateKey, compressed), 'compressed', 'unsupported-parameter');
    },
  },
  {
    algorithm: 'ECDH P-256',
    rule: 'loads scalars from one to below the order',
    check: async (crypto) => {
      const below = Uint8Array.from(order);
      below[31] = (below[31] ?? 0) - 1;
      const one = Uint8Array.from({ length: 32 }, (_none, index) => (index === 31 ? 1 : 0));
      for (const scalar of [one, below]) await crypto.importPrivateKey('p256', 'agree', scalar);
      for (const scalar of [new Uint8Array(32), order, new Uint8Array(32).fill(255)])
        await expectRefusal(() => crypto.importPrivateKey('p256', 'agree', scalar), 'out of range', 'malformed-key');
    },
  },
];

// RFC 6979 appendix A.2.5, SHA-256 of "sample".
const signer = {
  scalar: hex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721'),
  publicKey: hex(`0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6
    7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299`),
  signature: hex(`efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716
    f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8`),
};
const message = utf8('sample');

const minus = (left: Uint8Array, right: Uint8Array): Bytes => {
  const difference = new Uint8Array(left.length);
  let borrow = 0;
  for (let index = left.length - 1; index >= 0; index -= 1) {
    const digit = (left[index] ?? 0) - (right[index] ?? 0) - borrow;
    borrow = digit < 0 ? 1 : 0;
    difference[index] = digit & 0xff;
  }
  return difference;
};

const r = signer.signature.subarray(0, 32);
const s = signer.signature.subarray(32);
const zero = new Uint8Array(32);
const der = concat(Uint8Array.of(0x30, 0x46, 0x02, 0x21, 0), r, Uint8Array.of(0x02, 0x21, 0), s);

const refusedSignatures: readonly (readonly [string, Uint8Array])[] = [
  ['zeros', new Uint8Array(64)],
  ['r of zero', concat(zero, s)],
  ['s of zero', concat(r, zero)],
  ['r of the order', concat(order, s)],
  ['s of the order', concat(r, order)],
  ['halves exchanged', concat(s, r)],
  ['63 bytes', signer.signature.subarray(1)],
  ['65 bytes', concat(signer.signature, Uint8Array.of(0))],
  ['nothing', new Uint8Array(0)],
  ['DER', der],
];

const verifies = (
  crypto: AsyncCrypto,
  publicKey: Uint8Array,
  text: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> => crypto.verify(publicKey, text, signature);

const signatureRules: readonly CryptoRule[] = [
  {
    algorithm: 'ECDSA P-256',
    rule: 'confirms the signature of RFC 6979, and its twin with the other s',
    check: async (crypto) => {
      expectThat(await verifies(crypto, signer.publicKey, message, signer.signature), 'as published');
      expectThat(await verifies(crypto, signer.publicKey, message, concat(r, minus(order, s))), 'its twin');
    },
  },
  {
    algorithm: 'ECDSA P-256',
    rule: 'answers false for every malformed signature and every turned bit',
    check: async (crypto) => {
      for (const [what, signature] of refusedSignatures)
        expectThat(!(await verifies(crypto, signer.publicKey, message, signature)), what);
      for (let bit = 0; bit < 512; bit += 31)
        expectThat(!(await verifies(crypto, signer.publicKey, message, flipped(signer.signature, bit))), `bit ${bit}`);
      expectThat(!(await verifies(crypto, signer.publicKey, utf8('Sample'), signer.signature)), 'another message');
    },
  },
  {
    algorithm: 'ECDSA P-256',
    rule: 'answers false under another key and under what is no key',
    check: async (crypto) => {
      const { publicKey } = await crypto.generateKeyPair('p256', 'sign');
      expectThat(!(await verifies(crypto, publicKey, message, signer.signature)), 'another key');
      const compressed = concat(Uint8Array.of(3), signer.publicKey.subarray(1, 33));
      for (const form of [...offCurve.map(([, point]) => point), compressed, new Uint8Array(0), new Uint8Array(64)])
        expectThat(!(await verifies(crypto, form, message, signer.signature)), `no key of ${form.length}`);
    },
  },
  {
    algorithm: 'ECDSA P-256',
    rule: 'signs with fresh and with loaded keys, 64 bytes that its own check confirms',
    check: async (crypto) => {
      const loaded = await crypto.importPrivateKey('p256', 'sign', signer.scalar);
      expectBytes(loaded.publicKey, signer.publicKey, 'public key');
      for (const { privateKey, publicKey } of [loaded, await crypto.generateKeyPair('p256', 'sign')]) {
        const signature = await crypto.sign(privateKey, message);
        expectThat(signature.length === 64, 'length');
        expectThat(await verifies(crypto, publicKey, message, signature), 'confirmed');
        expectThat(!(await verifies(crypto, publicKey, utf8('other'), signature)), 'bound to its message');
      }
    },
  },
  {
    algorithm: 'ECDSA P-256',
    rule: 'keeps keys to their purpose: what signs does not agree, what agrees does not sign',
    check: async (crypto) => {
      const signing = await crypto.generateKeyPair('p256', 'sign');
      const agreeing = await crypto.generateKeyPair('p256', 'agree');
      await expectRefusal(() => crypto.agree(signing.privateKey, agreeing.publicKey), 'agree');
      await expectRefusal(() => crypto.sign(agreeing.privateKey, message), 'sign');
    },
  },
];

const foreignRules = groups.map(
  ([group, algorithm]): CryptoRule => ({
    algorithm,
    rule: 'refuses a private key that another provider made',
    check: async (crypto) => {
      const { publicKey } = await crypto.generateKeyPair(group, 'agree');
      const foreign = { group, usage: 'agree', handle: { foreign: true } } as const;
      await expectRefusal(() => crypto.agree(foreign, publicKey), 'agree', 'malformed-key');
    },
  }),
);

/** Rules about key pairs. */
export const keyContract: readonly CryptoRule[] = [
  ...agreementRules,
  ...curveRules,
  ...montgomeryRules,
  ...signatureRules,
  ...foreignRules,
];
