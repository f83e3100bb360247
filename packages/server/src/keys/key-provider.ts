/** Where keys come from. The default keeps them in a file, each sealed under a master key; an HSM or KMS is another adapter. */
import type { KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { type Bytes, type DurationMs, days, type EpochMs, hours, minutes } from '@hauberk/primitives';

/** What a key does. Secrets are 32 bytes: the scalar of a curve, or a symmetric key. */
export type KeyAlgorithm = 'p256-sign' | 'p256-agree' | 'x25519-agree' | 'symmetric';

/** What a key is for; it is used for nothing else. */
export type KeyPurpose =
  | 'config-signing'
  | 'status-signing'
  | 'directive-signing'
  | 'gateway-p256'
  | 'gateway-x25519'
  | 'resume-ticket'
  | 'enrolment-challenge'
  | 'idempotency-outcome'
  | 'facts'
  | 'sms-content'
  | 'audit-signing'
  | 'admin-token'
  | 'verdict-signing'
  | 'privacy-subject'
  | 'consent-signing'
  | 'decision-entity';

/** How keys of a purpose live. */
export interface KeyRule {
  readonly algorithm: KeyAlgorithm;
  /** A successor takes over this often; null for keys that others pin, which only an operator rotates. */
  readonly rotateEvery: DurationMs | null;
  /** How long a key is still accepted once its successor has taken over. */
  readonly overlap: DurationMs;
  /** Keys that a backup must not bring back: what they protect is short-lived, and forward secrecy rests on their end. */
  readonly inBackup: boolean;
}

/** The rules of all purposes. */
export const keyRules: { readonly [Purpose in KeyPurpose]: KeyRule } = {
  'config-signing': { algorithm: 'p256-sign', rotateEvery: null, overlap: days(90), inBackup: true },
  'status-signing': { algorithm: 'p256-sign', rotateEvery: null, overlap: days(7), inBackup: true },
  'directive-signing': { algorithm: 'p256-sign', rotateEvery: null, overlap: days(30), inBackup: true },
  'gateway-p256': { algorithm: 'p256-agree', rotateEvery: days(7), overlap: days(7), inBackup: false },
  'gateway-x25519': { algorithm: 'x25519-agree', rotateEvery: days(7), overlap: days(7), inBackup: false },
  'resume-ticket': { algorithm: 'symmetric', rotateEvery: days(1), overlap: days(8), inBackup: false },
  'enrolment-challenge': { algorithm: 'symmetric', rotateEvery: hours(24), overlap: minutes(10), inBackup: false },
  'idempotency-outcome': { algorithm: 'symmetric', rotateEvery: days(30), overlap: days(90), inBackup: true },
  facts: { algorithm: 'symmetric', rotateEvery: null, overlap: days(1), inBackup: true },
  'sms-content': { algorithm: 'symmetric', rotateEvery: null, overlap: days(7), inBackup: true },
  'audit-signing': { algorithm: 'p256-sign', rotateEvery: null, overlap: days(30), inBackup: true },
  'admin-token': { algorithm: 'symmetric', rotateEvery: null, overlap: days(90), inBackup: true },
  'privacy-subject': { algorithm: 'symmetric', rotateEvery: null, overlap: days(1), inBackup: true },
  'consent-signing': { algorithm: 'p256-sign', rotateEvery: null, overlap: days(3650), inBackup: true },
  // Profiles, lists and records know entities by it: another key would forget everybody.
  'decision-entity': { algorithm: 'symmetric', rotateEvery: null, overlap: days(1), inBackup: true },
  'verdict-signing': { algorithm: 'p256-sign', rotateEvery: null, overlap: days(90), inBackup: true },
};

/** All purposes. */
export const keyPurposes: readonly KeyPurpose[] = Object.keys(keyRules) as KeyPurpose[];

/** Secret bytes that no log, no JSON and no inspection shows. */
export class SecretBytes {
  readonly #bytes: Bytes;
  constructor(bytes: Uint8Array) {
    this.#bytes = new Uint8Array(bytes);
  }
  /** A copy, for a crypto provider to import. */
  reveal(): Bytes {
    return this.#bytes.slice();
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  static {
    Object.defineProperty(this.prototype, inspect.custom, { value: () => '[secret]' });
  }
}

/** What may be known of a key. */
export interface KeyFacts {
  /** 32-bit, unique among the keys of a provider. */
  readonly id: number;
  readonly purpose: KeyPurpose;
  readonly algorithm: KeyAlgorithm;
  /** Used from here on; before that it is only accepted, so that every node and client knows it in time. */
  readonly activeFromMs: EpochMs;
  /** When a successor takes over; null for never by itself. */
  readonly retiresAtMs: EpochMs | null;
  /** When it is no longer accepted and its secret is destroyed; null for never by itself. */
  readonly expiresAtMs: EpochMs | null;
  /** Raw public key (65-byte point, 32 bytes for x25519); null for a symmetric key. */
  readonly publicKey: Bytes | null;
}

/** A key that can be used. */
export interface ManagedKey extends KeyFacts {
  readonly secret: SecretBytes;
}

/** Usable keys as a message to another thread; the secrets travel as KeyObjects, which show nothing when inspected. */
export type KeySnapshot = readonly (KeyFacts & { readonly sealed: KeyObject })[];

/** Read access to keys: all that a worker thread has. */
export interface KeyReader {
  /** The key to seal or sign with now. */
  current(purpose: KeyPurpose, now: EpochMs): ManagedKey;
  /** All keys to open or verify with now: the current one first, then earlier ones and the coming one. */
  accepted(purpose: KeyPurpose, now: EpochMs): readonly ManagedKey[];
  find(purpose: KeyPurpose, id: number): ManagedKey | undefined;
  snapshot(): KeySnapshot;
}

/** Keys that are kept and rotated. */
export interface KeyProvider extends KeyReader {
  /** Replaces a key at once; the old one is accepted for the overlap of its purpose. */
  rotate(purpose: KeyPurpose, now: EpochMs): ManagedKey;
  /** Makes successors that are due and destroys what has expired; answers the purposes that changed. */
  rotateDue(now: EpochMs): readonly KeyPurpose[];
  /** Takes an accepted key back at once. */
  withdraw(purpose: KeyPurpose, id: number, now: EpochMs): boolean;
  /** Hears of every change, to pass the new snapshot on; answers how to stop. */
  onChange(listener: (snapshot: KeySnapshot) => void): () => void;
}
