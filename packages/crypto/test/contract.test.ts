import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { nodeAsyncCrypto } from '@hauberk/crypto/node';
import type { AsyncCrypto } from '@hauberk/primitives';
import { cryptoContract } from '../contract/crypto-contract.ts';
import { cryptoMatrix } from '../contract/crypto-matrix.ts';
import { ContractError } from '../contract/expect.ts';
import { providers } from '../contract/providers.ts';

for (const { provider } of providers)
  for (const rule of cryptoContract)
    test(`${provider.name}: ${rule.algorithm} ${rule.rule}`, () => rule.check(provider));

test('docs/crypto-matrix.md is what a run of the contract says', async () => {
  const written = readFileSync(new URL('../../../docs/crypto-matrix.md', import.meta.url), 'utf8');
  assert.equal(written, await cryptoMatrix(providers));
});

/** Providers with one fault each: the suite has to see every one of them. */
const faults: readonly (readonly [string, Partial<AsyncCrypto>])[] = [
  ['predictable random bytes', { random: (length) => new Uint8Array(length).fill(1) }],
  ['a hash of something else', { sha256: (input) => nodeAsyncCrypto.sha256(input.slice(1)) }],
  ['salt and key material exchanged', { hkdfExtract: (salt, material) => nodeAsyncCrypto.hkdfExtract(material, salt) }],
  [
    'the label ignored',
    { hkdfExpand: (key, _label, length) => nodeAsyncCrypto.hkdfExpand(key, new Uint8Array(0), length) },
  ],
  ['any tag confirmed', { verifyMac: async () => true }],
  [
    'truncated tags confirmed',
    {
      verifyMac: async (key, input, tag) => {
        const whole = await nodeAsyncCrypto.mac(key, input);
        return whole.slice(0, tag.length).join() === tag.join();
      },
    },
  ],
  [
    'associated bytes left out',
    { seal: (key, nonce, plaintext) => nodeAsyncCrypto.seal(key, nonce, plaintext, new Uint8Array(0)) },
  ],
  [
    'short envelopes thrown at the caller',
    {
      open: async (key, nonce, sealed, associated) => {
        if (sealed.length < 16) throw new RangeError('short');
        return nodeAsyncCrypto.open(key, nonce, sealed, associated);
      },
    },
  ],
  [
    'a fixed key pair',
    { generateKeyPair: (group, usage) => nodeAsyncCrypto.importPrivateKey(group, usage, new Uint8Array(32).fill(7)) },
  ],
  ['any signature confirmed', { verify: async () => true }],
  ['no signature confirmed', { verify: async () => false }],
  [
    'low-order peers answered with zeros',
    { agree: (key, peer) => nodeAsyncCrypto.agree(key, peer).catch(() => new Uint8Array(32)) },
  ],
];
for (const [fault, members] of faults)
  test(`the contract sees ${fault}`, async () => {
    const outcomes = await Promise.allSettled(
      cryptoContract.map((rule) => rule.check({ ...nodeAsyncCrypto, ...members })),
    );
    const complaints = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    assert.ok(complaints.length > 0);
    assert.ok(complaints.every((complaint) => complaint instanceof Error));
    assert.ok(complaints.some((complaint) => complaint instanceof ContractError || complaint instanceof RangeError));
  });
