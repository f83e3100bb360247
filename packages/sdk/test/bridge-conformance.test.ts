/** The conformance suite passes honest bridges, and catches every bridge that has one defect. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  appraise,
  keyBoundChallenge,
  readEvidenceStatement,
  readRevocationList,
  verifyAppAssertion,
} from '@hauberk/attestation';
import { nodeAsyncCrypto, nodeCrypto } from '@hauberk/crypto/node';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, concat, epochMs, fromBase64Url, fromHex, toHex } from '@hauberk/primitives';
import {
  bridgeConformance,
  type ConformanceHelp,
  type ConformanceResult,
  runBridgeConformance,
} from '@hauberk/sdk/bridge-conformance';
import { bridgeOver, memoryTrustedStore, softwareBackend, type TrustedBridge } from '@hauberk/sdk/trusted';
import {
  type PhoneKind,
  type PhoneOptions,
  phoneKinds,
  type SimulatedPhone,
  simulatedWorld,
  worldTrust,
} from '@hauberk/simulator';
import { brokenKeys } from './broken-bridges.ts';
import { brokenSims } from './broken-sims.ts';
import { phoneInLab } from './sim-lab.ts';

/** One for all: makers are slow to make. */
const world = simulatedWorld();
const head = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200') ?? new Uint8Array(0);

const verifyFor = (): NonNullable<ConformanceHelp['verifyEvidence']> => {
  /** App Attest keys by the device key that they were shown with, and the counters of their assertions. */
  const attesting = new Map<string, Bytes>();
  const counters = new Map<string, number>();
  return async (kind, statement, challenge, publicKey, moment) => {
    const [now, spki] = [epochMs(world.now()), concat(head, publicKey)];
    const { anchors, apps } = worldTrust(world);
    if (kind === 'app-attest-assertion') {
      const clientDataHash = nodeCrypto.sha256(keyBoundChallenge(challenge, spki, nodeEvidenceCrypto));
      const key = attesting.get(toHex(publicKey)) ?? spki;
      const counter = counters.get(toHex(key)) ?? 0;
      const expected = { appId: apps.apple.appId, spki: key, counter, clientDataHash };
      const read = verifyAppAssertion(fromBase64Url(statement) ?? new Uint8Array(0), expected, nodeEvidenceCrypto);
      if (read.ok) counters.set(toHex(key), read.value.counter);
      return read.ok;
    }
    const [stated, list] = [readEvidenceStatement(kind, statement), readRevocationList({ entries: {} }, now)];
    if (!stated.ok || !list.ok) return false;
    const isOfOtherKey = moment === 'later' && kind === 'android-key';
    const expectations = {
      challenge,
      environment: 'production' as const,
      apps,
      ...(isOfOtherKey ? {} : { publicKey: spki }),
    };
    const context = { crypto: nodeEvidenceCrypto, anchors, revocations: { android: list.value }, expectations, now };
    const verdict = appraise(stated.value, context);
    if (!verdict.ok) return false;
    const { details } = verdict.value;
    if (details.kind === 'app-attest') attesting.set(toHex(publicKey), details.attestation.spki);
    return true;
  };
};

const inLab = (kind: PhoneKind, options: PhoneOptions = {}): { phone: SimulatedPhone; help: ConformanceHelp } => {
  const { phone, hands } = phoneInLab(kind, { world, ...options });
  const user = { next: phone.user, shown: phone.shown };
  return { phone, help: { crypto: nodeAsyncCrypto, user, sim: hands, verifyEvidence: verifyFor() } };
};
const named = (results: readonly ConformanceResult[], outcome: ConformanceResult['outcome']): readonly string[] =>
  results.filter((result) => result.outcome === outcome).map(({ name, detail }) => `${name}: ${detail}`);

describe('bridge conformance', () => {
  const android = ['user-unavailable', 'assertion-counter', 'composer-cancelled'];
  const otp = ['read-otp', 'read-otp-late', 'read-otp-declined'];
  const sms = ['send-sms', 'send-slot', 'composer-cancelled', 'permission', 'sent-item', 'sent-item-undelivered'];
  const lacks: Readonly<Record<PhoneKind, readonly string[]>> = {
    android,
    'android-factory': android,
    'android-strongbox': android,
    iphone: ['user-unavailable', 'send-slot', 'permission', 'sent-item', 'sent-item-undelivered', ...otp],
    harmony: [
      'user-unavailable',
      'assertion-counter',
      'sim-form',
      'sim-state',
      'sim-airplane',
      'sim-absent',
      ...sms,
      ...otp,
      'sim-events',
      'sim-events-lost',
    ],
  };

  for (const kind of phoneKinds)
    it(`the simulated ${kind} passes`, async () => {
      const { phone, help } = inLab(kind);
      const results = await runBridgeConformance(phone.bridge, help);
      assert.deepEqual(named(results, 'failed'), []);
      const skipped = results.filter(({ outcome }) => outcome === 'skipped').map(({ name }) => name);
      assert.deepEqual(skipped, lacks[kind]);
      assert.equal(results.length, bridgeConformance.length);
    });

  it('a bridge of version 1 passes, and has no SIM', async () => {
    const { phone, help } = inLab('android');
    const old = {
      call: (text: string) => phone.bridge.call(text.replace(/"versions":\[1,2,3(,900)?\]/, '"versions":[1]')),
    };
    const results = await runBridgeConformance(old, help);
    assert.deepEqual(
      named(results, 'failed').filter((failure) => !failure.startsWith('version:')),
      [],
    );
  });

  it('software without camera, user and evidence passes, and what cannot be tried says so', async () => {
    const host = {
      crypto: nodeAsyncCrypto,
      store: memoryTrustedStore(),
      platform: 'node',
      name: 'software',
      now: () => 0,
    };
    const results = await runBridgeConformance(bridgeOver(softwareBackend(host)), { crypto: nodeAsyncCrypto });
    assert.deepEqual(named(results, 'failed'), []);
    const skipped = results.filter(({ outcome }) => outcome === 'skipped').map(({ name }) => name);
    assert.deepEqual(skipped, [
      'capture',
      'user-approves',
      'user-each-time',
      'user-declines',
      'prompt',
      'evidence',
      'evidence-verifies',
      'assertion-counter',
      'sim-form',
      'sim-state',
      'sim-airplane',
      'sim-absent',
      ...sms,
      ...otp,
      'sim-events',
      'sim-events-lost',
      'shared-key',
      'signals-form',
      'signals-explained',
      'signals-values',
      'signals-canary',
    ]);
  });

  const brokenBridges = [...brokenKeys, ...brokenSims];

  for (const { name, caughtBy, make, kind = 'android-strongbox', tricks = [] } of brokenBridges)
    it(`a bridge that ${name} is caught by ${caughtBy}`, async () => {
      const { phone, help } = inLab(kind, { tricks });
      const results = await runBridgeConformance(make(phone) satisfies TrustedBridge, help, [caughtBy]);
      const failed = results.filter(({ outcome }) => outcome === 'failed').map((result) => result.name);
      assert.ok(failed.includes(caughtBy), `failed: ${failed.join() || 'nothing'}`);
    });

  it('every case catches some bridge', () => {
    const caught = new Set<string>(brokenBridges.map(({ caughtBy }) => caughtBy));
    const idle = bridgeConformance.filter(({ name }) => !caught.has(name)).map(({ name }) => name);
    assert.deepEqual(idle, []);
  });
});
