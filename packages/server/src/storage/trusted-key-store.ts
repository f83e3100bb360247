/** Keys whose statements are believed: registered by a device in its own session, on evidence, one for each purpose. */
import type { TrustedKey } from '@hauberk/device';
import { accept, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import type { Scope } from './scope.ts';
import type { Stored } from './storage-refusal.ts';

/** A key that was admitted. */
export interface NewTrustedKey extends TrustedKey {
  /** base64url of the SHA-256 of the canonical JWK (RFC 7638). */
  readonly thumbprint: string;
}

/** A key as it is kept. */
export interface RegisteredKey extends NewTrustedKey {
  readonly device: string;
  readonly createdAtMs: EpochMs;
  /** When another key of its purpose took its place; null while it counts. */
  readonly endedAtMs: EpochMs | null;
}

/** Most keys that a device ever registers, those that ended among them: each stays known, so that it never counts again. */
export const maxTrustedKeys = 32;

/** Why a key is not kept. */
export type RegisterKeyRefusal = 'device-unknown' | 'device-not-enrolled' | 'device-key-taken' | 'device-keys-full';

/** The record of trusted keys. */
export interface TrustedKeyStore {
  /** Keeps a key of a device; the device's present key of that purpose ends. Idempotent. A key that anything else has is refused. */
  register(scope: Scope, device: string, key: NewTrustedKey, now: EpochMs): Stored<RegisteredKey, RegisterKeyRefusal>;
  /** Keys of a device, oldest first, ended ones among them. */
  ofDevice(scope: Scope, device: string): Promise<readonly RegisteredKey[]>;
}

/** What registering comes to: nothing new, or a new key and the one that it replaces. */
export type Registration =
  | { readonly kept: RegisteredKey }
  | { readonly added: RegisteredKey; readonly replaced: RegisteredKey | undefined };

/** Judges a key against what is known: the keys of its device, and whether anything has this very key. */
export const judgeRegistration = (
  held: readonly RegisteredKey[],
  isTaken: boolean,
  { device, key, now }: { readonly device: string; readonly key: NewTrustedKey; readonly now: EpochMs },
): Result<Registration, 'device-key-taken' | 'device-keys-full'> => {
  const same = held.find(({ thumbprint }) => thumbprint === key.thumbprint);
  if (same !== undefined && same.endedAtMs === null && same.purpose === key.purpose) return accept({ kept: same });
  if (isTaken) return refuse('device-key-taken');
  if (held.length >= maxTrustedKeys) return refuse('device-keys-full');
  const replaced = held.find(({ purpose, endedAtMs }) => purpose === key.purpose && endedAtMs === null);
  return accept({ added: { ...key, device, createdAtMs: now, endedAtMs: null }, replaced });
};
