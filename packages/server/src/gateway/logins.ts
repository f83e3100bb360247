/**
 * Logins: the gateway learns from the upstream's own replies who is behind a device. A login ties device and credential (never a session) to
 * a customer and to object grants; the route rules say which replies open, extend, refresh or end it.
 */
import type { HeaderValues, VerifiedRequest } from '@hauberk/channel';
import {
  accept,
  after,
  type DurationMs,
  type EpochMs,
  fromUtf8,
  type Result,
  refuse,
  type SyncCrypto,
  seconds,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import type { GuardedLogins } from '../overload/guarded-store.ts';
import type { Login } from '../storage/login-store.ts';
import type { Scope } from '../storage/scope.ts';
import { grantOf, stepGrant } from './grants.ts';
import { idsAt } from './json-pointer.ts';
import type { LoginFailures } from './login-failures.ts';
import type { CredentialSource, JsonPointer, LoginRule, Route } from './route.ts';

/** Why a request is refused here. */
export type LoginReason = 'login.missing' | 'login.ended' | 'login.step-missing' | 'login.limited';

/** A refreshed credential's predecessor counts this much longer: requests that are under way. */
const refreshOverlap: DurationMs = seconds(10);

const cookieValue = (cookies: string, name: string): string | undefined => {
  const pairs = cookies.split(';').map((pair) => pair.split('='));
  // A second cookie of that name, in any case, could be the one that the upstream reads.
  const named = pairs.filter(([key = '']) => key.trim().toLowerCase() === name.toLowerCase());
  const [[key = '', ...value] = []] = named;
  return named.length === 1 && key.trim() === name ? value.join('=').trim() : undefined;
};

/** `Bearer abc` and `abc` name one credential: replies show either form. */
const withoutScheme = (value: string): string => value.slice(value.indexOf(' ') + 1).trim();

/** The credential that a request carries, without its scheme name. */
export const credentialOf = (source: CredentialSource, headers: HeaderValues): string | undefined => {
  const value = headers[source.kind === 'cookie' ? 'cookie' : 'authorization'];
  if (typeof value !== 'string') return undefined;
  if (source.kind === 'cookie') return cookieValue(value, source.name);
  return withoutScheme(value);
};

/** The name under which a credential is kept: never the credential itself. */
export const credentialHash = (crypto: SyncCrypto, credential: string): string =>
  toBase64Url(crypto.sha256(utf8(credential)));

/** What logins need. */
export interface LoginPorts {
  readonly crypto: SyncCrypto;
  readonly logins: GuardedLogins;
  readonly failures: LoginFailures;
}

/** The scope of a verified request. */
export const scopeOf = (request: VerifiedRequest): Scope => ({
  organisation: request.facts.organisation,
  app: request.facts.app,
});

const findLogin = async (
  ports: LoginPorts,
  source: CredentialSource,
  request: VerifiedRequest,
  now: EpochMs,
): Promise<Login | undefined> => {
  const credential = credentialOf(source, request.headers);
  if (credential === undefined || credential === '') return undefined;
  return ports.logins.find(scopeOf(request), request.facts.deviceId, credentialHash(ports.crypto, credential), now);
};

/** The live login that a route demands, with its steps passed; accepts undefined where the route demands none. */
export const requireLogin = async (
  ports: LoginPorts,
  route: Route,
  request: VerifiedRequest,
  now: EpochMs,
): Promise<Result<Login | undefined, LoginReason>> => {
  const source = route.requiresLogin ?? route.login?.credential;
  const login = source === undefined ? undefined : await findLogin(ports, source, request, now);
  if (route.requiresLogin !== undefined) {
    if (login === undefined) return refuse('login.missing');
    const missing = route.requiresSteps.find((step) => !login.grants.has(stepGrant(step)));
    if (missing !== undefined) return refuse('login.step-missing', missing);
  }
  return ports.failures.charge(route, request, login, now) ? accept(login) : refuse('login.limited');
};

const jsonOf = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(fromUtf8(body) ?? '');
  } catch {
    return undefined;
  }
};

const grantsIn = (root: unknown, objects: Readonly<Record<string, JsonPointer>>): readonly string[] =>
  Object.entries(objects).flatMap(([kind, pointer]) => (idsAt(root, pointer) ?? []).map((id) => grantOf(kind, id)));

const open = async (
  ports: LoginPorts,
  rule: NonNullable<LoginRule['opens']>,
  request: VerifiedRequest,
  root: unknown,
  now: EpochMs,
): Promise<void> => {
  const credential = idsAt(root, rule.credentialPointer)?.[0];
  const customer = idsAt(root, rule.customerPointer)?.[0];
  // A reply that names no credential or customer opens nothing: a first step that still asks for the second.
  if (credential === undefined || customer === undefined) return;
  const opening = {
    device: request.facts.deviceId,
    credentialHash: credentialHash(ports.crypto, withoutScheme(credential)),
    customer,
    grants: grantsIn(root, rule.objects),
    expiresAtMs: after(now, rule.life),
  };
  keep(await ports.logins.open(scopeOf(request), opening, now));
};

/** The login could not be recorded, so the reply that opens it must not reach the client. */
export class LoginNotKept extends Error {
  override readonly name = 'LoginNotKept';
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const keep = (stored: Result<unknown>): void => {
  if (!stored.ok) throw new LoginNotKept(stored.code);
};

const extend = async (
  ports: LoginPorts,
  rule: LoginRule,
  request: VerifiedRequest,
  login: Login,
  root: unknown,
  now: EpochMs,
): Promise<void> => {
  const objects = rule.grants === undefined ? [] : grantsIn(root, rule.grants);
  const steps = rule.passesStep === undefined ? [] : [stepGrant(rule.passesStep)];
  const device = request.facts.deviceId;
  if (objects.length + steps.length > 0) {
    keep(await ports.logins.grant(scopeOf(request), { device, id: login.id }, [...objects, ...steps], now));
  }
  const refreshed = rule.refreshPointer === undefined ? undefined : idsAt(root, rule.refreshPointer)?.[0];
  const held = credentialOf(rule.credential, request.headers);
  if (refreshed !== undefined && held !== undefined) {
    const move = {
      device,
      from: credentialHash(ports.crypto, held),
      to: credentialHash(ports.crypto, withoutScheme(refreshed)),
      overlap: refreshOverlap,
    };
    keep(await ports.logins.move(scopeOf(request), move, now));
  }
};

/** What a reply means for the login. Runs before the reply is sealed, so that the client never holds a credential whose login was lost. */
export const applyLoginRule = async (
  ports: LoginPorts,
  route: Route,
  request: VerifiedRequest,
  login: Login | undefined,
  reply: { readonly status: number; readonly body: Uint8Array },
  now: EpochMs,
): Promise<void> => {
  const rule = route.login;
  if (reply.status < 400 || reply.status > 499) ports.failures.forgive(request, now);
  if (rule === undefined || reply.status < 200 || reply.status > 299) return;
  if (rule.endsLogin && login !== undefined) {
    keep(await ports.logins.end(scopeOf(request), { device: request.facts.deviceId, login: login.id }, now));
    return;
  }
  const root = jsonOf(reply.body);
  if (rule.opens !== undefined) await open(ports, rule.opens, request, root, now);
  if (login !== undefined) await extend(ports, rule, request, login, root, now);
};
