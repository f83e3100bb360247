import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { withTables } from '../scripts/signal-tables.ts';

test('the tables of docs/signals.md are those of the registry (node scripts/signal-tables.ts writes them)', () => {
  const page = readFileSync('docs/signals.md', 'utf8');
  assert.equal(page, withTables(page));
});
