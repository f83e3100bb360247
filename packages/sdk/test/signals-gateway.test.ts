/** Signals of the SDK against the gateway as it is shipped: nothing before consent, then findings, silence of a hook, and all of it after a restart. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import { recordConsent } from '@hauberk/sdk/consent';
import { openNativeSignals } from '@hauberk/sdk/native-signals';
import { createHauberk, type Hauberk, memoryStorage } from '@hauberk/sdk/node';
import { bridgeBackend, nativeSignals } from '@hauberk/sdk/trusted';
import { createLog, openStorage, parseConfig, type RunningGateway, startGateway } from '@hauberk/server';
import { simulatedPhone } from '@hauberk/simulator';
import type { ProbeWorld } from '../src/probes/probe-world.ts';
import { memorySignalsStore, openSignalsOver, type Signals, type SignalsOptions } from '../src/probes/signals.ts';
import { webProbes } from '../src/probes/web-probes.ts';
import { probeWorld } from './probe-lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-signals-'));
const yes = () => ({ isAllowed: true, reason: 'granted' });

const start = async (): Promise<RunningGateway> => {
  const loaded = parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: 'bank-h5' }],
      state: 'state',
      workers: 1,
      listen: { port: 0 },
      services: [{ id: 'bank', upstream: 'core', routes: [{ path: '/api/{rest*}' }] }],
      upstreams: { core: { origin: 'http://127.0.0.1:1', factsKey: 'f'.repeat(40) } },
      sessions: { tiers: [{ name: 'software', sessions: 64 }], devices: 64, strikes: 1024 },
      signals: { devices: 64, checks: ['automation.webdriver'] },
      log: { access: 'none' },
    },
    join(folder, 'made.yaml'),
  );
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.issues));
  const { config } = loaded;
  const log = createLog('error', () => undefined);
  return startGateway({ config, storage: await openStorage({ folder: config.state }), version: '0.0.0', log });
};

let gateway: RunningGateway;
before(async () => {
  gateway = await start();
});
after(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface App {
  readonly hauberk: Hauberk;
  readonly signals: Signals;
  readonly codes: () => readonly string[];
}

const appOn = (world: ProbeWorld, change: Partial<SignalsOptions> = {}): App => {
  const { organisation, configKeys } = gateway.trust();
  const options = { organisation, app: 'bank-h5', service: 'bank', endpoints: [gateway.url] };
  const trust = { configKeys, minConfigVersion: 1, buildTimeMs: 0 };
  const hauberk = createHauberk({ ...options, trust, timeoutMs: 20_000 }, { storage: memoryStorage() });
  const ports = { world, probes: webProbes, store: memorySignalsStore() };
  const clocks = { wall: () => Date.now(), monotonic: () => performance.now() };
  const signals = openSignalsOver({ hauberk, mayCollect: yes, budgetMs: 20_000, ...change }, { ...ports, ...clocks });
  const codes = (): readonly string[] => {
    const { deviceId = '' } = hauberk.status();
    const { signals: held } = gateway.signals.memory.signalsOf(deviceId, epochMs(Date.now()));
    return held.flatMap(({ code, value }) => (value === true ? [code] : []));
  };
  return { hauberk, signals, codes };
};

const consentTo = (hauberk: Hauberk, items: readonly string[]) =>
  recordConsent({
    hauberk,
    decision: {
      recordId: 'r1',
      notice: { id: 'n1', hash: 'n'.repeat(43), language: 'en' },
      sdkListHash: 's'.repeat(43),
      channel: 'app',
      state: 'given',
      purposes: [{ purpose: 'prevent-fraud', items, method: 'general', recipients: [], retentionDays: 1 }],
      expiresAt: null,
    },
  });

test('an app reports what its page and its native half sense, to a gateway that holds it to the consent on record', async () => {
  const driven = probeWorld({ renderer: () => 'SwiftShader' }, { 'navigator.webdriver': true });
  const phone = simulatedPhone('android');
  phone.signals.show('hook.frida');
  const app = appOn(driven, { native: nativeSignals(bridgeBackend(phone.bridge)) });
  await app.hauberk.connect();
  // The app says yes and the record does not know of it: nothing is kept.
  assert.equal((await app.signals.collect('pay')).ok, true);
  await app.hauberk.flushReports();
  assert.deepEqual(app.codes(), []);
  const [step] = await gateway.signals.stepsOf(app.hauberk.status().deviceId ?? '');
  assert.ok(step !== undefined && step.refused.length > 0);
  assert.ok(step.refused.every(({ why }) => why === 'signal.before-consent'));
});

test('an app without a page reports what its native half senses', async () => {
  const phone = simulatedPhone('iphone');
  phone.signals.show('root.jailbreak');
  const app = appOn(probeWorld());
  await app.hauberk.connect();
  await consentTo(app.hauberk, ['device-profile']);
  const signals = openNativeSignals({
    hauberk: app.hauberk,
    mayCollect: yes,
    native: nativeSignals(bridgeBackend(phone.bridge)),
    store: memorySignalsStore(),
    clock: { wall: () => Date.now(), monotonic: () => performance.now() },
  });
  assert.equal((await signals.collect('login')).ok, true);
  await app.hauberk.flushReports();
  assert.ok(app.codes().includes('root.jailbreak'));
  assert.ok(!app.codes().includes('client.canaryForged'));
});

test('after consent findings are in force, the chain holds over reports, and a restart changes nothing', async () => {
  const driven = probeWorld({ renderer: () => 'SwiftShader' }, { 'navigator.webdriver': true });
  const phone = simulatedPhone('android');
  phone.signals.show('hook.frida');
  const app = appOn(driven, { native: nativeSignals(bridgeBackend(phone.bridge)) });
  await app.hauberk.connect();
  await consentTo(app.hauberk, ['device-profile']);
  await app.signals.collect('login');
  await app.hauberk.flushReports();
  // Rendering was not agreed to.
  assert.deepEqual(app.codes(), ['hook.frida', 'automation.webdriver']);
  await app.signals.collect('pay');
  await app.hauberk.flushReports();
  assert.deepEqual(app.codes(), ['hook.frida', 'automation.webdriver']);
  const steps = await gateway.signals.stepsOf(app.hauberk.status().deviceId ?? '');
  assert.deepEqual(
    steps.map(({ succession, counter }) => [succession, counter]),
    [
      ['first', 1],
      ['next', 2],
    ],
  );
  await gateway.stop();
  gateway = await start();
  assert.deepEqual(app.codes(), ['hook.frida', 'automation.webdriver']);
});
