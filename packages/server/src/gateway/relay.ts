/**
 * Relaying between nodes: a ticket names the node that holds its replay window. A request that reaches another node is passed on once, as it
 * came, over mutual TLS; the owner verifies and answers it, and its bound reply goes back untouched. When the owner is gone the
 * client is told to resume. What came over the relay is never relayed again.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { header, readTicketPrefix } from '@hauberk/channel';
import { durationMs, type EpochMs, fromBase64Url } from '@hauberk/primitives';
import type { ClusterConfig } from '../config/config.ts';
import { createGuard, type Guard } from '../overload/guard.ts';
import { timeLeft } from '../overload/time-left.ts';
import { type BodyPace, readBody } from './body.ts';
import { connectionTrust } from './connection-trust.ts';
import type { Exchange } from './exchange.ts';
import { forward } from './forward.ts';
import type { GatewayReply } from './gateway-reply.ts';
import type { RequestHandler } from './listener.ts';
import { problemBody } from './problems.ts';
import { unboundProblem } from './protect.ts';
import type { RequestHead } from './request-head.ts';
import { createResolver } from './resolver.ts';
import { openUpstream, type Upstream } from './upstream.ts';

/** Another node. */
export interface Peer {
  readonly upstream: Upstream;
  readonly guard: Guard;
}

/** The other nodes, by their id. */
export interface Relay {
  /** The live pool of the node that owns a request's ticket; undefined when it is this node's, nobody's or unknown. */
  readonly ownerOf: (head: RequestHead) => Peer | undefined;
  /** The breakers before the other nodes, by node id. */
  readonly guards: () => readonly (readonly [name: string, guard: Guard])[];
  readonly close: () => Promise<void>;
}

const connections = 64;
const keepAliveTimeoutMs = 4000;
/** Headers between two hops, and what the listener of the owner says anew. */
const stripped: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'x-forwarded-for',
  'x-forwarded-proto',
  'traceparent',
  'tracestate',
  'baggage',
  header.timeLeft,
]);

const readTls = (relay: ClusterConfig['relay']) => ({
  cert: readFileSync(relay.certificateFile),
  key: readFileSync(relay.keyFile),
  ca: readFileSync(relay.caFile),
  minVersion: 'TLSv1.3' as const,
});

const openPeer = (origin: string, relay: ClusterConfig['relay']): Upstream =>
  openUpstream(
    { origin, connections, connectTimeoutMs: relay.connectTimeoutMs, keepAliveTimeoutMs },
    createResolver(),
    readTls(relay),
  );

/** The node that a ticket names in its clear prefix. Nothing of it is believed: it only chooses who looks. */
const nodeOf = (head: RequestHead): number | undefined => {
  const ticket = head.headers[header.ticket];
  const bytes = typeof ticket === 'string' && ticket.length <= 2048 ? fromBase64Url(ticket) : undefined;
  return bytes === undefined ? undefined : readTicketPrefix(bytes)?.owner.node;
};

/** Opens the pools of all other nodes; connections are made on demand. */
export const openRelay = (cluster: ClusterConfig, ownNode: number): Relay => {
  const peers = new Map(
    cluster.nodes
      .filter(({ id }) => id !== ownNode)
      .map(({ id, origin }) => [id, { upstream: openPeer(origin, cluster.relay), guard: createGuard() }] as const),
  );
  return {
    ownerOf: (head) => {
      const node = nodeOf(head);
      return node === undefined || node === ownNode ? undefined : peers.get(node);
    },
    guards: () => [...peers].map(([id, { guard }]) => [String(id), guard] as const),
    close: async () => {
      await Promise.all([...peers.values()].map(({ upstream }) => upstream.close()));
    },
  };
};

const relayedHeaders = ({ rawHeaders, address, secure, trace }: RequestHead, leftMs: number | undefined): string[] => {
  const headers: string[] = leftMs === undefined ? [] : [header.timeLeft, String(Math.ceil(leftMs))];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (!stripped.has(name.toLowerCase())) headers.push(name, rawHeaders[index + 1] ?? '');
  }
  headers.push('x-forwarded-for', address, 'x-forwarded-proto', secure ? 'https' : 'http');
  trace.appendTo(headers);
  return headers;
};

/** Nothing was sent, and nothing of the request was claimed. */
const tooLate = ({ id, log }: Exchange): GatewayReply => {
  log.reason = 'deadline.passed';
  return problemBody('deadline.passed', { execution: 'none', instance: id });
};

/** Passes a request on to its owner. An owner that cannot be reached has seen nothing; one that does not answer may have. */
export const relayRequest = async (
  { upstream, guard }: Peer,
  exchange: Exchange,
  { bodyPace, now }: { readonly bodyPace: BodyPace; readonly now: () => EpochMs },
): Promise<GatewayReply> => {
  const { head, route, incoming, log } = exchange;
  const body = await readBody(incoming, route.bodyCapBytes, bodyPace);
  if (!body.ok) return unboundProblem(exchange, body.code);
  const leftMs = timeLeft(head, now);
  const deadlineMs = Math.min(route.deadline, leftMs ?? route.deadline);
  if (deadlineMs <= 0) return tooLate(exchange);
  // An owner that does not answer is not waited for: the client opens a session here.
  if (!guard.admits()) return unboundProblem(exchange, 'request.ticket-node', 'the breaker is open');
  const { method, path, query } = head.target;
  head.trace.enter('forward');
  const outcome = await forward(
    upstream,
    {
      method,
      path: query === '?' ? path : path + query,
      headers: relayedHeaders(head, leftMs),
      body: body.value.length === 0 && (method === 'GET' || method === 'HEAD') ? undefined : body.value,
    },
    durationMs(deadlineMs),
    route.replyCapBytes + 65_536,
    // A deadline that a client chose says nothing of the owner when it is missed.
    deadlineMs < route.deadline ? undefined : guard,
  );
  head.trace.enter('reply');
  log.detail = 'relayed';
  if (outcome.kind === 'reply')
    return { status: outcome.status, headers: cleaned(outcome.headers), body: outcome.body };
  if (outcome.code === 'deadline.passed') return tooLate(exchange);
  return unboundProblem(exchange, outcome.kind === 'not-sent' ? 'request.ticket-node' : outcome.code, outcome.detail);
};

const cleaned = (headers: readonly string[]): string[] => {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (!stripped.has(name) && name !== 'date') kept.push(name, headers[index + 1] ?? '');
  }
  return kept;
};

/** The listener for other nodes: mutual TLS, so that only holders of a node certificate may name a client's address. */
export interface RelayListener {
  readonly close: () => Promise<void>;
}

/** Opens it on the configured port, shared by all workers. */
export const listenForRelays = (
  cluster: ClusterConfig,
  handle: RequestHandler,
  reusePort: boolean,
): Promise<RelayListener> => {
  const { relay } = cluster;
  const server = createServer(
    { ...readTls(relay), requestCert: true, rejectUnauthorized: true },
    (incoming: IncomingMessage, response: ServerResponse) =>
      handle(
        incoming,
        response,
        connectionTrust(incoming.socket, () => true),
      ),
  );
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: relay.host, port: relay.port, reusePort }, () => {
      server.off('error', reject);
      resolve({
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeIdleConnections();
          }),
      });
    });
  });
};
