/** Honest devices: their certificates are read by others, and the verifiers accept them under the fake anchors. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  readReceipt,
  readRevocationList,
  verifyAndroidKey,
  verifyAppAssertion,
  verifyAppAttestation,
  verifyAssertion,
  verifyHuksKey,
  verifyPlayIntegrity,
  verifyRegistration,
} from '@hauberk/attestation';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, epochMs, toHex, utf8 } from '@hauberk/primitives';
import { androidLeaf, androidMaker, factoryBatch, remoteBatch } from '../src/android.ts';
import { appAssertion, appAttestation, appAttestKeyId, appleMaker, appReceipt } from '../src/apple.ts';
import { issue } from '../src/certificate.ts';
import { harmonyKey, harmonyMaker } from '../src/harmony.ts';
import { playMaker, playToken } from '../src/play-integrity.ts';
import { sha256, signingKey } from '../src/signing-key.ts';
import { assert as assertWith, authenticatorMaker, register, type StatementFormat } from '../src/webauthn.ts';

const now = Date.UTC(2026, 10, 1);
const at = epochMs(now);
const challenge = utf8('a challenge of thirty-two bytes!');
const signerDigest = sha256(utf8('the bank signs its app'));
const apps = [{ packageName: 'com.example.bank', version: 7, signerDigest }];
const application = { packages: new Set(['com.example.bank']), digests: new Set([toHex(signerDigest)]) };
const list = readRevocationList({ entries: {} }, at);
assert.ok(list.ok);
const revocation = list.value;

const checkChain = (certificates: readonly Bytes[]): void => {
  const parsed = certificates.map((certificate) => new X509Certificate(certificate));
  for (const [index, certificate] of parsed.entries()) {
    const issuer = parsed[index + 1] ?? certificate;
    assert.ok(certificate.verify(issuer.publicKey), certificate.subject);
    assert.equal(certificate.issuer, issuer.subject);
  }
};

for (const root of ['rsa2048', 'p384'] as const)
  for (const provisioning of ['factory', 'remote'] as const)
    for (const level of ['TRUSTED_ENVIRONMENT', 'STRONG_BOX'] as const)
      for (const algorithm of ['p256', 'ml-dsa-65'] as const)
        test(`android: ${provisioning} chain to a ${root} root, ${level}, ${algorithm}`, () => {
          const maker = androidMaker(now, root);
          const batch =
            provisioning === 'factory' ? factoryBatch(maker, { level }) : remoteBatch(maker, { level, issuedCount: 3 });
          const version = algorithm === 'p256' ? 300 : 500;
          const { certificates, key } = androidLeaf(batch, { challenge, apps, level, algorithm, version });
          checkChain(certificates);
          const trust = { anchorKeys: [maker.anchorKey], revocation, now: at };
          const answer = verifyAndroidKey(
            certificates,
            trust,
            { challenge, publicKey: key.spki, application, leastLevel: level, leastPatchLevel: 202_601n },
            nodeEvidenceCrypto,
          );
          assert.ok(answer.ok, answer.ok ? '' : `${answer.code} ${answer.detail}`);
          assert.equal(answer.value.level, level);
          assert.equal(answer.value.provisioning, provisioning);
          assert.equal(answer.value.certificatesIssued, provisioning === 'remote' ? 3 : undefined);
        });

test('apple: attestation, receipt and assertions with a counter', () => {
  const maker = appleMaker(now);
  const [key, appId, clientDataHash] = [signingKey(), 'TEAM123456.com.example.bank', sha256(challenge)];
  const object = appAttestation(maker, key, { appId, clientDataHash, validationCategory: 4, bundleVersion: '5.1' });
  const expected = {
    appId,
    environment: 'production',
    keyId: appAttestKeyId(key),
    clientDataHash,
    anchors: [maker.root.certificate],
    now: at,
  } as const;
  const answer = verifyAppAttestation(object, expected, nodeEvidenceCrypto);
  assert.ok(answer.ok, answer.ok ? '' : answer.code);
  assert.deepEqual(answer.value.facts, { validationCategory: 4, bundleVersion: '5.1' });
  const receipt = readReceipt(
    answer.value.receipt,
    { appId, spki: key.spki, anchors: [maker.receiptRoot.certificate], now: at },
    nodeEvidenceCrypto,
  );
  assert.ok(receipt.ok, receipt.ok ? '' : `${receipt.code} ${receipt.detail}`);
  assert.equal(receipt.value.type, 'ATTEST');
  for (const counter of [1, 2, 4_294_967_295]) {
    const signed = verifyAppAssertion(
      appAssertion(key, { appId, clientDataHash, counter }),
      { appId, spki: key.spki, counter: counter - 1, clientDataHash },
      nodeEvidenceCrypto,
    );
    assert.ok(signed.ok);
  }
});

test('harmony: a chain that OpenSSL reads, and a key that is vouched for', () => {
  const maker = harmonyMaker(now);
  const app = { appId: 'com.example.bank_BF', bundleName: 'com.example.bank', appIdentifier: '1' };
  const { certificates, key } = harmonyKey(maker, { challenge, app });
  checkChain(certificates);
  const application = { bundleName: app.bundleName, appIds: new Set([app.appId]), appIdentifier: '1' };
  const expected = { challenge, publicKey: key.spki, application, anchors: [maker.root.certificate], now: at };
  const answer = verifyHuksKey(certificates, expected, nodeEvidenceCrypto);
  assert.ok(answer.ok, answer.ok ? '' : `${answer.code} ${answer.detail}`);
  assert.ok(answer.value.isTrustedEnvironment);
  assert.deepEqual(answer.value.unknownClaims, []);
});

test('play: a token opens with the response keys and is believed', () => {
  const maker = playMaker(now);
  const token = playToken(maker, { nonce: challenge, packageName: 'com.example.bank', versionCode: 7, signerDigest });
  const keys = { decryption: maker.decryption, verification: maker.signer.spki };
  const answer = verifyPlayIntegrity(token, keys, { nonce: challenge, ...application, now: at }, nodeEvidenceCrypto);
  assert.ok(answer.ok, answer.ok ? '' : answer.code);
  assert.equal(answer.value.label, 'MEETS_STRONG_INTEGRITY');
});

test('apple and webauthn: the makers’ certificates are read and verified by OpenSSL', () => {
  const apple = appleMaker(now);
  checkChain([apple.intermediate.certificate, apple.root.certificate]);
  const { receiptSigner, receiptIntermediate, receiptRoot } = apple;
  checkChain([receiptSigner, receiptIntermediate, receiptRoot].map(({ certificate }) => certificate));
  const { root } = authenticatorMaker(now);
  checkChain([root.certificate]);
});

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'no openssl';
test('apple: openssl verifies the receipt as CMS', { skip: noOpenssl }, () => {
  const maker = appleMaker(now);
  const key = signingKey();
  const keyCertificate = issue({ subject: [], spki: key.spki, from: now, until: now + 1 }, maker.intermediate);
  const receipt = appReceipt(maker, {
    appId: 'T.app',
    keyCertificate,
    clientHash: sha256(challenge),
    riskMetric: 3,
    type: 'RECEIPT',
  });
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-receipt-'));
  try {
    const pem = new X509Certificate(maker.receiptRoot.certificate).toString();
    writeFileSync(join(folder, 'root.pem'), pem);
    writeFileSync(join(folder, 'receipt.der'), receipt);
    const seconds = String(now / 1000);
    const { status, stderr } = spawnSync(
      'openssl',
      [
        'cms',
        '-verify',
        '-inform',
        'DER',
        '-in',
        'receipt.der',
        '-CAfile',
        'root.pem',
        '-purpose',
        'any',
        '-binary',
        '-attime',
        seconds,
        '-out',
        'content.der',
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const formats: readonly StatementFormat[] = ['packed', 'self', 'tpm', 'android-key', 'apple', 'fido-u2f', 'none'];
for (const format of formats)
  test(`webauthn: an authenticator with ${format} registers and asserts`, () => {
    const maker = authenticatorMaker(now);
    const ceremony = { challenge, origin: 'https://bank.example', rpId: 'bank.example' };
    const made = register(maker, { ...ceremony, format });
    const rules = {
      challenge,
      origins: ['https://bank.example'],
      rpId: 'bank.example',
      requireUserVerification: format !== 'fido-u2f',
    };
    const answer = verifyRegistration(
      made,
      {
        ...rules,
        algorithms: ['ES256'],
        formats: ['packed', 'tpm', 'android-key', 'apple', 'fido-u2f', 'none'],
        allowSelf: true,
        anchors: [maker.root.certificate],
        now: at,
      },
      nodeEvidenceCrypto,
    );
    assert.ok(answer.ok, answer.ok ? '' : `${answer.code} ${answer.detail}`);
    assert.equal(answer.value.trust, format === 'none' || format === 'self' ? format : 'anchored');
    const asserted = verifyAssertion(
      assertWith(made.key, { ...ceremony, signCount: 1, flags: format === 'fido-u2f' ? 1 : 5 }),
      { ...rules, credential: { key: answer.value.key, signCount: 0, backupEligible: false } },
      nodeEvidenceCrypto,
    );
    assert.ok(asserted.ok, asserted.ok ? '' : asserted.code);
  });
