/** Reads of logins on the caller's own thread. */
import type { DatabaseSync } from 'node:sqlite';
import type { EpochMs } from '@hauberk/primitives';
import type { Login } from '../login-store.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import { loginOf } from './rows.ts';

const loginColumns = [
  'logins.id',
  'logins.device',
  'logins.customer',
  'logins.grants',
  'logins.created_at_ms',
  'logins.expires_at_ms',
] as const;

type Named = Scope & { readonly device: string; readonly now: EpochMs };

const prepareLoginReads = (database: DatabaseSync) => ({
  byCredential: prepare(database, (query, $: Named & { credentialHash: string }) =>
    query
      .selectFrom('login_credentials')
      .innerJoin('logins', (join) =>
        join
          .onRef('logins.organisation', '=', 'login_credentials.organisation')
          .onRef('logins.app', '=', 'login_credentials.app')
          .onRef('logins.id', '=', 'login_credentials.login'),
      )
      .select(loginColumns)
      .where('login_credentials.organisation', '=', $.organisation)
      .where('login_credentials.app', '=', $.app)
      .where('login_credentials.device', '=', $.device)
      .where('login_credentials.credential_hash', '=', $.credentialHash)
      .where((where) =>
        where.or([
          where('login_credentials.expires_at_ms', 'is', null),
          where('login_credentials.expires_at_ms', '>', $.now),
        ]),
      )
      .where('logins.ended_at_ms', 'is', null)
      .where('logins.expires_at_ms', '>', $.now),
  ),
  credentialEnd: prepare(database, (query, $: Scope & { device: string; credentialHash: string }) =>
    query
      .selectFrom('login_credentials')
      .select('expires_at_ms')
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('device', '=', $.device)
      .where('credential_hash', '=', $.credentialHash),
  ),
  byId: prepare(database, (query, $: Named & { id: string }) =>
    query
      .selectFrom('logins')
      .select(loginColumns)
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '=', $.id)
      .where('device', '=', $.device)
      .where('ended_at_ms', 'is', null)
      .where('expires_at_ms', '>', $.now),
  ),
});

/** Synchronous reads of live logins. */
export interface LoginReads {
  byCredential(scope: Scope, device: string, credentialHash: string, now: EpochMs): Login | undefined;
  /** When a credential stops naming its login; null for never by itself. */
  credentialEnd(scope: Scope, device: string, credentialHash: string): number | null;
  byId(scope: Scope, device: string, id: string, now: EpochMs): Login | undefined;
}

/** Prepares the reads of logins on a connection. */
export const loginReads = (database: DatabaseSync): LoginReads => {
  const statements = prepareLoginReads(database);
  return {
    byCredential: ({ organisation, app }, device, credentialHash, now) => {
      const row = statements.byCredential.first({ organisation, app, device, credentialHash, now });
      return row === undefined ? undefined : loginOf(row);
    },
    credentialEnd: ({ organisation, app }, device, credentialHash) =>
      statements.credentialEnd.first({ organisation, app, device, credentialHash })?.expires_at_ms ?? null,
    byId: ({ organisation, app }, device, id, now) => {
      const row = statements.byId.first({ organisation, app, device, id, now });
      return row === undefined ? undefined : loginOf(row);
    },
  };
};
