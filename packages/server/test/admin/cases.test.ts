/** The closed loop: a rule raises one alert, answers by itself where two people agreed, people look into it, and its end takes everything back. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Engine } from '@hauberk/decision';
import { epochMs } from '@hauberk/primitives';
import { decided, engineOf, eventAt, policyDocument, startMs } from '../decision/decision-kit.ts';
import { runCommand } from './run-command.ts';
import { type AdminWorld, openAdminWorld } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-cases-'));
const scope = { organisation: 'bank', app: 'retail' };
let world: AdminWorld;
let engine: Engine;
let events = 0;
const tokens: Record<string, string> = {};

before(async () => {
  world = await openAdminWorld();
  world.clock.now = epochMs(startMs);
  tokens['rita'] = await world.token('rita', [{ app: 'retail', role: 'risk-analyst' }]);
  tokens['bob'] = await world.token('bob', [{ app: 'retail', role: 'approver' }]);
  const office = world.administration.decisions;
  const drafted = await office.draft(scope, policyDocument(), 'r', 'ada');
  assert.ok(drafted.ok);
  const { version, hash } = drafted.value;
  for (const action of ['shadow', 'live'] as const)
    assert.ok((await office.step(scope, { policy: 'pay', version, hash, action, reason: 'r' }, 'ada')).ok);
  await office.keepTexts();
  engine = engineOf(office.book.snapshotOf(scope));
});
after(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

const run = (who: string, ...args: readonly string[]) =>
  runCommand({ HAUBERK_URL: world.url, HAUBERK_APP: 'retail', HAUBERK_TOKEN: tokens[who] }, args);
const rita = async (...args: readonly string[]) => {
  const ran = await run('rita', ...args, '--json');
  assert.equal(ran.code, 0, ran.err);
  return JSON.parse(ran.out) as Record<string, unknown>;
};

/** So many large transfers of one device, a second apart. */
const transfers = async (device: string, times: number): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (let n = 0; n < times; n += 1) {
    events += 1;
    const event = eventAt(0, {
      id: `e-${events}`,
      atMs: startMs + events * 1000,
      entities: { device, account: 'a', payee: `p-${events}` },
      amountMinor: 900_000,
    });
    const { id, entry } = decided(engine, scope, event);
    ids.push(id);
    assert.ok((await world.stores.outbox.append([entry])).ok);
  }
  await world.administration.decisions.stream.drain();
  return ids;
};

const rule = (more: object = {}): string => {
  const file = join(folder, 'rule.json');
  const content = {
    name: 'large transfers in a row',
    severity: 'high',
    scene: 'transfer',
    decisionReason: 'amount.large',
    outcome: null,
    group: 'device',
    threshold: 3,
    windowMinutes: 10,
    expiresAtMs: world.clock.now + 86_400_000,
    response: null,
    reason: 'asked for by the fraud desk',
    ...more,
  };
  writeFileSync(file, JSON.stringify(content));
  return file;
};

const alerts = async () => (await rita('alert', 'list'))['alerts'] as readonly Record<string, unknown>[];
const entityOf = (device: string): string => `device:${engine.pseudonym('device', device)}`;

test('a rule raises one alert for an entity, counts on while it is open, and raises anew once it was closed', async () => {
  const added = await rita('alert', 'rule', 'add', rule());
  await transfers('quiet', 2);
  assert.deepEqual(await alerts(), []);
  await transfers('busy', 3);
  const [raised, ...others] = await alerts();
  assert.deepEqual(
    [raised?.['entity'], raised?.['state'], raised?.['count'], others],
    [entityOf('busy'), 'open', 3, []],
  );
  await transfers('busy', 2);
  const [again, ...more] = await alerts();
  assert.deepEqual([again?.['id'], again?.['count'], more.length], [raised?.['id'], 5, 0]);
  await rita('alert', 'acknowledge', String(raised?.['id']), '--note', 'looking');
  await rita('alert', 'close', String(raised?.['id']), '--note', 'a firm that pays its staff');
  const refused = await run('rita', 'alert', 'close', String(raised?.['id']), '--note', 'again');
  assert.match(refused.err, /alert-closed/);
  await transfers('busy', 1);
  assert.deepEqual(
    (await alerts()).map(({ state }) => state),
    ['open', 'closed'],
  );
  await rita('alert', 'rule', 'end', String(added['id']), '--reason', 'enough');
  await transfers('other', 5);
  assert.equal((await alerts()).length, 2);
});

test('a rule that answers needs two people, answers so often a day at most, and its end takes everything back', async () => {
  const response = { action: 'list', list: 'busy-devices', days: 7, perDay: 1 };
  const proposed = await run('rita', 'alert', 'rule', 'add', rule({ name: 'list them', response }));
  const [, id = ''] = /proposal ([0-9a-f]{20})/.exec(proposed.out) ?? [];
  const [, hash = ''] = /hash ([0-9a-f]{64})\n$/.exec(proposed.out) ?? [];
  tokens['own'] = await world.token('rita', [{ app: 'retail', role: 'approver' }]);
  assert.match((await run('own', 'approval', 'approve', id, '--hash', hash)).err, /approval-own/);
  assert.deepEqual(
    (await world.administration.decisions.alerts.rules(scope)).filter(({ state }) => state === 'active'),
    [],
  );
  assert.match((await run('bob', 'approval', 'approve', id, '--hash', hash)).out, /executed/);
  await transfers('first', 3);
  await transfers('second', 3);
  const told = (await alerts())
    .filter(({ name }) => name === 'list them')
    .map(({ entity, answered }) => [entity, answered]);
  assert.deepEqual(told.toReversed(), [
    [entityOf('first'), 'listed on busy-devices'],
    [entityOf('second'), 'limited'],
  ]);
  const office = world.administration.decisions;
  const members = () => office.book.snapshotOf(scope).lists.find(({ name }) => name === 'busy-devices')?.members;
  assert.deepEqual(members(), [engine.pseudonym('device', 'first')]);
  const [active] = (await office.alerts.rules(scope)).filter(({ state }) => state === 'active');
  await rita('alert', 'rule', 'end', active?.id ?? '', '--reason', 'too broad');
  assert.deepEqual(members(), []);
});

test('a rule that was changed behind the back of who approved it does nothing', async () => {
  const added = await rita('alert', 'rule', 'add', rule({ name: 'forged', threshold: 100 }));
  const key = { kind: 'alertRule', id: String(added['id']) } as const;
  const [row] = await world.stores.decisions.load(scope, [key]);
  assert.ok(row?.value !== undefined);
  const puts = [{ ...key, value: { ...row.value, threshold: 1 }, atMs: 0 }];
  await world.stores.decisions.commit({ changes: [{ scope, read: [], puts, audit: [] }] }, world.clock.now);
  await transfers('third', 2);
  assert.ok((await alerts()).every(({ name }) => name !== 'forged'));
});

test('a case goes from an alert to an outcome, which is the label of its decisions', async () => {
  const [alert] = await alerts();
  const opened = await rita('case', 'open', '--title', 'mules again', '--alert', String(alert?.['id']));
  const id = String(opened['id']);
  const decisions = opened['decisions'] as readonly string[];
  assert.ok(decisions.length >= 3);
  await rita('case', 'assign', id, '--owner', 'omar');
  await rita('case', 'note', id, '--text', 'called the customer');
  const closed = await rita('case', 'close', id, '--outcome', 'fraud', '--text', 'the customer was told to');
  assert.deepEqual([closed['state'], closed['outcome'], closed['owner']], ['closed', 'fraud', 'omar']);
  assert.equal((closed['notes'] as readonly object[]).length, 2);
  const shown = await rita('decision', 'show', decisions[0] ?? '');
  assert.deepEqual((shown['label'] as { fraud: boolean }).fraud, true);
  assert.match((await run('rita', 'case', 'note', id, '--text', 'late')).err, /case-state/);
  assert.match((await run('rita', 'case', 'list', '--owner', 'omar')).out, /closed +omar .* fraud +mules again/);
  assert.equal((await rita('case', 'reopen', id, '--text', 'new facts'))['state'], 'open');
  const unknown = await run('rita', 'case', 'open', '--title', 't', '--decision', 'f'.repeat(16));
  assert.match(unknown.err, /not-found/);
});

test('who only reads opens no case, closes no alert and adds no rule', async () => {
  const [alert] = await alerts();
  const refusals = [
    await run('bob', 'alert', 'rule', 'add', rule()),
    await run('bob', 'alert', 'close', String(alert?.['id']), '--note', 'n'),
    await run('bob', 'case', 'open', '--title', 't'),
  ];
  for (const { err } of refusals) assert.match(err, /right-missing/);
  assert.equal((await run('bob', 'alert', 'list')).code, 0);
});

test('a rule that would count everything is refused with a pointer', async () => {
  const { err } = await run('rita', 'alert', 'rule', 'add', rule({ group: null, decisionReason: null }));
  assert.match(err, /body\/group: a rule needs a group or a reason/);
  const response = { action: 'list', list: 'l', days: 1, perDay: 1 };
  assert.match(
    (await run('rita', 'alert', 'rule', 'add', rule({ group: null, response }))).err,
    /a response needs an entity/,
  );
});
