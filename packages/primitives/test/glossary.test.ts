import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const text = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'glossary.md'), 'utf8');
const [body = '', avoided = ''] = text.split('## Words that we avoid');
const rowsOf = (part: string): readonly (readonly string[])[] =>
  [...part.matchAll(/^\| (.+) \|$/gm)]
    .map(([, row = '']) => row.split(' | ').map((cell) => cell.trim()))
    .filter(([first = '']) => first !== 'word' && first !== 'not' && !/^-+$/.test(first));
const words = rowsOf(body).flatMap(([word = '']) => word.split(', '));

// The vocabulary of the product, all of it: a word may not leave the glossary while the product speaks it.
const vocabulary =
  `attester, verifier, evidence, verdict, trust tier, device, installation, alias, signal, profile, cluster, binding,
VMN, SMS token, possession proof, step-up, event, entity, window, policy, outcome, reason code, shadow, replay, decision record, data item,
purpose, consent, access, call chain, finding, directive, artifact, inspection, build manifest, domain plan, baseline, experiment, variation,
exposure, package, ring`.split(/,\s+/);

test('the glossary defines every word of the vocabulary', () => {
  assert.deepEqual(
    vocabulary.filter((word) => !words.includes(word)),
    [],
  );
});

test('the glossary defines a word once, with a meaning', () => {
  assert.deepEqual(
    words.filter((word, index) => words.indexOf(word) !== index),
    [],
  );
  for (const row of rowsOf(body)) assert.ok(row.length === 2 && /\w{3,}.*\.\)?$/.test(row[1] ?? ''), row.join(' | '));
});

test('the glossary names a better word for each that is avoided', () => {
  const rows = rowsOf(avoided);
  assert.ok(rows.length >= 5);
  for (const row of rows) assert.ok(row.length === 2 && (row[1] ?? '').length > 3, row.join(' | '));
});
