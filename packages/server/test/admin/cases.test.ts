/** The closed loop: a rule raises one alert, answers by itself where two people agreed, people look into it, and its end takes everything back. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Engine } from '@hauberk/decision';
import { epochMs } from '@hauberk/primitives';
import { canonicalId } from '../../src/decision/canonical-id.ts';
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

/** So many large transfers of one device, a second apart. Requests name devices canonically. */
const transfers = async (named: string, times: number): Promise<readonly string[]> => {
  const ids: string[] = [];
  const device = canonicalId(named);
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

/** Proposes a rule as one person, approves it as another; answers the id that it is in force under. */
const agreed = async (who: string, file: string): Promise<string> => {
  const proposed = await run(who, 'alert', 'rule', 'add', file);
  const [, id = ''] = /proposal ([0-9a-f]{20})/.exec(proposed.out) ?? [];
  const [, hash = ''] = /hash ([0-9a-f]{64})\n$/.exec(proposed.out) ?? [];
  assert.match((await run('bob', 'approval', 'approve', id, '--hash', hash)).out, /executed/, proposed.err);
  const rules = await world.administration.decisions.alerts.rules(scope);
  return rules.find(({ name, state }) => state === 'active' && readFileSync(file, 'utf8').includes(name))?.id ?? '';
};
const answeredOf = async (name: string) =>
  (await alerts()).filter((alert) => alert['name'] === name).map(({ answered }) => String(answered));
const stateOf = async (id: string) => {
  const shown = await world.administration.devicesOf(scope).show(id);
  assert.ok(shown.ok);
  return shown.value.state;
};
const endRule = (who: string, id: string) => run(who, 'alert', 'rule', 'end', id, '--reason', 'enough');

test('a rule that answers by cases opens one for each new alert, at most so many a day; they stay when it ends', async () => {
  const id = await agreed('rita', rule({ name: 'look into it', response: { action: 'case', perDay: 1 } }));
  await transfers('cased', 4);
  await transfers('cased-too', 3);
  const [limited, opened] = await answeredOf('look into it');
  assert.equal(limited, 'limited');
  const { cases } = await rita('case', 'list');
  const mine = (cases as readonly Record<string, unknown>[]).filter(({ title }) => title === 'look into it');
  assert.deepEqual(
    mine.map((one) => [`opened case ${String(one['id'])}`, one['openedBy'], one['owner'], one['entities']]),
    [[opened, `rule ${id}`, null, [entityOf('cased')]]],
  );
  const [raised] = (await alerts()).filter(({ answered }) => answered === opened);
  assert.equal(mine[0]?.['alert'], raised?.['id']);
  assert.equal((await endRule('rita', id)).code, 0);
  assert.equal((await rita('case', 'show', String(mine[0]?.['id'])))['state'], 'open');
});

test('a rule that suspends finds the device behind the hash, says so in its history, and gives it back when its days are over', async () => {
  const response = { action: 'suspend', days: 2, perDay: 2 };
  assert.match(
    (await run('rita', 'alert', 'rule', 'add', rule({ name: 'stop it', response }))).err,
    /right-missing.*devices:write|devices:write/,
  );
  const own = [
    { app: 'retail', role: 'risk-analyst' },
    { app: 'retail', role: 'administrator' },
  ];
  tokens['dora'] = await world.token('dora', own);
  const phones = [
    await world.enrol('bank', 'retail', 'phone-1'),
    await world.enrol('bank', 'retail', 'phone-2'),
    await world.enrol('bank', 'retail', 'phone-3'),
  ] as const;
  const other = await world.enrol('bank', 'corporate', 'phone-4');
  const id = await agreed('dora', rule({ name: 'stop it', response, expiresAtMs: world.clock.now + 864_000_000 }));
  // Neither what nobody enrolled nor the device of another app is anything that this rule could stop.
  await transfers('nobody', 3);
  await transfers(other, 3);
  for (const phone of phones) await transfers(phone, 3);
  assert.deepEqual((await answeredOf('stop it')).toReversed(), [
    'the device is not known',
    'the device is not known',
    'suspended for 2 d',
    'suspended for 2 d',
    'limited',
  ]);
  assert.equal(await stateOf(phones[0]), 'suspended');
  assert.equal(await stateOf(phones[1]), 'suspended');
  assert.equal(await stateOf(phones[2]), 'enrolled');
  const shown = await world.administration.devicesOf(scope).show(phones[0]);
  const last = shown.ok ? shown.value.history.at(-1) : undefined;
  assert.deepEqual([last?.actor, /: alert [0-9a-f]{20}: stop it$/.test(last?.reason ?? '')], [`rule ${id}`, true]);
  // What a person did since counts: a device that was given back and suspended anew is not the rule's any longer.
  const devices = world.administration.devicesOf(scope);
  const word = { actor: 'omar', reason: 'r' };
  assert.ok((await devices.reinstate(phones[1], word)).ok && (await devices.suspend(phones[1], word)).ok);
  const office = world.administration.decisions;
  await office.alerts.upkeep(scope);
  assert.equal(await stateOf(phones[0]), 'suspended');
  const before = world.clock.now;
  world.clock.now = epochMs(before + 2 * 86_400_000);
  await office.alerts.upkeep(scope);
  world.clock.now = before;
  assert.equal(await stateOf(phones[0]), 'enrolled');
  assert.equal(await stateOf(phones[1]), 'suspended');
  const held = (await office.alerts.rules(scope)).find((each) => each.id === id);
  assert.deepEqual(
    held?.answers.map(({ device }) => device),
    [undefined, undefined],
  );
  assert.equal((await endRule('dora', id)).code, 0);
});

test('who ends a rule that suspended proposes that its devices come back; who may not touch devices leaves them to their days', async () => {
  const response = { action: 'suspend', days: 30, perDay: 9 };
  const phone = await world.enrol('bank', 'retail', 'phone-5');
  const id = await agreed('dora', rule({ name: 'halt', response }));
  await transfers(phone, 3);
  assert.equal(await stateOf(phone), 'suspended');
  const ended = await endRule('rita', id);
  assert.equal(ended.code, 0, ended.err);
  assert.match(ended.out, /ended/);
  assert.equal(await stateOf(phone), 'suspended');
  const proposed = await endRule('dora', id);
  assert.match(proposed.out, /Somebody else must approve that its devices come back/);
  const [, approval = ''] = /proposal ([0-9a-f]{20})/.exec(proposed.out) ?? [];
  const [, hash = ''] = /hash ([0-9a-f]{64})\n$/.exec(proposed.out) ?? [];
  assert.equal(await stateOf(phone), 'suspended');
  assert.match((await run('bob', 'approval', 'approve', approval, '--hash', hash)).out, /executed/);
  assert.equal(await stateOf(phone), 'enrolled');
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

test('a rule that has expired is refused at once, also one that two people would have to agree on', async () => {
  const expiresAtMs = world.clock.now - 1;
  const response = { action: 'list', list: 'l', days: 1, perDay: 1 };
  for (const more of [{ expiresAtMs }, { expiresAtMs, response }]) {
    const { code, err, out } = await run('rita', 'alert', 'rule', 'add', rule({ name: 'late', ...more }));
    assert.equal(code, 1, out);
    assert.match(err, /rule-expired[^]*body\/expiresAtMs: \d+ is \d{4}-.*, which has passed/);
  }
  assert.ok((await world.administration.decisions.alerts.rules(scope)).every(({ name }) => name !== 'late'));
});

test('a rule that would count everything is refused with a pointer', async () => {
  const { err } = await run('rita', 'alert', 'rule', 'add', rule({ group: null, decisionReason: null }));
  assert.match(err, /body\/group: a rule needs a group or a reason/);
  const response = { action: 'list', list: 'l', days: 1, perDay: 1 };
  assert.match(
    (await run('rita', 'alert', 'rule', 'add', rule({ group: null, response }))).err,
    /a response needs an entity/,
  );
  const suspend = { action: 'suspend', days: 1, perDay: 1 };
  assert.match(
    (await run('rita', 'alert', 'rule', 'add', rule({ group: 'account', response: suspend }))).err,
    /only devices can be suspended/,
  );
});
