/**
 * The verified facts that the upstream gets: headers that only the gateway can set (inbound ones are stripped), with one HMAC-SHA256
 * over them, the request line and the time, so that an upstream that is reachable otherwise can still tell.
 */
import type { RequestTarget, SessionFacts, VerifiedRequest } from '@hauberk/channel';
import { type EpochMs, type SecretKey, type SyncCrypto, toBase64Url, toEpochSeconds } from '@hauberk/primitives';
import type { Login } from '../storage/login-store.ts';
import type { Route } from './route.ts';

/** Prefix of every fact header. */
export const factPrefix = 'hauberk-verified-';

const join = (target: RequestTarget): string => (target.query === '?' ? target.path : target.path + target.query);

const lines = (facts: readonly string[]): string => {
  let text = '';
  for (let index = 0; index < facts.length; index += 2) text += `${facts[index]}: ${facts[index + 1]}\n`;
  return text;
};

const signature = `${factPrefix}signature`;

/** Adds the signature of the facts; `text` is what `lines` makes of them. */
const signLines = (
  crypto: SyncCrypto,
  key: SecretKey,
  target: RequestTarget,
  facts: string[],
  text: string,
  now: EpochMs,
): string[] => {
  const created = toEpochSeconds(now);
  const base = `${created}\n${target.method}\n${join(target)}\n${text}`;
  facts.push(signature, `t=${created},h=${toBase64Url(crypto.macText(key, base))}`);
  return facts;
};

const sign = (crypto: SyncCrypto, key: SecretKey, target: RequestTarget, facts: string[], now: EpochMs): string[] =>
  signLines(crypto, key, target, facts, lines(facts), now);

/** The facts that all requests of a session on a route share, and their lines. */
interface SharedFacts {
  readonly mode: string;
  readonly route: Route;
  readonly list: readonly string[];
  readonly text: string;
}

/** The last shared facts of a session: most sessions use one route for a while. */
const sharedFacts = new WeakMap<SessionFacts, SharedFacts>();

const shareFacts = ({ facts, early, tag }: VerifiedRequest, route: Route): SharedFacts => {
  const held = sharedFacts.get(facts);
  const mode = early ? `${tag};early` : tag;
  if (held?.route === route && held.mode === mode) return held;
  const list = [
    `${factPrefix}state`,
    'verified',
    `${factPrefix}organisation`,
    facts.organisation,
    `${factPrefix}app`,
    facts.app,
    `${factPrefix}service`,
    facts.service,
    `${factPrefix}device`,
    facts.deviceId,
    `${factPrefix}tier`,
    String(facts.tier),
    `${factPrefix}session`,
    facts.sessionId,
    `${factPrefix}mode`,
    mode,
    `${factPrefix}route`,
    route.id,
  ];
  const shared = { mode, route, list, text: lines(list) };
  sharedFacts.set(facts, shared);
  return shared;
};

const requestFact = `${factPrefix}request`;

/** The fact headers of a verified request, as a flat list of names and values. */
export const verifiedFacts = (
  crypto: SyncCrypto,
  key: SecretKey,
  request: VerifiedRequest,
  route: Route,
  login: Login | undefined,
  requestId: string,
  now: EpochMs,
  /** Further facts, names and values in turn. */
  further: readonly string[] = [],
): readonly string[] => {
  const { facts, target } = request;
  const shared = shareFacts(request, route);
  const own = [requestFact, requestId];
  if (facts.attested !== '') own.push(`${factPrefix}attested`, facts.attested);
  if (login !== undefined) own.push(`${factPrefix}login`, login.id, `${factPrefix}customer`, login.customer);
  for (const part of further) own.push(part);
  const text = shared.text + lines(own);
  return signLines(crypto, key, target, [...shared.list, ...own], text, now);
};

/** The fact headers of a request that a migration scheme accepted: weaker, and marked so. */
export const migratedFacts = (
  crypto: SyncCrypto,
  key: SecretKey,
  target: RequestTarget,
  route: Route,
  client: { readonly scheme: string; readonly keyId: string },
  requestId: string,
  now: EpochMs,
): readonly string[] =>
  sign(
    crypto,
    key,
    target,
    [
      `${factPrefix}state`,
      'migrated',
      `${factPrefix}organisation`,
      route.organisation,
      `${factPrefix}service`,
      route.service,
      `${factPrefix}scheme`,
      client.scheme,
      `${factPrefix}key`,
      // A subject that an attester signed may hold anything; a header value may not.
      encodeURIComponent(client.keyId),
      `${factPrefix}route`,
      route.id,
      `${factPrefix}request`,
      requestId,
    ],
    now,
  );

/** The fact headers of a request that was let through without verification (observe mode, unprotected routes). */
export const unverifiedFacts = (
  crypto: SyncCrypto,
  key: SecretKey,
  target: RequestTarget,
  route: Route,
  reason: string,
  now: EpochMs,
): readonly string[] =>
  sign(
    crypto,
    key,
    target,
    [`${factPrefix}state`, 'unverified', `${factPrefix}reason`, reason, `${factPrefix}route`, route.id],
    now,
  );
