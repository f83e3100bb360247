/** A short run of the mutation fuzzer; `npm run fuzz -- attestation --count N` runs a long one. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { fuzzAttestation } from '../fuzz/attestation.ts';

const seed = Math.floor(Math.random() * 2 ** 31);

test(`no mutant of a chain passes as anything but the original (seed ${seed})`, () => {
  const { accepted, refused } = fuzzAttestation(2000, seed);
  const total = Object.values(refused).reduce((sum, count) => sum + count, accepted);
  assert.equal(total, 2000);
  // What never gets past the first check would prove nothing.
  for (const code of ['CHAIN_MALFORMED', 'CHAIN_SIGNATURE', 'CHAIN_UNKNOWN_ROOT'])
    assert.ok((refused[code] ?? 0) > 0, code);
});
