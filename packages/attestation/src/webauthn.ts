/** Registration and assertion ceremonies of WebAuthn Level 3 (sections 7.1 and 7.2): bytes and expectations in, a verdict or a code out. */
import {
  accept,
  type Bytes,
  concat,
  type EpochMs,
  type EvidenceCrypto,
  equalBytes,
  type Result,
  refuse,
  type SignatureAlgorithm,
  utf8,
} from '@hauberk/primitives';
import { asCborBytes, asCborMap, type CborMap, readCbor } from './cbor.ts';
import type { CoseKey } from './cose.ts';
import {
  type AttestedCredential,
  type AuthenticatorData,
  type AuthenticatorDataCode,
  type AuthenticatorFlags,
  readAuthenticatorData,
} from './webauthn-authenticator-data.ts';
import {
  type CeremonyOrigins,
  type ClientData,
  type ClientDataCode,
  type ClientDataExpectations,
  readClientData,
} from './webauthn-client-data.ts';
import { type ConfirmedPayment, type PaymentCode, type PaymentExpectations, readPayment } from './webauthn-payment.ts';
import { type AttestationFormat, checkStatement, type StatementCode, type Voucher } from './webauthn-statement.ts';
import { readCertificates } from './x509.ts';
import { type CertificateCode, checkPath } from './x509-path.ts';

/** Every code with which a ceremony is refused. */
export type WebauthnCode =
  | AuthenticatorDataCode
  | CertificateCode
  | ClientDataCode
  | PaymentCode
  | StatementCode
  | 'webauthn.attestation-object'
  | 'webauthn.rp-id'
  | 'webauthn.user-presence'
  | 'webauthn.user-verification'
  | 'webauthn.synced-credential'
  | 'webauthn.backup-changed'
  | 'webauthn.algorithm'
  | 'webauthn.attestation-required'
  | 'webauthn.signature'
  | 'webauthn.sign-count'
  | 'webauthn.browser-signature';

/** What both ceremonies are measured against. */
export interface CeremonyExpectations extends CeremonyOrigins {
  /** At least 16 bytes, used once. */
  readonly challenge: Uint8Array;
  readonly rpId: string;
  /** True when absent. */
  readonly requireUserVerification?: boolean;
  /** Whether credentials that may be copied to other devices are accepted; false when absent. */
  readonly allowSynced?: boolean;
}

/** What a registration is measured against. */
export interface RegistrationExpectations extends CeremonyExpectations {
  readonly algorithms: readonly SignatureAlgorithm[];
  /** `none` admits credentials that nobody vouches for. */
  readonly formats: readonly AttestationFormat[];
  /** Whether a `packed` statement may be signed by the credential itself; false when absent. */
  readonly allowSelf?: boolean;
  /** DER certificates of manufacturers. */
  readonly anchors: readonly Bytes[];
  readonly now: EpochMs;
  /** Whether `android-key` keys must state origin and purpose; true when absent. */
  readonly requireKeyFacts?: boolean;
}

declare const mark: unique symbol;

/** A registration that passed; made here and nowhere else. */
export interface VerifiedRegistration {
  readonly [mark]: 'registration';
  readonly credentialId: Bytes;
  readonly key: CoseKey;
  readonly aaguid: Bytes;
  readonly signCount: number;
  readonly flags: AuthenticatorFlags;
  readonly extensions: CborMap | undefined;
  readonly clientData: ClientData;
  readonly format: AttestationFormat;
  /** `anchored`: certificates up to an anchor; `self`: the credential alone; `none`: nobody. */
  readonly trust: 'anchored' | 'self' | 'none';
}

/** What the browser sent after `create`. */
export interface RegistrationEvidence {
  readonly clientDataJson: Bytes;
  readonly attestationObject: Bytes;
}

type Refused = WebauthnCode | undefined;

const checkAuthenticator = (
  authenticator: AuthenticatorData,
  expectations: CeremonyExpectations,
  crypto: EvidenceCrypto,
): Refused => {
  const { flags, rpIdHash } = authenticator;
  if (!equalBytes(rpIdHash, crypto.digest('SHA-256', utf8(expectations.rpId)))) return 'webauthn.rp-id';
  if (!flags.userPresent) return 'webauthn.user-presence';
  if (!flags.userVerified && expectations.requireUserVerification !== false) return 'webauthn.user-verification';
  return flags.backupEligible && expectations.allowSynced !== true ? 'webauthn.synced-credential' : undefined;
};

interface AttestationObject {
  readonly format: string;
  readonly statement: CborMap;
  readonly authenticatorData: Bytes;
}

/** Key order is not asked for: genuine platforms write `fmt`, `authData`, `attStmt` too. */
const readAttestationObject = (bytes: Bytes): AttestationObject | undefined => {
  const value = readCbor(bytes);
  const map = value.ok ? asCborMap(value.value) : undefined;
  const format = map?.get('fmt');
  const statement = asCborMap(map?.get('attStmt'));
  const authenticatorData = asCborBytes(map?.get('authData'));
  if (typeof format !== 'string' || statement === undefined || authenticatorData === undefined) return undefined;
  return map?.size === 3 ? { format, statement, authenticatorData } : undefined;
};

const checkVoucher = (
  voucher: Voucher,
  expectations: RegistrationExpectations,
  crypto: EvidenceCrypto,
): Result<VerifiedRegistration['trust'], WebauthnCode> => {
  if (voucher === 'none') return accept('none');
  if (voucher === 'self')
    return expectations.allowSelf === true ? accept('self') : refuse('webauthn.attestation-required');
  const anchors = readCertificates(expectations.anchors) ?? [];
  const path = checkPath(voucher, { anchors, now: expectations.now }, crypto);
  return path.ok ? accept('anchored') : path;
};

const isFormat = (format: string, formats: readonly AttestationFormat[]): format is AttestationFormat =>
  formats.some((allowed) => allowed === format);

const checkAttestation = (
  object: AttestationObject,
  authenticator: AuthenticatorData & { readonly credential: AttestedCredential },
  evidence: RegistrationEvidence,
  expectations: RegistrationExpectations,
  crypto: EvidenceCrypto,
): Result<VerifiedRegistration['trust'], WebauthnCode> => {
  const input = {
    statement: object.statement,
    authenticatorData: object.authenticatorData,
    rpIdHash: authenticator.rpIdHash,
    clientDataHash: crypto.digest('SHA-256', evidence.clientDataJson),
    credential: authenticator.credential,
    requireKeyFacts: expectations.requireKeyFacts !== false,
  };
  const voucher = checkStatement(object.format, input, crypto);
  return voucher.ok ? checkVoucher(voucher.value, expectations, crypto) : voucher;
};

/** Verifies a registration. */
export const verifyRegistration = (
  evidence: RegistrationEvidence,
  expectations: RegistrationExpectations,
  crypto: EvidenceCrypto,
): Result<VerifiedRegistration, WebauthnCode> => {
  const clientData = readClientData(evidence.clientDataJson, { ...expectations, type: 'webauthn.create' });
  if (!clientData.ok) return clientData;
  const object = readAttestationObject(evidence.attestationObject);
  if (object === undefined) return refuse('webauthn.attestation-object');
  const { format } = object;
  if (!isFormat(format, expectations.formats)) return refuse('webauthn.statement-format', format.slice(0, 32));
  const read = readAuthenticatorData(object.authenticatorData);
  if (!read.ok) return read;
  const { credential, flags, signCount, extensions } = read.value;
  if (credential === undefined) return refuse('webauthn.authenticator-data', 'no credential');
  const fault = checkAuthenticator(read.value, expectations, crypto);
  if (fault !== undefined) return refuse(fault);
  if (!expectations.algorithms.includes(credential.key.algorithm)) return refuse('webauthn.algorithm');
  const trust = checkAttestation(object, { ...read.value, credential }, evidence, expectations, crypto);
  if (!trust.ok) return trust;
  const { id, key } = credential;
  // U2F has no models and does not sign this field: what stands there proves nothing.
  const aaguid = format === 'fido-u2f' ? new Uint8Array(16) : credential.aaguid;
  const facts = { credentialId: id, key, aaguid, signCount, flags, extensions, format, trust: trust.value };
  return accept({ ...facts, clientData: clientData.value } as VerifiedRegistration);
};

/** The credential as it was stored. */
export interface StoredCredential {
  readonly key: CoseKey;
  readonly signCount: number;
  readonly backupEligible: boolean;
}

/** What an assertion is measured against; a `payment` makes it one of `payment.get`. */
export interface AssertionExpectations extends CeremonyExpectations {
  readonly credential: StoredCredential;
  readonly payment?: PaymentExpectations;
}

/** What the browser sent after `get`. */
export interface AssertionEvidence {
  readonly clientDataJson: Bytes;
  readonly authenticatorData: Bytes;
  readonly signature: Bytes;
  /** Of the browser-bound key over the client data, in payments. */
  readonly browserBoundSignature?: Bytes;
}

/** An assertion that passed; made here and nowhere else. */
export interface VerifiedAssertion {
  readonly [mark]: 'assertion';
  /** To be stored. */
  readonly signCount: number;
  readonly flags: AuthenticatorFlags;
  readonly extensions: CborMap | undefined;
  readonly clientData: ClientData;
  readonly payment: ConfirmedPayment | undefined;
}

/** Section 7.2 step 22: a counter that is in use rises; one that stands still means a copy. */
const isCounterRising = (stored: number, signCount: number): boolean =>
  (stored === 0 && signCount === 0) || signCount > stored;

const checkPayment = (
  clientData: ClientData,
  evidence: AssertionEvidence,
  expectations: AssertionExpectations,
  crypto: EvidenceCrypto,
): Result<ConfirmedPayment | undefined, WebauthnCode> => {
  if (expectations.payment === undefined) return accept(undefined);
  const payment = readPayment(clientData, expectations.rpId, expectations.payment);
  if (!payment.ok) return payment;
  const { browserBoundKey: key } = payment.value;
  if (key === undefined) return payment;
  const signature = evidence.browserBoundSignature;
  const isSigned =
    signature !== undefined && crypto.verify(key.algorithm, key.spki, evidence.clientDataJson, signature);
  return isSigned ? payment : refuse('webauthn.browser-signature');
};

const checkAssertion = (
  authenticator: AuthenticatorData,
  evidence: AssertionEvidence,
  expectations: AssertionExpectations,
  crypto: EvidenceCrypto,
): Refused => {
  const { credential } = expectations;
  const fault = checkAuthenticator(authenticator, expectations, crypto);
  if (fault !== undefined) return fault;
  if (authenticator.flags.backupEligible !== credential.backupEligible) return 'webauthn.backup-changed';
  const message = concat(evidence.authenticatorData, crypto.digest('SHA-256', evidence.clientDataJson));
  const { algorithm, spki } = credential.key;
  if (!crypto.verify(algorithm, spki, message, evidence.signature)) return 'webauthn.signature';
  return isCounterRising(credential.signCount, authenticator.signCount) ? undefined : 'webauthn.sign-count';
};

/** Verifies an assertion. */
export const verifyAssertion = (
  evidence: AssertionEvidence,
  expectations: AssertionExpectations,
  crypto: EvidenceCrypto,
): Result<VerifiedAssertion, WebauthnCode> => {
  const type: ClientDataExpectations['type'] = expectations.payment === undefined ? 'webauthn.get' : 'payment.get';
  const clientData = readClientData(evidence.clientDataJson, { ...expectations, type });
  if (!clientData.ok) return clientData;
  const authenticator = readAuthenticatorData(evidence.authenticatorData);
  if (!authenticator.ok) return authenticator;
  const fault = checkAssertion(authenticator.value, evidence, expectations, crypto);
  if (fault !== undefined) return refuse(fault);
  const payment = checkPayment(clientData.value, evidence, expectations, crypto);
  if (!payment.ok) return payment;
  const { signCount, flags, extensions } = authenticator.value;
  const facts = { signCount, flags, extensions, clientData: clientData.value, payment: payment.value };
  return accept(facts as VerifiedAssertion);
};
