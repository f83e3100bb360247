/** docs/operations.md says what the program says: its tables are made from the registries. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { withTables } from '../scripts/operations-tables.ts';

test('the tables of docs/operations.md are those of the program (node scripts/operations-tables.ts writes them)', () => {
  const page = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');
  assert.equal(page, withTables(page));
});
