import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AsyncCrypto, type Bytes, type Group, toHex } from '@hauberk/primitives';
import fc from 'fast-check';
import { providers } from '../contract/providers.ts';

const subjects = providers.map(({ provider }) => provider);
const bytes = (maxLength: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ maxLength }).map((values) => Uint8Array.from(values));
const exactly = (length: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((values) => Uint8Array.from(values));

const counting = Array.from({ length: 32 }, (_none, index) => index);

/** Refuses unless all providers answer the same bytes. */
const allAnswer = async (what: string, ask: (crypto: AsyncCrypto) => Promise<Uint8Array>): Promise<void> => {
  const answers = await Promise.all(subjects.map(async (crypto) => toHex(await ask(crypto))));
  assert.equal(new Set(answers).size, 1, `${what}: ${answers.join(' ')}`);
};

test('all providers hash, derive and authenticate alike', async () => {
  await fc.assert(
    fc.asyncProperty(bytes(200), bytes(200), fc.integer({ min: 1, max: 300 }), async (key, input, length) => {
      await allAnswer('sha256', (crypto) => crypto.sha256(input));
      await allAnswer('extract', (crypto) => crypto.hkdfExtract(key, input));
      await allAnswer('expand', (crypto) => crypto.hkdfExpand(Uint8Array.from([...key, ...counting]), input, length));
      await allAnswer('mac', async (crypto) => crypto.mac(await crypto.importMac(key), input));
    }),
    { numRuns: 60 },
  );
});

test('what one provider seals, every other opens', async () => {
  await fc.assert(
    fc.asyncProperty(exactly(32), exactly(12), bytes(300), bytes(100), async (key, nonce, plaintext, associated) => {
      await allAnswer('seal', async (crypto) =>
        crypto.seal(await crypto.importAead(key), nonce, plaintext, associated),
      );
      const [first = subjects[0]!] = subjects;
      const sealed = await first.seal(await first.importAead(key), nonce, plaintext, associated);
      await allAnswer('open', async (crypto) => {
        const opened = await crypto.open(await crypto.importAead(key), nonce, sealed, associated);
        assert.ok(opened !== undefined, crypto.name);
        return opened;
      });
    }),
    { numRuns: 60 },
  );
});

const groups: readonly Group[] = ['p256', 'x25519'];
for (const group of groups)
  test(`${group}: one scalar has one public key, and any two providers agree`, async () => {
    const scalar = fc
      .tuple(fc.integer({ min: 1, max: 254 }), exactly(31))
      .map(([first, rest]) => Uint8Array.of(first, ...rest));
    await fc.assert(
      fc.asyncProperty(scalar, scalar, async (ours, theirs) => {
        await allAnswer('public', async (crypto) => (await crypto.importPrivateKey(group, 'agree', ours)).publicKey);
        await allAnswer('shared', async (crypto) => {
          const { privateKey } = await crypto.importPrivateKey(group, 'agree', ours);
          const peer = await crypto.importPrivateKey(group, 'agree', theirs);
          return crypto.agree(privateKey, peer.publicKey);
        });
      }),
      { numRuns: 12 },
    );
  });

test('what one provider signs, every other confirms, and nothing else', async () => {
  const message = Uint8Array.from({ length: 100 }, (_none, index) => index);
  for (const signer of subjects) {
    const { privateKey, publicKey } = await signer.generateKeyPair('p256', 'sign');
    for (let round = 0; round < 5; round += 1) {
      const signature = await signer.sign(privateKey, message);
      for (const verifier of subjects) {
        assert.equal(await verifier.verify(publicKey, message, signature), true, `${signer.name} to ${verifier.name}`);
        assert.equal(await verifier.verify(publicKey, message.subarray(1), signature), false);
      }
    }
  }
});

test('random points are refused by all providers or by none', async () => {
  const point = fc
    .tuple(fc.constantFrom(2, 3, 4, 6, 7), exactly(64))
    .map(([form, rest]) => Uint8Array.of(form, ...rest));
  await fc.assert(
    fc.asyncProperty(point, exactly(32), exactly(64), async (candidate, share, signature) => {
      const outcomes = await Promise.all(
        subjects.map(async (crypto) => {
          const weierstrass = await crypto.generateKeyPair('p256', 'agree');
          const montgomery = await crypto.generateKeyPair('x25519', 'agree');
          const attempts = await Promise.allSettled([
            crypto.agree(weierstrass.privateKey, candidate),
            crypto.agree(montgomery.privateKey, share),
          ]);
          const verdict = await crypto.verify(candidate, share, signature);
          return [...attempts.map(({ status }) => status), verdict].join();
        }),
      );
      assert.equal(new Set(outcomes).size, 1, outcomes.join(' '));
    }),
    { numRuns: 40 },
  );
});
