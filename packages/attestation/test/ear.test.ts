/** Signed verdicts, read by another library as any third party would. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import test from 'node:test';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { epochMs, toHex } from '@hauberk/primitives';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { appraise } from '../src/appraisal.ts';
import { type EarOptions, earKeySet, signEar } from '../src/ear.ts';
import type { TokenSigner } from '../src/jose.ts';
import { jwkOfSpki } from '../src/jwk.ts';
import { chainOf, challenge, digest, leafKey, packageName, rootKey } from './fixture/android.ts';
import { spkiOf } from './fixture/certificates.ts';

const now = epochMs(Date.now());
const verdict = () => {
  const answer = appraise(
    { kind: 'android-key', certificates: chainOf() },
    {
      crypto: nodeEvidenceCrypto,
      anchors: { androidKeys: [rootKey] },
      revocations: { android: { takenAt: now, statuses: new Map() } },
      expectations: {
        challenge,
        environment: 'production',
        apps: { android: { packages: new Set([packageName]), digests: new Set([toHex(digest)]) } },
      },
      now,
    },
  );
  assert.ok(answer.ok);
  return answer.value;
};
const options: EarOptions = {
  verifier: { developer: 'hauberk', build: 'test' },
  issuer: 'https://gateway.bank.example',
  policyId: 'enrol-1',
  subject: 'device 7',
  nonce: 'asked by the reader',
  expiresAt: epochMs(now + 300_000),
};

const es256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const edwards = generateKeyPairSync('ed25519');
const signers: readonly (readonly [TokenSigner['algorithm'], KeyObject, KeyObject])[] = [
  ['ES256', es256.publicKey, es256.privateKey],
  ['EdDSA', edwards.publicKey, edwards.privateKey],
];
const signerOf = (algorithm: TokenSigner['algorithm'], key: KeyObject): TokenSigner => ({
  algorithm,
  keyId: `key of ${algorithm}`,
  sign: (message) =>
    Uint8Array.from(
      algorithm === 'ES256' ? sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }) : sign(null, message, key),
    ),
});
const keySet = earKeySet(
  signers.map(([algorithm, key]) => ({ keyId: `key of ${algorithm}`, algorithm, publicKey: spkiOf(key) })),
);

for (const [algorithm, , privateKey] of signers)
  test(`ear: a third party verifies a verdict signed with ${algorithm} by the published keys`, async () => {
    const token = signEar(verdict(), options, signerOf(algorithm, privateKey));
    const { payload, protectedHeader } = await jwtVerify(
      token,
      createLocalJWKSet({ keys: keySet.keys.map((key) => ({ kty: '', ...key })) }),
      {
        issuer: options.issuer,
        typ: 'eat+jwt',
      },
    );
    assert.equal(protectedHeader.alg, algorithm);
    assert.equal(payload['eat_profile'], 'tag:ietf.org,2026:rats/ear#04');
    assert.equal(payload['eat_nonce'], options.nonce);
    assert.deepEqual(payload['cnf'], { jwk: jwkOfSpki(leafKey) });
    const { device } = payload['submods'] as Record<string, Record<string, unknown>>;
    assert.equal(device?.['ear_status'], 'affirming');
    assert.deepEqual(device?.['ear_trustworthiness_vector'], verdict().vector);
    assert.deepEqual(device?.['ear_attester_claims'], verdict().facts);
    assert.deepEqual(device?.['ear_verifier_claims'], {
      evidence: 'android-key',
      tier: 'tee',
      keyBinding: 'attested',
      anomalies: [],
    });
  });

test('ear: a verdict of another key, or a changed one, is no verdict', async () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const keys = createLocalJWKSet({ keys: keySet.keys.map((key) => ({ kty: '', ...key })) });
  await assert.rejects(jwtVerify(signEar(verdict(), options, signerOf('ES256', other)), keys));
  const [header, payload, signature] = signEar(verdict(), options, signerOf('ES256', es256.privateKey)).split('.');
  const changed = Buffer.from(payload ?? '', 'base64url')
    .toString()
    .replace('"tee"', '"secure-element"');
  await assert.rejects(jwtVerify(`${header}.${Buffer.from(changed).toString('base64url')}.${signature}`, keys));
});

test('ear: the key set leaves out keys that sign no verdicts', () => {
  const publicKey = spkiOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);
  assert.deepEqual(earKeySet([{ keyId: 'rsa', algorithm: 'ES256', publicKey }]), { keys: [] });
});

test('jwk: keys of every kind are those that OpenSSL writes', () => {
  const pairs = [
    ...['P-256', 'P-384', 'P-521'].map((namedCurve) => generateKeyPairSync('ec', { namedCurve })),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
    generateKeyPairSync('ed25519'),
    generateKeyPairSync('ed448'),
    generateKeyPairSync('ml-dsa-65'),
  ];
  for (const { publicKey } of pairs) {
    const expected = createPublicKey(publicKey.export({ format: 'pem', type: 'spki' })).export({ format: 'jwk' });
    assert.deepEqual(jwkOfSpki(spkiOf(publicKey)), { ...expected });
  }
});
