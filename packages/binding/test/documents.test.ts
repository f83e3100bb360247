/** docs/binding.md says what the table says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { proofKinds, rules } from '@hauberk/binding';

const page = readFileSync(new URL('../../../docs/binding.md', import.meta.url), 'utf8');

test('docs/binding.md has every rule as the data says it, and no other', () => {
  const told = page.split('\n').filter((line) => /^\| B\d\d \|/.test(line));
  const coded = rules.map(({ id, words, source, platform, decidedBy, codes }) => {
    const reasons = codes.map((code) => `\`${code}\``).join(', ');
    return `| ${id} | ${words} | ${source} | ${platform} | ${decidedBy} | ${reasons} |`;
  });
  assert.deepEqual(told, coded);
});

test('docs/binding.md names every kind of proof', () => {
  assert.deepEqual(
    proofKinds.filter((kind) => !page.includes(`\`${kind}\``)),
    [],
  );
});
