import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { withDeviceTables } from '../scripts/device-tables.ts';

test('the tables of docs/device-matrix.md are those of the program (node scripts/device-tables.ts writes them)', () => {
  const page = readFileSync('docs/device-matrix.md', 'utf8');
  assert.equal(withDeviceTables(page), page);
});
