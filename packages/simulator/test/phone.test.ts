/** Simulated phones over their bridges: honest ones are believed, and every trick ends with the code that says what it was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AppraisalContext,
  appraise,
  keyBoundChallenge,
  readEvidenceStatement,
  readRevocationList,
  verifyAppAssertion,
} from '@hauberk/attestation';
import { nodeCrypto } from '@hauberk/crypto/node';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, concat, epochMs, fromBase64Url, fromHex } from '@hauberk/primitives';
import { bridgeBackend } from '@hauberk/sdk/trusted';
import {
  type PhoneTrick,
  phoneKinds,
  type SimulatedPhone,
  simulatedPhone,
  simulatedWorld,
  trickWords,
  worldTrust,
} from '../src/index.ts';

/** One for all: makers are slow to make. */
const world = simulatedWorld();
const challenge = nodeCrypto.random(32);
const head = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200') ?? new Uint8Array(0);

const contextOf = ({ world }: SimulatedPhone, publicKey: Bytes): AppraisalContext => {
  const now = epochMs(world.now());
  const list = readRevocationList({ entries: { ...world.revocationEntries() } }, now);
  assert.ok(list.ok);
  const { anchors, apps } = worldTrust(world);
  return {
    crypto: nodeEvidenceCrypto,
    anchors,
    revocations: { android: list.value },
    now,
    expectations: {
      challenge,
      publicKey: concat(head, publicKey),
      environment: 'production',
      apps,
      policy: { leastPatchLevel: 202_401 },
    },
  };
};

/** What a server makes of a new key of the phone. */
const enrol = async (phone: SimulatedPhone, asked = challenge) => {
  const backend = bridgeBackend(phone.bridge);
  const alias = `key-${Math.random()}`;
  const key = await backend.createKey({
    alias,
    use: 'sign',
    userVerification: 'none',
    level: 'software',
    challenge: asked,
  });
  const [evidence] = key.evidence;
  const stated = readEvidenceStatement(evidence?.kind ?? '', evidence?.statement ?? '');
  assert.ok(stated.ok);
  const { signature } = await backend.sign({ alias, message: challenge });
  assert.ok(nodeCrypto.verify(key.publicKey, challenge, signature), 'the enrolled key signs');
  return appraise(stated.value, contextOf(phone, key.publicKey));
};

for (const kind of phoneKinds)
  test(`an honest ${kind} is believed`, async () => {
    const verdict = await enrol(simulatedPhone(kind, { world }));
    assert.ok(verdict.ok, verdict.ok ? '' : `${verdict.code} ${verdict.detail}`);
    assert.deepEqual(verdict.value.anomalies, []);
    assert.equal(verdict.value.tier, kind === 'iphone' ? 'secure-element' : 'tee');
  });

const androidTricks = {
  unlocked: 'DEVICE_UNLOCKED',
  'self-signed-boot': 'BOOT_SELF_SIGNED',
  emulator: 'SECURITY_LEVEL_SOFTWARE',
  'level-mismatch': 'SECURITY_LEVELS_DIFFER',
  repackaged: 'APPLICATION_SIGNER_MISMATCH',
  'other-app': 'APPLICATION_MISMATCH',
  'old-patch': 'PATCH_LEVEL_TOO_OLD',
  'imported-key': 'ORIGIN_NOT_GENERATED',
  'leaked-keybox': 'CERTIFICATE_REVOKED',
  'suspended-keybox': 'CERTIFICATE_SUSPENDED',
  'forged-extension': 'CHAIN_EXTENDED_WITH_FAKE_ATTESTATION_EXTENSION',
  'swapped-key': 'KEY_MISMATCH',
  'expired-provisioning': 'CHAIN_EXPIRED',
  'unknown-root': 'CHAIN_UNKNOWN_ROOT',
} satisfies Partial<Record<PhoneTrick, string>>;
const appleTricks = {
  repackaged: 'app-attest.app-id',
  'swapped-key': 'app-attest.nonce',
  'unknown-root': 'chain.signature',
  'development-build': 'app-attest.environment',
  sideloaded: 'CATEGORY_NOT_ALLOWED',
} satisfies Partial<Record<PhoneTrick, string>>;

const harmonyTricks = {
  emulator: 'TIER_TOO_LOW',
  repackaged: 'APPLICATION_MISMATCH',
  'other-app': 'APPLICATION_MISMATCH',
  'imported-key': 'ORIGIN_NOT_GENERATED',
  'swapped-key': 'KEY_MISMATCH',
  'unknown-root': 'chain.signature',
  'development-build': 'HUKS_APP_DEBUG',
} satisfies Partial<Record<PhoneTrick, string>>;

for (const [kind, tricks] of [
  ['android', androidTricks],
  ['iphone', appleTricks],
  ['harmony', harmonyTricks],
] as const)
  for (const [trick, code] of Object.entries(tricks))
    test(`${kind}, ${trick}: ${code}`, async () => {
      const verdict = await enrol(simulatedPhone(kind, { world, tricks: [trick as PhoneTrick] }));
      assert.equal(verdict.ok ? 'believed' : verdict.code, code);
    });

test('a device farm is believed, and the verdict says what is odd', async () => {
  const verdict = await enrol(simulatedPhone('android', { world, tricks: ['device-farm'] }));
  assert.deepEqual(verdict.ok && verdict.value.anomalies.map(({ code }) => code), ['MANY_CERTIFICATES_ISSUED']);
});

test('evidence shown again is about another challenge', async () => {
  for (const [kind, code] of [
    ['android', 'CHALLENGE_MISMATCH'],
    ['iphone', 'app-attest.nonce'],
    ['harmony', 'CHALLENGE_MISMATCH'],
  ] as const) {
    const phone = simulatedPhone(kind, { world, tricks: ['replayed-evidence'] });
    await enrol(phone, nodeCrypto.random(32));
    const verdict = await enrol(phone);
    assert.equal(verdict.ok ? 'believed' : verdict.code, code);
  }
});

test('an iPhone asserts with a counter that rises; with a copy of its key it stands still', async () => {
  const bound = async (phone: SimulatedPhone): Promise<readonly number[]> => {
    const key = await phone.backend.createKey({
      alias: 'k',
      use: 'sign',
      userVerification: 'none',
      level: 'hardware',
      challenge,
    });
    const made = readEvidenceStatement('app-attest', key.evidence[0]?.statement ?? '');
    assert.ok(made.ok);
    const verdict = appraise(made.value, contextOf(phone, key.publicKey));
    assert.ok(verdict.ok && verdict.value.details.kind === 'app-attest');
    const clientData = keyBoundChallenge(challenge, concat(head, key.publicKey), nodeEvidenceCrypto);
    const clientDataHash = nodeCrypto.sha256(clientData);
    const expected = {
      appId: phone.world.app.appleAppId,
      spki: verdict.value.details.attestation.spki,
      counter: 0,
      clientDataHash,
    };
    const counters: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const [later] = (await phone.backend.attest({ alias: 'k', challenge })).evidence;
      assert.equal(later?.kind, 'app-attest-assertion');
      const asserted = verifyAppAssertion(
        fromBase64Url(later.statement) ?? new Uint8Array(0),
        expected,
        nodeEvidenceCrypto,
      );
      counters.push(asserted.ok ? asserted.value.counter : -1);
    }
    return counters;
  };
  assert.deepEqual(await bound(simulatedPhone('iphone', { world })), [1, 2, 3]);
  assert.deepEqual(await bound(simulatedPhone('iphone', { world, tricks: ['counter-rollback'] })), [1, 1, 1]);
});

test('a token of Play is a second opinion beside the evidence of the key', async () => {
  for (const [tricks, code] of [
    [[], 'believed'],
    [['unlocked'], 'play-integrity.device'],
    [['repackaged'], 'play-integrity.app'],
  ] as const) {
    const phone = simulatedPhone('android', { world, tricks, hasPlay: true });
    const key = await phone.backend.createKey({
      alias: 'k',
      use: 'sign',
      userVerification: 'none',
      level: 'hardware',
      challenge,
    });
    assert.deepEqual(
      key.evidence.map(({ kind }) => kind),
      ['android-key', 'play-integrity'],
    );
    const context = contextOf(phone, key.publicKey);
    const policy = { leastTier: 'software' } as const;
    const stated = readEvidenceStatement('play-integrity', key.evidence[1]?.statement ?? '');
    assert.ok(stated.ok);
    const verdict = appraise(stated.value, { ...context, expectations: { ...context.expectations, policy } });
    assert.equal(verdict.ok ? 'believed' : verdict.code, code);
  }
});

test('every trick has words, and is tried', () => {
  const tried = new Set([
    ...Object.keys(androidTricks),
    ...Object.keys(appleTricks),
    'device-farm',
    'replayed-evidence',
    'counter-rollback',
  ]);
  assert.deepEqual([...tried].toSorted(), Object.keys(trickWords).toSorted());
});
