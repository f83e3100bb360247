import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { utf8 } from '@hauberk/primitives';
import { structuredFieldsRunner, type VectorFile } from '@hauberk/primitives/vectors';

const named = process.env['HAUBERK_VECTORS'];
const corpora = named ?? join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'vectors');
const folder = join(corpora, structuredFieldsRunner.folder);
const skip = existsSync(folder) ? false : 'the corpus is not here';

test('the httpwg corpus: every record as expected, none skipped', { skip }, async () => {
  const files = globSync('**/*.json', { cwd: folder }).map(
    (path): VectorFile => ({ path, bytes: readFileSync(join(folder, path)) }),
  );
  const counts = await structuredFieldsRunner.run(files);
  assert.deepEqual([counts.failures, counts.unreadable], [[], []]);
  assert.equal(counts.skipped, 0);
  assert.ok(counts.passed > 0);
});

const fileOf = (...records: readonly object[]): VectorFile[] => [
  { path: 'own.json', bytes: utf8(JSON.stringify(records)) },
];

const right: readonly (readonly [string, object])[] = [
  ['a record that must fail', { raw: ['a b'], header_type: 'item', must_fail: true }],
  [
    'a record that may fail and is read',
    { raw: [':aGk:'], header_type: 'item', can_fail: true, expected: [{ __type: 'binary', value: 'NBUQ====' }, []] },
  ],
  [
    'several lines',
    {
      raw: ['a=1', 'b'],
      header_type: 'dictionary',
      expected: [
        ['a', [1, []]],
        ['b', [true, []]],
      ],
      canonical: ['a=1, b'],
    },
  ],
  ['serialisation only', { header_type: 'list', expected: [[[['x', []]], [['q', false]]]], canonical: ['("x");q=?0'] }],
  ['a refusal to serialise', { header_type: 'item', expected: ['\u00e9', []], must_fail: true }],
];
for (const [title, record] of right)
  test(`the runner passes ${title}`, async () => {
    assert.deepEqual(await structuredFieldsRunner.run(fileOf({ name: title, ...record })), {
      passed: 1,
      failed: 0,
      skipped: 0,
      failures: [],
      unreadable: [],
    });
  });

const wrong: readonly (readonly [string, object])[] = [
  ['an accepted record that must fail', { raw: ['1'], header_type: 'item', must_fail: true }],
  ['a refused record', { raw: ['a b'], header_type: 'item', expected: [1, []] }],
  ['another value', { raw: ['1'], header_type: 'item', expected: [2, []] }],
  ['another type', { raw: ['1'], header_type: 'item', expected: ['1', []] }],
  ['another spelling', { raw: ['1'], header_type: 'item', expected: [1, []], canonical: ['01'] }],
  [
    'another order',
    {
      raw: ['b, a'],
      header_type: 'dictionary',
      expected: [
        ['a', [true, []]],
        ['b', [true, []]],
      ],
    },
  ],
  ['a serialisation that should be refused', { header_type: 'item', expected: ['a', []], must_fail: true }],
  ['a refused serialisation', { header_type: 'item', expected: ['\u00e9', []], canonical: ['"?"'] }],
];
for (const [title, record] of wrong)
  test(`the runner fails ${title}`, async () => {
    const counts = await structuredFieldsRunner.run(fileOf({ name: title, ...record }));
    assert.deepEqual([counts.passed, counts.failed, counts.failures.length], [0, 1, 1]);
  });

test('the runner reports files that are no vectors', async () => {
  const texts = ['', '{}', '[]', '[1]', '[{"name":"a","header_type":"other"}]', '[{"name":"a","header_type":"item"}]'];
  const counts = await structuredFieldsRunner.run(
    texts.map((text, index) => ({ path: `${index}.json`, bytes: utf8(text) })),
  );
  assert.equal(counts.unreadable.length, texts.length);
});
