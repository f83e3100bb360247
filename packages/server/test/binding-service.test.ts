/** The binding service over the store in memory: whole attempts, races, restarts, jobs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultBindingPolicy } from '@hauberk/binding';
import { type AmountMinor, days, epochMs, hours } from '@hauberk/primitives';
import { openBindingService } from '../src/binding/binding-service.ts';
import { type MemoryBindingStore, memoryBindingStore } from '../src/binding/memory-binding-store.ts';
import { aliceNumber, ask, type BindingBank, bind, bobNumber, codeOf, ok, openBank, smsOf } from './binding-kit.ts';

const fresh = (over: Parameters<typeof openBank>[1] = {}): { bank: BindingBank; store: MemoryBindingStore } => {
  const store = memoryBindingStore();
  return { bank: openBank(store, over), store };
};
const issue = async (bank: BindingBank, profile = 'alice', phone = `${profile}-phone`) => {
  const issued = ok(await bank.service.requestToken(ask(profile, phone)));
  return { ...issued, caller: { attempt: issued.attempt, key: phone } };
};

test('an honest customer is bound, logs in without a new proof, and an unbound device is stepped up', async () => {
  const { bank } = fresh();
  await bind(bank);
  const own = { profile: 'alice', key: 'alice-phone' };
  assert.deepEqual(ok(await bank.service.login(own)), { proof: 'none' });
  assert.equal(ok(await bank.service.login({ ...own, key: 'other' })).proof, 'step-up');
  assert.equal(ok(await bank.service.login({ profile: 'bob', key: 'bob-phone' })).proof, 'step-up');
});

test('B06 refuses: two numbers in one batch, in both orders, bind nobody and undo what was bound a moment ago', async () => {
  for (const isOwnFirst of [true, false]) {
    const { bank } = fresh();
    const issued = await issue(bank);
    const [own, foreign] = [smsOf(issued), smsOf(issued, bobNumber)];
    const batch = isOwnFirst ? [own, foreign] : [foreign, own];
    await Promise.all(batch.map((sms) => bank.service.inboundSms(sms)));
    assert.equal(ok(await bank.service.status(issued.caller)).state, 'declined');
    assert.equal(codeOf(await bank.service.confirm(issued.caller)), 'binding.wrong-state');
  }
  const { bank } = fresh();
  const bound = await bind(bank);
  await bank.service.inboundSms(smsOf(bound, bobNumber));
  assert.deepEqual(bank.ended, [{ profile: 'alice', key: 'alice-phone', why: 'two-numbers' }]);
  assert.equal(ok(await bank.service.login({ profile: 'alice', key: 'alice-phone' })).proof, 'step-up');
});

test('B07 holds: one message delivered again, at once and later, gets the same answer and harms nobody', async () => {
  const { bank } = fresh();
  const issued = await issue(bank);
  const sms = smsOf(issued);
  const answers = await Promise.all([1, 2, 3, 4].map(() => bank.service.inboundSms(sms)));
  for (const answer of answers) assert.deepEqual(answer, { outcome: 'counted' });
  ok(await bank.service.reportSentItem(issued.caller, { state: 'delivered' }));
  assert.deepEqual(await bank.service.inboundSms(sms), { outcome: 'counted' });
  assert.equal(ok(await bank.service.confirm(issued.caller)).state, 'bound');
  assert.deepEqual(await bank.service.inboundSms(sms), { outcome: 'counted' });
  assert.deepEqual(bank.ended, []);
  // Another token under an id that the link used before is another message.
  bank.clock.pass(hours(1));
  const other = await issue(bank, 'bob');
  assert.deepEqual(await bank.service.inboundSms({ ...smsOf(other, bobNumber), messageId: sms.messageId }), {
    outcome: 'counted',
  });
});

test('B09 refuses: the fourth token blocks the device for 24 h, over a restart and under a changed id or fingerprint', async () => {
  const { bank, store } = fresh();
  for (const profile of ['alice', 'bob', 'alice']) await issue(bank, profile, 'one-phone');
  const again = () => bank.service.requestToken(ask('bob', 'one-phone'));
  assert.equal(codeOf(await again()), 'binding.device-blocked');
  const restarted = openBank(store, { clock: bank.clock });
  store.failOver();
  for (const device of [
    { ...ask('bob', 'one-phone').device, id: 'new', fingerprint: 'new' },
    { ...ask('bob', 'other-phone').device, fingerprint: 'print-one-phone' },
    { ...ask('bob', 'third-phone').device, id: 'id-one-phone' },
  ])
    assert.equal(codeOf(await restarted.service.requestToken({ ...ask('bob'), device })), 'binding.device-blocked');
  bank.clock.pass(hours(24) - 1);
  assert.equal(codeOf(await again()), 'binding.device-blocked');
  bank.clock.pass(1);
  assert.equal((await again()).ok, true);
});

test('B11 refuses: a failover voids what was open, whatever the clock of the new node says', async () => {
  const { bank, store } = fresh();
  const issued = await issue(bank);
  await bank.service.inboundSms(smsOf(issued));
  ok(await bank.service.reportSentItem(issued.caller, { state: 'delivered' }));
  store.failOver();
  bank.clock.step(0 - hours(5));
  const view = ok(await bank.service.confirm(issued.caller));
  assert.deepEqual([view.state, view.code], ['expired', 'binding.failover']);
  // The lock of the attempt is void as well: the customer can begin again at once.
  assert.equal((await bank.service.requestToken(ask('alice', 'second-phone'))).ok, true);
});

test('B12 refuses: a token is used once, and an older one of the same device ends with the newer', async () => {
  const { bank } = fresh();
  const bound = await bind(bank);
  assert.equal(codeOf(await bank.service.confirm(bound.caller)), 'binding.wrong-state');
  bank.clock.pass(hours(1));
  const [older, newer] = [await issue(bank, 'bob'), await issue(bank, 'bob')];
  assert.notEqual(older.text, newer.text);
  assert.equal(ok(await bank.service.status(older.caller)).code, 'binding.token-used');
  assert.deepEqual(await bank.service.inboundSms(smsOf(older, bobNumber)), {
    outcome: 'ignored',
    code: 'binding.token-used',
  });
  assert.deepEqual(await bank.service.inboundSms(smsOf(newer, bobNumber)), { outcome: 'counted' });
  const unknown = smsOf({ ...newer, text: newer.text.replace(/\S{36}/, `${'aB1!'.repeat(9)}`) }, bobNumber);
  assert.deepEqual(await bank.service.inboundSms(unknown), { outcome: 'ignored', code: 'binding.token-used' });
});

test('B13 refuses: a pool or policy that breaks the rules does not open', () => {
  const { bank } = fresh();
  assert.ok(bank);
  const parts = {
    scope: { organisation: 'a', app: 'b' },
    brand: 'Bank',
    policy: defaultBindingPolicy,
  } as never as Parameters<typeof openBindingService>[0];
  assert.equal(codeOf(openBindingService({ ...parts, vmns: ['+919000000010'] })), 'binding.vmn-pool');
  const vmns = Array.from({ length: 10 }, (_, index) => `+91900000${1000 + index * 3}`);
  const lax = { ...defaultBindingPolicy, timer: hours(1) };
  assert.equal(codeOf(openBindingService({ ...parts, vmns, policy: lax })), 'binding.policy');
  assert.equal(codeOf(openBindingService({ ...parts, vmns, brand: 'a brand with ünusual signs' })), 'binding.policy');
});

test('B15 holds: the code goes to the number that sent the token, once, and only the app that reads it is bound', async () => {
  const { bank } = fresh();
  const issued = await issue(bank);
  assert.equal(codeOf(await bank.service.requestCode(issued.caller)), 'binding.wrong-state');
  await bank.service.inboundSms(smsOf(issued));
  assert.equal(ok(await bank.service.reportSentItem(issued.caller, { state: 'absent' })).next, 'await-code');
  assert.equal(ok(await bank.service.requestCode(issued.caller)).next, 'read-code');
  assert.equal(codeOf(await bank.service.requestCode(issued.caller)), 'binding.wrong-state');
  assert.deepEqual(
    bank.codes.map(({ number }) => number),
    [aliceNumber],
  );
  const { code = '' } = bank.codes[0] ?? {};
  const typed = ok(await bank.service.reportCode(issued.caller, { code, isRead: false }));
  assert.deepEqual([typed.state, typed.code], ['seen', 'binding.unproven']);
  assert.equal(
    ok(await bank.service.reportCode(issued.caller, { code: '00000000', isRead: true })).code,
    'binding.unproven',
  );
  assert.equal(ok(await bank.service.reportCode(issued.caller, { code, isRead: true })).next, 'confirm');
  assert.equal(ok(await bank.service.confirm(issued.caller)).state, 'bound');
});

test('B16 refuses: the fourth attempt of a customer in a day, from ever new devices', async () => {
  const { bank } = fresh();
  for (const phone of ['p1', 'p2', 'p3']) {
    await issue(bank, 'alice', phone);
    bank.clock.pass(60_000);
  }
  assert.equal(codeOf(await bank.service.requestToken(ask('alice', 'p4'))), 'binding.profile-limit');
});

test('B17 refuses: the weekly round ends bindings of revoked numbers and tells when the list is too old', async () => {
  const { bank } = fresh();
  await bind(bank);
  await bind(bank, 'bob');
  bank.facts.set(aliceNumber, { revocation: { isListed: true, asOfMs: bank.clock.wallMs } });
  bank.facts.set(bobNumber, { revocation: { isListed: false, asOfMs: epochMs(bank.clock.wallMs - days(8)) } });
  assert.deepEqual(await bank.service.refresh(), { seen: 2, inactive: 0, revoked: 1, unchecked: 1 });
  assert.deepEqual(bank.ended, [{ profile: 'alice', key: 'alice-phone', why: 'number-revoked' }]);
  assert.deepEqual(bank.alarms, ['binding.number-list-stale']);
  bank.directory.set('bob', '+919833333333');
  assert.equal((await bank.service.refresh()).revoked, 1);
});

test('B19 refuses: INR 5,000 in the first day over parallel transfers, and anything from a device that is not bound', async () => {
  const { bank } = fresh();
  await bind(bank);
  const own = { profile: 'alice', key: 'alice-phone' };
  const amount = 100_000 as AmountMinor;
  const taken = await Promise.all(Array.from({ length: 8 }, () => bank.service.takeTransfer(own, amount)));
  assert.equal(taken.filter(({ ok: isTaken }) => isTaken).length, 5);
  assert.equal(codeOf(await bank.service.takeTransfer({ ...own, key: 'x' }, amount)), 'binding.foreign-device');
  assert.equal(codeOf(await bank.service.takeTransfer({ profile: 'bob', key: 'x' }, amount)), 'binding.unknown');
  bank.clock.pass(hours(24));
  assert.equal((await bank.service.takeTransfer(own, 9_000_000 as AmountMinor)).ok, true);
});

test('B20 holds: with consent the new device replaces the old one, whose sessions end', async () => {
  const { bank } = fresh();
  await bind(bank);
  bank.clock.pass(hours(1));
  await bind(bank, 'alice', 'new-phone', { replaces: true });
  assert.deepEqual(bank.ended, [{ profile: 'alice', key: 'alice-phone', why: 'replaced' }]);
  assert.equal(ok(await bank.service.login({ profile: 'alice', key: 'alice-phone' })).proof, 'step-up');
  assert.equal(ok(await bank.service.login({ profile: 'alice', key: 'new-phone' })).proof, 'none');
});

test('B20 refuses: a second device without consent; two at once: one is told to wait, and never both are bound', async () => {
  const { bank } = fresh();
  await bind(bank);
  bank.clock.pass(hours(1));
  const second = await issue(bank, 'alice', 'new-phone');
  await bank.service.inboundSms(smsOf(second));
  ok(await bank.service.reportSentItem(second.caller, { state: 'delivered' }));
  assert.equal(ok(await bank.service.confirm(second.caller)).code, 'binding.already-bound');
  const racing = fresh().bank;
  const asked = await Promise.all(['p1', 'p2', 'p3'].map((phone) => racing.service.requestToken(ask('alice', phone))));
  assert.equal(asked.filter(({ ok: isIssued }) => isIssued).length, 1);
  for (const answer of asked) if (!answer.ok) assert.equal(answer.code, 'binding.busy');
});

test('B21 refuses: a binding that was not used for a year ends, one that was stays', async () => {
  const { bank } = fresh();
  await bind(bank);
  await bind(bank, 'bob');
  bank.clock.pass(days(80));
  assert.equal(ok(await bank.service.login({ profile: 'bob', key: 'bob-phone' })).proof, 'none');
  bank.clock.pass(days(300));
  assert.deepEqual(await bank.service.refresh(), { seen: 2, inactive: 1, revoked: 0, unchecked: 0 });
  assert.deepEqual(bank.ended, [{ profile: 'alice', key: 'alice-phone', why: 'inactive' }]);
});

test('B22 refuses: the same use of a second factor twice', async () => {
  const { bank } = fresh();
  const once = { factor: { kind: 'knowledge', channel: 'secret', use: 'same' } } as const;
  await bind(bank, 'alice', 'alice-phone', once);
  bank.clock.pass(hours(1));
  assert.equal(codeOf(await bank.service.requestToken(ask('alice', 'alice-phone', once))), 'binding.factor-replayed');
});

test('B23 refuses: a SIM change ends the binding and its sessions; only the bound key can report it', async () => {
  const { bank } = fresh();
  await bind(bank);
  assert.equal(codeOf(await bank.service.simChanged({ profile: 'alice', key: 'other' })), 'binding.unknown');
  assert.equal((await bank.service.simChanged({ profile: 'alice', key: 'alice-phone' })).ok, true);
  assert.deepEqual(bank.ended, [{ profile: 'alice', key: 'alice-phone', why: 'sim-changed' }]);
  assert.equal(codeOf(await bank.service.simChanged({ profile: 'alice', key: 'alice-phone' })), 'binding.unknown');
});

test('B25 refuses: a declared number that is not the registered one, and an SMS from another', async () => {
  const { bank } = fresh();
  assert.equal(
    codeOf(await bank.service.requestToken(ask('alice', 'p', { number: bobNumber }))),
    'binding.number-mismatch',
  );
  assert.equal(
    codeOf(await bank.service.requestToken(ask('nobody', 'p', { number: bobNumber }))),
    'binding.number-mismatch',
  );
  const issued = await issue(bank);
  const sms = await bank.service.inboundSms(smsOf(issued, bobNumber));
  assert.deepEqual(sms, { outcome: 'declined', code: 'binding.number-mismatch' });
});

test('what another key says of an attempt is refused and changes nothing', async () => {
  const { bank } = fresh();
  const issued = await issue(bank);
  await bank.service.inboundSms(smsOf(issued));
  const thief = { attempt: issued.attempt, key: 'thief' };
  const calls = [
    bank.service.status(thief),
    bank.service.reportSentItem(thief, { state: 'delivered' }),
    bank.service.reportLeft(thief, 'left'),
    bank.service.reportComposer(thief, 9000),
    bank.service.requestCode(thief),
    bank.service.reportCode(thief, 'unreadable'),
    bank.service.countProof(thief, 'number-verification'),
    bank.service.confirm(thief),
  ];
  for (const answer of await Promise.all(calls)) assert.equal(codeOf(answer), 'binding.foreign-device');
  assert.equal(ok(await bank.service.status(issued.caller)).state, 'seen');
  assert.equal(codeOf(await bank.service.status({ attempt: 'none', key: 'thief' })), 'binding.unknown');
});

test('B05 refuses: the composer, judged here: 5 s pass, 5.001 s do not, nor does what is no number', async () => {
  for (const [awayMs, state] of [
    [5000, 'issued'],
    [5001, 'declined'],
    [-1, 'declined'],
    [Number.NaN, 'declined'],
  ] as const) {
    const { bank } = fresh();
    const issued = await issue(bank);
    assert.equal(ok(await bank.service.reportComposer(issued.caller, awayMs)).state, state);
  }
});

test('an SMS over a link that may not deliver changes nothing, and malformed ones are told apart from faults', async () => {
  const { bank } = fresh();
  const issued = await issue(bank);
  const untrusted = await bank.service.inboundSms(smsOf(issued, bobNumber, { link: 'stranger' }));
  assert.deepEqual(untrusted, { outcome: 'ignored', code: 'binding.link-untrusted' });
  for (const over of [{ text: 'hello' }, { from: 'BANK' }, { to: '12' }, { link: '' }, { messageId: 'm'.repeat(200) }])
    assert.deepEqual(await bank.service.inboundSms(smsOf(issued, aliceNumber, over)), {
      outcome: 'ignored',
      code: 'binding.token-shape',
    });
  assert.deepEqual(await bank.service.inboundSms(smsOf(issued)), { outcome: 'counted' });
});

test('the end of a binding is told until somebody hears it, and then no more', async () => {
  const { bank } = fresh();
  await bind(bank);
  bank.trouble.isDeaf = true;
  assert.equal((await bank.service.simChanged({ profile: 'alice', key: 'alice-phone' })).ok, true);
  await bank.service.refresh();
  assert.deepEqual(bank.ended, []);
  assert.deepEqual(bank.alarms, ['binding.notice-failed', 'binding.notice-failed']);
  bank.trouble.isDeaf = false;
  await bank.service.refresh();
  await bank.service.refresh();
  assert.deepEqual(bank.ended, [{ profile: 'alice', key: 'alice-phone', why: 'sim-changed' }]);
});
