/** Bad iPhones: attestations, assertions and receipts. */
import type { AppAssertionExpectations, AppAttestExpectations, ReceiptExpectations } from '@hauberk/attestation';
import { type Bytes, epochMs, utf8 } from '@hauberk/primitives';
import {
  type AppAssertionClaims,
  type AppAttestationClaims,
  appAssertion,
  appAttestation,
  appAttestKeyId,
  appReceipt,
  type ReceiptClaims,
} from '../apple.ts';
import { cborMap } from '../cbor-writer.ts';
import { issue } from '../certificate.ts';
import { bytes } from '../der-writer.ts';
import { type SigningKey, sha256, signingKey } from '../signing-key.ts';
import { caseTime, caseWorld, type Minted, type NegativeCase } from './judge.ts';

const clientDataHash = sha256(utf8('the challenge of this enrolment!'));
const stranger = sha256(utf8('the challenge of another server!'));
const day = 86_400_000;

let made: SigningKey | undefined;
const phoneKey = (): SigningKey => {
  made ??= signingKey('p256');
  return made;
};

const attested = (
  changed: Partial<AppAttestationClaims> = {},
  expected: Partial<AppAttestExpectations> = {},
  edit: (object: Bytes) => Bytes = (object) => object,
): Minted => {
  const { apple, app } = caseWorld();
  const object = appAttestation(apple, phoneKey(), { appId: app.appleAppId, clientDataHash, ...changed });
  return {
    check: 'app-attestation',
    object: edit(object),
    expected: {
      appId: app.appleAppId,
      environment: 'production',
      keyId: appAttestKeyId(phoneKey()),
      clientDataHash,
      anchors: [apple.root.certificate],
      now: epochMs(caseTime),
      ...expected,
    },
  };
};

const asserted = (
  changed: Partial<AppAssertionClaims>,
  expected: Partial<AppAssertionExpectations> = {},
  key: SigningKey = phoneKey(),
): Minted => {
  const { appleAppId: appId } = caseWorld().app;
  return {
    check: 'app-assertion',
    assertion: appAssertion(key, { appId, clientDataHash, counter: 8, ...changed }),
    expected: { appId, spki: phoneKey().spki, counter: 7, clientDataHash, ...expected },
  };
};

const receipt = (changed: Partial<ReceiptClaims>, edit: (bytes: Bytes) => Bytes = (given) => given): Minted => {
  const { apple, app } = caseWorld();
  const keyCertificate = issue(
    { subject: [], spki: phoneKey().spki, from: caseTime - day, until: caseTime + day },
    apple.intermediate,
  );
  return {
    check: 'receipt',
    receipt: edit(appReceipt(apple, { appId: app.appleAppId, keyCertificate, clientHash: clientDataHash, ...changed })),
    expected: {
      appId: app.appleAppId,
      spki: phoneKey().spki,
      anchors: [apple.receiptRoot.certificate],
      now: epochMs(caseTime),
    } satisfies ReceiptExpectations,
  };
};

const apple = (name: string, expectedReason: string, what: string, mint: () => readonly Minted[]): NegativeCase => ({
  name: `apple-${name}`,
  platform: 'apple',
  what,
  mint,
  expectedReason,
});

/** All of them. */
export const appleCases: readonly NegativeCase[] = [
  apple('no-object', 'app-attest.object', 'What was sent is no attestation.', () => [
    attested({}, {}, () => bytes(0x80)),
    attested({}, {}, (object) => object.slice(0, -1)),
    attested({}, {}, () => cborMap([['fmt', 'apple-appattest']])),
  ]),
  apple('no-nonce', 'app-attest.certificate', 'The certificate holds no nonce: it was made for something else.', () => [
    attested({ nonce: 'absent' }),
  ]),
  apple(
    'foreign-nonce',
    'app-attest.nonce',
    'The attestation answers another challenge, or authenticator data were exchanged.',
    () => [attested({ clientDataHash: stranger }), attested({ nonce: stranger })],
  ),
  apple('exchanged-key', 'app-attest.key', 'The authenticator data hold another key than the certificate.', () => [
    attested({ certifiedKey: signingKey('p256') }),
  ]),
  apple('foreign-key-id', 'app-attest.key-id', 'The key is not the one that the app registered.', () => [
    attested({}, { keyId: stranger }),
    attested({ keyId: stranger }),
  ]),
  apple('other-app', 'app-attest.app-id', 'An app of another team attests.', () => [
    attested({ appId: 'THIEF12345.com.example.bank' }),
    attested({ appId: 'TEAM123456.com.example.game' }),
    asserted({ appId: 'TEAM123456.com.example.game' }),
  ]),
  apple(
    'development',
    'app-attest.environment',
    'A development build where production is expected, and the other way round.',
    () => [attested({ environment: 'development' }), attested({}, { environment: 'development' })],
  ),
  apple(
    'counter-rollback',
    'app-attest.counter',
    'The counter stands still or falls: a copy signs. A new key does not begin at zero.',
    () => [
      asserted({ counter: 7 }),
      asserted({ counter: 1 }),
      asserted({ counter: 0x7fff_ffff }, { counter: 0x8000_0000 }),
      attested({ counter: 1 }),
    ],
  ),
  apple('broken-facts', 'app-attest.extension', 'What the system says about the app is not of its form.', () => [
    attested({ extensions: cborMap([['apple_validation_category_01', bytes(4)]]) }),
    attested({ extensions: cborMap([['apple_bundle_version_01', 51]]) }),
  ]),
  apple(
    'foreign-signature',
    'app-attest.signature',
    'The assertion is signed by another key, or for another request.',
    () => [asserted({}, {}, signingKey('p256')), asserted({ clientDataHash: stranger })],
  ),
  apple('wrong-root', 'chain.untrusted', 'The attestation leads to a root that nobody pinned.', () => [
    attested({}, { anchors: [caseWorld().authenticators.root.certificate] }),
  ]),
  apple(
    'broken-chain',
    'chain.signature',
    'The key’s certificate is signed by a key that only has the intermediate’s name.',
    () => [attested({ impostor: signingKey('p384') })],
  ),
  apple('expired', 'chain.expired', 'An attestation kept for later: the certificate lived three days.', () => [
    attested({ from: caseTime - 10 * day, until: caseTime - 7 * day }),
    attested({ from: caseTime + day, until: caseTime + 4 * day }),
  ]),
  apple('no-receipt', 'app-attest.receipt', 'The receipt is not of its form.', () => [
    receipt({}, (given) => given.slice(0, -2)),
    receipt({}, () => bytes(0x30, 0)),
  ]),
  apple(
    'receipt-forged',
    'app-attest.receipt-signature',
    'The receipt was written by somebody else in the signer’s name.',
    () => [receipt({ impostor: signingKey('p256') })],
  ),
  apple('receipt-other-app', 'app-attest.receipt-app-id', 'The receipt is another app’s.', () => [
    receipt({ appId: 'THIEF12345.com.example.bank' }),
  ]),
  apple('receipt-other-key', 'app-attest.receipt-key', 'The receipt is about another key.', () => [
    receipt({
      keyCertificate: issue(
        { subject: [], spki: signingKey('p256').spki, from: caseTime, until: caseTime + day },
        caseWorld().apple.intermediate,
      ),
    }),
  ]),
  apple('receipt-ahead', 'app-attest.receipt-time', 'The receipt was made tomorrow.', () => [
    receipt({ createdAt: caseTime + day }),
  ]),
  apple('receipt-old', 'app-attest.receipt-expired', 'The receipt is over.', () => [
    receipt({ createdAt: caseTime - 100 * day, expiresAt: caseTime - 10 * day }),
  ]),
];
