/** Tokens of Play Integrity beside the evidence of a key: which pass, and with which code the others are refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AppraisalContext, keyBoundChallenge } from '@hauberk/attestation';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { epochMs, minutes } from '@hauberk/primitives';
import { type PlayClaims, playToken, signingKey, simulatedWorld, worldTrust } from '@hauberk/simulator';
import type { AppConfig } from '../src/config/config.ts';
import { judgeOpinion, opinionFacts, playKeysOf } from '../src/device/second-opinion.ts';

const world = simulatedWorld();
const { play, app: simulated } = world;
const key = signingKey('p256');
const challenge = new Uint8Array(32).fill(7);
const now = epochMs(world.now());
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const app = (more: Partial<NonNullable<AppConfig['playIntegrity']>> = {}): AppConfig => ({
  id: 'mobile',
  software: 'refused',
  environment: 'production',
  playIntegrity: {
    decryptionKey: base64(play.decryption),
    verificationKey: base64(play.signer.spki),
    use: 'if-present',
    leastLabel: 'MEETS_DEVICE_INTEGRITY',
    ...more,
  },
});

const contextOf = (of: AppConfig): AppraisalContext => {
  const { anchors, apps } = worldTrust(world);
  const playIntegrity = playKeysOf(of);
  return {
    crypto: nodeEvidenceCrypto,
    anchors: { androidKeys: anchors.androidKeys, ...(playIntegrity === undefined ? {} : { playIntegrity }) },
    revocations: {},
    now,
    expectations: {
      challenge,
      publicKey: key.spki,
      environment: 'production',
      apps: { ...apps, android: { ...apps.android, builds: new Set([String(simulated.versionCode)]) } },
      policy: { leastTier: 'tee', leastPlayLabel: of.playIntegrity?.leastLabel ?? 'MEETS_DEVICE_INTEGRITY' },
    },
  };
};

const claims = (more: Partial<PlayClaims> = {}): PlayClaims => ({
  nonce: keyBoundChallenge(challenge, key.spki, nodeEvidenceCrypto),
  packageName: simulated.packageName,
  versionCode: simulated.versionCode,
  signerDigest: simulated.signerDigest,
  requestedAt: now,
  ...more,
});

const judged = (token: string | undefined, of = app()): string => {
  const also = token === undefined ? {} : { also: [{ kind: 'play-integrity', statement: token }] };
  const verdict = judgeOpinion(of, { kind: 'android-key', statement: 'x', ...also }, contextOf(of));
  if (verdict.ok) return opinionFacts(verdict.value).play ?? 'nothing said';
  return verdict.detail ?? '';
};

const basic = ['MEETS_BASIC_INTEGRITY'];
const rows: readonly (readonly [string, string, string])[] = [
  ['an honest one', playToken(play, claims()), 'strong'],
  ['for another key', playToken(play, claims({ nonce: challenge })), 'play-integrity.nonce'],
  ['of another app', playToken(play, claims({ packageName: 'com.example.game' })), 'play-integrity.package'],
  ['of an app that was signed anew', playToken(play, claims({ signerDigest: challenge })), 'play-integrity.signer'],
  [
    'of an app that Play does not know',
    playToken(play, claims({ recognition: 'UNRECOGNIZED_VERSION' })),
    'play-integrity.app',
  ],
  ['of a rooted phone', playToken(play, claims({ labels: [] })), 'play-integrity.device'],
  ['with a basic label alone', playToken(play, claims({ labels: basic })), 'play-integrity.device'],
  ['that is old', playToken(play, claims({ requestedAt: now - minutes(6) })), 'play-integrity.timestamp'],
  ['that the console was told to give', playToken(play, claims({ isTest: true })), 'play-integrity.testing'],
  ['without details', playToken(play, claims({ isEmpty: true })), 'play-integrity.payload'],
  ['of a withdrawn build', playToken(play, claims({ versionCode: 1 })), 'BUILD_NOT_APPROVED'],
  ['signed by somebody else', playToken(play, claims(), { signer: signingKey('p256') }), 'play-integrity.signature'],
  ['signed by nobody', playToken(play, claims(), { algorithm: 'none' }), 'play-integrity.signature'],
  ['for other response keys', playToken(play, claims(), { decryption: challenge }), 'play-integrity.encryption'],
  ['that is none', 'x.y.z', 'play-integrity.encryption'],
];
for (const [name, token, expected] of rows)
  test(`a token ${name}: ${expected}`, () => assert.equal(judged(token), expected));

test('a missing token refuses where one is required, and a basic label passes where it is admitted', () => {
  assert.equal(judged(undefined), 'nothing said');
  assert.equal(judged(undefined, app({ use: 'required' })), 'PLAY_INTEGRITY_MISSING');
  const admitted = app({ leastLabel: 'MEETS_BASIC_INTEGRITY' });
  assert.equal(judged(playToken(play, claims({ labels: basic })), admitted), 'basic');
});

test('without response keys tokens are not opened', () => {
  const { playIntegrity: _none, ...plain } = app();
  assert.equal(judged('x.y.z', plain), 'nothing said');
});
