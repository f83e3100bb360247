import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzBinding } from '../fuzz/binding.ts';

const count = process.env['HAUBERK_FULL'] === '1' ? 1_000_000 : 20_000;
const seed = Number(process.env['HAUBERK_SEED'] ?? '20261121');

test(`fuzz binding: ${count} mutants with seed ${seed} break no promise of the parsers`, () => {
  const { accepted, refused } = fuzzBinding(count, seed);
  // A fuzzer whose mutants are all refused, or never, tests nothing.
  assert.ok(accepted > count / 50, `${accepted} accepted`);
  const codes = ['no-call', 'binding.token-shape', 'binding.number-mismatch', 'feed.no-date', 'feed.entry'];
  for (const code of [...codes, 'camara.malformed']) assert.ok((refused[code] ?? 0) > 0, code);
});
