/** Logins in memory. */

import { randomBytes } from 'node:crypto';
import { isActiveState } from '@hauberk/device';
import { accept, type EpochMs, refuse, toBase64Url } from '@hauberk/primitives';
import { joinGrants, type Login, type LoginStore, overlapEnd } from '../login-store.ts';
import type { Scope } from '../scope.ts';
import { type MemoryRecord, rowsIn } from './memory-record.ts';

interface LoginRows {
  readonly logins: Map<string, Login>;
  readonly ended: Set<string>;
  /** `device credential` → login and the credential's own end. */
  readonly names: Map<string, { readonly login: string; readonly end: number | null }>;
}

const nameOf = (device: string, credentialHash: string): string => `${device} ${credentialHash}`;

/** The logins of one scope. */
class Logins {
  readonly rows: LoginRows;
  constructor(rows: LoginRows) {
    this.rows = rows;
  }
  live(id: string | undefined, now: EpochMs): Login | undefined {
    const login = id === undefined || this.rows.ended.has(id) ? undefined : this.rows.logins.get(id);
    return login !== undefined && login.expiresAtMs > now ? login : undefined;
  }
  named(device: string, credentialHash: string, now: EpochMs): Login | undefined {
    const name = this.rows.names.get(nameOf(device, credentialHash));
    return name !== undefined && (name.end === null || name.end > now) ? this.live(name.login, now) : undefined;
  }
  keep(login: Login): Login {
    this.rows.logins.set(login.id, login);
    return login;
  }
}

/** The login store over a memory record. */
export const memoryLoginStore = (record: MemoryRecord): LoginStore => {
  const scopes = new Map<string, LoginRows>();
  const loginsOf = (scope: Scope): Logins =>
    new Logins(rowsIn(scopes, scope, () => ({ logins: new Map(), ended: new Set(), names: new Map() })));
  record.onStrip((scope, device) => {
    const { rows } = loginsOf(scope);
    for (const login of rows.logins.values()) if (login.device === device) rows.ended.add(login.id);
  });
  return {
    open: (scope, { device, credentialHash, customer, grants: added, expiresAtMs }, now) =>
      record.write(() => {
        if (!isActiveState(record.devices(scope).devices.get(device)?.state ?? 'revoked'))
          return refuse('device-not-enrolled');
        const logins = loginsOf(scope);
        const held = logins.named(device, credentialHash, now);
        const isSame = held?.customer === customer;
        const grants = joinGrants(isSame ? held.grants : [], added);
        if (grants === undefined) return refuse('login-grants-full');
        if (isSame) return accept(logins.keep({ ...held, grants, expiresAtMs }));
        if (held !== undefined) logins.rows.ended.add(held.id);
        const id = toBase64Url(randomBytes(16));
        logins.rows.names.set(nameOf(device, credentialHash), { login: id, end: null });
        return accept(logins.keep({ id, device, customer, grants, createdAtMs: now, expiresAtMs }));
      }),
    grant: (scope, { device, id }, objects, now) =>
      record.write(() => {
        const login = loginsOf(scope).live(id, now);
        if (login?.device !== device) return refuse('login-unknown');
        const grants = joinGrants(login.grants, objects);
        return grants === undefined ? refuse('login-grants-full') : accept(loginsOf(scope).keep({ ...login, grants }));
      }),
    find: async (scope, device, credentialHash, now) => loginsOf(scope).named(device, credentialHash, now),
    move: (scope, { device, from, to, overlap, expiresAtMs }, now) =>
      record.write(() => {
        const logins = loginsOf(scope);
        const login = logins.named(device, from, now);
        if (login === undefined) return refuse('login-unknown');
        const holder = logins.named(device, to, now);
        if (holder !== undefined && holder.id !== login.id) return refuse('login-credential-taken');
        const { names } = logins.rows;
        const present = names.get(nameOf(device, from))?.end ?? null;
        if (from !== to) names.set(nameOf(device, from), { login: login.id, end: overlapEnd(present, now, overlap) });
        names.set(nameOf(device, to), { login: login.id, end: null });
        return accept(logins.keep({ ...login, expiresAtMs: expiresAtMs ?? login.expiresAtMs }));
      }),
    end: (scope, which, now) =>
      record.write(() => {
        const logins = loginsOf(scope);
        const named = 'credentialHash' in which ? logins.named(which.device, which.credentialHash, now)?.id : undefined;
        const isMeant = (login: Login): boolean => {
          if ('login' in which) return login.id === which.login;
          return 'credentialHash' in which ? login.id === named : true;
        };
        const ending = [...logins.rows.logins.values()].filter(
          (login) => login.device === which.device && isMeant(login) && logins.live(login.id, now) !== undefined,
        );
        for (const { id } of ending) logins.rows.ended.add(id);
        return accept(ending.length);
      }),
  };
};
