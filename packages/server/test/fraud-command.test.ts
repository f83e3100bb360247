/** `hauberk simulate fraud` from the command line: its files, its line, and memory that does not grow with the days. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-fraud-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const simulate = (node: readonly string[], ...args: readonly string[]) =>
  spawnSync(process.execPath, [...node, 'packages/server/src/main.ts', 'simulate', 'fraud', ...args], {
    encoding: 'utf8',
  });
const names = ['events.jsonl', 'labels.jsonl', 'manifest.json', 'reports.jsonl', 'truth.json'];
const digestOf = (out: string): readonly string[] =>
  names.map((name) =>
    createHash('sha256')
      .update(readFileSync(join(out, name)))
      .digest('hex'),
  );
const linesOf = (out: string, name: string): number => readFileSync(join(out, name), 'utf8').split('\n').length - 1;

test('simulate fraud: five files with equal bytes for equal arguments, and one line that counts them', () => {
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  const args = ['--seed', '9', '--days', '1', '--devices', '600', '--difficulty', 'hard', '--json'];
  const made = simulate([], ...args, '--out', first);
  assert.equal(made.status, 0, made.stderr);
  assert.equal(simulate([], ...args, '--out', second).status, 0);
  assert.deepEqual(readdirSync(first).sort(), names);
  assert.deepEqual(digestOf(first), digestOf(second));
  const report = JSON.parse(made.stdout.trim().split('\n').at(-1) ?? '');
  for (const name of ['events', 'reports', 'labels']) assert.equal(report[name], linesOf(first, `${name}.jsonl`), name);
  const truth = JSON.parse(readFileSync(join(first, 'truth.json'), 'utf8'));
  const attacks = Object.values<number>(report.attacks).reduce((sum, count) => sum + count, 0);
  assert.equal(Object.keys(truth.events).length, attacks);
  const roles = Object.values<{ role: string }>(truth.devices).filter(({ role }) => role === 'farm');
  assert.equal(roles.length, report.devicesSeen.farm);
  const manifest = JSON.parse(readFileSync(join(first, 'manifest.json'), 'utf8'));
  assert.equal(manifest.counts.events, report.events);
  assert.equal(manifest.difficulty, 'hard');
});

test('simulate fraud: a month fits into a heap that holds no month', () => {
  const out = join(folder, 'weeks');
  const made = simulate(['--max-old-space-size=64'], '--days', '30', '--devices', '700', '--out', out, '--json');
  assert.equal(made.status, 0, made.stderr.slice(-500));
  assert.ok(linesOf(out, 'events.jsonl') > 40_000);
});

test('simulate fraud: what is no world is refused with the usage', () => {
  const every = ['--days', '0', '--difficulty', 'insane', '--devices', '5', '--start', '2026-99-99', '--seed', 'NaN'];
  for (const [args, told] of [
    [every, ['--out', '--seed', '--days', '--difficulty', '--devices', '--start']],
    [['--out', folder, '--start', '2026-02-30'], ['--start']],
    [['--out', folder, '--what'], ["Unknown option '--what'"]],
  ] as const) {
    const refused = simulate([], ...args);
    assert.equal(refused.status, 2, args.join(' '));
    assert.match(refused.stderr, /simulate fraud --out DIR/);
    const lines = refused.stderr.split('\n').filter((line) => line.startsWith('hauberk simulate fraud: '));
    assert.equal(lines.length, told.length, refused.stderr);
    for (const [index, name] of told.entries()) assert.ok(lines[index]?.includes(name), lines[index]);
  }
});

test('simulate fraud: a place that takes no files is told in a sentence', () => {
  const file = join(folder, 'file');
  writeFileSync(file, 'mine');
  mkdirSync(join(folder, 'taken', 'truth.json'), { recursive: true });
  for (const out of [file, join(folder, 'taken')]) {
    const refused = simulate([], '--out', out, '--days', '1', '--devices', '200');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /^hauberk simulate fraud: --out \S+ is no folder that can be written to \(.*\)\n$/);
  }
  assert.equal(readFileSync(file, 'utf8'), 'mine');
});
