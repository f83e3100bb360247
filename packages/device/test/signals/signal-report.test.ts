/** Reports of signals: strict, bounded, and never more than the registry lets through. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '@hauberk/primitives';
import { type CollectDecision, consentOf, isDataItemId, mayCollect, scenes } from '@hauberk/privacy';
import fc from 'fast-check';
import {
  maxSignals,
  readSignalReport,
  type SignalReport,
  signalCodeForm,
  signalReportKind,
  signalReportVersion,
  signalRules,
  writeSignalReport,
} from '../../src/client.ts';
import {
  mayCollectSignal,
  mayKeepSignal,
  mayReadSignal,
  maySense,
  signalPrivacyScene,
} from '../../src/signals/may-collect-signal.ts';
import { reachesTier, sceneTiers } from '../../src/signals/signal-words.ts';

const now = 1_800_000_000_000;
const report: SignalReport = {
  scene: 'login',
  policyVersion: 1,
  sdk: '0.1.0',
  nonce: 'A'.repeat(43),
  counter: 2,
  previous: 'b'.repeat(43),
  ran: ['hook.frida', 'automation.webdriver'],
  skipped: [{ code: 'camera.virtual', why: 'not-allowed' }],
  canary: 'c'.repeat(22),
  signals: [{ code: 'hook.frida', value: true, source: 'native', observedAtMs: now }],
  evidence: [{ kind: 'subnet', digest: 'd'.repeat(22) }],
};
const read = (body: unknown) => readSignalReport(signalReportKind, signalReportVersion, body);
const codeOf = (body: unknown): string => {
  const result = read(body);
  return result.ok ? 'ok' : result.code;
};

test('what the writer writes, the reader reads', () => {
  const written = writeSignalReport(report);
  assert.ok(written.ok);
  assert.deepEqual(read(JSON.parse(JSON.stringify(written.value.body))), { ok: true, value: report });
});

test('an unknown member, a missing one or a wrong form refuses the whole', () => {
  const wrong: readonly Record<string, unknown>[] = [
    { scene: 'sleep' },
    { counter: 0 },
    { counter: 1.5 },
    { nonce: 'short' },
    { ran: ['Frida'] },
    { skipped: [{ code: 'a.bcd', why: 'tired' }] },
    { signals: [{ ...report.signals[0], value: 'yes' }] },
    { signals: [{ ...report.signals[0], value: 1001 }] },
    { signals: [{ ...report.signals[0], raw: '10.0.0.1' }] },
    { evidence: [{ kind: 'imei', digest: 'd'.repeat(22) }] },
    { evidence: [{ kind: 'subnet', digest: '10.0.0.0/24' }] },
    { more: 1 },
  ];
  for (const change of wrong)
    assert.equal(codeOf({ ...report, ...change }), 'signal-report.malformed', JSON.stringify(change));
  for (const name of Object.keys(report))
    assert.equal(
      codeOf(Object.fromEntries(Object.entries(report).filter(([key]) => key !== name))),
      'signal-report.malformed',
      name,
    );
  for (const body of [null, 1, [], 'x', undefined]) assert.equal(codeOf(body), 'signal-report.malformed');
  assert.equal(readSignalReport('device.other', 1, report).ok, false);
  assert.equal(readSignalReport(signalReportKind, 2, report).ok, false);
});

test('too many and twofold reports are refused by their codes', () => {
  const many = Array.from({ length: maxSignals + 1 }, (_, at) => `hook.x${at}`);
  assert.equal(codeOf({ ...report, ran: many }), 'signal-report.too-many');
  assert.equal(codeOf({ ...report, ran: ['hook.frida', 'hook.frida'] }), 'signal-report.repeated');
  assert.equal(codeOf({ ...report, ran: ['camera.virtual'] }), 'signal-report.repeated');
  assert.equal(codeOf({ ...report, signals: [report.signals[0], report.signals[0]] }), 'signal-report.repeated');
});

test('whatever one member is replaced by, the reader answers and never throws', () => {
  const values: readonly unknown[] = [
    null,
    -1,
    Number.POSITIVE_INFINITY,
    '',
    {},
    [],
    [null],
    [[]],
    'x'.repeat(1000),
    true,
    { code: {} },
  ];
  for (const name of Object.keys(report))
    for (const value of values) {
      const result = read({ ...report, [name]: value });
      assert.ok(result.ok || result.code.startsWith('signal-report.'), name);
    }
});

test('whatever somebody sends, the reader answers, and what it accepts is written as it was', () => {
  const members = fc.record(
    Object.fromEntries(
      Object.entries(report).map(([name, value]) => [
        name,
        fc.oneof({ weight: 8, arbitrary: fc.constant(value) }, fc.jsonValue()),
      ]),
    ),
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(members, fc.jsonValue()), (body) => {
      const result = read(body);
      if (!result.ok) return assert.ok(result.code.startsWith('signal-report.'));
      const written = writeSignalReport(result.value);
      assert.deepEqual(written.ok && written.value.body, body);
    }),
    { numRuns: 2000 },
  );
});

test('every signal is registered once, with a life, a layer and an item that its privacy scene allows', () => {
  assert.equal(new Set(signalRules.map(({ code }) => code)).size, signalRules.length);
  for (const { code, index, layers, ttlMs, everyMs, points, item } of signalRules) {
    assert.match(code, signalCodeForm);
    assert.equal(signalRules[index]?.code, code);
    assert.ok(ttlMs > 0 && everyMs > 0 && points >= 0 && points <= 100, code);
    assert.ok(isDataItemId(item), `${code}: ${item}`);
    const isSensed = layers.some((layer) => layer === 'web' || layer === 'native');
    assert.ok(!isSensed || scenes[signalPrivacyScene].allows.some((allowed) => allowed === item), code);
  }
});

const yes = (): CollectDecision => ({ isAllowed: true, reason: 'granted', clauses: [] });

test('a scene asks for what its tier reaches, and for nothing that is not registered', () => {
  for (const scene of sceneTiers)
    for (const rule of signalRules)
      assert.equal(mayCollectSignal(rule.code, scene, yes).ok, reachesTier(scene, rule.tier), `${scene} ${rule.code}`);
  assert.deepEqual(mayCollectSignal('root.guess', 'pay', yes), { ok: false, code: 'signal.unregistered' });
});

const event = (state: 'given' | 'withdrawn', items: readonly string[]): JsonValue => ({
  recordId: `r-${state}`,
  principal: 'p'.repeat(22),
  notice: { id: 'n', hash: 'h'.repeat(43), language: 'en' },
  sdkListHash: 's'.repeat(43),
  channel: 'app',
  state,
  purposes: [{ purpose: 'prevent-fraud', items, method: 'general', recipients: [], retentionDays: 1 }],
  at: now,
  expiresAt: null,
});

test('before consent, beyond what was granted, and after withdrawal nothing is sensed', () => {
  const port = (given: readonly JsonValue[]) => {
    const consent = consentOf(given as never, 'p'.repeat(22));
    return (item: string, scene: string): CollectDecision => mayCollect(item, scene, consent, { now: now as never });
  };
  const codes = (given: readonly JsonValue[]): string => {
    const result = mayCollectSignal('hook.frida', 'login', port(given));
    return result.ok ? 'ok' : `${result.code} ${result.detail}`;
  };
  assert.equal(codes([]), 'signal.before-consent before-consent');
  assert.equal(codes([event('given', ['device-profile'])]), 'ok');
  assert.equal(codes([event('given', ['battery'])]), 'signal.before-consent not-granted');
  assert.equal(codes([event('given', ['device-profile']), event('withdrawn', [])]), 'signal.before-consent withdrawn');
});

test('time travel: a signal is not looked at twice in its time, counts until its time is over, and never before it happened', () => {
  for (const { code, tier, everyMs, ttlMs } of signalRules) {
    assert.equal(maySense(code, tier, yes, now, now + everyMs - 1).ok, false, code);
    assert.equal(maySense(code, tier, yes, now, now + everyMs).ok, true, code);
    assert.equal(maySense(code, tier, yes, now, now - 1).ok, true, `${code}: a clock that went back`);
    assert.equal(mayReadSignal(code, now, now + ttlMs - 1).ok, true, code);
    assert.deepEqual(mayReadSignal(code, now, now + ttlMs), { ok: false, code: 'signal.expired', detail: code });
    assert.deepEqual(mayReadSignal(code, now + 300_001, now), { ok: false, code: 'signal.future', detail: code });
  }
});

test('what is kept has its form and comes from who can sense it', () => {
  const keep = (change: object): string => {
    const sensed = { code: 'hook.frida', value: true, source: 'native', observedAtMs: now, ...change } as const;
    const result = mayKeepSignal(sensed as never, 'login', yes, now);
    return result.ok ? 'ok' : result.code;
  };
  assert.equal(keep({}), 'ok');
  assert.equal(keep({ value: 1 }), 'signal.form');
  assert.equal(keep({ source: 'web' }), 'signal.layer');
  assert.equal(keep({ code: 'client.canaryMissing' }), 'signal.layer');
  assert.equal(keep({ code: 'farm.batteryBucket', value: true }), 'signal.form');
  assert.equal(keep({ code: 'farm.batteryBucket', value: 7 }), 'ok');
});
