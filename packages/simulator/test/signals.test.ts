/** Phones show any registered signal, and each lie is what its words say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '@hauberk/crypto/node';
import { expectedCanary, readSignalReport, signalReportKind, signalReportVersion, signalRules } from '@hauberk/device';
import { bridgeBackend } from '@hauberk/sdk/trusted';
import { newSignalReports, signalLies, signalLieWords, simulatedPhone, simulatedWorld } from '../src/index.ts';

const challenge = { nonce: 'n'.repeat(43), canary: 'q'.repeat(22) };
const now = 1_800_000_000_000;
const fits = (report: Parameters<typeof expectedCanary>[1]): boolean =>
  expectedCanary((input) => nodeCrypto.sha256(input), report, challenge.canary) === report.canary;

test('a phone plays every registered signal in reports that the gateway reads, and its canary fits', () => {
  const next = newSignalReports(() => now);
  for (const { code, layers } of signalRules) {
    if (!layers.includes('web') && !layers.includes('native')) continue;
    const report = next([code], { challenge });
    assert.ok(readSignalReport(signalReportKind, signalReportVersion, report).ok, code);
    assert.equal(report.signals[0]?.code, code);
    assert.ok(fits(report), code);
  }
});

test('each lie is told in words and breaks what it says', () => {
  assert.deepEqual(Object.keys(signalLieWords), [...signalLies]);
  const lie = (which: (typeof signalLies)[number]) => {
    const next = newSignalReports(() => now);
    const first = next([], { challenge });
    return { first, report: next(['hook.frida'], { challenge, lie: which }) };
  };
  for (const which of ['silenced', 'no-canary', 'wrong-canary'] as const)
    assert.equal(fits(lie(which).report), false, which);
  assert.deepEqual(lie('replayed').report, lie('replayed').first);
  assert.equal(lie('forgotten-chain').report.previous, 'A'.repeat(43));
});

test('what a phone shows is read over its bridge, and nothing that was not asked for', async () => {
  const phone = simulatedPhone('android', { world: simulatedWorld() });
  phone.signals.show('root.magisk', { code: 'farm.batteryBucket', value: 7 });
  const { signals, ran, skipped } = await bridgeBackend(phone.bridge).readSignals({
    codes: ['farm.batteryBucket', 'hook.frida', 'automation.webdriver'],
    nonce: challenge.nonce,
  });
  assert.deepEqual(
    signals.map(({ code, value }) => [code, value]),
    [['farm.batteryBucket', 7]],
  );
  assert.deepEqual(ran, ['farm.batteryBucket', 'hook.frida']);
  assert.deepEqual(skipped, [{ code: 'automation.webdriver', why: 'unsupported' }]);
  assert.equal(phone.report([], { challenge }).signals.length, 2);
});
