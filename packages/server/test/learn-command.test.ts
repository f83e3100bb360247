/** `hauberk learn` from files: the line that it prints, and what it says of files that are wrong. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readSpan } from '../src/commands/learn.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-learn-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const hauberk = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['packages/server/src/main.ts', ...args], { encoding: 'utf8' });
const file = (name: string): string => join(folder, name);
const world = ['--events', file('events.jsonl'), '--labels', file('labels.jsonl'), '--delay', '7'];
const spans = ['--train', '2018-05-05..2018-05-18', '--test', '2018-05-26..2018-05-30'];

test('learn: simulated cards, a model file, one line of JSON; only the wanted events are scored', () => {
  const made = hauberk(
    'simulate',
    'cards',
    '--out',
    folder,
    '--days',
    '60',
    '--cards',
    '700',
    '--terminals',
    '1200',
    '--seed',
    '5',
  );
  assert.equal(made.status, 0, made.stderr);
  const learnt = hauberk('learn', ...world, ...spans, '--out', file('model.json'), '--json');
  assert.equal(learnt.status, 0, learnt.stderr);
  const report = JSON.parse(learnt.stdout.trim().split('\n').at(-1) ?? '');
  assert.deepEqual(Object.keys(report), ['rows', 'auc', 'averagePrecision', 'recallAt1PercentFpr', 'ece', 'seconds']);
  assert.ok(report.auc > 0.75, String(report.auc));
  const model = JSON.parse(readFileSync(file('model.json'), 'utf8'));
  assert.deepEqual(model.plan.kinds, ['card', 'terminal']);
  assert.equal(model.forest.trees.length, 150);
  writeFileSync(
    file('only.txt'),
    readFileSync(file('events.jsonl'), 'utf8')
      .split('\n')
      .slice(-101, -1)
      .map((line) => JSON.parse(line).id)
      .join('\n'),
  );
  const few = hauberk('learn', ...world, ...spans, '--score-only', file('only.txt'), '--json');
  assert.equal(JSON.parse(few.stdout.trim().split('\n').at(-1) ?? '').rows.test, 100, few.stderr);
});

test('learn: wrong lines, spans and files are refused in one line', () => {
  writeFileSync(file('wrong.jsonl'), '\n{"id":"1"}\n');
  const wrong = hauberk(
    'learn',
    '--events',
    file('wrong.jsonl'),
    '--labels',
    file('wrong.jsonl'),
    '--delay',
    '7',
    ...spans,
  );
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /wrong\.jsonl line 2: event\.type/);
  assert.equal(
    hauberk('learn', '--events', file('none'), '--labels', file('none'), '--delay', '7', ...spans).status,
    1,
  );
  for (const [args, told] of [
    [[...world, '--train', 'yesterday', '--test', '5..6'], /^hauberk learn: --train is FROM\.\.TO, .* not yesterday$/m],
    [[...world, '--train', '1..2', '--test', 'today'], /^hauberk learn: --test is FROM\.\.TO, .* not today$/m],
    [[...world, ...spans, '--delay', 'NaN'], /^hauberk learn: --delay is a number of days up to 365, not NaN$/m],
    [[...world, ...spans, '--what'], /^hauberk learn: Unknown option '--what'/m],
    [[], /--events is missing[^]*--labels is missing[^]*--train is missing[^]*--delay is missing[^]*--test is missing/],
  ] as const) {
    const refused = hauberk('learn', ...args);
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, told);
  }
});

test('learn: spans are whole days or epoch milliseconds', () => {
  assert.deepEqual(readSpan('2018-07-25..2018-07-31'), { from: Date.UTC(2018, 6, 25), to: Date.UTC(2018, 7, 1) });
  assert.deepEqual(readSpan('1000..2000'), { from: 1000, to: 2000 });
  for (const wrong of ['2018-02-30..2018-03-01', '2018-07-31..2018-07-25', '5..5', '1..2018-01-01', '1', '1..2..3', ''])
    assert.equal(readSpan(wrong), undefined, wrong);
});
