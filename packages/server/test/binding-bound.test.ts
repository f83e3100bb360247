/** What stands on a binding: logins without a new proof, devices without a SIM, and each way around them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { days, fromBase64Url, toBase64Url, utf8 } from '@hauberk/primitives';
import { bindingPolicyOf } from '../src/binding/binding-policy.ts';
import { camaraOperator } from '../src/binding/camara-operator.ts';
import { memoryBindingStore } from '../src/binding/memory-binding-store.ts';
import type { AssertionWords } from '../src/binding/passkey-verifier.ts';
import type { IssuedToken } from '../src/binding/request-token.ts';
import {
  aliceNumber,
  ask,
  type BindingBank,
  bind,
  bobNumber,
  codeOf,
  numbers,
  ok,
  openBank,
  repeatingPasskeys,
  smsOf,
} from './binding-kit.ts';
import { type FakeOperator, startOperator } from './fake-operator.ts';

const own = { profile: 'alice', key: 'alice-phone' };
const noSim = { sim: 'absent', airplane: 'on', path: 'wifi', cellularWorks: false } as const;
const tablet = (way: 'bound-device' | 'passkey' | 'number') =>
  ask('alice', 'tablet', { way, replaces: true, ...(way === 'number' ? {} : { evidence: noSim }) });
const caller = ({ attempt }: IssuedToken) => ({ attempt, key: 'tablet' });
const present = { sim: 'present', subscriptions: ['sim-0', 'sim-1'] } as const;

let operator: FakeOperator;
before(async () => {
  operator = await startOperator([...numbers.values()].map((number) => ({ number })));
});
after(() => operator.close());

const openWith = () =>
  openBank(memoryBindingStore(), {
    passkeys: repeatingPasskeys,
    operator: camaraOperator({ baseUrl: operator.url, timeoutMs: 5000, clientId: 'bank', clientSecret: 'secret' }),
  });

const words = (credential: string, challenge = ''): AssertionWords => {
  const empty = new Uint8Array(0);
  const clientData = fromBase64Url(challenge) ?? empty;
  return { credential, clientData, authenticatorData: empty, signature: empty };
};

const addPasskey = async ({ service }: BindingBank, name: string, by = own) =>
  service.addPasskey(by, {
    clientData: fromBase64Url(service.passkeyChallenge(by)) ?? new Uint8Array(0),
    attestationObject: utf8(name),
  });
const idOf = (name: string) => toBase64Url(utf8(name));

test('B23: the bound phone with its SIM is relieved, within policy; a SIM that cannot be told is stepped up and ends nothing', async () => {
  const bank = openWith();
  await bind(bank, 'alice', 'alice-phone', { subscription: 'sim-1' });
  assert.deepEqual(ok(await bank.service.login(own, present)), { proof: 'none' });
  for (const told of [{ sim: 'unknown' }, { sim: 'present' }] as const)
    assert.deepEqual(ok(await bank.service.login(own, told)), { proof: 'step-up', code: 'binding.sim-changed' });
  assert.deepEqual(ok(await bank.service.login(own, present)), { proof: 'none' });
  bank.clock.pass(days(91));
  assert.deepEqual(ok(await bank.service.login(own, present)), { proof: 'step-up', code: 'binding.inactive' });
});

test('B23: another SIM, or none, ends the binding at the login, once told; only the bound phone’s word counts', async () => {
  for (const told of [{ sim: 'present', subscriptions: ['sim-2', 'sim-3'] }, { sim: 'absent' }] as const) {
    const bank = openWith();
    await bind(bank, 'alice', 'alice-phone', { subscription: 'sim-1' });
    const stranger = ok(await bank.service.login({ ...own, key: 'stranger' }, told));
    assert.deepEqual(stranger, { proof: 'step-up', code: 'binding.foreign-device' });
    assert.deepEqual(bank.ended, []);
    assert.deepEqual(ok(await bank.service.login(own, told)), { proof: 'step-up', code: 'binding.sim-changed' });
    assert.deepEqual(bank.ended, [{ ...own, why: 'sim-changed' }]);
    assert.deepEqual(ok(await bank.service.login(own, present)), { proof: 'step-up', code: 'binding.sim-changed' });
  }
});

test('B01 B02: a device without a SIM gets an attempt by a bound phone or a passkey, and no token that an SMS could carry', async () => {
  const bank = openWith();
  for (const way of ['bound-device', 'passkey'] as const) {
    const issued = ok(await bank.service.requestToken(tablet(way)));
    assert.deepEqual([issued.vmn, issued.text], ['', '']);
    assert.equal(ok(await bank.service.reportSentItem(caller(issued), { state: 'delivered' })).state, 'issued');
    assert.equal(ok(await bank.service.confirm(caller(issued))).code, 'binding.unproven');
  }
});

test('B01: an SMS, and the operator, still want a SIM', async () => {
  const bank = openWith();
  for (const way of ['sms', 'number'] as const)
    assert.equal(
      codeOf(await bank.service.requestToken(ask('alice', 'tablet', { way, evidence: noSim }))),
      'binding.sim-missing',
    );
});

test('the bound phone lets another take over, by the words of the other screen; then it is bound no more', async () => {
  const bank = openWith();
  await bind(bank);
  const issued = ok(await bank.service.requestToken(tablet('bound-device')));
  const { words: shown = '' } = issued;
  assert.match(shown, /^[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}$/);
  assert.equal(codeOf(await bank.service.approveDevice({ ...own, key: 'tablet' }, shown)), 'binding.foreign-device');
  assert.equal(
    codeOf(await bank.service.approveDevice({ profile: 'bob', key: 'alice-phone' }, shown)),
    'binding.unknown',
  );
  assert.equal(codeOf(await bank.service.approveDevice(own, 'AAAA-AAAA')), 'binding.unproven');
  assert.equal(ok(await bank.service.approveDevice(own, ` ${shown.toLowerCase()} `)), 'proven');
  assert.equal(ok(await bank.service.confirm(caller(issued))).state, 'bound');
  assert.deepEqual(bank.ended, [{ ...own, why: 'replaced' }]);
  assert.equal(ok(await bank.service.login(own)).proof, 'step-up');
  assert.equal(ok(await bank.service.login({ ...own, key: 'tablet' })).proof, 'none');
});

test('words are tried three times; a late word, and one for an attempt by SMS, approves nothing', async () => {
  const bank = openWith();
  await bind(bank);
  const first = ok(await bank.service.requestToken(tablet('bound-device')));
  for (let tries = 0; tries < 3; tries += 1)
    assert.equal(codeOf(await bank.service.approveDevice(own, `wrong ${tries}`)), 'binding.unproven');
  assert.equal(codeOf(await bank.service.approveDevice(own, first.words ?? '')), 'binding.no-possession');
  bank.clock.pass(45_001);
  const second = ok(await bank.service.requestToken(tablet('bound-device')));
  bank.clock.pass(45_001);
  assert.equal(codeOf(await bank.service.approveDevice(own, second.words ?? '')), 'binding.expired');
  bank.clock.pass(86_400_000);
  ok(await bank.service.requestToken(ask('alice', 'tablet', { replaces: true })));
  assert.equal(codeOf(await bank.service.approveDevice(own, second.words ?? '')), 'binding.unknown');
});

test('of two that approve at once, the attempt is proven once, and the audit says so once', async () => {
  const bank = openWith();
  await bind(bank);
  const issued = ok(await bank.service.requestToken(tablet('bound-device')));
  const answers = await Promise.all([1, 2, 3].map(() => bank.service.approveDevice(own, issued.words ?? '')));
  assert.deepEqual(answers.map(codeOf).toSorted(), ['accepted', 'binding.unknown', 'binding.unknown']);
});

test('a passkey that the bound phone vouched for binds a device without a SIM, and stays with the new binding', async () => {
  const bank = openWith();
  await bind(bank);
  assert.equal(ok(await addPasskey(bank, 'one')), 1);
  assert.equal(ok(await addPasskey(bank, 'one')), 1);
  const issued = ok(await bank.service.requestToken(tablet('passkey')));
  assert.equal(
    codeOf(await bank.service.provePasskey(caller(issued), words(idOf('two'), issued.challenge))),
    'binding.unproven',
  );
  assert.equal(codeOf(await bank.service.provePasskey(caller(issued), words(idOf('one'), 'AAAA'))), 'binding.unproven');
  const foreign = { ...caller(issued), key: 'other' };
  assert.equal(
    codeOf(await bank.service.provePasskey(foreign, words(idOf('one'), issued.challenge))),
    'binding.foreign-device',
  );
  assert.equal(
    ok(await bank.service.provePasskey(caller(issued), words(idOf('one'), issued.challenge))).next,
    'confirm',
  );
  assert.equal(ok(await bank.service.confirm(caller(issued))).state, 'bound');
  const again = ok(
    await bank.service.requestToken(ask('alice', 'third', { way: 'passkey', replaces: true, evidence: noSim })),
  );
  const third = { attempt: again.attempt, key: 'third' };
  assert.equal(ok(await bank.service.provePasskey(third, words(idOf('one'), again.challenge))).next, 'confirm');
});

test('passkeys are the bound phone’s to add, eight at most, with a challenge of the last minutes', async () => {
  const bank = openWith();
  assert.equal(codeOf(await addPasskey(bank, 'early')), 'binding.unknown');
  await bind(bank);
  assert.equal(codeOf(await addPasskey(bank, 'strange', { ...own, key: 'other' })), 'binding.foreign-device');
  const old = fromBase64Url(bank.service.passkeyChallenge(own)) ?? new Uint8Array(0);
  bank.clock.pass(600_000);
  const late = await bank.service.addPasskey(own, { clientData: old, attestationObject: utf8('late') });
  assert.equal(codeOf(late), 'binding.unproven');
  for (let index = 0; index < 8; index += 1) ok(await addPasskey(bank, `key ${index}`));
  assert.equal(codeOf(await addPasskey(bank, 'ninth')), 'binding.wrong-state');
});

test('passkeys end with the chain of bindings: a SIM that changed, or a new binding by SMS, leaves none', async () => {
  for (const end of ['sms', 'sim'] as const) {
    const bank = openWith();
    await bind(bank);
    ok(await addPasskey(bank, 'one'));
    if (end === 'sim') ok(await bank.service.simChanged(own));
    await bind(bank, 'alice', 'new-phone', { replaces: true });
    const issued = ok(await bank.service.requestToken(tablet('passkey')));
    assert.equal(
      codeOf(await bank.service.provePasskey(caller(issued), words(idOf('one'), issued.challenge))),
      'binding.unproven',
    );
  }
});

test('the operator says whose connection it is: another number’s code, and a code that served, prove nothing', async () => {
  const bank = openWith();
  const issued = ok(await bank.service.requestToken(tablet('number')));
  const foreign = operator.codeFor(bobNumber) ?? '';
  assert.equal(codeOf(await bank.service.verifyNumber(caller(issued), foreign)), 'binding.unproven');
  const code = operator.codeFor(aliceNumber) ?? '';
  assert.equal(
    codeOf(await bank.service.verifyNumber({ ...caller(issued), key: 'other' }, code)),
    'binding.foreign-device',
  );
  assert.equal(ok(await bank.service.verifyNumber(caller(issued), code)).next, 'confirm');
  assert.equal(codeOf(await bank.service.verifyNumber(caller(issued), code)), 'binding.wrong-state');
  assert.equal(ok(await bank.service.confirm(caller(issued))).state, 'bound');
});

test('where nobody was asked to verify numbers or passkeys, neither proves anything', async () => {
  const bank = openBank(memoryBindingStore());
  const issued = ok(await bank.service.requestToken(tablet('number')));
  assert.equal(codeOf(await bank.service.verifyNumber(caller(issued), 'code')), 'binding.wrong-state');
  await bind(bank, 'bob');
  assert.equal(codeOf(await addPasskey(bank, 'one', { profile: 'bob', key: 'bob-phone' })), 'binding.unproven');
});

test('an SMS of the victim’s token helps no attempt of another way', async () => {
  const bank = openWith();
  const first = ok(await bank.service.requestToken(ask('alice')));
  bank.clock.pass(45_001);
  ok(await bank.service.requestToken(tablet('passkey')));
  assert.deepEqual(await bank.service.inboundSms(smsOf(first)), { outcome: 'declined', code: 'binding.expired' });
});

test('a way that policy leaves out never suffices', () => {
  const policy = {
    timerSeconds: 45,
    tokensPerDevice: 3,
    attemptsPerProfile: 3,
    coolingLimitMinor: 1,
    swapDays: 3,
    reliefDays: 1,
    onStaleList: 'decline',
    onRiskSilence: 'decline',
    onSwapSilence: 'decline',
    systems: [],
  } as const;
  const { sufficient, reliefSpan } = bindingPolicyOf({ policy, ways: ['sms'] }, { android: 1, ios: 1 });
  assert.deepEqual(sufficient.bind, [
    ['attestation', 'sms-mo', 'sent-item'],
    ['attestation', 'sms-mo', 'otp-read'],
  ]);
  assert.equal(reliefSpan, days(1));
});
