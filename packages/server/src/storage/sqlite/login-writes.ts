/** Writes of logins. */
import { isActiveState } from '@hauberk/device';
import { accept, type EpochMs, refuse } from '@hauberk/primitives';
import { joinGrants, type Login, overlapEnd } from '../login-store.ts';
import type { LoginCredentialTable, LoginTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import type { WriteHandlers } from '../write-command.ts';
import { deviceReads } from './device-reads.ts';
import { loginReads } from './login-reads.ts';
import { scopeColumns } from './rows.ts';
import type { WriteContext } from './write-context.ts';

type Ending = Scope & { readonly device: string; readonly now: EpochMs };

const prepareLoginRows = ({ database }: WriteContext) => ({
  insert: prepare(database, (query, $: Omit<LoginTable, 'ended_at_ms'>) =>
    query.insertInto('logins').values({
      organisation: $.organisation,
      app: $.app,
      id: $.id,
      device: $.device,
      customer: $.customer,
      grants: $.grants,
      created_at_ms: $.created_at_ms,
      expires_at_ms: $.expires_at_ms,
    }),
  ),
  update: prepare(database, (query, $: Scope & { id: string; grants: string; expires_at_ms: EpochMs }) =>
    query
      .updateTable('logins')
      .set({ grants: $.grants, expires_at_ms: $.expires_at_ms })
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '=', $.id),
  ),
  nameBy: prepare(database, (query, $: LoginCredentialTable) =>
    query
      .insertInto('login_credentials')
      .values({
        organisation: $.organisation,
        app: $.app,
        device: $.device,
        credential_hash: $.credential_hash,
        login: $.login,
        expires_at_ms: $.expires_at_ms,
      })
      .onConflict((conflict) =>
        conflict
          .columns(['organisation', 'app', 'device', 'credential_hash'])
          .doUpdateSet({ login: $.login, expires_at_ms: $.expires_at_ms }),
      ),
  ),
});

const prepareLoginEnds = ({ database }: WriteContext) => ({
  endDevice: prepare(database, (query, $: Ending) =>
    query
      .updateTable('logins')
      .set({ ended_at_ms: $.now })
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('device', '=', $.device)
      .where('ended_at_ms', 'is', null)
      .where('expires_at_ms', '>', $.now),
  ),
  endOne: prepare(database, (query, $: Ending & { id: string }) =>
    query
      .updateTable('logins')
      .set({ ended_at_ms: $.now })
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '=', $.id)
      .where('device', '=', $.device)
      .where('ended_at_ms', 'is', null)
      .where('expires_at_ms', '>', $.now),
  ),
});

const grantsText = (grants: ReadonlySet<string>): string => JSON.stringify([...grants]);

/** The code behind the writes of logins. */
export const loginWrites = (
  context: WriteContext,
): WriteHandlers<'login.open' | 'login.grant' | 'login.move' | 'login.end'> => {
  const statements = { ...prepareLoginRows(context), ...prepareLoginEnds(context) };
  const reads = loginReads(context.database);

  const extend = (scope: Scope, login: Login, grants: ReadonlySet<string>, expiresAtMs: EpochMs): Login => {
    const row = { ...scopeColumns(scope), id: login.id, grants: grantsText(grants), expires_at_ms: expiresAtMs };
    statements.update.run(row);
    return { ...login, grants, expiresAtMs };
  };

  const devices = deviceReads(context.database);

  const openLogin: WriteHandlers<'login.open'>['login.open'] = ({ scope, id, opening, now }) => {
    const { device, credentialHash, customer, expiresAtMs } = opening;
    if (!isActiveState(devices.byId(scope, device)?.state ?? 'revoked')) return refuse('device-not-enrolled');
    const held = reads.byCredential(scope, device, credentialHash, now);
    const isSame = held?.customer === customer;
    const grants = joinGrants(isSame ? held.grants : [], opening.grants);
    if (grants === undefined) return refuse('login-grants-full');
    if (isSame) return accept(extend(scope, held, grants, expiresAtMs));
    if (held !== undefined) statements.endOne.run({ ...scopeColumns(scope), device, id: held.id, now });
    const login: Login = { id, device, customer, grants, createdAtMs: now, expiresAtMs };
    const at = { created_at_ms: now, expires_at_ms: expiresAtMs };
    statements.insert.run({ ...scopeColumns(scope), id, device, customer, grants: grantsText(grants), ...at });
    const name = { device, credential_hash: credentialHash, login: id, expires_at_ms: null };
    statements.nameBy.run({ ...scopeColumns(scope), ...name });
    return accept(login);
  };

  const moveLogin: WriteHandlers<'login.move'>['login.move'] = ({ scope, move, now }) => {
    const { device, from, to } = move;
    const login = reads.byCredential(scope, device, from, now);
    if (login === undefined) return refuse('login-unknown');
    const holder = reads.byCredential(scope, device, to, now);
    if (holder !== undefined && holder.id !== login.id) return refuse('login-credential-taken');
    const name = { ...scopeColumns(scope), device, login: login.id };
    if (from !== to) {
      const end = overlapEnd(reads.credentialEnd(scope, device, from), now, move.overlap);
      statements.nameBy.run({ ...name, credential_hash: from, expires_at_ms: end });
    }
    statements.nameBy.run({ ...name, credential_hash: to, expires_at_ms: null });
    return accept(extend(scope, login, login.grants, move.expiresAtMs ?? login.expiresAtMs));
  };

  return {
    'login.open': openLogin,
    'login.grant': ({ scope, device, id, objects, now }) => {
      const login = reads.byId(scope, device, id, now);
      if (login === undefined) return refuse('login-unknown');
      const grants = joinGrants(login.grants, objects);
      if (grants === undefined) return refuse('login-grants-full');
      return accept(extend(scope, login, grants, login.expiresAtMs));
    },
    'login.move': moveLogin,
    'login.end': ({ scope, which, now }) => {
      const ending = { ...scopeColumns(scope), device: which.device, now };
      if ('login' in which) return accept(statements.endOne.run({ ...ending, id: which.login }));
      if (!('credentialHash' in which)) return accept(statements.endDevice.run(ending));
      const login = reads.byCredential(scope, which.device, which.credentialHash, now);
      return accept(login === undefined ? 0 : statements.endOne.run({ ...ending, id: login.id }));
    },
  };
};
