/**
 * The verified facts that the upstream gets: headers that only the gateway can set (inbound ones are stripped), with one HMAC-SHA256
 * over them, the request line and the time, so that an upstream that is reachable otherwise can still tell.
 */
import type { RequestTarget, VerifiedRequest } from '@hauberk/channel';
import { type EpochMs, type SecretKey, type SyncCrypto, toBase64Url, toEpochSeconds } from '@hauberk/primitives';
import type { Login } from '../storage/login-store.ts';
import type { Route } from './route.ts';

/** Prefix of every fact header. */
export const factPrefix = 'hauberk-verified-';

const join = (target: RequestTarget): string => (target.query === '?' ? target.path : target.path + target.query);

const sign = (crypto: SyncCrypto, key: SecretKey, target: RequestTarget, facts: string[], now: EpochMs): string[] => {
  const created = toEpochSeconds(now);
  let base = `${created}\n${target.method}\n${join(target)}\n`;
  for (let index = 0; index < facts.length; index += 2) base += `${facts[index]}: ${facts[index + 1]}\n`;
  facts.push(`${factPrefix}signature`, `t=${created},h=${toBase64Url(crypto.macText(key, base))}`);
  return facts;
};

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
    request.early ? `${request.tag};early` : request.tag,
    `${factPrefix}route`,
    route.id,
    `${factPrefix}request`,
    requestId,
  ];
  if (facts.attested !== '') list.push(`${factPrefix}attested`, facts.attested);
  if (login !== undefined) list.push(`${factPrefix}login`, login.id, `${factPrefix}customer`, login.customer);
  for (const part of further) list.push(part);
  return sign(crypto, key, target, list, now);
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
