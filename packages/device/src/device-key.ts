/** The keys of a device, by purpose: how many there may be, and how one takes over from another. */
import { accept, type Bytes, type EpochMs, type Result, refuse } from '@hauberk/primitives';

/** `identity` says hello, `step-up` approves, `attestation` answers App Attest and its like, `retired` is an identity that handed over. */
export const deviceKeyPurposes = ['identity', 'step-up', 'attestation', 'retired'] as const;
/** One of them. */
export type DeviceKeyPurpose = (typeof deviceKeyPurposes)[number];

/** A public key of a device. */
export interface DeviceKey {
  /** base64url of the SHA-256 of the canonical JWK (RFC 7638). */
  readonly thumbprint: string;
  readonly purpose: DeviceKeyPurpose;
  /** Raw uncompressed P-256 point. */
  readonly publicKey: Bytes;
  readonly createdAtMs: EpochMs;
}

/** Most keys of one device that are in use. */
export const maxDeviceKeys = 4;
/** Most retired identities that one device may have: each stays known, so that it never says hello again. */
export const maxRetiredKeys = 16;

/** Why keys stay as they are. */
export type RotationCode = 'rotation.no-identity' | 'rotation.not-signed' | 'rotation.key-taken' | 'rotation.too-often';

/** A proposed successor of the identity key. */
export interface Rotation {
  readonly thumbprint: string;
  readonly publicKey: Bytes;
  /** Thumbprints whose signatures over the proposal verified. */
  readonly signedBy: readonly string[];
}

/**
 * The keys after a rotation: the successor is the identity, its predecessor is retired. Both must have signed: the old one hands over, the new
 * one is there. Repeated with the successor in place it changes nothing.
 */
export const rotateIdentity = (
  keys: readonly DeviceKey[],
  { thumbprint, publicKey, signedBy }: Rotation,
  now: EpochMs,
): Result<readonly DeviceKey[], RotationCode> => {
  const identity = keys.find(({ purpose }) => purpose === 'identity');
  if (identity === undefined) return refuse('rotation.no-identity');
  if (identity.thumbprint === thumbprint) return accept(keys);
  if (!signedBy.includes(identity.thumbprint) || !signedBy.includes(thumbprint)) return refuse('rotation.not-signed');
  if (keys.some((key) => key.thumbprint === thumbprint)) return refuse('rotation.key-taken');
  if (keys.filter(({ purpose }) => purpose === 'retired').length >= maxRetiredKeys) return refuse('rotation.too-often');
  const retired = keys.map((key): DeviceKey => (key === identity ? { ...key, purpose: 'retired' } : key));
  return accept([...retired, { thumbprint, purpose: 'identity', publicKey, createdAtMs: now }]);
};
