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
import type { DpopNonces } from './dpop-nonce.ts';
import { judgeMigration, type MigratedClient } from './judge-migration.ts';
import type { MigrationRequest, MigrationSchemeName } from './migration-request.ts';
import type { UseOnce } from './once-register.ts';

/** What serving migrated clients needs. */
export interface MigrationShell {
  readonly protection: Protection;
  readonly useOnce: UseOnce;
  readonly nonces: DpopNonces;
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

const requestOf = (
  { protection, nonces }: MigrationShell,
  { head, incoming }: Exchange,
  body: Uint8Array,
): MigrationRequest => ({
  method: head.target.method,
  path: head.target.path,
  query: head.target.query,
  httpVersion: incoming.httpVersion,
  headers: head.headers,
  rawHeaders: head.rawHeaders,
  body,
  now: protection.now(),
  nonces,
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

/** Describes a body that came in signed chunks; upstream it is a plain one. */
const chunkHeaders: ReadonlySet<string> = new Set(['x-amz-decoded-content-length', 'x-amz-content-sha256']);

const codingsLeft = (codings: string): string =>
  codings
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding.toLowerCase() !== 'aws-chunked')
    .join(', ');

/** The head of a request whose body was taken out of its chunks. */
export const withoutChunks = (rawHeaders: readonly string[]): readonly string[] => {
  const kept: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
    const lower = name.toLowerCase();
    if (chunkHeaders.has(lower)) continue;
    const left = lower === 'content-encoding' ? codingsLeft(value) : value;
    if (left !== '' || value === '') kept.push(name, left);
  }
  return kept;
};

const unchunked = (exchange: Exchange): Exchange => ({
  ...exchange,
  head: { ...exchange.head, rawHeaders: withoutChunks(exchange.head.rawHeaders) },
});

const answerMigrated = async (
  shell: MigrationShell,
  exchange: Exchange,
  request: MigrationRequest,
): Promise<GatewayReply> => {
  const { protection, useOnce } = shell;
  const { route, log } = exchange;
  const judged = await judgeMigration(route.migration ?? [], useOnce, request);
  if (!judged.ok) {
    return route.protection === 'observe'
      ? forwardUnverified(protection, exchange, request.body, judged.code)
      : unboundProblem(exchange, judged.code);
  }
  const client = judged.value;
  log.tag = client.scheme;
  log.client = shell.nameOf(route, client.keyId);
  shell.count(route, client.scheme);
  if (!protection.admitDevice(route, log.client, protection.now())) return unboundProblem(exchange, 'limit.device');
  const fixed = await staticReply(protection, exchange);
  if (fixed !== undefined) return fixed;
  return client.payload === undefined
    ? forwardMigrated(shell, exchange, request.body, client)
    : forwardMigrated(shell, unchunked(exchange), client.payload, client);
};

const demandOfNonce = 'DPoP error="use_dpop_nonce", error_description="The proof needs the nonce of this reply"';

/** Every reply brings the nonce for the next proof (RFC 9449, section 8.2); one that was refused for want of it says so. */
const withNonce = (reply: GatewayReply, nonce: string, isDemanded: boolean): GatewayReply => {
  const headers: string[] = [];
  for (let index = 0; index + 1 < reply.headers.length; index += 2) {
    const name = reply.headers[index] ?? '';
    if (name.toLowerCase() !== 'dpop-nonce') headers.push(name, reply.headers[index + 1] ?? '');
  }
  headers.push('dpop-nonce', nonce);
  if (isDemanded) headers.push('www-authenticate', demandOfNonce);
  return { ...reply, headers };
};

/** Serves a request by the migration schemes of its route. */
export const serveMigrated = async (shell: MigrationShell, exchange: Exchange): Promise<GatewayReply> => {
  const { protection, nonces } = shell;
  const { route, incoming, log } = exchange;
  exchange.head.trace.enter('verify');
  const body = await readBody(incoming, route.bodyCapBytes, protection.bodyPace);
  if (!body.ok) return unboundProblem(exchange, body.code);
  const request = requestOf(shell, exchange, body.value);
  const reply = await answerMigrated(shell, exchange, request);
  const demands = route.migration?.some(({ demandsNonce, claims }) => demandsNonce === true && claims(request));
  return demands === true ? withNonce(reply, nonces.issue(protection.now()), log.reason === 'migration.nonce') : reply;
};
