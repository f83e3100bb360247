/**
 * API tokens: `hbk_`, an id that may be shown and a secret of 256 bits that is shown once. The record holds only an HMAC of the secret under a key
 * that it does not contain, so that a stolen record or backup lets nobody in.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Bytes, type EpochMs, toBase64Url } from '@hauberk/primitives';
import type { Person } from './person.ts';
import type { Grant } from './right.ts';

/** What may be known of a token. */
export interface AdminToken extends Omit<Person, 'token'> {
  /** Recognises the token: the part after `hbk_`. 20 hexadecimal digits that sort by time of issue. */
  readonly id: string;
  readonly organisation: string;
  /** What it is for. */
  readonly label: string;
  readonly grants: readonly Grant[];
  /** Subject that issued it. */
  readonly createdBy: string;
  readonly createdAtMs: EpochMs;
  readonly expiresAtMs: EpochMs;
  /** To the minute; null for never. */
  readonly lastUsedAtMs: EpochMs | null;
  readonly revokedAtMs: EpochMs | null;
}

/** A keyed hash of a secret, and which key. */
export interface SecretHash {
  readonly hash: Bytes;
  readonly keyId: number;
}

/** A token as the record holds it. */
export interface StoredAdminToken extends AdminToken, SecretHash {}

/** What a secret text is: an API token, or the one-time secret of the first start. */
export type SecretKind = 'token' | 'startup';

/** A secret text in its parts. */
export interface SecretParts {
  readonly id: string;
  readonly secret: string;
}

const marks: Readonly<Record<SecretKind, string>> = { token: 'hbk', startup: 'hbs' };
const forms: Readonly<Record<SecretKind, RegExp>> = {
  token: /^hbk_([0-9a-f]{20})_([A-Za-z0-9_-]{43})$/,
  startup: /^hbs_([0-9a-f]{20})_([A-Za-z0-9_-]{43})$/,
};

/** An id that sorts by time: 12 hexadecimal digits of milliseconds, 8 random ones. */
export const timeOrderedId = (now: EpochMs): string =>
  `${Math.max(0, now).toString(16).padStart(12, '0')}${randomBytes(4).toString('hex')}`;

/** A fresh secret of 256 bits under a new id. */
export const mintSecret = (now: EpochMs): SecretParts => ({
  id: timeOrderedId(now),
  secret: toBase64Url(randomBytes(32)),
});

/** The text that its owner keeps. */
export const secretText = (kind: SecretKind, { id, secret }: SecretParts): string => `${marks[kind]}_${id}_${secret}`;

/** Reads a secret text; undefined for anything else. */
export const parseSecret = (kind: SecretKind, text: string): SecretParts | undefined => {
  const [, id, secret] = forms[kind].exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
};

/** The keyed hash of a secret; id and kind are part of it, so that no row can stand for another. */
export const hashSecret = (key: Uint8Array, kind: SecretKind, { id, secret }: SecretParts): Bytes =>
  new Uint8Array(createHmac('sha256', key).update(`hb1/admin-${kind}\u0000${id}\u0000${secret}`).digest());

/** Compares hashes in a time that tells nothing. */
export const isSameHash = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && timingSafeEqual(left, right);

/** Why a token that exists is not accepted; undefined when it is. */
export const tokenEnd = (token: AdminToken, now: EpochMs): 'revoked' | 'expired' | undefined => {
  if (token.revokedAtMs !== null) return 'revoked';
  return token.expiresAtMs <= now ? 'expired' : undefined;
};

/** The person behind a token. */
export const personOf = ({ id, subject, lineage }: AdminToken): Person => ({ token: id, subject, lineage });
