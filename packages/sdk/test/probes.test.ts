/** Probes over made-up pages: an honest one shows nothing, each change shows what it is, and nothing ever stops the app. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sha256 } from '@hauberk/crypto/sha256';
import {
  nativeCanary,
  readSignalReport,
  type SceneTier,
  type SensedSignal,
  type SignalCode,
  type SignalReport,
  signalReportKind,
  signalRules,
} from '@hauberk/device/client';
import type { Probe } from '../src/probes/probe.ts';
import type { PlainValue, ProbeWorld } from '../src/probes/probe-world.ts';
import { runRound, SignalCourier } from '../src/probes/run-probes.ts';
import { memorySignalsStore, openSignalsOver, type SignalsOptions } from '../src/probes/signals.ts';
import { isEven } from '../src/probes/use-looks.ts';
import { webProbes } from '../src/probes/web-probes.ts';
import type { NativeSignals } from '../src/trusted/native-signals.ts';
import { nativeLook, probeWorld } from './probe-lab.ts';

const yes = () => ({ isAllowed: true, reason: 'granted' });
const no = () => ({ isAllowed: false, reason: 'before-consent' });

const partsOf = (world: ProbeWorld, change: object = {}) => ({
  world,
  probes: webProbes,
  native: undefined,
  mayCollect: yes,
  lastLooks: {},
  now: () => 1_800_000_000_000,
  monotonic: () => 0,
  budgetMs: 3000,
  ...change,
});
const told = async (world: ProbeWorld): Promise<Readonly<Record<string, unknown>>> =>
  Object.fromEntries((await runRound(partsOf(world), 'pay', [], '')).told.map(({ code, value }) => [code, value]));
const buckets = {
  'place.zoneOffset': 52,
  'identity.coresBucket': 3,
  'identity.memoryBucket': 5,
  'identity.screenBucket': 104,
};

const cases: readonly (readonly [
  code: SignalCode,
  change: Partial<ProbeWorld>,
  values?: Readonly<Record<string, PlainValue>>,
])[] = [
  ['automation.webdriver', {}, { 'navigator.webdriver': true }],
  ['automation.playwright', { ownNames: (path) => (path === 'window' ? ['__pwInitScripts'] : []) }],
  ['automation.puppeteer', { ownNames: (path) => (path === 'window' ? ['__puppeteer_evaluation_script__'] : []) }],
  ['automation.selenium', { ownNames: (path) => (path === 'document' ? ['$cdc_asdjflasutopfhvcZLmcfl_'] : []) }],
  ['automation.selenium', { ownNames: (path) => (path === 'window' ? ['__webdriver_evaluate'] : []) }],
  ['automation.headless', {}, { 'navigator.userAgent': 'Mozilla/5.0 (Linux; Android 9) HeadlessChrome/128.0 Mobile' }],
  ['automation.headless', { hints: async () => ({ brands: ['HeadlessChrome'], mobile: true, platform: 'Android' }) }],
  ['automation.stealthResidue', { attribute: () => undefined }],
  ['automation.permissionInconsistent', {}, { 'Notification.permission': 'denied' }],
  ['automation.hintsDisagree', { hints: async () => ({ brands: [], mobile: false, platform: 'Android' }) }],
  ['automation.hintsDisagree', { hints: async () => ({ brands: [], mobile: true, platform: 'Windows' }) }],
  ['automation.devtoolsProtocol', { isConsoleRead: () => true }, { 'navigator.userActivation.hasBeenActive': false }],
  ['debugger.developerTools', { isConsoleRead: () => true }],
  ['debugger.timing', { longestPause: () => 401 }],
  ['identity.agentSpoofed', {}, { 'navigator.platform': 'Win32' }],
  [
    'hook.nativeToString',
    { look: (path) => (path === 'Date.now' ? nativeLook('now', { text: '() => 7' }) : undefined) },
  ],
  ['hook.nativeToString', { look: (path) => (path === 'Date.now' ? nativeLook('now', { textHere: 'x' }) : undefined) }],
  [
    'hook.nativeToString',
    {
      look: (path) =>
        path === 'performance.now' ? nativeLook('now', { text: 'function () { [native code] }' }) : undefined,
    },
  ],
  ['hook.nativeToString', { look: (path) => (path === 'Date.now' ? nativeLook('now', { hasMore: true }) : undefined) }],
  ['hook.networkPatched', { look: (path) => (path === 'fetch' ? nativeLook('fetch', { text: 'a => b' }) : undefined) }],
  [
    'screen.displayCapturePatched',
    {
      look: (path) =>
        path.endsWith('getDisplayMedia') ? nativeLook('getDisplayMedia', { hasPrototype: true }) : undefined,
    },
  ],
  ['hook.prototype', { ownNames: (path) => (path === 'navigator' ? ['userAgent'] : []) }],
  ['hook.realmDisagrees', { frame: () => ({ 'navigator.platform': 'Win32' }) }],
  ['hook.workerDisagrees', { worker: async () => ({ 'navigator.hardwareConcurrency': 64 }) }],
  ['emulator.softwareGpu', { renderer: () => 'ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device), SwiftShader driver)' }],
  ['emulator.softwareGpu', { renderer: () => 'llvmpipe (LLVM 15.0.6, 256 bits)' }],
  ['emulator.oddHardware', {}, { 'navigator.maxTouchPoints': 0 }],
  ['emulator.oddHardware', {}, { 'screen.width': 0 }],
  ['emulator.sensorsSilent', { motion: () => ({ samples: 60, spread: 0 }) }],
  ['farm.still', { motion: () => ({ samples: 60, spread: 0.01 }) }],
  ['identity.canvasNoise', { drawings: () => ['a', 'b'] }],
  ['identity.audioNoise', { sounds: async () => ['a', 'b'] }],
  ['identity.storageWiped', { isPartlyWiped: () => true }],
  ['identity.incognito', { quota: async () => ({ storage: 1e9, memory: 4e9 }) }],
  ['identity.localeOdd', {}, { 'navigator.language': 'ru' }],
  ['camera.virtual', { cameras: async () => [{ label: 'OBS Virtual Camera', maxFrameRate: 60, maxWidth: 1920 }] }],
  ['camera.constraintsOdd', { cameras: async () => [{ label: 'x', maxFrameRate: 100_000, maxWidth: 1920 }] }],
  ['place.clockSkew', { clock: () => ({ wallMs: 9e5, monotonicMs: 9e5, originMs: 0, serverMs: 0 }) }],
  ['place.clockStepped', { clock: () => ({ wallMs: 0, monotonicMs: 9e5, originMs: 0, serverMs: 0 }) }],
  ['place.zoneOdd', { zone: () => ({ byDate: 60, byName: 480 }) }],
  ['host.foreignFrame', { isFramedByStranger: () => true }],
  ['host.foreignWebView', { isForeignWebView: () => true }],
  ['repackaging.pageDigest', { isReleaseWhole: async () => false }],
  ['place.zoneChanged', { lastZone: () => 480 }],
  ['screen.pictureInPicture', { has: (path) => path === 'document.pictureInPictureElement' }],
];

const hands = probeWorld().input();
const handCases: readonly (readonly [code: SignalCode, change: object])[] = [
  ['accessibility.untrustedEvent', { untrusted: 1 }],
  ['accessibility.pressureless', { pressureless: 9 }],
  ['accessibility.evenKeys', { keyGaps: [100, 100, 101, 100, 99, 100, 100, 100] }],
  ['accessibility.pastedAmount', { pasted: ['amount'] }],
  ['accessibility.pastedPayee', { pasted: ['payee'] }],
  ['screen.oddVisibility', { whileHidden: 1 }],
];

describe('probes of a page', () => {
  it('show nothing but buckets of an honest one', async () => {
    assert.deepEqual(await told(probeWorld()), buckets);
  });

  for (const [index, [code, change, values]] of [
    ...cases,
    ...handCases.map(([code, seen]) => [code, { input: () => ({ ...hands, ...seen }) }] as const),
  ].entries())
    it(`show ${code} where it is (${index})`, async () => {
      assert.equal((await told(probeWorld(change, values)))[code], true);
    });

  it('look for every signal that is registered for the page, each by one probe', () => {
    const codes = webProbes.flatMap((probe) => probe.codes);
    assert.equal(new Set(codes).size, codes.length);
    const registered = signalRules.filter(({ layers }) => layers.includes('web')).map(({ code }) => code);
    assert.deepEqual(codes.toSorted(), registered.toSorted());
  });

  it('find no evenness in hands that think, in keys that are held, and in few keys', () => {
    assert.equal(isEven([100, 100, 100]), false);
    assert.equal(isEven(Array.from({ length: 12 }, () => 33)), false);
    assert.equal(isEven([100, 120, 90, 100, 130, 80, 100, 110]), false);
  });

  it('may throw, hang and answer rubbish: the round ends and says what did not run', async () => {
    const throwing = new Proxy({} as ProbeWorld, {
      get: (_, name) =>
        name === 'idle'
          ? async () => undefined
          : () => {
              throw new Error('odd page');
            },
    });
    const { ran, skipped } = await runRound(partsOf(throwing), 'pay', [], '');
    assert.deepEqual(ran, []);
    assert.ok(skipped.length > 0 && skipped.every(({ why }) => why === 'failed'));
    const hanging: Probe = { codes: ['hook.frida' as SignalCode], look: () => new Promise(() => undefined) };
    const late = await runRound(partsOf(probeWorld(), { probes: [hanging] }), 'pay', [], '');
    assert.deepEqual(late.skipped, [{ code: 'hook.frida', why: 'out-of-time' }]);
  });

  it('stop at the end of the budget', async () => {
    let now = 0;
    const slow = probeWorld({
      idle: async () => {
        now += 400;
      },
    });
    const { ran, skipped } = await runRound(partsOf(slow, { monotonic: () => now }), 'pay', [], '');
    assert.ok(ran.length > 0);
    assert.ok(skipped.some(({ why }) => why === 'out-of-time'));
  });

  it('ask consent, scene and frequency before they look, and say why they did not', async () => {
    const whyOf = async (change: object, scene: SceneTier) => {
      const round = await runRound(partsOf(probeWorld(), change), scene, [], '');
      return Object.fromEntries(round.skipped.map(({ code, why }) => [code, why]));
    };
    assert.ok(Object.values(await whyOf({ mayCollect: no }, 'pay')).every((why) => why === 'before-consent'));
    const launch = await whyOf({}, 'launch');
    assert.equal(launch['camera.virtual'], 'not-allowed');
    assert.equal(launch['automation.webdriver'], undefined);
    const again = await whyOf({ lastLooks: { 'automation.webdriver': 1_800_000_000_000 - 1000 } }, 'pay');
    assert.equal(again['automation.webdriver'], 'too-often');
    let looked = false;
    const world = probeWorld({
      cameras: async () => {
        looked = true;
        return [];
      },
    });
    await runRound(
      partsOf(world, { mayCollect: (item: string) => ({ ...yes(), isAllowed: item !== 'media-device-list' }) }),
      'pay',
      [],
      '',
    );
    assert.equal(looked, false);
  });
});

const nonce = 'n'.repeat(43);
const question = 'q'.repeat(22);
const sensedNatively = { code: 'root.magisk', value: true, observedAtMs: 5 };
const nativeHalf: NativeSignals = {
  readSignals: async (codes, given) => ({
    ran: codes.filter((code) => code.startsWith('root.')),
    skipped: [{ code: 'telephony.noSim', why: 'unsupported' }],
    signals: [sensedNatively],
    evidence: [{ kind: 'bssid', digest: 'e'.repeat(22) }],
    canary: nativeCanary(sha256, given, [{ ...sensedNatively, source: 'native' }]),
  }),
};

const lab = (change: Partial<SignalsOptions> = {}, world = probeWorld()) => {
  const reports: SignalReport[] = [];
  let asked = 0;
  let isOffline = false;
  const clock = { now: 1_800_000_000_000 };
  const hauberk = {
    fetch: async () => {
      asked += 1;
      if (isOffline) throw new Error('no network');
      return Response.json({ accepted: 0, signals: { nonce, canary: question } });
    },
    status: () => ({ serverTimeMs: clock.now }),
    report: (kind: string, body: object) => {
      assert.equal(kind, signalReportKind);
      const read = readSignalReport(kind, 1, JSON.parse(JSON.stringify(body)));
      assert.ok(read.ok);
      reports.push(read.value);
    },
  } as unknown as SignalsOptions['hauberk'];
  const store = memorySignalsStore();
  const signals = openSignalsOver(
    { hauberk, mayCollect: yes, ...change },
    { world, probes: webProbes, store, wall: () => 0, monotonic: () => 0 },
  );
  return {
    signals,
    reports,
    clock,
    asked: () => asked,
    goOffline: () => {
      isOffline = true;
    },
  };
};

describe('signals of a client', () => {
  it('make a chain of reports with the gateway’s nonce, asked for once', async () => {
    const { signals, reports, asked, clock } = lab({ native: nativeHalf });
    const first = await signals.collect('pay');
    assert.deepEqual(first, { ok: true, counter: 1, ran: reports[0]?.ran.length, found: 5 });
    assert.deepEqual(await signals.collect('pay'), { ok: false, code: 'nothing-allowed' });
    clock.now += 86_400_000;
    await signals.collect('pay');
    const [one, two] = reports;
    assert.deepEqual([one?.counter, one?.previous, two?.counter, two?.previous.length], [1, '', 2, 43]);
    assert.equal(one?.nonce, nonce);
    assert.equal(one?.canary.length, 22);
    assert.ok(one?.signals.some(({ code, source }) => code === 'root.magisk' && source === 'native'));
    assert.equal(one?.evidence[0]?.kind, 'bssid');
    assert.equal(asked(), 1);
  });

  it('name every check of the registry that a client can run: it ran, or why not', async () => {
    const { signals, reports } = lab();
    await signals.collect('pay');
    const named = new Set([...(reports[0]?.ran ?? []), ...(reports[0]?.skipped ?? []).map(({ code }) => code)]);
    for (const code of webProbes.flatMap((probe) => probe.codes)) assert.ok(named.has(code), code);
    assert.deepEqual(
      reports[0]?.skipped.find(({ code }) => code === 'hook.frida'),
      { code: 'hook.frida', why: 'no-bridge' },
    );
  });

  it('report offline too, without a nonce', async () => {
    const { signals, reports, goOffline } = lab();
    goOffline();
    assert.equal((await signals.collect('login')).ok, true);
    assert.deepEqual([reports[0]?.nonce, reports[0]?.canary], ['', '']);
  });

  it('are silent without consent: no report says that nothing was looked at', async () => {
    const { signals, reports } = lab({ mayCollect: no });
    assert.deepEqual(await signals.collect('pay'), { ok: false, code: 'nothing-allowed' });
    assert.deepEqual(reports, []);
  });

  it('answer a canary that no hook on the way can keep', async () => {
    const driven = probeWorld({}, { 'navigator.webdriver': true });
    const honest = lab({}, driven);
    await honest.signals.collect('pay');
    const carry = Reflect.get(SignalCourier.prototype, 'carry') as (this: SignalCourier, signal: SensedSignal) => void;
    SignalCourier.prototype.carry = function silenced(this: SignalCourier, signal: SensedSignal) {
      if (!signal.code.startsWith('automation.')) carry.call(this, signal);
    };
    const hooked = lab({}, driven);
    await hooked.signals.collect('pay').finally(() => {
      SignalCourier.prototype.carry = carry;
    });
    const [one, other] = [honest.reports[0], hooked.reports[0]];
    assert.ok(one?.signals.some(({ code }) => code === 'automation.webdriver'));
    assert.ok(!other?.signals.some(({ code }) => code === 'automation.webdriver'));
    assert.equal(other?.canary, one?.canary);
  });

  it('survive a native half that throws, and a store that does', async () => {
    const broken: NativeSignals = { readSignals: () => Promise.reject(new Error('gone')) };
    const { signals, reports } = lab({ native: broken });
    assert.equal((await signals.collect('pay')).ok, true);
    assert.ok(reports[0]?.skipped.some(({ why }) => why === 'failed'));
    const failing = openSignalsOver(
      { hauberk: {} as SignalsOptions['hauberk'], mayCollect: yes },
      {
        world: probeWorld(),
        probes: webProbes,
        store: { read: () => Promise.reject(new Error('full')), update: () => Promise.reject(new Error('full')) },
        wall: () => 0,
        monotonic: () => 0,
      },
    );
    assert.deepEqual(await failing.collect('pay'), { ok: false, code: 'failed' });
  });
});
