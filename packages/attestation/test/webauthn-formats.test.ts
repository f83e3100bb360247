/** Every format and algorithm of WebAuthn, and what another implementation makes of the same bytes. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, epochMs, type SignatureAlgorithm, toHex } from '@hauberk/primitives';
import { SettingsService, verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import { appraise } from '../src/appraisal.ts';
import type { AppraisalContext } from '../src/appraisal-context.ts';
import type { AuthenticatorModels } from '../src/authenticator-models.ts';
import {
  type AssertionEvidence,
  type RegistrationEvidence,
  type RegistrationExpectations,
  verifyAssertion,
  verifyRegistration,
} from '../src/webauthn.ts';
import type { AttestationFormat } from '../src/webauthn-statement.ts';
import {
  assertBy,
  type CredentialAlgorithm,
  challenge,
  credentialAlgorithms,
  type MintedFormat,
  type MintedRegistration,
  manufacturer,
  register,
} from './fixture/webauthn.ts';

const algorithms: readonly SignatureAlgorithm[] = credentialAlgorithms;
const formats: readonly AttestationFormat[] = ['packed', 'tpm', 'android-key', 'apple', 'fido-u2f', 'none'];
const rules = (format: MintedFormat): RegistrationExpectations => ({
  challenge,
  rpId: 'bank.example',
  origins: ['https://bank.example'],
  algorithms,
  formats,
  allowSelf: true,
  anchors: [manufacturer],
  now: epochMs(Date.UTC(2026, 0, 1)),
  requireUserVerification: format !== 'fido-u2f',
});
const verify = (format: MintedFormat, evidence: RegistrationEvidence) =>
  verifyRegistration(evidence, rules(format), nodeEvidenceCrypto);

const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(manufacturer).toString('base64')}\n-----END CERTIFICATE-----`;
for (const identifier of ['packed', 'tpm', 'android-key', 'apple', 'fido-u2f'] as const)
  SettingsService.setRootCertificates({ identifier, certificates: [pem] });

/** The key as the credential's authenticator wrote it: the last bytes of the attestation object. */
const cosePublicKey = ({ evidence, coseLength }: MintedRegistration): Bytes =>
  evidence.attestationObject.slice(evidence.attestationObject.length - coseLength);

const text = (bytes: Bytes): string => Buffer.from(bytes).toString('base64url');
/** Whether the other implementation accepts the same registration. */
const accepts = async (evidence: RegistrationEvidence, { credentialId }: MintedRegistration): Promise<boolean> => {
  const id = text(credentialId);
  const { clientDataJson, attestationObject } = evidence;
  try {
    const { verified } = await verifyRegistrationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON: text(clientDataJson), attestationObject: text(attestationObject) },
      },
      expectedChallenge: text(challenge),
      expectedOrigin: 'https://bank.example',
      expectedRPID: 'bank.example',
      requireUserVerification: false,
      supportedAlgorithmIDs: [-7, -35, -36, -257, -8],
    });
    return verified;
  } catch {
    return false;
  }
};

const pairs: readonly (readonly [MintedFormat, CredentialAlgorithm])[] = [
  ...credentialAlgorithms.flatMap((algorithm) =>
    (['none', 'self', 'packed', 'apple'] as const).map((format) => [format, algorithm] as const),
  ),
  ...(['ES256', 'ES384', 'ES512', 'RS256'] as const).map((algorithm) => ['tpm', algorithm] as const),
  ...(['ES256', 'ES384', 'RS256'] as const).map((algorithm) => ['android-key', algorithm] as const),
  ['fido-u2f', 'ES256'],
];
for (const [format, algorithm] of pairs)
  test(`webauthn: ${format} with ${algorithm} is verified`, () => {
    const minted = register({ format, algorithm });
    const answer = verify(format, minted.evidence);
    assert.ok(answer.ok, answer.ok ? '' : `${answer.code} ${answer.detail}`);
    assert.equal(answer.value.trust, format === 'none' || format === 'self' ? format : 'anchored');
    assert.deepEqual(answer.value.key.spki, minted.spki);
    assert.equal(answer.value.key.algorithm, algorithm);
  });

for (const algorithm of credentialAlgorithms)
  test(`webauthn: a login with ${algorithm} is verified, and no changed bit of it`, async () => {
    const minted = register({ format: 'none', algorithm });
    const made = verify('none', minted.evidence);
    assert.ok(made.ok);
    const evidence = assertBy(algorithm, minted.privateKey);
    const credential = { key: made.value.key, signCount: 1, backupEligible: false };
    const shared = { challenge, rpId: 'bank.example', origins: ['https://bank.example'] };
    const ask = (changed: AssertionEvidence): string => {
      const answer = verifyAssertion(changed, { ...shared, credential }, nodeEvidenceCrypto);
      return answer.ok ? 'accepted' : answer.code;
    };
    assert.equal(ask(evidence), 'accepted');
    for (const bit of [0, 77, 200]) {
      const signature = evidence.signature.slice();
      signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(ask({ ...evidence, signature }), 'webauthn.signature');
    }
    const id = text(minted.credentialId);
    const { clientDataJson, authenticatorData, signature } = evidence;
    const publicKey = cosePublicKey(minted);
    const theirs = verifyAuthenticationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: text(clientDataJson),
          authenticatorData: text(authenticatorData),
          signature: text(signature),
        },
      },
      expectedChallenge: text(challenge),
      expectedOrigin: 'https://bank.example',
      expectedRPID: 'bank.example',
      credential: { id, publicKey, counter: 1 },
    });
    // Level 3 has Ed448; the other implementation does not.
    if (algorithm === 'Ed448') await assert.rejects(theirs);
    else assert.equal((await theirs).verified, true);
  });

/** What the other implementation is known to refuse although WebAuthn Level 3 allows it. */
const peerRefuses = ([format, algorithm]: readonly [MintedFormat, CredentialAlgorithm]): boolean =>
  (format === 'self' && algorithm === 'Ed448') ||
  format === 'android-key' ||
  (format === 'apple' && !algorithm.startsWith('ES'));

test('webauthn: another implementation accepts the same registrations', async () => {
  const disagreed: string[] = [];
  for (const pair of pairs) {
    const minted = register({ format: pair[0], algorithm: pair[1] });
    if ((await accepts(minted.evidence, minted)) === peerRefuses(pair)) disagreed.push(pair.join(' '));
  }
  assert.deepEqual(disagreed, []);
});

test('webauthn: what is accepted here with a changed byte, another implementation accepts too', async () => {
  let accepted = 0;
  for (const format of ['none', 'self', 'packed', 'apple', 'fido-u2f', 'tpm'] as const) {
    const minted = register({ format });
    const { attestationObject, clientDataJson } = minted.evidence;
    // U2F has no models; the other implementation asks for zeros there, which the W3C's own sample does not have.
    const model = attestationObject.length - minted.coseLength - 16 - 2 - 16;
    const isModel = (at: number): boolean => format === 'fido-u2f' && at >= model && at < model + 16;
    for (let at = 0; at < attestationObject.length; at += 1 + (at % 5)) {
      const changed = attestationObject.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const evidence = { clientDataJson, attestationObject: changed };
      if (isModel(at) || !verify(format, evidence).ok) continue;
      accepted += 1;
      assert.ok(await accepts(evidence, minted), `${format}: byte ${at}`);
    }
  }
  // `none` signs nothing, so changes of its fields must pass both.
  assert.ok(accepted > 0);
});

test('webauthn: identifiers of 1023 bytes are read, longer ones refused', () => {
  assert.ok(verify('none', register({ format: 'none', idLength: 1023 }).evidence).ok);
  const longer = verify('none', register({ format: 'none', idLength: 1024 }).evidence);
  assert.equal(longer.ok ? 'accepted' : longer.code, 'webauthn.authenticator-data');
});

test('webauthn: a top origin passes only where it was allowed', () => {
  const { evidence } = register({ format: 'none', client: { crossOrigin: true, topOrigin: 'https://shop.example' } });
  const ask = (change: Partial<RegistrationExpectations>): string => {
    const answer = verifyRegistration(evidence, { ...rules('none'), ...change }, nodeEvidenceCrypto);
    return answer.ok ? (answer.value.clientData.topOrigin ?? '') : answer.code;
  };
  assert.equal(ask({}), 'webauthn.cross-origin');
  assert.equal(ask({ allowCrossOrigin: true }), 'webauthn.top-origin');
  assert.equal(ask({ allowCrossOrigin: true, topOrigins: ['https://shop.example'] }), 'https://shop.example');
});

const context = (change: Partial<AppraisalContext['expectations']> = {}): AppraisalContext => ({
  crypto: nodeEvidenceCrypto,
  anchors: { webauthn: [manufacturer] },
  revocations: {},
  expectations: {
    challenge,
    environment: 'production',
    apps: { web: { rpId: 'bank.example', origins: ['https://bank.example'] } },
    ...change,
  },
  now: epochMs(Date.UTC(2026, 0, 1)),
});
const verifiedAaguid = (): Uint8Array => {
  const { evidence } = register({ format: 'packed' });
  const verified = verifyRegistration(evidence, rules('packed'), nodeEvidenceCrypto);
  assert.ok(verified.ok);
  return verified.value.aaguid;
};
const withModels = (models: AuthenticatorModels | undefined, more = {}): AppraisalContext => {
  const given = context(more);
  return models === undefined ? given : { ...given, anchors: { ...given.anchors, authenticators: models } };
};
const appraised = (format: MintedFormat, changed = context()): string => {
  const answer = appraise({ kind: 'webauthn', ...register({ format }).evidence }, changed);
  return answer.ok ? `${answer.value.status} ${answer.value.tier} ${answer.value.keyBinding}` : answer.code;
};

test('webauthn: where a model keeps its keys its metadata tell; a model that nothing is known of is software, whoever made it', () => {
  const aaguid = toHex(verifiedAaguid());
  const known = (tier: 'software' | 'tee' | 'secure-element', isBroken = false) =>
    withModels(new Map([[aaguid, { tier, isBroken }]]));
  const lax = { policy: { leastTier: 'software' as const } };
  assert.equal(appraised('packed'), 'TIER_TOO_LOW');
  assert.equal(appraised('packed', withModels(undefined, lax)), 'warning software attested');
  const others = new Map([['0'.repeat(32), { tier: 'tee' as const, isBroken: false }]]);
  assert.equal(appraised('packed', withModels(others, lax)), 'warning software attested');
  assert.equal(appraised('packed', known('tee')), 'affirming tee attested');
  assert.equal(appraised('packed', known('secure-element')), 'affirming secure-element attested');
  assert.equal(appraised('packed', known('software')), 'TIER_TOO_LOW');
  assert.equal(appraised('packed', known('secure-element', true)), 'AUTHENTICATOR_BROKEN');
  const said = appraise({ kind: 'webauthn', ...register({ format: 'packed' }).evidence }, withModels(undefined, lax));
  assert.deepEqual(said.ok ? said.value.anomalies : [], [{ code: 'AUTHENTICATOR_UNKNOWN', detail: aaguid }]);
});

test('webauthn: an appraisal tells who vouches', () => {
  assert.equal(appraised('tpm'), 'affirming secure-element attested');
  assert.equal(appraised('none'), 'webauthn.statement-format');
  assert.equal(appraised('self'), 'webauthn.attestation-required');
  const lax = context({ policy: { leastTier: 'software' } });
  assert.equal(appraised('none', lax), 'warning software attested');
  assert.equal(appraised('self', lax), 'warning software attested');
  assert.equal(appraised('packed', context({ apps: {} })), 'APPLICATION_NOT_CONFIGURED');
  assert.equal(appraised('packed', context({ publicKey: register({ format: 'none' }).spki })), 'KEY_MISMATCH');
});
