/** Appraisals: every kind of evidence answers with the same verdict, and refuses with a code. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { epochMs, toHex, utf8 } from '@hauberk/primitives';
import { appraise } from '../src/appraisal.ts';
import type { AppraisalContext, AppraisalExpectations, AppraisalPolicy } from '../src/appraisal-context.ts';
import { silentVector, statusOf } from '../src/verdict.ts';
import {
  certificate,
  chainOf,
  challenge,
  digest,
  leaf,
  leafKey,
  packageName,
  provisioned,
  rootKey,
} from './fixture/android.ts';
import { bytes, explicit, extension, integer } from './fixture/certificates.ts';

const now = epochMs(1_600_000_000_000);
const android = { packages: new Set([packageName]), digests: new Set([toHex(digest)]) };
const expectations: AppraisalExpectations = { challenge, environment: 'production', apps: { android } };
const context: AppraisalContext = {
  crypto: nodeEvidenceCrypto,
  anchors: { androidKeys: [rootKey] },
  revocations: { android: { takenAt: now, statuses: new Map() } },
  expectations,
  now,
};
const evidence = { kind: 'android-key', certificates: chainOf() } as const;
const expecting = (change: Partial<AppraisalExpectations>): AppraisalContext => ({
  ...context,
  expectations: { ...expectations, ...change },
});
const under = (policy: AppraisalPolicy): AppraisalContext => expecting({ policy });
const codeOf = (answer: ReturnType<typeof appraise>): string => (answer.ok ? 'accepted' : answer.code);

test('a key in the trusted environment of a locked phone is affirmed, with all that was attested', () => {
  const answer = appraise(evidence, expecting({ publicKey: leafKey }));
  assert.ok(answer.ok);
  const { status, tier, keyBinding, anomalies, facts, vector } = answer.value;
  assert.deepEqual(
    { status, tier, keyBinding, anomalies },
    { status: 'affirming', tier: 'tee', keyBinding: 'attested', anomalies: [] },
  );
  assert.deepEqual(vector, {
    ...silentVector,
    'instance-identity': 2,
    configuration: 2,
    executables: 3,
    hardware: 2,
    'storage-opaque': 2,
  });
  const seal = toHex(digest);
  assert.deepEqual(facts, {
    securityLevel: 'TRUSTED_ENVIRONMENT',
    key: { algorithm: 'ES256', origin: 'GENERATED', userAuthentication: 'not-required' },
    boot: { state: 'VERIFIED', locked: true, key: seal, hash: seal },
    patchLevels: { system: 202_412 },
    osVersion: '14.0.1',
    application: { ids: [packageName], versions: ['7'], signers: [seal] },
  });
});

test('StrongBox is a secure element', () => {
  const answer = appraise({ ...evidence, certificates: chainOf(leaf({ level: 2 })) }, context);
  assert.equal(answer.ok && answer.value.tier, 'secure-element');
  assert.equal(codeOf(appraise(evidence, under({ leastTier: 'secure-element' }))), 'TIER_TOO_LOW');
});

test('an open boot loader is refused, or contraindicated where the policy admits it', () => {
  const open = { ...evidence, certificates: chainOf(leaf({ locked: 0, state: 2 })) };
  assert.equal(codeOf(appraise(open, context)), 'DEVICE_UNLOCKED');
  const answer = appraise(open, under({ allowUnlocked: true }));
  assert.ok(answer.ok);
  assert.equal(answer.value.status, 'contraindicated');
  assert.deepEqual(
    answer.value.anomalies.map(({ code }) => code),
    ['DEVICE_UNLOCKED', 'BOOT_NOT_VERIFIED'],
  );
});

test('a stale revocation list refuses, or lowers the verdict to a warning where the policy notes it', () => {
  const stale = { ...context, revocations: { android: { takenAt: epochMs(now - 86_400_001), statuses: new Map() } } };
  assert.equal(codeOf(appraise(evidence, stale)), 'REVOCATION_STALE');
  const policy = { staleRevocations: 'note' } as const;
  const answer = appraise(evidence, { ...stale, expectations: { ...expectations, policy } });
  assert.ok(answer.ok);
  assert.equal(answer.value.status, 'warning');
  assert.deepEqual(answer.value.anomalies, [{ code: 'REVOCATION_STALE' }]);
});

test('what is strange is noted', () => {
  const strange = chainOf(leaf({ hardware: (fields) => [explicit(900, integer(1)), ...fields] }));
  const answer = appraise({ ...evidence, certificates: strange }, under({ tagOrder: 'any' }));
  assert.deepEqual(answer.ok && answer.value.anomalies, [
    { code: 'UNKNOWN_TAGS', detail: '900' },
    { code: 'TAGS_UNORDERED' },
  ]);
  const issued = (provisioning = provisioned) => {
    const chain = chainOf(leaf(), certificate({ subject: 1, extensions: [provisioning] }));
    const appraised = appraise({ ...evidence, certificates: chain }, under({ maxCertificatesIssued: 29 }));
    return appraised.ok ? appraised.value.anomalies : appraised.code;
  };
  assert.deepEqual(issued(), [{ code: 'MANY_CERTIFICATES_ISSUED', detail: '30' }]);
  const malformed = extension('1.3.6.1.4.1.11129.2.1.30', bytes(0x80));
  assert.deepEqual(issued(malformed), [{ code: 'PROVISIONING_INFO_MALFORMED' }]);
});

test('a key that nobody vouches for passes only where the policy says so', () => {
  const software = { kind: 'software' } as const;
  assert.equal(codeOf(appraise(software, expecting({ publicKey: leafKey }))), 'TIER_TOO_LOW');
  assert.equal(codeOf(appraise(software, under({ leastTier: 'software' }))), 'KEY_REQUIRED');
  const answer = appraise(software, expecting({ publicKey: leafKey, policy: { leastTier: 'software' } }));
  assert.ok(answer.ok);
  assert.deepEqual([answer.value.status, answer.value.keyBinding], ['warning', 'none']);
});

const refusals: readonly (readonly [code: string, changed: AppraisalContext])[] = [
  ['CHALLENGE_TOO_SHORT', expecting({ challenge: utf8('short') })],
  ['CHALLENGE_MISMATCH', expecting({ challenge: utf8('another challenge') })],
  ['KEY_MISMATCH', expecting({ publicKey: rootKey })],
  ['APPLICATION_NOT_CONFIGURED', expecting({ apps: {} })],
  ['APPLICATION_MISMATCH', expecting({ apps: { android: { ...android, packages: new Set(['org.thief']) } } })],
  ['BUILD_NOT_APPROVED', expecting({ apps: { android: { ...android, builds: new Set(['8']) } } })],
  ['PATCH_LEVEL_TOO_OLD', under({ leastPatchLevel: 202_501 })],
  ['ANCHORS_MISSING', { ...context, anchors: {} }],
  ['REVOCATION_MISSING', { ...context, revocations: {} }],
  ['CHAIN_UNKNOWN_ROOT', { ...context, anchors: { androidKeys: [leafKey] } }],
];
for (const [code, changed] of refusals)
  test(`an appraisal is refused with ${code}`, () => {
    assert.equal(codeOf(appraise(evidence, changed)), code);
  });

test('a status is the worst of the claims, private ones included', () => {
  const status = (claim: number): string => statusOf({ ...silentVector, hardware: claim });
  for (const [claims, expected] of [
    [[-1, 0, 1], 'none'],
    [[-32, -2, 2, 31], 'affirming'],
    [[-96, -33, 32, 95], 'warning'],
    [[-128, -97, 96, 127], 'contraindicated'],
  ] as const)
    for (const claim of claims) assert.equal(status(claim), expected, String(claim));
});
