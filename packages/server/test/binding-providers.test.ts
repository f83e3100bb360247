/** Providers of number facts and possession proofs: an operator over HTTP, feeds, and a binding without SMS. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import { defaultBindingPolicy, type Msisdn, readRevocationFeed, readRiskFeed } from '@hauberk/binding';
import { days, epochMs } from '@hauberk/primitives';
import { attestedDevice } from '../src/binding/attested-device.ts';
import { type CamaraOperator, camaraKey, camaraOperator } from '../src/binding/camara-operator.ts';
import { memoryBindingStore } from '../src/binding/memory-binding-store.ts';
import { numberFactsFrom } from '../src/binding/number-facts-provider.ts';
import { createGuard } from '../src/overload/guard.ts';
import { aliceNumber, ask, bobNumber, codeOf, ok, openBank } from './binding-kit.ts';
import { type FakeOperator, startOperator } from './fake-operator.ts';

const [alice, bob, carol, dave] = [aliceNumber, bobNumber, '+919833333333', '+919844444444'] as const;
let operator: FakeOperator;
let camara: CamaraOperator;
const open = (over: Partial<Parameters<typeof camaraOperator>[0]> = {}): CamaraOperator =>
  camaraOperator({ baseUrl: operator.url, timeoutMs: 5000, clientId: 'bank', clientSecret: 'secret', ...over });

before(async () => {
  operator = await startOperator([
    { number: alice, swapped: '2026-11-20T12:00:00.5+05:30' },
    { number: bob, swapped: null, monitoredDays: 30 },
    { number: carol, swapped: null, monitoredDays: 1 },
    { number: dave },
  ]);
  camara = open();
});
after(() => operator.close());
const number = (text: string): Msisdn => text as Msisdn;

test('the operator verifies the number of the connection and no other; a code serves once', async () => {
  const code = operator.codeFor(alice) ?? '';
  assert.equal(ok(await camara.verifyNumber(code, number(alice))), true);
  assert.equal(codeOf(await camara.verifyNumber(code, number(alice))), 'camara.refused');
  assert.equal(ok(await camara.verifyNumber(operator.codeFor(bob) ?? '', number(alice))), false);
  assert.equal(codeOf(await camara.verifyNumber('made-up', number(alice))), 'camara.refused');
  assert.equal(codeOf(await open({ clientSecret: 'wrong' }).verifyNumber('x', number(alice))), 'camara.refused');
});

test('swap dates: an instant with its offset; a no that reaches far enough; one that does not is silence', async () => {
  assert.equal(ok(await camara.swapDate(number(alice), 3)), Date.parse('2026-11-20T12:00:00.5+05:30'));
  assert.equal(ok(await camara.swapDate(number(bob), 3)), 'never');
  assert.equal(ok(await camara.swapDate(number(carol), 3)), 'silent');
  assert.equal(ok(await camara.swapDate(number(dave), 3)), 'silent');
  assert.equal(codeOf(await camara.swapDate(number('+919899999999'), 3)), 'camara.refused');
});

test('an operator that is silent, broken or endless is a code, never a yes', async () => {
  for (const [trouble, code] of [
    ['garbage', 'camara.malformed'],
    ['oversize', 'camara.malformed'],
    ['error', 'camara.malformed'],
  ] as const) {
    operator.trouble = trouble;
    assert.equal(codeOf(await camara.swapDate(number(bob), 3)), code);
  }
  operator.trouble = 'silent';
  assert.equal(codeOf(await open({ timeoutMs: 20 }).swapDate(number(bob), 3)), 'camara.silent');
  operator.trouble = 'none';
  assert.equal(codeOf(await open({ baseUrl: 'http://127.0.0.1:1' }).swapDate(number(bob), 3)), 'camara.silent');
});

test('the bank may sign who it is: each assertion for one call, of its key only', async () => {
  for (const pair of [
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ]) {
    operator.trustKey(pair.publicKey);
    const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const place = { baseUrl: operator.url, timeoutMs: 5000, clientId: 'bank' };
    const signed = camaraOperator({ ...place, key: camaraKey(pem), keyId: 'k1' });
    assert.equal(ok(await signed.swapDate(number(bob), 3)), 'never');
    assert.equal(ok(await signed.verifyNumber(operator.codeFor(alice) ?? '', number(alice))), true);
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    assert.equal(codeOf(await camaraOperator({ ...place, key: other }).swapDate(number(bob), 3)), 'camara.refused');
  }
});

test('with the consent of the subscriber (CIBA): waited for, bounded by the deadline, and the number is named once', async () => {
  const purpose = 'dpv:FraudPreventionAndDetection';
  const consented = open({ cibaPath: '/bc-authorize', purpose });
  operator.consentAfter = 3;
  const before = operator.calls.length;
  assert.equal(ok(await consented.swapDate(number(bob), 3)), 'never');
  assert.deepEqual(operator.calls.slice(before), [
    '/bc-authorize',
    ...Array.from({ length: 4 }, () => '/oauth2/token'),
    '/sim-swap/v2/retrieve-date',
  ]);
  assert.ok(operator.scopes.includes(`${purpose} openid sim-swap:retrieve-date`));
  assert.equal(codeOf(await consented.swapDate(number('+919899999999'), 3)), 'camara.refused');
  // One who never answers, at an operator of their own: the last call may still be under way when this ends.
  const patient = await startOperator([{ number: bob }]);
  patient.consentAfter = Number.POSITIVE_INFINITY;
  const impatient = open({ baseUrl: patient.url, cibaPath: '/bc-authorize', timeoutMs: 60 });
  assert.equal(codeOf(await impatient.swapDate(number(bob), 3)), 'camara.silent');
  await patient.close();
  operator.consentAfter = 0;
});

test('the token of the bank serves until its end, and a new one is fetched when the operator forgot it', async () => {
  const fresh = open();
  const before = operator.calls.length;
  const tokens = () => operator.calls.slice(before).filter((path) => path === '/oauth2/token').length;
  await fresh.swapDate(number(bob), 3);
  await fresh.swapDate(number(alice), 3);
  assert.equal(tokens(), 1);
  operator.forgetTokens();
  assert.equal(ok(await fresh.swapDate(number(bob), 3)), 'never');
  assert.equal(tokens(), 2);
});

test('an operator that fails is not asked for a while, then tried again; its refusals open nothing', async () => {
  const clock = { now: 0 };
  const watched = camaraOperator(
    { baseUrl: operator.url, timeoutMs: 5000, clientId: 'bank', clientSecret: 'secret' },
    createGuard(() => clock.now),
  );
  for (let turn = 0; turn < 30; turn += 1)
    assert.equal(codeOf(await watched.swapDate(number('+919899999999'), 3)), 'camara.refused');
  operator.trouble = 'error';
  clock.now = 20_000;
  let asked = operator.calls.length;
  for (let turn = 0; turn < 40; turn += 1) await watched.verifyNumber('x', number(alice));
  const calls = operator.calls.length - asked;
  operator.trouble = 'none';
  assert.ok(calls < 40, `${calls} calls`);
  asked = operator.calls.length;
  assert.equal(codeOf(await watched.swapDate(number(bob), 3)), 'camara.silent');
  assert.equal(operator.calls.length, asked, 'nothing was sent');
  clock.now += 60_000;
  assert.equal(ok(await watched.swapDate(number(bob), 3)), 'never');
});

test('a binding without SMS: the operator verifies the connection of an attested device', async () => {
  const bank = openBank(memoryBindingStore());
  const issued = ok(await bank.service.requestToken(ask('alice')));
  const caller = { attempt: issued.attempt, key: 'alice-phone' };
  assert.equal(ok(await camara.verifyNumber(operator.codeFor(alice) ?? '', number(alice))), true);
  assert.equal(ok(await bank.service.countProof(caller, 'number-verification')).next, 'confirm');
  assert.equal(ok(await bank.service.confirm(caller)).state, 'bound');
});

const head = (count: number) => `as-of,2026-11-20T00:00:00Z,count,${count}`;

test('feeds: read whole or refused whole', () => {
  const read = ok(readRevocationFeed(`${head(2)}\n919811111111\r\n+919822222222\n`));
  assert.deepEqual([...read.entries.keys()], [alice, bob]);
  assert.equal(read.asOfMs, Date.parse('2026-11-20T00:00:00Z'));
  assert.equal(ok(readRiskFeed(`${head(1)}\n${bob},very-high`)).entries.get(number(bob)), 'very-high');
  const wrong: readonly (readonly [string, string])[] = [
    ['', 'feed.no-date'],
    ['as-of,yesterday,count,0', 'feed.no-date'],
    ['as-of,2026-02-30T00:00:00Z,count,0', 'feed.no-date'],
    [`${head(2)}\n${alice}`, 'feed.count'],
    [`${head(1)}\nnumber`, 'feed.entry'],
    [`${head(1)}\n${alice},extra`, 'feed.entry'],
  ];
  for (const [text, code] of wrong) assert.equal(codeOf(readRevocationFeed(text)), code);
  assert.equal(codeOf(readRiskFeed(`${head(1)}\n${alice},harmless`)), 'feed.entry');
  assert.equal(codeOf(readRevocationFeed(`${head(2)}\n${alice}\n${bob}`, 1)), 'feed.too-large');
});

test('facts out of feeds and operator; what is missing is silent', async () => {
  const revoked = ok(readRevocationFeed(`${head(1)}\n${alice}`));
  const risk = ok(readRiskFeed(`${head(1)}\n${bob},medium`));
  const clock = { now: epochMs(Date.parse('2026-11-21T00:00:00Z')) };
  const all = numberFactsFrom(
    { revoked: () => revoked, risk: () => risk, operator: camara, now: () => clock.now },
    defaultBindingPolicy,
  );
  assert.deepEqual(await all.facts(number(alice)), {
    revocation: { isListed: true, asOfMs: revoked.asOfMs },
    risk: 'low',
    swappedAtMs: epochMs(Date.parse('2026-11-20T06:30:00.5Z')),
  });
  assert.equal((await all.facts(number(bob))).risk, 'medium');
  clock.now = epochMs(clock.now + days(7));
  assert.equal((await all.facts(number(bob))).risk, 'silent', 'bands over seven days old say nothing');
  assert.deepEqual((await all.facts(number(alice))).revocation, { isListed: true, asOfMs: revoked.asOfMs });
  const none = numberFactsFrom(
    { revoked: () => undefined, risk: () => undefined, operator: undefined, now: () => clock.now },
    defaultBindingPolicy,
  );
  assert.deepEqual(await none.facts(number(bob)), { revocation: 'silent', risk: 'silent', swappedAtMs: 'silent' });
});

test('what a device record says of hardware is what binding counts', () => {
  const android = { platform: 'android', level: 'tee', boot: 'verified', locked: true } as const;
  const counted = attestedDevice({ ...android, appVersion: '42', patchLevel: 202610 }, 'k');
  assert.deepEqual(counted, { key: 'k', isHardware: true, isVerifiedSystem: true, appVersion: 42, patchLevel: 202610 });
  for (const over of [{ boot: 'self-signed' }, { locked: false }, { boot: undefined }] as const)
    assert.equal(attestedDevice({ ...android, ...over } as never, 'k').isVerifiedSystem, false);
  assert.equal(attestedDevice({ ...android, level: 'software' }, 'k').isHardware, false);
  assert.equal(attestedDevice({ platform: 'ios', level: 'tee' }, 'k').isVerifiedSystem, true);
  assert.equal(
    attestedDevice({ platform: 'ios', level: 'tee', environment: 'development' }, 'k').isVerifiedSystem,
    false,
  );
});
