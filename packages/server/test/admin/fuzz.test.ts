import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzAdmin } from '../../fuzz/admin.ts';
import { fuzzTrustedKeys } from '../../fuzz/trusted-keys.ts';

const count = process.env['HAUBERK_FULL'] === '1' ? 1_000_000 : 4_000;
const seed = Number(process.env['HAUBERK_SEED'] ?? '20261121');

test(`fuzz admin: ${count} mutants with seed ${seed} break no promise of the parsers`, () => {
  const { accepted, refused } = fuzzAdmin(count, seed);
  // A fuzzer whose mutants are all refused, or never, tests nothing.
  assert.ok(accepted > count / 100, `${accepted} accepted`);
  for (const code of ['malformed', 'elsewhere', 'no-secret']) assert.ok((refused[code] ?? 0) > 0, code);
});

test(`fuzz trusted-keys: ${count} mutants with seed ${seed} break no promise of the parser`, () => {
  const { accepted, refused } = fuzzTrustedKeys(count, seed);
  assert.ok(accepted > count / 200, `${accepted} accepted`);
  assert.ok((refused['body.not-json'] ?? 0) > count / 10);
});
