/** The record of API tokens and of the one-time secrets that begin an administration. */
import type { EpochMs } from '@hauberk/primitives';
import type { AdminToken, SecretHash, StoredAdminToken } from '../admin/admin-token.ts';
import type { Stored } from './storage-refusal.ts';

/** The secret that is exchanged once for the first token. */
export interface StartupSecret extends SecretHash {
  readonly id: string;
  readonly organisation: string;
  readonly createdAtMs: EpochMs;
  readonly expiresAtMs: EpochMs;
  readonly usedAtMs: EpochMs | null;
}

/** Which part of the tokens to list; ids sort by time of issue. */
export interface AdminTokenPage {
  readonly afterId?: string;
  readonly limit: number;
}

/** Who did something, for the audit log. */
export interface Acting {
  readonly actor: string;
  readonly now: EpochMs;
}

/** The record of API tokens. Everything belongs to an organisation; `find` alone asks for none, because it finds out whose a token is. */
export interface AdminTokenStore {
  issue(token: StoredAdminToken, acting: Acting): Stored<AdminToken>;
  find(id: string): Promise<StoredAdminToken | undefined>;
  list(organisation: string, page: AdminTokenPage): Promise<readonly AdminToken[]>;
  /** Ends a token at once. Idempotent. */
  revoke(organisation: string, id: string, acting: Acting): Stored<AdminToken, 'token-unknown'>;
  /** Notes that a token was used; not audited. */
  touch(id: string, now: EpochMs): Stored<boolean>;
  /**
   * Keeps a start-up secret in place of any that was there. Refused as `startup-not-needed` when the organisation has, or had, a token or a secret
   * that still counts, unless `force` says that the operator of the state folder wants it.
   */
  issueStartup(secret: StartupSecret, force: boolean, acting: Acting): Stored<true, 'startup-not-needed'>;
  findStartup(id: string): Promise<StartupSecret | undefined>;
  /** Uses a start-up secret up and issues the token, both or neither. */
  redeemStartup(id: string, token: StoredAdminToken, acting: Acting): Stored<AdminToken, 'startup-secret-used'>;
}
