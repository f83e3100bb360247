/**
 * Logins: what ties a device and a credential to a customer and to the objects (accounts) that this customer may name. A login belongs
 * to no session, so that tabs and restarts keep it; logout, revocation and expiry end it.
 */
import type { DurationMs, EpochMs } from '@hauberk/primitives';
import type { Scope } from './scope.ts';
import type { Stored } from './storage-refusal.ts';

/** Most objects that one login may hold. */
export const maxGrants = 1024;

/** A live login. */
export interface Login {
  /** base64url of 16 random bytes. */
  readonly id: string;
  readonly device: string;
  readonly customer: string;
  readonly grants: ReadonlySet<string>;
  readonly createdAtMs: EpochMs;
  readonly expiresAtMs: EpochMs;
}

/** What a granting reply of the upstream says. */
export interface LoginOpening {
  readonly device: string;
  /** base64url of the SHA-256 of the declared credential. */
  readonly credentialHash: string;
  readonly customer: string;
  readonly grants: readonly string[];
  readonly expiresAtMs: EpochMs;
}

/** A refresh: the new credential takes over, the old one counts for `overlap` longer (requests that are under way). */
export interface LoginMove {
  readonly device: string;
  readonly from: string;
  readonly to: string;
  readonly overlap: DurationMs;
  /** Extends the login when given. */
  readonly expiresAtMs?: EpochMs;
}

/** Which logins to end. */
export type LoginEnd =
  | { readonly device: string; readonly login: string }
  | { readonly device: string; readonly credentialHash: string }
  | { readonly device: string };

/** The record of logins. */
export interface LoginStore {
  /**
   * Opens a login, or adds to the live one of the same device, credential and customer. A credential that now names another customer ends
   * the login that it named before. Refused for a device that is not enrolled: the reply may have been under way when it was suspended.
   */
  open(scope: Scope, opening: LoginOpening, now: EpochMs): Stored<Login, 'login-grants-full' | 'device-not-enrolled'>;
  /** Adds objects to a live login. */
  grant(
    scope: Scope,
    login: { readonly device: string; readonly id: string },
    objects: readonly string[],
    now: EpochMs,
  ): Stored<Login, 'login-unknown' | 'login-grants-full'>;
  /** The live login of a device and credential. */
  find(scope: Scope, device: string, credentialHash: string, now: EpochMs): Promise<Login | undefined>;
  move(scope: Scope, move: LoginMove, now: EpochMs): Stored<Login, 'login-unknown' | 'login-credential-taken'>;
  /** Ends logins and answers how many were live. */
  end(scope: Scope, which: LoginEnd, now: EpochMs): Stored<number>;
}

/** When an old credential ends: a second refresh from it does not prolong it. */
export const overlapEnd = (present: number | null, now: EpochMs, overlap: DurationMs): number =>
  Math.min(present ?? Number.POSITIVE_INFINITY, now + overlap);

/** The union of grants, or undefined when it is larger than a login may hold. */
export const joinGrants = (held: Iterable<string>, added: readonly string[]): ReadonlySet<string> | undefined => {
  const joined = new Set([...held, ...added]);
  return joined.size > maxGrants ? undefined : joined;
};
