/** Bad authenticators and bad pages. */
import { type AssertionExpectations, type RegistrationExpectations, verifyRegistration } from '@hauberk/attestation';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, epochMs, utf8 } from '@hauberk/primitives';
import { attribute } from '../certificate.ts';
import { type SigningKey, sha256, signingKey } from '../signing-key.ts';
import {
  assert,
  type CeremonyClaims,
  type Registration,
  type RegistrationClaims,
  register,
  type StatementFormat,
} from '../webauthn.ts';
import { caseTime, caseWorld, type Minted, type NegativeCase } from './judge.ts';

const challenge = utf8('the challenge of this enrolment!');
const origin = 'https://bank.example';
const rpId = 'bank.example';
const formats = ['packed', 'tpm', 'android-key', 'apple', 'fido-u2f', 'none'] as const;

const rules = (): RegistrationExpectations => ({
  challenge,
  rpId,
  origins: [origin],
  algorithms: ['ES256'],
  formats,
  anchors: [caseWorld().authenticators.root.certificate],
  now: epochMs(caseTime),
});

const made = (claims: Partial<RegistrationClaims>): Registration =>
  register(caseWorld().authenticators, { challenge, origin, rpId, format: 'packed', ...claims });
const registered = (
  claims: Partial<RegistrationClaims>,
  expected: Partial<RegistrationExpectations> = {},
  edit: (registration: Registration) => Pick<Registration, 'clientDataJson' | 'attestationObject'> = (registration) =>
    registration,
): Minted => ({ check: 'registration', evidence: edit(made(claims)), expected: { ...rules(), ...expected } });

let credential: { readonly key: SigningKey; readonly stored: AssertionExpectations['credential'] } | undefined;
const enrolled = (): NonNullable<typeof credential> => {
  if (credential !== undefined) return credential;
  const registration = made({});
  const answer = verifyRegistration(registration, rules(), nodeEvidenceCrypto);
  if (!answer.ok) throw new Error(`an honest authenticator was refused: ${answer.code}`);
  credential = { key: registration.key, stored: { key: answer.value.key, signCount: 7, backupEligible: false } };
  return credential;
};
const asserted = (claims: Partial<CeremonyClaims>, key = enrolled().key): Minted => ({
  check: 'assertion',
  evidence: assert(key, { challenge, origin, rpId, signCount: 8, ...claims }),
  expected: { challenge, rpId, origins: [origin], credential: enrolled().stored },
});

const certified: readonly StatementFormat[] = ['packed', 'tpm', 'android-key', 'apple'];
const signed: readonly StatementFormat[] = ['packed', 'self', 'tpm', 'android-key'];
const text = (
  registration: Registration,
  json: string,
): Pick<Registration, 'clientDataJson' | 'attestationObject'> => ({
  clientDataJson: utf8(json),
  attestationObject: registration.attestationObject,
});
const cut = ({
  clientDataJson,
  attestationObject,
}: Registration): { clientDataJson: Bytes; attestationObject: Bytes } => ({
  clientDataJson,
  attestationObject: attestationObject.slice(0, -1),
});

const web = (name: string, expectedReason: string, what: string, mint: () => readonly Minted[]): NegativeCase => ({
  name: `webauthn-${name}`,
  platform: 'webauthn',
  what,
  mint,
  expectedReason,
});

/** The page. */
export const webauthnPageCases: readonly NegativeCase[] = [
  web('no-client-data', 'webauthn.client-data', 'The client data are no JSON object of their form.', () => [
    registered({}, {}, (registration) => text(registration, '[]')),
    registered({}, {}, (registration) => text(registration, '{"type":"webauthn.create"')),
  ]),
  web('other-ceremony', 'webauthn.type', 'A login passed as a registration, and the other way round.', () => [
    registered({ type: 'webauthn.get' }),
    asserted({ type: 'webauthn.create' }),
  ]),
  web('foreign-challenge', 'webauthn.challenge', 'A ceremony of an earlier day.', () => [
    registered({ challenge: utf8('the challenge of another server!') }),
    asserted({ challenge: utf8('the challenge of another server!') }),
  ]),
  web('phishing-origin', 'webauthn.origin', 'The page of a phisher passed the ceremony on.', () => [
    registered({ origin: 'https://bank.example.thief.example' }),
    asserted({ origin: 'http://bank.example' }),
  ]),
  web('framed', 'webauthn.cross-origin', 'The bank’s page ran inside another one.', () => [
    registered({ crossOrigin: true }),
    asserted({ crossOrigin: true }),
  ]),
  web('foreign-frame', 'webauthn.top-origin', 'It ran inside a page that was not allowed to frame it.', () => [
    registered(
      { crossOrigin: true, topOrigin: 'https://thief.example' },
      { allowCrossOrigin: true, topOrigins: ['https://partner.example'] },
    ),
  ]),
  web('rp-mismatch', 'webauthn.rp-id', 'The credential belongs to another site.', () => [
    registered({ rpId: 'thief.example' }),
    asserted({ rpId: 'thief.example' }),
  ]),
  web('no-touch', 'webauthn.user-presence', 'Nobody touched the authenticator.', () => [
    registered({ flags: 0x04 }),
    asserted({ flags: 0x04 }),
  ]),
  web('no-verification', 'webauthn.user-verification', 'Somebody touched it, and was not verified.', () => [
    registered({ flags: 0x01 }),
    asserted({ flags: 0x01 }),
  ]),
  web('synced', 'webauthn.synced-credential', 'A passkey that is copied between devices.', () => [
    registered({ flags: 0x0d }),
    asserted({ flags: 0x1d }),
  ]),
  web('impossible-flags', 'webauthn.backup-flags', 'Backed up, and yet not eligible for it.', () => [
    registered({ flags: 0x15 }),
    asserted({ flags: 0x15 }),
  ]),
  web('count-rollback', 'webauthn.sign-count', 'The counter stands still or falls: a copy signs.', () => [
    asserted({ signCount: 7 }),
    asserted({ signCount: 0 }),
  ]),
  web('foreign-signature', 'webauthn.signature', 'The assertion is signed by another key.', () => [
    asserted({}, signingKey('p256')),
  ]),
];

/** The authenticator and its statement. */
export const webauthnStatementCases: readonly NegativeCase[] = [
  web('no-object', 'webauthn.attestation-object', 'What was sent is no attestation object.', () => [
    registered({}, {}, cut),
  ]),
  web('weak-algorithm', 'webauthn.algorithm', 'A key of an algorithm that was not offered.', () => [
    registered({}, { algorithms: ['Ed25519'] }),
  ]),
  web('unknown-algorithm', 'cose.unsupported-algorithm', 'A key of an algorithm that nobody verifies here.', () => [
    registered({ algorithm: -65_535 }),
  ]),
  web('mismatched-algorithm', 'cose.algorithm-mismatch', 'A P-256 key that says it is Ed25519’s or P-384’s.', () => [
    registered({ algorithm: -35 }),
    registered({ algorithm: -8 }),
  ]),
  web('unvouched', 'webauthn.attestation-required', 'A credential that only vouches for itself.', () => [
    registered({ format: 'self' }),
  ]),
  web('refused-format', 'webauthn.statement-format', 'A format that was not allowed.', () => [
    registered({ format: 'none' }, { formats: ['packed'] }),
    registered({ format: 'fido-u2f' }, { formats: ['packed'] }),
  ]),
  web(
    'extra-member',
    'webauthn.statement',
    'A statement with a member too many, and U2F that claims a verified user.',
    () => [
      ...[...certified, 'self' as const, 'none' as const].map((format) =>
        registered({ format, extraMember: 'ecdaaKeyId' }),
      ),
      registered({ format: 'fido-u2f', flags: 0x05 }, { requireUserVerification: false }),
    ],
  ),
  web('forged-statement', 'webauthn.statement-signature', 'The statement is signed by another key.', () => [
    ...signed.map((format) => registered({ format, statementSigner: signingKey('p256') })),
    registered({ format: 'fido-u2f', statementSigner: signingKey('p256') }, { requireUserVerification: false }),
  ]),
  web(
    'statement-algorithm',
    'webauthn.statement-algorithm',
    'The statement names an algorithm that does not exist, or not the key’s.',
    () => [
      registered({ format: 'packed', statementAlgorithm: -999 }),
      registered({ format: 'self', statementAlgorithm: -8 }),
    ],
  ),
  web(
    'wrong-unit',
    'webauthn.statement-certificate',
    'The attestation certificate is not one for authenticators.',
    () => [
      registered({ subject: [[attribute.commonName, 'A web server']] }),
      registered({ authority: 'yes' }),
      registered({ format: 'tpm', authority: 'yes' }),
      registered({ format: 'tpm', subject: [[attribute.commonName, 'named']] }),
    ],
  ),
  web('wrong-aaguid', 'webauthn.statement-aaguid', 'The certificate is another model’s.', () => [
    registered({ certifiedAaguid: new Uint8Array(16) }),
    registered({ format: 'tpm', certifiedAaguid: new Uint8Array(16) }),
  ]),
  web('other-key', 'webauthn.statement-key', 'The certificate or the TPM describes another key.', () =>
    (['apple', 'android-key', 'tpm'] as const).map((format) => registered({ format, otherKey: signingKey('p256') })),
  ),
  web('statement-replayed', 'webauthn.statement-challenge', 'The statement was made for another ceremony.', () =>
    (['apple', 'android-key', 'tpm'] as const).map((format) =>
      registered({ format, otherChallenge: sha256(utf8('another')) }),
    ),
  ),
  web('wrong-root', 'chain.untrusted', 'A manufacturer that nobody pinned.', () =>
    certified.map((format) => registered({ format }, { anchors: [caseWorld().apple.root.certificate] })),
  ),
  web('false-root', 'chain.signature', 'A certificate in the manufacturer’s name, by another key.', () =>
    certified.map((format) => registered({ format, impostor: signingKey('p256') })),
  ),
  web('expired', 'chain.expired', 'An attestation certificate whose time is over.', () =>
    certified.map((format) => registered({ format, until: caseTime - 1 })),
  ),
  web('no-tpm', 'webauthn.statement-tpm', 'No TPM made the structure: its magic value is missing.', () => [
    registered({ format: 'tpm', magic: 0x00c0_ffee }),
  ]),
  web('key-facts', 'webauthn.statement-key-facts', 'The key was imported, or every app may use it.', () => [
    registered({ format: 'android-key', description: { origin: 'IMPORTED' } }),
    registered({ format: 'android-key', description: { extraHardware: [[600, Uint8Array.of(5, 0)]] } }),
  ]),
];
