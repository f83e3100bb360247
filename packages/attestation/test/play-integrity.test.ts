/** Play Integrity: tokens that another library made as Google does, and each rule broken once. */
import assert from 'node:assert/strict';
import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import test from 'node:test';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { epochMs, toBase64Url, toHex, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import { CompactEncrypt, CompactSign } from 'jose';
import { appraise } from '../src/appraisal.ts';
import { type AppraisalContext, keyBoundChallenge } from '../src/appraisal-context.ts';
import { type PlayIntegrityExpectations, verifyPlayIntegrity } from '../src/play-integrity.ts';
import { spkiOf } from './fixture/certificates.ts';

const now = epochMs(1_800_000_000_000);
const digest = Uint8Array.from(randomBytes(32));
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const decryption = Uint8Array.from(randomBytes(32));
const keys = { decryption, verification: spkiOf(publicKey) };
const challenge = utf8('a challenge of the bank');
const deviceKey = spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
const nonce = keyBoundChallenge(challenge, deviceKey, nodeEvidenceCrypto);

type Section = Readonly<Record<string, unknown>>;
interface Sections {
  readonly requestDetails?: Section;
  readonly appIntegrity?: Section;
  readonly deviceIntegrity?: Section;
  readonly more?: Section;
}
const payloadOf = ({ requestDetails, appIntegrity, deviceIntegrity, more }: Sections = {}): Section => ({
  requestDetails: {
    requestPackageName: 'org.bank',
    nonce: `${toBase64Url(nonce)}=`,
    timestampMillis: String(now - 1000),
    ...requestDetails,
  },
  appIntegrity: {
    appRecognitionVerdict: 'PLAY_RECOGNIZED',
    packageName: 'org.bank',
    certificateSha256Digest: [toBase64Url(digest)],
    versionCode: '42',
    ...appIntegrity,
  },
  deviceIntegrity: {
    deviceRecognitionVerdict: ['MEETS_BASIC_INTEGRITY', 'MEETS_DEVICE_INTEGRITY', 'MEETS_STRONG_INTEGRITY'],
    deviceAttributes: { sdkVersion: 36 },
    ...deviceIntegrity,
  },
  accountDetails: { appLicensingVerdict: 'LICENSED' },
  ...more,
});

const sign = (payload: Section, alg = 'ES256', key = privateKey): Promise<string> =>
  new CompactSign(utf8(JSON.stringify(payload))).setProtectedHeader({ alg }).sign(key);
const encrypt = (inner: string, alg = 'A256KW', enc = 'A256GCM', key: Uint8Array = decryption): Promise<string> =>
  new CompactEncrypt(utf8(inner)).setProtectedHeader({ alg, enc }).encrypt(createSecretKey(key));
const tokenOf = async (sections?: Sections): Promise<string> => encrypt(await sign(payloadOf(sections)));

const rules: PlayIntegrityExpectations = {
  nonce,
  packages: new Set(['org.bank']),
  digests: new Set([toHex(digest)]),
  now,
};
const verify = (token: string, change: Partial<PlayIntegrityExpectations> = {}) =>
  verifyPlayIntegrity(token, keys, { ...rules, ...change }, nodeEvidenceCrypto);
const codeOf = (answer: { readonly ok: true } | { readonly ok: false; readonly code: string }): string =>
  answer.ok ? 'accepted' : answer.code;

test('play-integrity: a classic token is opened offline', async () => {
  const answer = verify(await tokenOf());
  assert.ok(answer.ok, codeOf(answer));
  const { label, versionCode, signers, sdkVersion, licence } = answer.value;
  assert.deepEqual(
    { label, versionCode, signers, sdkVersion, licence },
    {
      label: 'MEETS_STRONG_INTEGRITY',
      versionCode: '42',
      signers: [toHex(digest)],
      sdkVersion: 36,
      licence: 'LICENSED',
    },
  );
});

test('play-integrity: a standard request names its hash', async () => {
  const token = await tokenOf({ requestDetails: { nonce: undefined, requestHash: toBase64Url(nonce) } });
  assert.equal(codeOf(verify(token)), 'accepted');
});

const refusals: readonly (readonly [code: string, sections: Sections, change?: Partial<PlayIntegrityExpectations>])[] =
  [
    ['play-integrity.payload', { more: { requestDetails: 'none' } }],
    ['play-integrity.payload', { requestDetails: { timestampMillis: 17 } }],
    ['play-integrity.package', { requestDetails: { requestPackageName: 'org.thief' } }],
    ['play-integrity.package', { appIntegrity: { packageName: 'org.thief' } }],
    ['play-integrity.nonce', { requestDetails: { nonce: toBase64Url(utf8('another nonce of 16 bytes')) } }],
    ['play-integrity.nonce', { requestDetails: { nonce: undefined } }],
    ['play-integrity.timestamp', { requestDetails: { timestampMillis: String(now - 300_001) } }],
    ['play-integrity.timestamp', { requestDetails: { timestampMillis: String(now + 60_001) } }],
    ['play-integrity.testing', { more: { testingDetails: { isTestingResponse: true } } }],
    ['play-integrity.app', { appIntegrity: { appRecognitionVerdict: 'UNRECOGNIZED_VERSION' } }],
    ['play-integrity.app', { appIntegrity: { appRecognitionVerdict: 'UNEVALUATED' } }],
    ['play-integrity.signer', { appIntegrity: { certificateSha256Digest: [toBase64Url(randomBytes(32))] } }],
    ['play-integrity.signer', { appIntegrity: { certificateSha256Digest: [] } }],
    ['play-integrity.device', { deviceIntegrity: { deviceRecognitionVerdict: [] } }],
    ['play-integrity.device', { deviceIntegrity: { deviceRecognitionVerdict: ['MEETS_BASIC_INTEGRITY'] } }],
    ['play-integrity.device', { deviceIntegrity: { deviceRecognitionVerdict: ['MEETS_VIRTUAL_INTEGRITY'] } }],
    [
      'play-integrity.device',
      { deviceIntegrity: { deviceRecognitionVerdict: ['MEETS_DEVICE_INTEGRITY'] } },
      { leastLabel: 'MEETS_STRONG_INTEGRITY' },
    ],
    ['play-integrity.licence', { more: { accountDetails: {} } }, { requireLicence: true }],
  ];
for (const [index, [code, sections, change]] of refusals.entries())
  test(`play-integrity: refusal ${index}: ${code}`, async () => {
    assert.equal(codeOf(verify(await tokenOf(sections), change)), code);
  });

test('play-integrity: the request is judged before the verdicts', async () => {
  const token = await tokenOf({
    requestDetails: { nonce: toBase64Url(utf8('of somebody else, 16 bytes')) },
    appIntegrity: { appRecognitionVerdict: 'UNRECOGNIZED_VERSION' },
    deviceIntegrity: { deviceRecognitionVerdict: [] },
  });
  assert.equal(codeOf(verify(token)), 'play-integrity.nonce');
});

test('play-integrity: other keys and other algorithms open nothing', async () => {
  const inner = await sign(payloadOf());
  const wrong = async (make: Promise<string>, code: string) => assert.equal(codeOf(verify(await make)), code);
  await wrong(encrypt(inner, 'A256KW', 'A256GCM', randomBytes(32)), 'play-integrity.encryption');
  await wrong(encrypt(inner, 'dir'), 'play-integrity.encryption');
  await wrong(encrypt(inner, 'A256KW', 'A128GCM'), 'play-integrity.encryption');
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  await wrong(encrypt(await sign(payloadOf(), 'ES256', other)), 'play-integrity.signature');
  const edwards = generateKeyPairSync('ed25519').privateKey;
  await wrong(encrypt(await sign(payloadOf(), 'EdDSA', edwards)), 'play-integrity.signature');
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${inner.split('.')[1]}.`;
  await wrong(encrypt(unsigned), 'play-integrity.signature');
  assert.equal(codeOf(verify('a.b.c.d.e')), 'play-integrity.encryption');
  assert.equal(codeOf(verify('.'.repeat(100_000))), 'play-integrity.encryption');
});

test('play-integrity: no token with a changed character passes', async () => {
  const token = await tokenOf();
  fc.assert(
    fc.property(
      fc.nat(token.length - 1),
      fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '-', '_', '.', '='),
      (at, character) => {
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        const answer = verify(changed);
        return changed === token ? answer.ok : !answer.ok && answer.code.startsWith('play-integrity.');
      },
    ),
    { numRuns: 1500 },
  );
});

const context: AppraisalContext = {
  crypto: nodeEvidenceCrypto,
  anchors: { playIntegrity: keys },
  revocations: {},
  expectations: {
    challenge,
    publicKey: deviceKey,
    environment: 'production',
    apps: { android: { packages: rules.packages, digests: rules.digests } },
    policy: { leastTier: 'software' },
  },
  now,
};

test('play-integrity: a second opinion never lifts a key out of software', async () => {
  const evidence = { kind: 'play-integrity', token: await tokenOf() } as const;
  const answer = appraise(evidence, context);
  assert.ok(answer.ok, codeOf(answer));
  const { tier, status, keyBinding, anomalies } = answer.value;
  assert.deepEqual(
    { tier, status, keyBinding, anomalies },
    { tier: 'software', status: 'affirming', keyBinding: 'challenge', anomalies: [{ code: 'KEY_NOT_ATTESTED' }] },
  );
  const { policy: _none, ...strict } = context.expectations;
  assert.equal(codeOf(appraise(evidence, { ...context, expectations: strict })), 'TIER_TOO_LOW');
  const other = { ...context.expectations, publicKey: keys.verification };
  assert.equal(codeOf(appraise(evidence, { ...context, expectations: other })), 'play-integrity.nonce');
  const { publicKey: _key, ...keyless } = context.expectations;
  assert.equal(codeOf(appraise(evidence, { ...context, expectations: keyless })), 'KEY_REQUIRED');
});

test('play-integrity: a basic label is contraindicated where the policy admits it', async () => {
  const token = await tokenOf({ deviceIntegrity: { deviceRecognitionVerdict: ['MEETS_BASIC_INTEGRITY'] } });
  const policy = { leastTier: 'software', leastPlayLabel: 'MEETS_BASIC_INTEGRITY' } as const;
  const answer = appraise(
    { kind: 'play-integrity', token },
    { ...context, expectations: { ...context.expectations, policy } },
  );
  assert.equal(answer.ok && answer.value.status, 'contraindicated');
});
