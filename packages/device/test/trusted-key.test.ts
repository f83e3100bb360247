/** Keys of trusted services, enrolled from simulated phones: what a page may have asked for, only the evidence tells. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { appraise, readEvidenceStatement, readRevocationList, type Verdict } from '@hauberk/attestation';
import { nodeCrypto } from '@hauberk/crypto/node';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, concat, epochMs, fromHex } from '@hauberk/primitives';
import type { UserVerification } from '@hauberk/sdk/trusted';
import { type PhoneKind, simulatedPhone, simulatedWorld, worldTrust } from '@hauberk/simulator';
import {
  admitTrustedKey,
  mayState,
  type TrustedKeyPolicy,
  type TrustedKeyPurpose,
  trustedKinds,
} from '../src/trusted-key.ts';

/** One for all: makers are slow to make. */
const world = simulatedWorld();
const head = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200') ?? new Uint8Array(0);

const enrolled = async (
  kind: PhoneKind,
  userVerification: UserVerification,
): Promise<{ publicKey: Bytes; verdict: Verdict }> => {
  const { backend } = simulatedPhone(kind, { world });
  const challenge = nodeCrypto.random(32);
  const key = await backend.createKey({ alias: 'k', use: 'sign', userVerification, level: 'hardware', challenge });
  const now = epochMs(world.now());
  const [evidence] = key.evidence;
  const [stated, list] = [
    readEvidenceStatement(evidence?.kind ?? '', evidence?.statement ?? ''),
    readRevocationList({ entries: {} }, now),
  ];
  assert.ok(stated.ok && list.ok);
  const { anchors, apps } = worldTrust(world);
  const expectations = { challenge, publicKey: concat(head, key.publicKey), environment: 'production' as const, apps };
  const context = { crypto: nodeEvidenceCrypto, anchors, revocations: { android: list.value }, expectations, now };
  const verdict = appraise(stated.value, context);
  assert.ok(verdict.ok, verdict.ok ? '' : verdict.code);
  return { publicKey: key.publicKey, verdict: verdict.value };
};

const rows: readonly (readonly [PhoneKind, UserVerification, TrustedKeyPurpose, TrustedKeyPolicy, string])[] = [
  ['android', 'required', 'approve', {}, 'hardware'],
  ['android', 'required', 'approve', { requireAttestedUser: true }, 'hardware'],
  ['android', 'none', 'approve', {}, 'trusted-key.user-not-required'],
  ['android', 'none', 'device', {}, 'nobody'],
  ['iphone', 'required', 'approve', {}, 'app'],
  ['iphone', 'required', 'approve', { requireAttestedUser: true }, 'trusted-key.user-unsaid'],
  ['harmony', 'required', 'approve', {}, 'app'],
  ['harmony', 'none', 'capture', {}, 'nobody'],
];
for (const [kind, verification, purpose, policy, expected] of rows)
  test(`${kind}, user verification ${verification}, as ${purpose}: ${expected}`, async () => {
    const { publicKey, verdict } = await enrolled(kind, verification);
    const answer = admitTrustedKey(purpose, publicKey, verdict, policy);
    assert.equal(answer.ok ? answer.value.userBinding : answer.code, expected);
  });

test('a verdict about one key admits no other', async () => {
  const [one, other] = [await enrolled('android', 'required'), await enrolled('iphone', 'required')];
  const answer = admitTrustedKey('device', other.publicKey, one.verdict);
  assert.equal(answer.ok ? 'admitted' : answer.code, 'trusted-key.other-key');
});

test('one proof of the user that holds for a while approves nothing', async () => {
  const { publicKey, verdict } = await enrolled('android', 'required');
  const lasting = { ...verdict, facts: { ...verdict.facts, key: { ...verdict.facts.key, validSeconds: 300 } } };
  const answer = admitTrustedKey('approve', publicKey, lasting);
  assert.equal(answer.ok ? 'admitted' : answer.code, 'trusted-key.user-window');
});

test('evidence that is bound to no key admits one only if the key itself signed', async () => {
  const { publicKey, verdict } = await enrolled('android', 'none');
  const unbound: Verdict = { ...verdict, keyBinding: 'none' };
  const answer = admitTrustedKey('device', publicKey, unbound);
  assert.equal(answer.ok ? 'admitted' : answer.code, 'trusted-key.unproved');
  assert.ok(admitTrustedKey('device', publicKey, unbound, { isProved: true }).ok);
});

test('a passkey beside a browser’s own key does not make that key ask the user', async () => {
  const { publicKey, verdict } = await enrolled('android', 'required');
  const beside: Verdict = { ...verdict, keyBinding: 'challenge', tier: 'software' };
  const answer = admitTrustedKey('approve', publicKey, beside);
  assert.equal(answer.ok ? answer.value.userBinding : answer.code, 'nobody');
  const strict = admitTrustedKey('approve', publicKey, beside, { requireAttestedUser: true });
  assert.equal(strict.ok ? 'admitted' : strict.code, 'trusted-key.user-unsaid');
  const software = admitTrustedKey('approve', publicKey, { ...beside, keyBinding: 'none' }, { isProved: true });
  assert.equal(software.ok ? software.value.userBinding : software.code, 'nobody');
});

test('every kind of statement has one purpose', () => {
  const kinds = Object.values(trustedKinds).flat();
  assert.equal(new Set(kinds).size, kinds.length);
  assert.ok(mayState({ purpose: 'approve' }, 'verify-user'));
  assert.ok(!mayState({ purpose: 'device' }, 'verify-user'));
  assert.ok(!mayState({ purpose: 'approve' }, 'capture'));
  assert.ok(!mayState({ purpose: 'capture' }, 'sign'));
});
