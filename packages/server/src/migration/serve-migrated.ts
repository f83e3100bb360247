/**
 * Serves clients that do not speak HB/1 yet, on routes that name what they may show instead. A request with any HB/1 header is never judged
 * here: whoever could break HB/1 by failing it must not fall back to something weaker.
 */
import { header } from '@hauberk/channel';
import { type SecretKey, type SyncCrypto, toBase64Url, utf8 } from '@hauberk/primitives';
import { readBody } from '../gateway/body.ts';
import type { Exchange } from '../gateway/exchange.ts';
import { migratedFacts } from '../gateway/facts.ts';
import type { GatewayReply } from '../gateway/gateway-reply.ts';
import { forwardUnbound, forwardUnverified } from '../gateway/observe.ts';
import { staticReply } from '../gateway/plain-exchange.ts';
import { type Protection, unboundProblem } from '../gateway/protect.ts';
import type { Route } from '../gateway/route.ts';
import { judgeMigration, type MigratedClient } from './judge-migration.ts';
import type { MigrationRequest, MigrationSchemeName } from './migration-request.ts';
import type { UseOnce } from './once-register.ts';

/** What serving migrated clients needs. */
export interface MigrationShell {
  readonly protection: Protection;
  readonly useOnce: UseOnce;
  /** A name for a key id that log and report may hold. */
  readonly nameOf: (route: Route, keyId: string) => string;
  readonly count: (route: Route, scheme: MigrationSchemeName) => void;
}

const channelHeaders = [header.signatureInput, header.ticket, header.hello];

/** Whether the migration schemes of its route judge a request. */
export const isMigrating = ({ route, head }: Exchange): boolean =>
  route.migration !== undefined &&
  route.migration.length > 0 &&
  channelHeaders.every((name) => head.headers[name] === undefined);

/** The name of a key id outside: the same as long as the upstream's secret is, and nothing that leads back to it. */
export const pseudonym = (crypto: SyncCrypto, key: SecretKey, keyId: string): string =>
  toBase64Url(crypto.mac(key, utf8(`hauberk/client-report\n${keyId}`)).slice(0, 9));

const requestOf = (protection: Protection, { head, incoming }: Exchange, body: Uint8Array): MigrationRequest => ({
  method: head.target.method,
  path: head.target.path,
  query: head.target.query,
  httpVersion: incoming.httpVersion,
  headers: head.headers,
  rawHeaders: head.rawHeaders,
  body,
  now: protection.now(),
});

const forwardMigrated = (
  { protection }: MigrationShell,
  exchange: Exchange,
  body: Uint8Array,
  client: MigratedClient,
): Promise<GatewayReply> => {
  const { head, route, id } = exchange;
  const { crypto } = protection.channel;
  const facts = migratedFacts(crypto, protection.factsKey(route), head.target, route, client, id, protection.now());
  return forwardUnbound(protection, exchange, body, facts);
};

/** Serves a request by the migration schemes of its route. */
export const serveMigrated = async (shell: MigrationShell, exchange: Exchange): Promise<GatewayReply> => {
  const { protection, useOnce } = shell;
  const { route, incoming, log } = exchange;
  exchange.head.trace.enter('verify');
  const body = await readBody(incoming, route.bodyCapBytes, protection.bodyPace);
  if (!body.ok) return unboundProblem(exchange, body.code);
  const judged = await judgeMigration(route.migration ?? [], useOnce, requestOf(protection, exchange, body.value));
  if (!judged.ok) {
    return route.protection === 'observe'
      ? forwardUnverified(protection, exchange, body.value, judged.code)
      : unboundProblem(exchange, judged.code);
  }
  const client = judged.value;
  log.tag = client.scheme;
  log.client = shell.nameOf(route, client.keyId);
  shell.count(route, client.scheme);
  if (!protection.admitDevice(route, log.client, protection.now())) return unboundProblem(exchange, 'limit.device');
  const fixed = await staticReply(protection, exchange);
  return fixed ?? forwardMigrated(shell, exchange, body.value, client);
};
