import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { nobleAsyncCrypto, nobleCrypto } from '@hauberk/crypto/noble';
import { nodeAsyncCrypto, nodeCrypto } from '@hauberk/crypto/node';
import { webCrypto } from '@hauberk/crypto/webcrypto';
import { CryptoInputError, type Group, type SyncCrypto, utf8 } from '@hauberk/primitives';

const usages: readonly (readonly [Group, 'agree' | 'sign'])[] = [
  ['p256', 'sign'],
  ['p256', 'agree'],
  ['x25519', 'agree'],
];
for (const [group, usage] of usages)
  test(`webcrypto: a private key of ${group} to ${usage} cannot be extracted and survives structured cloning`, async () => {
    const crypto = webCrypto();
    const scalar = new Uint8Array(32).fill(9);
    const pairs = [await crypto.generateKeyPair(group, usage), await crypto.importPrivateKey(group, usage, scalar)];
    for (const { privateKey } of pairs) {
      const handle = privateKey.handle as webcrypto.CryptoKey;
      assert.equal(handle.extractable, false);
      await assert.rejects(webcrypto.subtle.exportKey('jwk', handle));
      await assert.rejects(webcrypto.subtle.exportKey('pkcs8', handle));
      // IndexedDB stores what structured cloning copies.
      const restored = { ...privateKey, handle: structuredClone(handle) };
      if (usage === 'sign') assert.equal((await crypto.sign(restored, utf8('x'))).length, 64);
      else assert.equal((await crypto.agree(restored, pairs[0]!.publicKey)).length, 32);
    }
  });

test('webcrypto: secret keys cannot be extracted either', async () => {
  const crypto = webCrypto();
  for (const key of [await crypto.importMac(new Uint8Array(32)), await crypto.importAead(new Uint8Array(32))])
    assert.equal((key.handle as webcrypto.CryptoKey).extractable, false);
});

test('webcrypto: a host without subtle is refused when the provider is made, not at first use', () => {
  const insecure = { getRandomValues: (bytes: Uint8Array) => bytes } as unknown as typeof globalThis.crypto;
  assert.throws(() => webCrypto(insecure), CryptoInputError);
});

test('webcrypto: the host that is handed in is the one that is used', async () => {
  let draws = 0;
  const host = {
    subtle: webcrypto.subtle,
    getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => {
      draws += 1;
      return webcrypto.getRandomValues(bytes);
    },
  } as unknown as typeof globalThis.crypto;
  assert.equal(webCrypto(host).random(100_000).length, 100_000);
  assert.equal(draws, 2);
});

const synchronous: readonly SyncCrypto[] = [nodeCrypto, nobleCrypto];
for (const crypto of synchronous)
  test(`${crypto.name}: answers are plain Uint8Arrays whose slice copies`, () => {
    const key = crypto.importAead(new Uint8Array(32));
    const sealed = crypto.seal(key, new Uint8Array(12), utf8('text'), utf8(''));
    const pair = crypto.generateKeyPair('p256', 'sign');
    const answers = [
      crypto.random(12),
      crypto.sha256(utf8('x')),
      crypto.hkdfExtract(utf8('x'), utf8('y')),
      crypto.hkdfExpand(new Uint8Array(32), utf8('y'), 40),
      crypto.mac(crypto.importMac(utf8('x')), utf8('y')),
      sealed,
      crypto.open(key, new Uint8Array(12), sealed, utf8(''))!,
      pair.publicKey,
      crypto.sign(pair.privateKey, utf8('x')),
      crypto.generateKeyPair('x25519', 'agree').publicKey,
    ];
    for (const answer of answers) {
      assert.equal(Object.getPrototypeOf(answer), Uint8Array.prototype);
      const copy = answer.slice();
      copy.fill(copy[0]! ^ 0xff);
      assert.notEqual(answer[0], copy[0]);
    }
  });

test('node: more peers than it remembers are still told apart', () => {
  const { privateKey } = nodeCrypto.generateKeyPair('x25519', 'agree');
  const peers = Array.from({ length: 1100 }, (_none, index) => {
    const scalar = new Uint8Array(32).fill(1);
    new DataView(scalar.buffer).setUint32(4, index);
    return nodeCrypto.importPrivateKey('x25519', 'agree', scalar).publicKey;
  });
  const first = peers.map((peer) => Buffer.from(nodeCrypto.agree(privateKey, peer)).toString('hex'));
  assert.equal(new Set(first).size, peers.length);
  const again = peers.map((peer) => Buffer.from(nodeCrypto.agree(privateKey, peer)).toString('hex'));
  assert.deepEqual(again, first);
});

test('node: raw public keys are those that OpenSSL exports', () => {
  for (let round = 0; round < 50; round += 1) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const scalar = Buffer.from(String(privateKey.export({ format: 'jwk' }).d), 'base64url');
    const info = publicKey.export({ format: 'der', type: 'spki' });
    const imported = nodeCrypto.importPrivateKey('p256', 'sign', scalar);
    assert.equal(Buffer.from(imported.publicKey).compare(info.subarray(-65)), 0);
    assert.equal(createPublicKey({ key: info, format: 'der', type: 'spki' }).equals(publicKey), true);
  }
});

test('the asynchronous faces reject where the synchronous ones throw', async () => {
  for (const crypto of [nodeAsyncCrypto, nobleAsyncCrypto]) {
    const refused = crypto.importAead(new Uint8Array(5));
    assert.ok(refused instanceof Promise);
    await assert.rejects(refused, (error) => error instanceof CryptoInputError && error.code === 'malformed-key');
  }
});

test('a refusal that an engine made carries its reason as cause', () => {
  const { privateKey } = nodeCrypto.generateKeyPair('x25519', 'agree');
  assert.throws(
    () => nodeCrypto.agree(privateKey, new Uint8Array(32)),
    (error) => error instanceof CryptoInputError && error.cause instanceof Error,
  );
});
