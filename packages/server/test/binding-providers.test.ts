/** Providers of number facts and possession proofs: an operator over HTTP, feeds, and a binding without SMS. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { defaultBindingPolicy, type Msisdn, readRevocationFeed, readRiskFeed } from '@hauberk/binding';
import { days, epochMs } from '@hauberk/primitives';
import { attestedDevice } from '../src/binding/attested-device.ts';
import { type CamaraOperator, camaraOperator } from '../src/binding/camara-operator.ts';
import { memoryBindingStore } from '../src/binding/memory-binding-store.ts';
import { numberFactsFrom } from '../src/binding/number-facts-provider.ts';
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
