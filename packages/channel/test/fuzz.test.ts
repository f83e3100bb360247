import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzzPart } from '../fuzz/channel.ts';
import { partNames } from '../fuzz/input/parts.ts';
import { seeded } from './fixture/seed.ts';

describe('fuzzed input', () => {
  for (const part of partNames) {
    it(`${part}: no crash, no refusal without a code, no accepted mutant`, async () => {
      const { numRuns, seed } = seeded(`fuzz ${part}`, 300);
      const tally = await fuzzPart(part, numRuns, seed);
      assert.equal(
        Object.values(tally).reduce((sum, count) => sum + count, 0),
        numRuns,
      );
      assert.ok(
        Object.keys(tally).some((code) => code !== 'accepted'),
        'nothing was refused',
      );
    });
  }
});
