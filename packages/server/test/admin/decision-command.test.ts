/** `hauberk policy`, `list` and `model` as people type them, against the admin API over a socket. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readImport } from '../../src/commands/list-import.ts';
import { runCommand } from './run-command.ts';
import { type AdminWorld, openAdminWorld } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-decision-command-'));
let world: AdminWorld;
const tokens: Record<string, string> = {};

before(async () => {
  world = await openAdminWorld();
  tokens['ada'] = await world.token('ada', [{ app: 'retail', role: 'policy-author' }]);
  tokens['bob'] = await world.token('bob', [{ app: 'retail', role: 'approver' }]);
});
after(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

const hauberk = (who: string, ...args: readonly string[]) =>
  runCommand({ HAUBERK_URL: world.url, HAUBERK_APP: 'retail', HAUBERK_TOKEN: tokens[who] }, args);
const ada = (...args: readonly string[]) => hauberk('ada', ...args);

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const approveLast = async (text: string) => {
  const [, id = ''] = /proposal ([0-9a-f]{20})/.exec(text) ?? [];
  const [, hash = ''] = /hash ([0-9a-f]{64})\n$/.exec(text) ?? [];
  return hauberk('bob', 'approval', 'approve', id, '--hash', hash);
};

const policyFile = (when: string): string =>
  file(
    'pay.json',
    JSON.stringify({ id: 'pay', rules: [{ id: 'r', scenes: ['transfer'], when, outcome: 'deny', reason: 'large' }] }),
  );

test('a policy from a file to live, and back to the one before', async () => {
  const wrong = await ada('policy', 'check', policyFile('event.amountMino > 1'));
  assert.match(wrong.out, /\/rules\/0\/when character 0: .*is event\.amountMinor meant\?/);
  assert.equal(wrong.code, 1);
  for (const amount of [1, 2]) {
    const proposed = await ada('policy', 'propose', policyFile(`event.amountMinor > ${amount}`), '--reason', 'r');
    assert.equal(proposed.code, 0, proposed.err);
    assert.match(proposed.out, new RegExp(`pay +${amount} +draft`));
    assert.match((await ada('policy', 'shadow', 'pay', '--reason', 'watch')).out, /shadow/);
    const live = await ada('policy', 'live', 'pay', '--reason', 'agreed');
    assert.match(live.out, /Somebody else must approve this/);
    assert.match((await approveLast(live.out)).out, /executed/);
  }
  assert.match((await ada('policy', 'list')).out, /pay +1 +retired[^]*pay +2 +live/);
  assert.match((await ada('policy', 'rollback', 'pay', '1', '--reason', 'too strict')).out, /pay +1 +live/);
  const out = join(folder, 'out.json');
  await ada('policy', 'show', 'pay', '1', '--out', out);
  assert.match(readFileSync(out, 'utf8'), /event\.amountMinor > 1/);
  const { code, err } = await hauberk('bob', 'policy', 'retire', 'pay', '--reason', 'r');
  assert.equal(code, 1);
  assert.match(err, /right-missing/);
});

test('a policy with faults of every part is refused with all of them, each with its pointer, and exit code 1', async () => {
  const rule = { id: 'r', scenes: ['transfer'], when: 'event.amountMino > 1', outcome: 'deny', reason: 'large' };
  const thresholds = [
    { from: 'many', outcome: 'deny' },
    { from: 50, outcome: 'deny' },
    { from: 10, outcome: 'block' },
  ];
  const rules = [rule, 7, { ...rule, id: 'good', when: 'event.amountMinor > 1' }];
  const path = file('faulty.json', JSON.stringify({ id: 'Pay!', title: 5, thresholds, rules }));
  const { code, out } = await ada('policy', 'check', path, '--json');
  assert.equal(code, 1);
  const { ok, faults } = JSON.parse(out) as { ok: boolean; faults: readonly { path: string }[] };
  assert.equal(ok, false);
  assert.deepEqual(
    faults.map((each) => each.path),
    ['/id', '/title', '/thresholds/0', '/thresholds/2', '/rules/0/when', '/rules/1'],
  );
  assert.match((await ada('policy', 'check', path)).out, /^\/thresholds\/0 character 0: a threshold has from/m);
  const good = await ada('policy', 'check', policyFile('event.amountMinor > 1'), '--json');
  assert.equal(good.code, 0);
  assert.equal(JSON.parse(good.out).ok, true);
});

test('a list is imported from CSV, approved, asked and shortened', async () => {
  const csv = file('mules.csv', 'id,reason,expires\r\n"DE1,2","said ""mule""",2030-01-01\r\nDE3,,\r\n');
  const asked = ['--kind', 'payee', '--source', 'fraud desk', '--reason', 'reported'];
  const imported = await ada('list', 'import', 'mules', csv, ...asked);
  assert.match(imported.out, /list\.change: reported[^]*adds 2/);
  const [, change = ''] = /change "([0-9a-f]{64})"/.exec(imported.out) ?? [];
  assert.match((await hauberk('bob', 'list', 'change', change)).out, /2 more, 0 fewer, by ada[^]*said "mule"/);
  assert.match((await approveLast(imported.out)).out, /executed/);
  assert.match((await ada('list', 'show')).out, /mules +payee +2/);
  const entries = await ada('list', 'entries', 'mules');
  assert.match(entries.out, /[0-9a-f]{16} +fraud desk +2030-01-01T00:00Z +ada +said "mule"/);
  const removed = await ada('list', 'remove', 'mules', 'DE3', '--kind', 'payee', '--reason', 'mistaken');
  assert.match((await approveLast(removed.out)).out, /executed/);
  assert.match((await ada('list', 'show')).out, /mules +payee +1/);
});

test('a model is kept, activated by two, and forgotten after', async () => {
  const kept = await ada('model', 'keep', file('m.json', '{"format":"hauberk-model-1"}'), '--reason', 'first');
  const [hash = ''] = /[0-9a-f]{64}/.exec(kept.out) ?? [];
  assert.match((await approveLast((await ada('model', 'activate', hash, '--reason', 'r')).out)).out, /executed/);
  assert.match((await ada('model', 'list')).out, new RegExp(`${hash} +active`));
  assert.equal((await ada('model', 'drop', hash, '--reason', 'r')).code, 1);
  assert.match((await approveLast((await ada('model', 'activate', 'none', '--reason', 'r')).out)).out, /executed/);
  assert.equal((await ada('model', 'drop', hash, '--reason', 'r')).code, 0);
});

test('an import is read strictly: what two readers could read otherwise is refused', () => {
  const good: readonly (readonly [string, number])[] = [
    ['id\na\nb', 2],
    ['member,source\n0123456789abcdef,x', 1],
    ['[{"id":"a","expires":"2030-01-01"},{"member":"0123456789abcdef"}]', 2],
    ['\uFEFFid\r\n"a\r\n"', 0],
  ];
  for (const [text, entries] of good) {
    const read = readImport(text);
    if (entries === 0) assert.equal(read.ok, false, 'an id of two lines');
    else assert.equal(read.ok && read.value.length, entries, text);
  }
  const bad: readonly (readonly [string, string])[] = [
    ['', 'import.malformed'],
    ['id,id\na,b', 'import.head'],
    ['iban\na', 'import.head'],
    ['id\n"a', 'import.malformed'],
    ['id\na"b', 'import.malformed'],
    ['id\na,b', 'import.entry'],
    ['id,member\na,0123456789abcdef', 'import.entry'],
    ['member\nxyz', 'import.entry'],
    ['id,expires\na,soon', 'import.entry'],
    [`id\n${'a\n'.repeat(10_001)}`, 'import.too-large'],
    ['[{"id":"a","more":"b"}]', 'import.entry'],
    ['[{"id":"a","id":"b"}]', 'import.malformed'],
    ['[1', 'import.malformed'],
    ['x'.repeat(4_194_305), 'import.too-large'],
  ];
  for (const [text, code] of bad) {
    const read = readImport(text);
    assert.equal(read.ok ? 'accepted' : read.code, code, text.slice(0, 40));
  }
});

test('whatever bytes an import has, it is read or refused, and entries that were read are within bounds', () => {
  let state = 20_261_121;
  const draw = (most: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  const seeds = ['id,source,reason,expires\r\n"a,b",s,"r ""x""",2030-01-01\r\nc,d,e,\r\n', '[{"id":"a","reason":"b"}]'];
  const letters = ['"', ',', '\r', '\n', '[', '{', '}', ']', 'a', '\u0000', '\u2028', '1', ':'];
  let accepted = 0;
  for (let turn = 0; turn < 4000; turn += 1) {
    let text = seeds[draw(seeds.length)] ?? '';
    for (let change = draw(4); change >= 0; change -= 1) {
      const at = draw(text.length + 1);
      text = text.slice(0, at) + (letters[draw(letters.length)] ?? '') + text.slice(at + draw(3));
    }
    const read = readImport(text);
    if (!read.ok) continue;
    accepted += 1;
    for (const { id, member } of read.value) assert.ok((id === undefined) !== (member === undefined));
  }
  assert.ok(accepted > 100, String(accepted));
});
