/** The memory of signals: what is in force, for whom, how long, and what it comes to. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Bytes } from '@hauberk/primitives';
import fc from 'fast-check';
import {
  bandOf,
  canaryAnswer,
  expectedCanary,
  type HeldSignal,
  holdSignals,
  nativeCanary,
  newSignalRow,
  noSignals,
  openSignalTable,
  provenances,
  readSignalsInForce as readInForce,
  type SensedSignal,
  type SignalKey,
  type SignalReport,
  type SignalRow,
  type SignalTable,
  signalRuleOf,
  signalRules,
  signalTableBytes,
  signalValueOf,
  stepReport,
} from '../../src/index.ts';
import { signalsPerDevice } from '../../src/signals/signal-table.ts';

const nowS = 1_800_000_000;
const open = (devices = 64) => openSignalTable(new SharedArrayBuffer(signalTableBytes(devices)));
const key = (low: number): SignalKey => ({ low, high: low ^ 0x5a5a });
const indexOf = (code: string): number => signalRuleOf(code)?.index ?? assert.fail(code);
const held = (code: string, change: Partial<HeldSignal> = {}): HeldSignal => ({
  index: indexOf(code),
  value: 1,
  provenance: 'native',
  untilS: nowS + 100,
  ...change,
});
const row = newSignalRow();
const patient = { afterMs: Number.MAX_SAFE_INTEGER, isReportExpected: false };
const readSignalsInForce = (table: SignalTable, of: SignalKey, into: SignalRow, nowMs: number) =>
  readInForce(table, of, into, nowMs, patient);

test('who reported and fell silent is told of, and who never did where reports are expected', () => {
  const table = open();
  const told = (nowMs: number, isReportExpected: boolean, of = 1) =>
    readInForce(table, key(of), row, nowMs, { afterMs: 3_600_000, isReportExpected });
  stepReport(table, key(1), { counter: 1, hash: key(5), previous: undefined, atS: nowS });
  const end = nowS * 1000 + 3_600_000;
  assert.deepEqual(told(end, false).signals, []);
  assert.deepEqual(
    told(end + 7, false).signals.map(({ code, source, ageMs }) => ({ code, source, ageMs })),
    [{ code: 'client.silent', source: 'server', ageMs: 7 }],
  );
  assert.equal(told(end + 7, false).score, 80);
  assert.equal(told(end, false, 2), noSignals);
  assert.equal(told(end, true, 2).signals[0]?.code, 'client.silent');
});

test('a device that nothing is known of has no signals and is not clean', () => {
  assert.equal(readSignalsInForce(open(), key(1), row, nowS * 1000), noSignals);
  assert.equal(noSignals.band, 'unknown');
});

test('time travel: a signal is in force until its time is over, and cannot be read after it', () => {
  const table = open();
  holdSignals(table, key(1), [held('hook.frida'), held('root.magisk', { untilS: nowS + 50 })], nowS);
  const codesAt = (ms: number) => readSignalsInForce(table, key(1), row, ms).signals.map(({ code }) => code);
  assert.deepEqual(codesAt(nowS * 1000), ['root.magisk', 'hook.frida']);
  assert.deepEqual(codesAt((nowS + 50) * 1000), ['hook.frida']);
  assert.deepEqual(codesAt((nowS + 100) * 1000 - 1), ['hook.frida']);
  assert.deepEqual(codesAt((nowS + 100) * 1000), []);
  assert.deepEqual(codesAt((nowS - 10_000) * 1000), ['root.magisk', 'hook.frida']);
});

test('what was observed earlier does not replace what was observed later', () => {
  const table = open();
  const bucket = (value: number, untilS: number) => [held('farm.batteryBucket', { value, untilS })];
  holdSignals(table, key(1), bucket(7, nowS + 100), nowS);
  holdSignals(table, key(1), bucket(3, nowS + 90), nowS);
  assert.equal(signalValueOf(readSignalsInForce(table, key(1), row, nowS * 1000), 'farm.batteryBucket'), 7);
  holdSignals(table, key(1), bucket(3, nowS + 110), nowS);
  assert.equal(signalValueOf(readSignalsInForce(table, key(1), row, nowS * 1000), 'farm.batteryBucket'), 3);
});

test('more signals than a row holds: those that end first give way', () => {
  const table = open();
  const many = signalRules.slice(0, signalsPerDevice + 6).map(({ code }, at) => held(code, { untilS: nowS + 10 + at }));
  holdSignals(table, key(1), many, nowS);
  const codes = readSignalsInForce(table, key(1), row, nowS * 1000).signals.map(({ code }) => code);
  assert.deepEqual(
    codes,
    signalRules.slice(6, signalsPerDevice + 6).map(({ code }) => code),
  );
});

test('rows agree with a plain map, whatever comes in which order', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          device: fc.integer({ min: 1, max: 6 }),
          signal: fc.integer({ min: 0, max: 11 }),
          voice: fc.constantFrom(...provenances),
          untilS: fc.integer({ min: nowS - 20, max: nowS + 20 }),
        }),
        { maxLength: 60 },
      ),
      (steps) => {
        const table = open(64);
        const plain = new Map<string, number>();
        for (const { device, signal, voice, untilS } of steps) {
          holdSignals(table, key(device), [{ index: signal, value: 1, provenance: voice, untilS }], nowS);
          const name = `${device} ${signal} ${voice}`;
          plain.set(name, Math.max(plain.get(name) ?? 0, untilS));
        }
        for (let device = 1; device <= 6; device += 1) {
          const names = [...plain].filter(([name, untilS]) => name.startsWith(`${device} `) && untilS > nowS);
          if (names.length > signalsPerDevice) continue;
          const expected = new Set(names.map(([name]) => Number(name.split(' ')[1])));
          const read = readSignalsInForce(table, key(device), row, nowS * 1000);
          if ([...plain.keys()].filter((name) => name.startsWith(`${device} `)).length > signalsPerDevice) continue;
          assert.deepEqual(new Set(read.signals.map(({ code }) => indexOf(code))), expected);
        }
      },
    ),
  );
});

test('in a full set the device that was silent longest gives way, and a set holds eight', () => {
  const table = open(8);
  for (let device = 1; device <= 9; device += 1) holdSignals(table, key(device), [held('hook.frida')], nowS + device);
  const known = (device: number) => readSignalsInForce(table, key(device), row, nowS * 1000).signals.length;
  assert.deepEqual([1, 2, 9].map(known), [0, 1, 1]);
});

test('a report follows the one before, or the memory says how it does not', () => {
  const table = open();
  const step = (counter: number, hash: number, previous?: number) =>
    stepReport(table, key(1), {
      counter,
      hash: key(hash),
      previous: previous === undefined ? undefined : key(previous),
      atS: nowS,
    });
  assert.equal(step(1, 11), 'first');
  assert.equal(step(1, 11), 'same');
  assert.equal(step(2, 12, 11), 'next');
  assert.equal(step(1, 11), 'stale');
  assert.equal(step(2, 13, 11), 'stale');
  assert.equal(step(3, 14, 99), 'broken');
  assert.equal(step(9, 15, 14), 'gap');
  assert.equal(step(10, 16), 'broken');
});

test('who vouches decides how much counts: hardware, gateway, native half, page', () => {
  const score = (provenance: (typeof provenances)[number]): number | undefined => {
    const table = open();
    holdSignals(table, key(1), [held('repackaging.signer', { provenance })], nowS);
    return readSignalsInForce(table, key(1), row, nowS * 1000).score;
  };
  assert.deepEqual(provenances.map(score), [76, 58, 40, 40]);
});

test('one signal told by several counts once; more signals never raise a score, and none falls below 0', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: signalRules.length - 1 }), { maxLength: 20 }), (indexes) => {
      const table = open();
      let last = 100;
      for (const index of indexes) {
        holdSignals(table, key(1), [{ index, value: 1, provenance: 'tee', untilS: nowS + 60 }], nowS);
        const { score = 100 } = readSignalsInForce(table, key(1), row, nowS * 1000);
        assert.ok(score <= last && score >= 0);
        last = score;
      }
    }),
  );
  const table = open();
  for (const provenance of provenances) holdSignals(table, key(1), [held('hook.frida', { provenance })], nowS);
  assert.equal(readSignalsInForce(table, key(1), row, nowS * 1000).parts.length, 1);
  assert.deepEqual(
    [96, 95, 80, 55, 25].map((points) => bandOf(points, true)),
    ['clean', 'good', 'fair', 'poor', 'bad'],
  );
});

const sha256 = (input: Uint8Array): Bytes => new Uint8Array(createHash('sha256').update(input).digest());

test('a signal that is taken out between the probe and the report breaks the canary', () => {
  const sensed = (code: string, source: 'web' | 'native'): SensedSignal => ({
    code,
    value: true,
    source,
    observedAtMs: nowS,
  });
  const nonce = 'n'.repeat(43);
  const native = [sensed('root.magisk', 'native')];
  const signals = [sensed('automation.webdriver', 'web'), ...native];
  const ran = ['root.magisk', 'automation.webdriver'];
  const question = 'q'.repeat(22);
  const canary = canaryAnswer(sha256, { nonce, question, ran, signals, native: nativeCanary(sha256, nonce, native) });
  const report = { nonce, ran, signals, canary } as unknown as SignalReport;
  assert.equal(expectedCanary(sha256, report, question), canary);
  for (const change of [
    { signals: native },
    { signals: signals.slice(0, 1) },
    { ran: ['automation.webdriver'] },
    { signals: signals.map((signal) => ({ ...signal, value: false })) },
    { nonce: 'm'.repeat(43) },
  ])
    assert.notEqual(expectedCanary(sha256, { ...report, ...change }, question), canary, JSON.stringify(change));
  assert.notEqual(expectedCanary(sha256, report, 'r'.repeat(22)), canary);
});
