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
import { phoneKinds, type SimulatedPhone, simulatedPhone, simulatedWorld, worldTrust } from '@hauberk/simulator';
import { brokenBridges } from './broken-bridges.ts';

/** One for all: makers are slow to make. */
const world = simulatedWorld();
const head = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200') ?? new Uint8Array(0);

const verifyFor = (): NonNullable<ConformanceHelp['verifyEvidence']> => {
  /** App Attest keys by the device key that they were shown with. */
  const attesting = new Map<string, Bytes>();
  return async (kind, statement, challenge, publicKey, moment) => {
    const [now, spki] = [epochMs(world.now()), concat(head, publicKey)];
    const { anchors, apps } = worldTrust(world);
    if (kind === 'app-attest-assertion') {
      const clientDataHash = nodeCrypto.sha256(keyBoundChallenge(challenge, spki, nodeEvidenceCrypto));
      const key = attesting.get(toHex(publicKey)) ?? spki;
      const expected = { appId: apps.apple.appId, spki: key, counter: 0, clientDataHash };
      return verifyAppAssertion(fromBase64Url(statement) ?? new Uint8Array(0), expected, nodeEvidenceCrypto).ok;
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

const helpFor = (phone: SimulatedPhone): ConformanceHelp => ({
  crypto: nodeAsyncCrypto,
  user: { next: phone.user, shown: phone.shown },
  verifyEvidence: verifyFor(),
});
const named = (results: readonly ConformanceResult[], outcome: ConformanceResult['outcome']): readonly string[] =>
  results.filter((result) => result.outcome === outcome).map(({ name, detail }) => `${name}: ${detail}`);

describe('bridge conformance', () => {
  for (const kind of phoneKinds)
    it(`the simulated ${kind} passes`, async () => {
      const phone = simulatedPhone(kind, { world });
      const results = await runBridgeConformance(phone.bridge, helpFor(phone));
      assert.deepEqual(named(results, 'failed'), []);
      assert.deepEqual(named(results, 'skipped'), ['user-unavailable: it verifies users']);
      assert.equal(results.length, bridgeConformance.length);
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
    ]);
  });

  for (const { name, caughtBy, make } of brokenBridges)
    it(`a bridge that ${name} is caught by ${caughtBy}`, async () => {
      const phone = simulatedPhone('android-strongbox', { world });
      const results = await runBridgeConformance(make(phone) satisfies TrustedBridge, helpFor(phone));
      const failed = results.filter(({ outcome }) => outcome === 'failed').map((result) => result.name);
      assert.ok(failed.includes(caughtBy), `failed: ${failed.join() || 'nothing'}`);
    });

  it('every case catches some bridge', () => {
    const caught = new Set<string>(brokenBridges.map(({ caughtBy }) => caughtBy));
    const idle = bridgeConformance.filter(({ name }) => !caught.has(name)).map(({ name }) => name);
    assert.deepEqual(idle, []);
  });
});
