/** Authenticator data (WebAuthn Level 3 section 6.1), read to its last byte. */
import { accept, type Bytes, type Result, refuse } from '@hauberk/primitives';
import { asCborMap, type CborMap, readCborPrefix } from './cbor.ts';
import { type CoseCode, type CoseKey, readCoseKey } from './cose.ts';

/** Why authenticator data was refused. */
export type AuthenticatorDataCode = 'webauthn.authenticator-data' | 'webauthn.backup-flags' | CoseCode;

/** What the authenticator claims about the ceremony. */
export interface AuthenticatorFlags {
  readonly userPresent: boolean;
  readonly userVerified: boolean;
  /** The credential may be copied to other devices. */
  readonly backupEligible: boolean;
  /** It has been. */
  readonly backedUp: boolean;
}

/** The credential that a registration made. */
export interface AttestedCredential {
  readonly aaguid: Bytes;
  readonly id: Bytes;
  readonly key: CoseKey;
}

/** Authenticator data, taken apart. */
export interface AuthenticatorData {
  readonly rpIdHash: Bytes;
  readonly flags: AuthenticatorFlags;
  /** Unsigned, 32 bits. */
  readonly signCount: number;
  readonly credential: AttestedCredential | undefined;
  readonly extensions: CborMap | undefined;
}

/**
 * `webauthn`: the flags tell exactly what follows. `app-attest`: Apple's later systems append extensions with ED clear, and set AT in
 * assertions that hold no credential, so there the form is told by the place instead.
 */
export type AuthenticatorDataForm = 'webauthn' | 'app-attest-attestation' | 'app-attest-assertion';

const fixedLength = 37;
const malformed = (detail: string): Result<never, AuthenticatorDataCode> =>
  refuse('webauthn.authenticator-data', detail);

interface CredentialPrefix {
  readonly credential: AttestedCredential;
  readonly end: number;
}

const readCredential = (bytes: Bytes): Result<CredentialPrefix, AuthenticatorDataCode> => {
  const idStart = fixedLength + 18;
  if (bytes.length < idStart) return malformed('credential cut short');
  const idLength = ((bytes[idStart - 2] ?? 0) << 8) | (bytes[idStart - 1] ?? 0);
  const keyStart = idStart + idLength;
  // Section 5.8.3: identifiers are at most 1023 bytes.
  if (idLength === 0 || idLength > 1023 || bytes.length < keyStart) return malformed('credential identifier');
  // Section 6.5.1: credential keys are in CTAP2 canonical form.
  const prefix = readCborPrefix(bytes, keyStart, { keyOrder: 'ctap2', maxDepth: 1, maxItems: 16 });
  if (!prefix.ok) return malformed(prefix.code);
  const key = readCoseKey(prefix.value.value);
  if (!key.ok) return key;
  const credential = {
    aaguid: bytes.slice(fixedLength, fixedLength + 16),
    id: bytes.slice(idStart, keyStart),
    key: key.value,
  };
  return accept({ credential, end: prefix.value.end });
};

const readExtensions = (bytes: Bytes, start: number): Result<CborMap, AuthenticatorDataCode> => {
  const prefix = readCborPrefix(bytes, start);
  if (!prefix.ok) return malformed(prefix.code);
  const map = asCborMap(prefix.value.value);
  if (map === undefined || [...map.keys()].some((key) => typeof key !== 'string')) return malformed('extensions');
  return prefix.value.end === bytes.length ? accept(map) : malformed('bytes after the extensions');
};

/** Reads authenticator data. */
export const readAuthenticatorData = (
  bytes: Bytes,
  form: AuthenticatorDataForm = 'webauthn',
): Result<AuthenticatorData, AuthenticatorDataCode> => {
  if (bytes.length < fixedLength) return malformed('cut short');
  const bits = bytes[32] ?? 0;
  const backupEligible = (bits & 0x08) !== 0;
  const backedUp = (bits & 0x10) !== 0;
  if (form === 'webauthn' && backedUp && !backupEligible)
    return refuse('webauthn.backup-flags', 'backed up, yet not eligible');
  const hasCredential = form === 'webauthn' ? (bits & 0x40) !== 0 : form === 'app-attest-attestation';
  const made = hasCredential ? readCredential(bytes) : accept({ credential: undefined, end: fixedLength });
  if (!made.ok) return made;
  const { credential, end } = made.value;
  const hasExtensions = form === 'webauthn' ? (bits & 0x80) !== 0 : end < bytes.length;
  const extensions = hasExtensions ? readExtensions(bytes, end) : accept(undefined);
  if (!extensions.ok) return extensions;
  if (!hasExtensions && end !== bytes.length) return malformed('bytes after the end');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return accept({
    rpIdHash: bytes.slice(0, 32),
    flags: { userPresent: (bits & 1) !== 0, userVerified: (bits & 4) !== 0, backupEligible, backedUp },
    signCount: view.getUint32(33),
    credential,
    extensions: extensions.value,
  });
};
