/** Trusted services of a page, in Chromium with a virtual authenticator, verified as a server verifies. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { readUserProof, verifyAssertion, verifyRegistration } from '@hauberk/attestation';
import {
  type TrustedExpectations,
  thumbprintInput,
  userProofChallenge,
  verifyTrustedStatement,
} from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, epochMs, fromBase64Url, toBase64Url, utf8 } from '@hauberk/primitives';
import type { Browser, Page } from 'playwright-core';
import { bundleForPage, noChromium, startChromium } from './chromium.ts';
import type { PageEvidence } from './page-evidence.ts';

const bytes = (text: string): Bytes => fromBase64Url(text) ?? new Uint8Array(0);
const challenge = nodeCrypto.random(32);
const order = 'Pay 20.00 EUR to Bob?';

describe('trusted services of a page', { skip: noChromium }, () => {
  let browser: Browser;
  let page: Page;
  let server: Server;
  let origin: string;
  let told: PageEvidence;

  before(async () => {
    server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'));
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    browser = await startChromium();
    page = await browser.newPage();
    const session = await page.context().newCDPSession(page);
    await session.send('WebAuthn.enable');
    const options = {
      protocol: 'ctap2',
      transport: 'internal',
      hasUserVerification: true,
      isUserVerified: true,
    } as const;
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: { ...options, automaticPresenceSimulation: true },
    });
    await page.goto(origin);
    await page.addScriptTag({ content: await bundleForPage('trusted-page.ts') });
    told = await page.evaluate(
      ([asked, data]) =>
        (
          globalThis as unknown as { suite: { useServices: (...input: unknown[]) => Promise<PageEvidence> } }
        ).suite.useServices(asked, data),
      [toBase64Url(challenge), order] as const,
    );
  });
  after(async () => {
    await browser.close();
    server.close();
  });

  const expecting = (kind: TrustedExpectations['kind'], publicKey: string): TrustedExpectations => ({
    kind,
    organisation: 'bank',
    app: 'web',
    service: 'api',
    publicKey: bytes(publicKey),
    thumbprint: toBase64Url(nodeCrypto.sha256(thumbprintInput(bytes(publicKey)))),
    challenge,
    now: epochMs(Date.now()),
  });

  it('another page of the origin identifies the same device, with a key that no script can read', () => {
    const answer = verifyTrustedStatement(nodeCrypto, told.identified, utf8(''), expecting('identify', told.deviceKey));
    assert.ok(answer.ok, answer.ok ? '' : answer.code);
    assert.equal(told.extractable, false);
    assert.equal(told.unsealed, toBase64Url(utf8(order)));
  });

  it('an approval carries WebAuthn’s proof of the user, over that very statement', () => {
    const expected = { ...expecting('verify-user', told.approveKey), prompt: { title: 'Payment', text: order } };
    const answer = verifyTrustedStatement(nodeCrypto, told.statement, utf8(order), expected);
    assert.ok(answer.ok, answer.ok ? '' : answer.code);
    const rules = { rpId: 'localhost', origins: [origin] };
    const registration = verifyRegistration(
      { clientDataJson: bytes(told.clientDataJson), attestationObject: bytes(told.attestationObject) },
      {
        ...rules,
        challenge,
        algorithms: ['ES256'],
        formats: ['none', 'packed'],
        allowSelf: true,
        anchors: [],
        now: epochMs(Date.now()),
      },
      nodeEvidenceCrypto,
    );
    assert.ok(registration.ok, registration.ok ? '' : registration.code);
    const { key, signCount, flags } = registration.value;
    const proof = readUserProof(told.proof);
    assert.ok(proof.ok);
    assert.equal(toBase64Url(proof.value.credentialId), told.credentialId);
    const verify = (over: Bytes) =>
      verifyAssertion(
        proof.value,
        { ...rules, challenge: over, credential: { key, signCount, backupEligible: flags.backupEligible } },
        nodeEvidenceCrypto,
      );
    const proved = verify(userProofChallenge(nodeCrypto, told.statement));
    assert.ok(proved.ok, proved.ok ? '' : proved.code);
    const other = verify(userProofChallenge(nodeCrypto, told.identified));
    assert.equal(other.ok ? 'holds' : other.code, 'webauthn.challenge');
  });

  it('who says no approves nothing', () => {
    assert.equal(told.declined, 'user-cancelled');
  });
});
