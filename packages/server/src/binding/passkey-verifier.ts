/** Passkeys that prove a customer: WebAuthn ceremonies of the bank's own relying party. Synced ones are welcome; who vouches is the bound device. */
import { type StoredCredential, verifyAssertion, verifyRegistration } from '@hauberk/attestation';
import type { Passkey } from '@hauberk/binding';
import {
  type Bytes,
  type EpochMs,
  type EvidenceCrypto,
  fromBase64Url,
  type SignatureAlgorithm,
  toBase64Url,
} from '@hauberk/primitives';

/** What a browser or app sends after `create`. */
export interface RegistrationWords {
  readonly clientData: Bytes;
  readonly attestationObject: Bytes;
}

/** What it sends after `get`. */
export interface AssertionWords {
  readonly credential: string;
  readonly clientData: Bytes;
  readonly authenticatorData: Bytes;
  readonly signature: Bytes;
}

/** The ceremonies. Neither throws; undefined is no. */
export interface PasskeyVerifier {
  readonly rpId: string;
  readonly register: (words: RegistrationWords, challenge: Bytes) => Passkey | undefined;
  /** The counter to be kept. */
  readonly assert: (passkey: Passkey, words: AssertionWords, challenge: Bytes) => number | undefined;
}

const algorithms: readonly SignatureAlgorithm[] = ['ES256', 'ES384', 'RS256', 'Ed25519'];

const credentialOf = ({ spki, algorithm, signCount, backupEligible }: Passkey): StoredCredential | undefined => {
  const bytes = fromBase64Url(spki);
  const named = algorithms.find((each) => each === algorithm);
  if (bytes === undefined || named === undefined) return undefined;
  return { key: { algorithm: named, identifier: 0, spki: bytes, point: undefined }, signCount, backupEligible };
};

/** Opens the ceremonies of a relying party. */
export const passkeyVerifier = (
  { rpId, origins }: { readonly rpId: string; readonly origins: readonly string[] },
  crypto: EvidenceCrypto,
  now: () => EpochMs,
): PasskeyVerifier => ({
  rpId,
  register: ({ clientData: clientDataJson, attestationObject }, challenge) => {
    const verified = verifyRegistration(
      { clientDataJson, attestationObject },
      // What vouches is the bound device that adds it: no maker's statement is asked for.
      { rpId, origins, challenge, algorithms, formats: ['none'], anchors: [], now: now(), allowSynced: true },
      crypto,
    );
    if (!verified.ok) return undefined;
    const { credentialId, key, signCount, flags } = verified.value;
    return {
      id: toBase64Url(credentialId),
      spki: toBase64Url(key.spki),
      algorithm: key.algorithm,
      signCount,
      backupEligible: flags.backupEligible,
    };
  },
  assert: (passkey, { clientData: clientDataJson, authenticatorData, signature }, challenge) => {
    const credential = credentialOf(passkey);
    if (credential === undefined) return undefined;
    const verified = verifyAssertion(
      { clientDataJson, authenticatorData, signature },
      { rpId, origins, challenge, credential, allowSynced: true },
      crypto,
    );
    return verified.ok ? verified.value.signCount : undefined;
  },
});
