/** Apple App Attest: the attestation of a Secure Enclave key and the assertions that it signs. */
import {
  accept,
  type Bytes,
  concat,
  type EpochMs,
  type EvidenceCrypto,
  equalBytes,
  fromUtf8,
  type Result,
  refuse,
  utf8,
} from '@hauberk/primitives';
import { asCborByteStrings, asCborBytes, asCborMap, type CborMap, readCbor } from './cbor.ts';
import {
  type AuthenticatorData,
  type AuthenticatorDataCode,
  readAuthenticatorData,
} from './webauthn-authenticator-data.ts';
import { appleNonce } from './webauthn-statement.ts';
import { type Certificate, readCertificates } from './x509.ts';
import { type CertificateCode, checkPath } from './x509-path.ts';

/** Why an attestation or assertion was refused. */
export type AppAttestCode =
  | AuthenticatorDataCode
  | CertificateCode
  | 'app-attest.object'
  | 'app-attest.certificate'
  | 'app-attest.nonce'
  | 'app-attest.key'
  | 'app-attest.key-id'
  | 'app-attest.app-id'
  | 'app-attest.environment'
  | 'app-attest.counter'
  | 'app-attest.extension'
  | 'app-attest.signature';

/** Fixed by the deployment, never by the caller. */
export type AppAttestEnvironment = 'production' | 'development';

/** What an attestation is measured against. */
export interface AppAttestExpectations {
  /** Team identifier, a dot, bundle identifier. */
  readonly appId: string;
  readonly environment: AppAttestEnvironment;
  /** The identifier that the app's key has on the device: SHA-256 of its point. */
  readonly keyId: Uint8Array;
  /** SHA-256 of the client data, which holds the challenge. */
  readonly clientDataHash: Uint8Array;
  /** DER certificates of Apple's App Attestation roots. */
  readonly anchors: readonly Bytes[];
  readonly now: EpochMs;
}

/** What later systems say about the app; unsigned 32-bit category: 4 is the App Store, 2 TestFlight, 3 development. */
export interface AppAttestFacts {
  readonly validationCategory: number | undefined;
  readonly bundleVersion: string | undefined;
}

declare const mark: unique symbol;

/** An attestation that passed; made here and nowhere else. */
export interface VerifiedAppAttestation {
  readonly [mark]: 'attestation';
  readonly keyId: Bytes;
  readonly spki: Bytes;
  readonly environment: AppAttestEnvironment;
  readonly facts: AppAttestFacts;
  /** For `readReceipt`; not yet checked. */
  readonly receipt: Bytes;
}

/** An assertion that passed; made here and nowhere else. */
export interface VerifiedAppAssertion {
  readonly [mark]: 'assertion';
  /** To be stored: the next one must be higher. */
  readonly counter: number;
  readonly facts: AppAttestFacts;
}

const aaguids: { readonly [environment in AppAttestEnvironment]: Bytes } = {
  production: concat(utf8('appattest'), new Uint8Array(7)),
  development: utf8('appattestdevelop'),
};

interface AttestationObject {
  readonly chain: readonly [Certificate, ...Certificate[]];
  readonly receipt: Bytes;
  readonly authenticatorData: Bytes;
}

const readStatement = (statement: CborMap | undefined): Omit<AttestationObject, 'authenticatorData'> | undefined => {
  const chain = readCertificates(asCborByteStrings(statement?.get('x5c')) ?? []);
  const receipt = asCborBytes(statement?.get('receipt'));
  return chain === undefined || receipt === undefined ? undefined : { chain, receipt };
};

const readObject = (bytes: Bytes): AttestationObject | undefined => {
  const value = readCbor(bytes);
  const map = value.ok ? asCborMap(value.value) : undefined;
  const statement = readStatement(asCborMap(map?.get('attStmt')));
  const authenticatorData = asCborBytes(map?.get('authData'));
  // Members that later systems may add are unsigned, and say nothing here.
  if (map?.get('fmt') !== 'apple-appattest') return undefined;
  return statement === undefined || authenticatorData === undefined ? undefined : { ...statement, authenticatorData };
};

const readCategory = (bytes: Bytes): number | undefined =>
  bytes.length === 4 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) : undefined;

/** Extensions of iOS 27 and later; unknown ones are left alone. */
const readFacts = (extensions: CborMap | undefined): AppAttestFacts | undefined => {
  const [category, version] = ['apple_validation_category_01', 'apple_bundle_version_01'].map((name) =>
    extensions?.get(name),
  );
  const validationCategory = category instanceof Uint8Array ? readCategory(category) : category;
  const bundleVersion = version instanceof Uint8Array ? fromUtf8(version) : version;
  const isCategory = category === undefined || typeof validationCategory === 'number';
  const isVersion = version === undefined || typeof bundleVersion === 'string';
  if (!isCategory || !isVersion) return undefined;
  return {
    validationCategory: typeof validationCategory === 'number' ? validationCategory : undefined,
    bundleVersion: typeof bundleVersion === 'string' ? bundleVersion : undefined,
  };
};

/** The checks on what the device says about itself, in Apple's order. */
const checkClaims = (
  data: AuthenticatorData,
  leaf: Certificate,
  expectations: AppAttestExpectations,
  crypto: EvidenceCrypto,
): AppAttestCode | undefined => {
  const { credential } = data;
  const point = credential?.key.point;
  if (credential === undefined || point === undefined || !equalBytes(credential.key.spki, leaf.spki))
    return 'app-attest.key';
  const keyId = crypto.digest('SHA-256', point);
  if (!equalBytes(keyId, expectations.keyId) || !equalBytes(keyId, credential.id)) return 'app-attest.key-id';
  if (!equalBytes(data.rpIdHash, crypto.digest('SHA-256', utf8(expectations.appId)))) return 'app-attest.app-id';
  if (data.signCount !== 0) return 'app-attest.counter';
  return equalBytes(credential.aaguid, aaguids[expectations.environment]) ? undefined : 'app-attest.environment';
};

/** Verifies an attestation. */
export const verifyAppAttestation = (
  attestationObject: Bytes,
  expectations: AppAttestExpectations,
  crypto: EvidenceCrypto,
): Result<VerifiedAppAttestation, AppAttestCode> => {
  const object = readObject(attestationObject);
  if (object === undefined) return refuse('app-attest.object');
  const { chain, receipt, authenticatorData } = object;
  const anchors = readCertificates(expectations.anchors) ?? [];
  const path = checkPath(chain, { anchors, now: expectations.now }, crypto);
  if (!path.ok) return path;
  const nonce = appleNonce(chain[0]);
  if (nonce === undefined) return refuse('app-attest.certificate', 'no nonce');
  const expected = crypto.digest('SHA-256', concat(authenticatorData, expectations.clientDataHash));
  if (!equalBytes(nonce, expected)) return refuse('app-attest.nonce');
  const data = readAuthenticatorData(authenticatorData, 'app-attest-attestation');
  if (!data.ok) return data;
  const fault = checkClaims(data.value, chain[0], expectations, crypto);
  if (fault !== undefined) return refuse(fault);
  const facts = readFacts(data.value.extensions);
  if (facts === undefined) return refuse('app-attest.extension');
  const keyId = Uint8Array.from(expectations.keyId);
  const verdict = { keyId, spki: chain[0].spki, environment: expectations.environment, facts, receipt };
  return accept(verdict as VerifiedAppAttestation);
};

/** What an assertion is measured against. */
export interface AppAssertionExpectations {
  readonly appId: string;
  readonly spki: Uint8Array;
  /** Of the last assertion accepted; 0 after the attestation. */
  readonly counter: number;
  readonly clientDataHash: Uint8Array;
}

/** Verifies an assertion. */
export const verifyAppAssertion = (
  assertion: Bytes,
  expectations: AppAssertionExpectations,
  crypto: EvidenceCrypto,
): Result<VerifiedAppAssertion, AppAttestCode> => {
  const value = readCbor(assertion);
  const map = value.ok ? asCborMap(value.value) : undefined;
  const signature = asCborBytes(map?.get('signature'));
  const authenticatorData = asCborBytes(map?.get('authenticatorData'));
  if (signature === undefined || authenticatorData === undefined) return refuse('app-attest.object');
  const nonce = crypto.digest('SHA-256', concat(authenticatorData, expectations.clientDataHash));
  if (!crypto.verify('ES256', expectations.spki, nonce, signature)) return refuse('app-attest.signature');
  const data = readAuthenticatorData(authenticatorData, 'app-attest-assertion');
  if (!data.ok) return data;
  const { rpIdHash, signCount, extensions } = data.value;
  if (!equalBytes(rpIdHash, crypto.digest('SHA-256', utf8(expectations.appId)))) return refuse('app-attest.app-id');
  if (signCount <= expectations.counter)
    return refuse('app-attest.counter', `${signCount} after ${expectations.counter}`);
  const facts = readFacts(extensions);
  return facts === undefined
    ? refuse('app-attest.extension')
    : accept({ counter: signCount, facts } as VerifiedAppAssertion);
};
