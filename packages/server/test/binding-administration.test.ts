/** What operators see of bindings, and what they may change: over the API, two people where protection is taken away. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { minutes } from '@hauberk/primitives';
import { watchVmns } from '../src/binding/keep-bindings.ts';
import { type AdminWorld, type Answered, everything, openAdminWorld } from './admin/world.ts';
import { aliceNumber, ask, type BindingBank, bind, bobNumber, codeOf, ok, smsOf, vmns } from './binding-kit.ts';

let world: AdminWorld;
let bank: BindingBank;
let carol: string;
let dave: string;

before(async () => {
  world = await openAdminWorld();
  bank = world.bankOf('retail');
  carol = await world.token('carol', everything);
  dave = await world.token('dave', everything);
});
after(() => world.close());

const get = (path: string, token = carol): Promise<Answered> => world.ask('GET', `/apps/retail${path}`, { token });
const post = (path: string, body: unknown, token = carol): Promise<Answered> =>
  world.ask('POST', `/apps/retail${path}`, { token, body });
type Items = readonly Readonly<Record<string, unknown>>[];
const itemsOf = (answer: Answered): Items => {
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  return answer.json['items'] as Items;
};
/** Each test has its own day: tokens and attempts are counted. */
const nextDay = (): void => bank.clock.pass(25 * 3_600_000);

const approve = async (proposal: Answered, token = dave): Promise<Answered> => {
  assert.equal(proposal.status, 202, JSON.stringify(proposal.json));
  const { id, changeHash } = proposal.json;
  return post(`/approvals/${String(id)}/approve`, { changeHash }, token);
};
const resultOf = ({ json }: Answered): unknown =>
  (json['outcome'] as { readonly results: readonly { readonly code: string | null }[] } | null)?.results[0]?.code;

describe('attempts', () => {
  test('are listed newest first, with those that got no token, and found by everything that names them', async () => {
    nextDay();
    const from = bank.clock.wallMs;
    const first = await bind(bank);
    bank.clock.pass(60_000);
    assert.equal(
      codeOf(await bank.service.requestToken(ask('bob', 'bob-phone', { factor: undefined }))),
      'binding.single-factor',
    );
    bank.clock.pass(60_000);
    const open = ok(await bank.service.requestToken(ask('bob')));
    const all = itemsOf(await get(`/binding-attempts?since=${from}`));
    assert.deepEqual(
      all.map(({ state, rule, open: isOpen }) => [state, rule, isOpen]),
      [
        ['issued', null, true],
        ['declined', 'B22', false],
        ['bound', null, false],
      ],
    );
    const found = async (query: string): Promise<readonly unknown[]> =>
      itemsOf(await get(`/binding-attempts?since=${from}&${query}`)).map(({ attempt }) => attempt);
    assert.deepEqual(await found('open=true'), [open.attempt]);
    assert.deepEqual(await found('profile=alice'), [first.attempt]);
    assert.deepEqual(await found('device=id-alice-phone'), [first.attempt]);
    assert.deepEqual(await found(`number=${String(all[2]?.['numberHash'])}`), [first.attempt]);
    assert.deepEqual(await found('rule=B22'), [all[1]?.['attempt']]);
    assert.deepEqual(await found('code=binding.single-factor'), [all[1]?.['attempt']]);
    assert.deepEqual(await found('state=bound'), [first.attempt]);
    assert.deepEqual(await found(`until=${from + 90_000}`), [all[1]?.['attempt'], first.attempt]);
    assert.deepEqual(await found('profile=nobody'), []);
    bank.clock.pass(46_000);
    assert.deepEqual(await found('open=true'), [], 'nobody polled it, and its time is over');
  });

  test('come in parts, each once, however small the parts', async () => {
    nextDay();
    const from = bank.clock.wallMs;
    for (let index = 0; index < 7; index += 1) {
      await bank.service.requestToken(ask('alice', `p${index}`, { factor: undefined }));
      bank.clock.pass(1000);
    }
    const seen: unknown[] = [];
    let next: string | null = '';
    for (let part = 0; next !== null && part < 9; part += 1) {
      const answer = await get(
        `/binding-attempts?since=${from}&limit=3${next === '' ? '' : `&after=${encodeURIComponent(next)}`}`,
      );
      seen.push(...itemsOf(answer).map(({ attempt }) => attempt));
      next = answer.json['next'] as string | null;
    }
    assert.equal(seen.length, 7);
    assert.equal(new Set(seen).size, 7);
  });

  test('say why: steps, and every rule with its verdict, source and words; no number anywhere', async () => {
    nextDay();
    const issued = ok(await bank.service.requestToken(ask('alice')));
    bank.clock.pass(2000);
    await bank.service.inboundSms(smsOf(issued, aliceNumber, { to: vmns.find((vmn) => vmn !== issued.vmn) ?? '' }));
    const answer = await get(`/bindings/${issued.attempt}`);
    const { steps, rules } = answer.json as Record<string, Items>;
    assert.deepEqual(
      steps?.map(({ event, from, to, code, note }) => [event, from, to, code, note]),
      [
        ['request', 'idle', 'issued', null, ''],
        ['sms', 'issued', 'declined', 'binding.wrong-vmn', 'link link-1'],
      ],
    );
    assert.equal(rules?.length, 26);
    const broken = rules?.filter(({ verdict }) => verdict === 'fail');
    assert.deepEqual(
      broken?.map(({ rule, code, source, words }) => [rule, code, source, words]),
      [['B14', 'binding.wrong-vmn', 'UPI device binding', 'The SMS arrives on the VMN that was assigned.']],
    );
    assert.deepEqual(rules?.find(({ rule }) => rule === 'B15')?.['why'], 'not-reached');
    const text = JSON.stringify(answer.json).replaceAll(issued.vmn, '');
    for (const number of [aliceNumber, aliceNumber.slice(1), issued.text]) assert.equal(text.includes(number), false);
  });
});

describe('block lists', () => {
  test('each thing that a request names can be blocked, until its time; the app learns no more than of B09', async () => {
    nextDay();
    const numberHash = bank.administration.hashNumber(aliceNumber) ?? '';
    const subjects = [
      ['device', 'id-alice-phone'],
      ['key', 'alice-phone'],
      ['fingerprint', 'print-alice-phone'],
      ['profile', 'alice'],
      ['number', numberHash],
    ] as const;
    for (const [subject, value] of subjects) {
      nextDay();
      assert.equal((await post('/binding-blocks', { subject, value, reason: 'reported', hours: 1 })).status, 200);
      assert.equal(codeOf(await bank.service.requestToken(ask('alice'))), 'binding.device-blocked', subject);
      const [line] = itemsOf(await get('/binding-attempts?limit=1'));
      const told = await get(`/bindings/${String(line?.['attempt'])}`);
      assert.equal((told.json['steps'] as Items)[0]?.['note'], `blocked by an operator: ${subject}`);
      assert.equal(codeOf(await bank.service.requestToken(ask('bob'))), 'accepted', 'nobody else is kept away');
      bank.clock.pass(3_600_000);
      assert.equal(codeOf(await bank.service.requestToken(ask('alice'))), 'accepted', 'it ran out');
    }
  });

  test('a block of B09 is listed and cannot be lifted; one of an operator is lifted by two people, exactly as it stood', async () => {
    nextDay();
    for (let index = 0; index < 4; index += 1)
      await bank.service.requestToken(ask(index % 2 === 0 ? 'alice' : 'bob', 'shared'));
    const listed = itemsOf(await get('/binding-blocks'));
    assert.deepEqual(
      listed.map(({ source, subject, value, by }) => [source, subject, value, by]),
      [
        ['rule', 'device', 'id-shared', 'B09'],
        ['rule', 'fingerprint', 'print-shared', 'B09'],
        ['rule', 'key', 'shared', 'B09'],
      ],
    );
    const wanted = { subject: 'device', value: 'id-shared', reason: 'honest' };
    assert.equal((await post('/binding-block-lifts', wanted)).json['code'], 'not-found');
    const block = { subject: 'profile', value: 'bob', reason: 'reported', hours: 10 };
    await post('/binding-blocks', block);
    const lift = await post('/binding-block-lifts', { subject: 'profile', value: 'bob', reason: 'mistaken' });
    assert.equal((await approve(lift, carol)).json['code'], 'approval-own');
    // A new word of the fraud team stands against a lift that was asked for before it.
    bank.clock.pass(1000);
    await post('/binding-blocks', { ...block, reason: 'again' });
    assert.equal(resultOf(await approve(lift)), 'block-changed');
    const blockOf = async () => itemsOf(await get('/binding-blocks')).find(({ source }) => source === 'operator');
    const until = (await blockOf())?.['untilMs'];
    await post('/binding-blocks', { ...block, hours: 1 });
    assert.equal((await blockOf())?.['untilMs'], until, 'one person cannot make it shorter');
    const again = await post('/binding-block-lifts', { subject: 'profile', value: 'bob', reason: 'checked' });
    assert.equal(resultOf(await approve(again)), null);
    assert.equal(await blockOf(), undefined);
  });
});

describe('manual unbind', () => {
  test('takes two people who agree on this very binding, ends it and the sessions, and is audited', async () => {
    nextDay();
    bank.ended.length = 0;
    const { attempt } = await bind(bank, 'alice', 'alice-new', { replaces: true });
    bank.ended.length = 0;
    const asked = await post('/binding-ends', { profile: 'alice', attempt, reason: 'asked at the counter' });
    assert.equal(asked.status, 202);
    assert.equal(itemsOf(await get('/bindings?profile=alice&live=true')).length, 1, 'nothing happens before');
    assert.equal((await approve(asked, carol)).json['code'], 'approval-own');
    const { id } = asked.json;
    assert.equal(
      (await post(`/approvals/${String(id)}/approve`, { changeHash: '0'.repeat(64) }, dave)).json['code'],
      'approval-changed',
    );
    const done = await approve(asked);
    assert.deepEqual([done.json['state'], resultOf(done)], ['executed', null]);
    assert.deepEqual(await approve(asked).then(resultOf), null, 'said twice, it happened once');
    assert.deepEqual(bank.ended, [{ profile: 'alice', key: 'alice-new', why: 'operator' }]);
    const [held] = itemsOf(await get('/bindings?profile=alice'));
    assert.match(JSON.stringify(held?.['end']), /"why":"operator"/);
    const entries = await world.stores.audit.readAfter({ organisation: 'bank', app: 'retail' }, 0, 999);
    const [entry] = entries.filter(({ action, subject }) => action === 'binding.ended' && subject === attempt);
    assert.equal(entry?.actor, 'carol, approved by dave');
  });

  test('an approval does not reach a later binding of the same customer', async () => {
    nextDay();
    const first = await bind(bank, 'alice', 'phone-1');
    const asked = await post('/binding-ends', { profile: 'alice', attempt: first.attempt, reason: 'x' });
    bank.clock.pass(60_000);
    const second = await bind(bank, 'alice', 'phone-2', { replaces: true });
    const late = await approve(asked);
    assert.deepEqual([late.json['state'], resultOf(late)], ['failed', 'binding.unknown']);
    const [held] = itemsOf(await get('/bindings?profile=alice&live=true'));
    assert.equal(held?.['attempt'], second.attempt);
    const stale = await post('/binding-ends', { profile: 'alice', attempt: first.attempt, reason: 'x' });
    assert.equal(stale.json['code'], 'not-found');
  });
});

describe('numbers', () => {
  test('are told to who has the right for numbers, never to others, and each time it is on record', async () => {
    const body = { profile: 'bob', reason: 'a call from the branch' };
    for (const role of ['operator', 'auditor', 'approver', 'viewer', 'binding:write']) {
      const token = await world.token(`a-${role.replace(':', '-')}`, [{ app: 'retail', role }]);
      const answer = await post('/customer-numbers', body, token);
      assert.deepEqual([answer.json['code'], answer.json['right']], ['right-missing', 'numbers:read on retail'], role);
    }
    const token = await world.token('fraud', [{ app: 'retail', role: 'numbers:read' }]);
    const shown = await post('/customer-numbers', body, token);
    const numberHash = bank.administration.hashNumber(bobNumber);
    assert.deepEqual(shown.json, { number: bobNumber, numberHash });
    assert.deepEqual((await post('/customer-numbers', { number: bobNumber, reason: 'x' }, token)).json, {
      number: bobNumber,
      numberHash,
    });
    assert.equal((await post('/customer-numbers', { number: '12', reason: 'x' }, token)).json['code'], 'malformed');
    assert.equal((await post('/customer-numbers', { reason: 'x' }, token)).json['code'], 'malformed');
    assert.deepEqual((await post('/customer-numbers', { ...body, profile: 'zoe' }, token)).json, {
      number: null,
      numberHash: null,
    });
    const entries = await world.stores.audit.readAfter({ organisation: 'bank', app: 'retail' }, 0, 999);
    const told = entries.filter(({ action }) => action === 'binding.number-shown');
    assert.deepEqual(
      told.map(({ actor, subject }) => [actor, subject]),
      [
        ['fraud', 'bob'],
        ['fraud', numberHash],
        ['fraud', 'zoe'],
      ],
    );
    assert.equal(JSON.stringify(told).includes(bobNumber), false);
  });
});

describe('the numbers that receive', () => {
  const healthOf = async () =>
    (await get('/vmns')).json as Readonly<Record<string, unknown>> & { readonly items: Items };
  const take = (to: string, answer: Parameters<BindingBank['vmnHealth']['note']>[1]): void =>
    bank.vmnHealth.note(to, answer, bank.clock.wallMs);

  test('are counted by what came, and one that falls silent while the others do not is told', async () => {
    const [first = '', second = '', ...others] = vmns;
    take(first, { outcome: 'counted' });
    take(first, { outcome: 'declined', code: 'binding.wrong-vmn' });
    take(first, { outcome: 'ignored', code: 'binding.link-untrusted' });
    take(first, { outcome: 'ignored', code: 'binding.token-used' });
    take(first, { ok: false, code: 'storage-full', detail: undefined } as never);
    take('+447700900000', { outcome: 'counted' });
    const told = await healthOf();
    assert.equal(told['elsewhere'], 1);
    const found = told.items.find(({ vmn }) => vmn === first);
    const expected = { counted: 1, redelivered: 0, 'wrong-vmn': 1, untrusted: 1, declined: 0, unknown: 1, refused: 1 };
    assert.deepEqual(
      [found?.['outcomes'], found?.['lastSeenMs'], found?.['silent']],
      [expected, bank.clock.wallMs, false],
    );

    const silent = async () => (await healthOf()).items.filter((each) => each['silent'] === true).map(({ vmn }) => vmn);
    bank.clock.pass(minutes(61));
    assert.deepEqual(await silent(), [], 'a quiet night silences nobody');
    for (let index = 0; index < 12 * vmns.length; index += 1)
      take(others[index % others.length] ?? '', { outcome: 'counted' });
    assert.deepEqual(await silent(), [first, second]);
    // What anybody can send in does not hide it.
    take(first, { outcome: 'ignored', code: 'binding.token-used' });
    assert.deepEqual(await silent(), [first, second]);
    take(first, { outcome: 'redelivered' });
    assert.deepEqual(await silent(), [second]);
  });

  test('the log tells of them once, and again when more fall silent', () => {
    const told: number[] = [];
    const counts = [0, 2, 2, 1, 2, 0];
    let at = 0;
    const look = watchVmns(
      () => counts[at] ?? 0,
      (silent) => told.push(silent),
    );
    for (; at < counts.length; at += 1) look();
    assert.deepEqual(told, [2, 2]);
  });
});
