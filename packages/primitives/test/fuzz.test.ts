import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzJson } from '../fuzz/json.ts';
import { fuzzStructuredFields } from '../fuzz/structured-fields.ts';

const count = process.env['HAUBERK_FULL'] === '1' ? 1_000_000 : 4_000;
const seed = Number(process.env['HAUBERK_SEED'] ?? '20260609');

for (const [name, fuzz] of [
  ['json', fuzzJson],
  ['structured-fields', fuzzStructuredFields],
] as const)
  test(`fuzz ${name}: ${count} mutants with seed ${seed} break no promise of the parser`, () => {
    const { accepted, refused } = fuzz(count, seed);
    // A fuzzer whose mutants are all refused, or never, tests nothing.
    assert.ok(accepted > count / 50, `${accepted} accepted`);
    assert.ok(Object.keys(refused).length >= 6, `refusals: ${Object.keys(refused).join(', ')}`);
  });
