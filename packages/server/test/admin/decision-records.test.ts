/** What was decided: index, why, export and replay through the API and the commands. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Engine } from '@hauberk/decision';
import { labelKind, labelPayload } from '../../src/decision/record-entry.ts';
import { textOf } from '../../src/decision/record-texts.ts';
import { decided, engineOf, eventAt, policyDocument, smallDeclaration, startMs } from '../decision/decision-kit.ts';
import { runCommand } from './run-command.ts';
import { type AdminWorld, openAdminWorld } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-decision-records-'));
const scope = { organisation: 'bank', app: 'retail' };
const events = 300;
let world: AdminWorld;
let engine: Engine;
const ids: string[] = [];
const tokens: Record<string, string> = {};

/** Keeps the policy, live. */
const publish = async (): Promise<void> => {
  const office = world.administration.decisions;
  const drafted = await office.draft(scope, policyDocument(), 'r', 'ada');
  assert.ok(drafted.ok, JSON.stringify(drafted));
  const { version, hash } = drafted.value;
  for (const action of ['shadow', 'live'] as const)
    assert.ok((await office.step(scope, { policy: 'pay', version, hash, action, reason: 'r' }, 'ada')).ok);
  await office.keepTexts();
};

before(async () => {
  world = await openAdminWorld();
  tokens['rita'] = await world.token('rita', [{ app: 'retail', role: 'risk-analyst' }]);
  tokens['viewer'] = await world.token('viewer', [{ app: 'retail', role: 'viewer' }]);
  await publish();
  engine = engineOf(world.administration.decisions.book.snapshotOf(scope));
  for (let n = 0; n < events; n += 1) {
    const { id, entry } = decided(engine, scope, eventAt(n));
    ids.push(id);
    assert.ok((await world.stores.outbox.append([entry])).ok);
  }
  await world.administration.decisions.stream.drain();
});
after(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

const rita = (...args: readonly string[]) =>
  runCommand({ HAUBERK_URL: world.url, HAUBERK_APP: 'retail', HAUBERK_TOKEN: tokens['rita'] }, args);

const json = async (...args: readonly string[]) =>
  JSON.parse((await rita(...args, '--json')).out) as Record<string, unknown>;

test('every decision is found by id, entity, reason, outcome and time, newest first and page by page', async () => {
  const { records } = world.administration.decisions;
  const all = await records.query(scope, { limit: 1000 });
  assert.deepEqual(
    all.map(({ id }) => id),
    ids.toReversed(),
  );
  const device = `device:${engine.pseudonym('device', 'device-3')}`;
  const timeline = await records.query(scope, { entity: device, limit: 1000 });
  assert.deepEqual(
    timeline.map(({ id }) => id),
    ids.filter((_id, n) => n % 10 === 3).toReversed(),
  );
  const large = await records.query(scope, { reason: 'amount.large', limit: 1000 });
  assert.ok(large.length > 0 && large.length < events);
  assert.ok(large.every(({ reasons }) => reasons.includes('amount.large')));
  const both = await records.query(scope, { entity: device, reason: 'amount.large', limit: 1000 });
  assert.deepEqual(
    both.map(({ id }) => id),
    timeline.filter(({ reasons }) => reasons.includes('amount.large')).map(({ id }) => id),
  );
  const span = await records.query(scope, { fromMs: startMs + 60_000, toMs: startMs + 180_000, limit: 9 });
  assert.deepEqual(
    span.map(({ id }) => id),
    [ids[2], ids[1]],
  );
  let [paged, next]: [string[], string | null] = [[], null];
  do {
    const page = await json(
      'decision',
      'list',
      '--outcome',
      'challenge',
      '--limit',
      '7',
      ...(next === null ? [] : ['--after', next]),
    );
    paged = [...paged, ...(page['decisions'] as readonly { id: string }[]).map(({ id }) => id)];
    next = page['next'] as string | null;
  } while (next !== null);
  assert.deepEqual(
    paged,
    all.filter(({ outcome }) => outcome === 'challenge').map(({ id }) => id),
  );
});

test('why tells what fired and what nearly did, in both languages, with what was known then', async () => {
  const { records } = world.administration.decisions;
  const [asked] = await records.query(scope, { reason: 'amount.large', limit: 1 });
  assert.ok(asked !== undefined);
  const why = await json('why', asked.id);
  assert.equal((why['policy'] as { version: number }).version, 1);
  const fired = why['fired'] as readonly { rule: string; conditions: readonly { fields: object }[] }[];
  assert.ok(fired.some(({ rule }) => rule === 'large'));
  const page = await rita('why', asked.id, '--lang', 'en');
  assert.match(page.out, new RegExp(`Decision ${asked.id}, .*\\(transfer\\)`));
  assert.match(page.out, /\+ event\.amountMinor > 100000 {3}\[event\.amountMinor = \d+\]/);
  assert.match(page.out, /Did not fire, nearest first[^]*payee\.id in list\("mule-payees"\)/);
  assert.match(page.out, /device: [^\n]*count1h/);
  assert.match(page.out, /seen with: (?:account|payee):[0-9a-f]{16} ×/);
  assert.match((await rita('why', asked.id, '--lang', 'zh')).out, /决策 .*结果 /s);
  const audited = await world.stores.audit.readAfter(scope, 0, 10_000);
  assert.ok(
    audited.some(
      ({ action, subject, actor }) => action === 'decision.read' && subject === asked.id && actor === 'rita',
    ),
  );
  assert.ok(!page.out.includes('device-'), 'no id is in it');
});

test('a label is told with its decision; one that is none is passed over', async () => {
  const decision = ids[5] ?? '';
  const label = { decision, fraud: true, knownAtMs: startMs, source: 'desk', run: 1, order: events + 1 };
  const entry = { scope, kind: labelKind, atMs: world.clock.now };
  const payloads = [labelPayload(label), new Uint8Array([1, 2]), labelPayload({ ...label, decision: 'x' })];
  assert.ok((await world.stores.outbox.append(payloads.map((payload) => ({ ...entry, payload })))).ok);
  const { stream } = world.administration.decisions;
  await stream.drain();
  assert.deepEqual([stream.counts.labels, stream.counts.unreadable], [1, 2]);
  const shown = await json('decision', 'show', decision);
  assert.deepEqual(shown['label'], { fraud: true, knownAtMs: startMs, source: 'desk' });
  assert.match((await rita('why', decision, '--lang', 'en')).out, /It turned out to be\n {2}fraud, .* says desk/);
});

test('a replay evaluates every record to the same bytes', async () => {
  const report = await json('replay');
  assert.deepEqual([report['decisions'], report['identical'], report['different']], [events, events, 0]);
  assert.deepEqual(report['skipped'], {});
  const part = await json('replay', '--from', String(startMs + 60_000), '--to', String(startMs + 600_000));
  assert.equal(part['decisions'], 9);
});

test('a rebuild lets the events pass fresh profiles, and every fact comes out again', async () => {
  const { texts } = world.administration.decisions;
  await texts.keep(scope, [textOf('run', '1', smallDeclaration as never)]);
  const to = String(startMs + events * 60_000);
  const report = await json('replay', '--rebuild', '--to', to);
  assert.deepEqual([report['same'], report['different']], [events, 0], JSON.stringify(report));
  const part = await json('replay', '--rebuild', '--from', String(startMs + 60_000), '--to', String(startMs + 180_000));
  assert.deepEqual([part['same'], part['different']], [2, 0]);
});

test('a replay tells a record that does not come out as it was kept', async () => {
  const [read] = await world.stores.outbox.readAfter(0, 1);
  assert.ok(read !== undefined);
  const { record } = await import('../../src/decision/record-entry.ts').then(({ readRecordPayload }) =>
    readRecordPayload(read.payload),
  );
  const { decodeRecord, encodeRecord } = await import('@hauberk/decision');
  const decoded = decodeRecord(record);
  assert.ok(decoded.ok);
  const forged = encodeRecord({ ...decoded.value, outcome: decoded.value.outcome === 'deny' ? 'allow' : 'deny' });
  const far = startMs + 10_000_000_000;
  assert.ok((await world.stores.outbox.append([{ ...read, payload: Uint8Array.from(forged), atMs: far as never }])).ok);
  const { code, out } = await rita('replay', '--from', String(far), '--to', String(far + 1));
  assert.equal(code, 1);
  assert.match(out, /1 decisions, 0 identical, 1 different/);
});

test('another policy is tried on what was decided, and nothing of it is kept', async () => {
  const file = join(folder, 'stricter.json');
  writeFileSync(file, JSON.stringify(policyDocument('pay', 50_000)));
  const report = await json('policy', 'backtest', file, '--to', String(startMs + events * 60_000));
  assert.equal(report['decisions'], events);
  assert.ok((report['changed'] as number) > 0);
  const samples = report['samples'] as readonly { from: string; to: string; reasonsTo: readonly string[] }[];
  assert.ok(samples.every(({ from, to }) => from !== to));
  assert.deepEqual(Object.keys(report['transitions'] as object), ['allow → challenge']);
  assert.deepEqual(await json('replay', '--policy', file, '--to', String(startMs + events * 60_000)), report);
  assert.equal((await world.administration.decisions.book.policies(scope)).length, 1);
  writeFileSync(file, JSON.stringify({ id: 'x', rules: [] }));
  assert.equal((await rita('policy', 'backtest', file)).code, 2);
});

test('an export holds every decision once, as JSON lines and as CSV that no spreadsheet runs', async () => {
  const lines = join(folder, 'out.jsonl');
  const told = await json('decision', 'export', '--out', lines);
  const exported = readFileSync(lines, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string });
  assert.equal(told['decisions'], events);
  assert.deepEqual(
    exported.map(({ id }) => id),
    ids.toReversed(),
  );
  const csv = join(folder, 'out.csv');
  await rita('decision', 'export', '--format', 'csv', '--out', csv, '--outcome', 'challenge');
  const [head, ...rows] = readFileSync(csv, 'utf8').trimEnd().split('\r\n');
  assert.equal(head, 'id,at,scene,outcome,points,policy,reasons,entities');
  assert.ok(rows.length > 0 && rows.every((row) => row.includes(',challenge,')));
});

test('who lacks the right sees no decision, and the stream reads nothing twice', async () => {
  for (const path of [
    '/decisions',
    `/decisions/${ids[0]}`,
    `/decisions/${ids[0]}/why`,
    '/decision-records',
    '/decision-texts/schema-00',
  ])
    assert.equal(
      (await world.ask('GET', `/apps/retail${path}`, { token: tokens['viewer'] })).json['code'],
      'right-missing',
    );
  const { stream } = world.administration.decisions;
  const { records } = stream.counts;
  await stream.drain();
  assert.equal(stream.counts.records, records + 1, 'the forged one of an earlier test, under an id that is there');
  assert.equal((await world.administration.decisions.records.query(scope, { limit: 1000 })).length, events);
});
