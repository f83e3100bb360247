/** A gateway of plain routes in one thread, on real sockets, with the pieces that the worker uses; and a client that sends raw bytes. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { compilePattern } from '@hauberk/channel';
import { durationMs, epochMs } from '@hauberk/primitives';
import type { LimitsConfig } from '../src/config/config.ts';
import type { AccessEntry, JoinedEntry } from '../src/gateway/access-log.ts';
import { compileCors } from '../src/gateway/cors.ts';
import type { Endpoint } from '../src/gateway/endpoints.ts';
import type { Exchange } from '../src/gateway/exchange.ts';
import { forward } from '../src/gateway/forward.ts';
import { forwardStream } from '../src/gateway/forward-stream.ts';
import type { GatewayReply } from '../src/gateway/gateway-reply.ts';
import { createHold } from '../src/gateway/hold.ts';
import { replyHeaders, upstreamHeaders } from '../src/gateway/hygiene.ts';
import { type Listener, listen } from '../src/gateway/listener.ts';
import { createMetrics, type Metrics } from '../src/gateway/metrics.ts';
import { createPipeline, createWholePipeline, type PipelinePorts } from '../src/gateway/pipeline.ts';
import { type PlainShell, servePlain, servePlainStream } from '../src/gateway/plain-exchange.ts';
import { problemBody } from '../src/gateway/problems.ts';
import { createRateLimiter, rateTableBytes } from '../src/gateway/rate-limit.ts';
import { createResolver } from '../src/gateway/resolver.ts';
import type { Route } from '../src/gateway/route.ts';
import { createRouteTable } from '../src/gateway/route-table.ts';
import { openUpstream } from '../src/gateway/upstream.ts';
import { startPlainTrace } from '../src/observability/trace-context.ts';
import { createGate, type OverloadGate } from '../src/overload/gate.ts';

/** A plain route; everything that a test does not name is a harmless default. */
export const routeOf = (
  given: Omit<Partial<Route>, 'pattern'> & { readonly pattern: string; readonly id: string },
): Route => {
  const pattern = compilePattern(given.pattern);
  if (pattern === undefined) throw new RangeError(given.pattern);
  return {
    methods: [],
    organisation: 'acme',
    service: 'api',
    upstream: 'bank',
    class: 'read',
    priority: 'normal',
    protection: 'none',
    mode: 'signed',
    stream: false,
    coveredHeaders: [],
    coveredReplyHeaders: [],
    publicQuery: [],
    maxAgeSeconds: 120,
    idempotency: { demand: 'none', upstreamIsIdempotent: false, life: durationMs(0), outcomeCapBytes: 0 },
    stepUp: false,
    login: undefined,
    requiresLogin: undefined,
    requiresSteps: [],
    objects: [],
    minTier: 0,
    bodyCapBytes: 1000,
    replyCapBytes: 100_000,
    deadline: durationMs(5000),
    outcome: 'allow',
    decoy: undefined,
    limits: { device: undefined, address: undefined, route: undefined },
    ...given,
    pattern,
  };
};

const baseLimits: LimitsConfig = {
  headerBytes: 8192,
  headers: 50,
  bodyCapBytes: 1000,
  replyCapBytes: 100_000,
  headersTimeoutMs: 1000,
  requestTimeoutMs: 5000,
  keepAliveTimeoutMs: 5000,
  bodyPaceBytesPerSecond: 500,
  connections: 100,
  connectionsPerAddress: 50,
  directiveStreams: 10,
  directiveStreamsPerAddress: 10,
  enrolmentsPerSecond: 1,
  enrolmentBurst: 3,
  heldRequests: 1,
  slowMs: 100,
  decompressedBytes: 1_048_576,
  decompressionRatio: 50,
  rateCells: 1024,
  drainMs: 2000,
  migrationSkewSeconds: 300,
  migrationUses: 1024,
};

/** An upstream under the test's control. */
export interface TestUpstream {
  readonly origin: string;
  readonly server: Server;
  readonly requests: {
    readonly method: string;
    readonly url: string;
    readonly raw: readonly string[];
    readonly body: string;
  }[];
}

/** Starts an upstream; it answers 200 with a JSON echo unless told otherwise. */
export const startUpstream = async (
  answer: (incoming: IncomingMessage, response: ServerResponse, body: string) => void = (_incoming, response, body) =>
    void response.setHeader('content-type', 'application/json').end(JSON.stringify({ echo: body })),
): Promise<TestUpstream> => {
  const requests: TestUpstream['requests'] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('error', () => undefined);
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      requests.push({ method: incoming.method ?? '', url: incoming.url ?? '', raw: incoming.rawHeaders, body });
      answer(incoming, response, body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, requests };
};

/** What a test may change. */
export interface PlainGatewayOptions {
  /** Reads every request through node's streams. */
  readonly streamsOnly?: boolean;
  readonly origin: string;
  readonly routes: readonly Route[];
  readonly limits?: Partial<LimitsConfig>;
  readonly trustedProxies?: readonly string[];
  readonly origins?: readonly string[];
  /** Age of a queue that counts as an overload; nothing is shed when absent. */
  readonly queueTargetMs?: number;
  /** Stands in the place of one with that target. */
  readonly gate?: OverloadGate;
  /** Most connections to the upstream. */
  readonly connections?: number;
  readonly endpoints?: readonly (Endpoint & { readonly path: string })[];
  readonly serve?: (exchange: Exchange) => Promise<GatewayReply>;
}

/** A running one. */
export interface PlainGateway {
  readonly port: number;
  readonly entries: AccessEntry[];
  /** Lines of requests that were shed together. */
  readonly joined: readonly JoinedEntry[];
  readonly metrics: Metrics;
  readonly listener: Listener;
  readonly faults: unknown[];
  /** Takes other routes over, as a reload does. */
  readonly swap: (routes: readonly Route[]) => void;
  readonly close: () => Promise<void>;
}

const planeOf = (routes: readonly Route[], origins: readonly string[] | undefined) => ({
  table: createRouteTable([{ id: 'api', hosts: [], routes }]),
  cors: new Map(
    origins === undefined
      ? []
      : [
          [
            'api',
            compileCors(
              {
                origins,
                maxAgeSeconds: 7200,
                exposedHeaders: ['x-more'],
                allowedHeaders: ['x-asked'],
                credentials: false,
              },
              { request: ['x-covered'], reply: ['x-answered'] },
            ),
          ] as const,
        ],
  ),
});

const plainShell = (options: PlainGatewayOptions, limits: LimitsConfig) => {
  const upstream = openUpstream(
    { origin: options.origin, connections: options.connections ?? 8, connectTimeoutMs: 1000, keepAliveTimeoutMs: 4000 },
    createResolver(),
  );
  const pathOf = ({ head }: Exchange) => head.target.path + (head.target.query === '?' ? '' : head.target.query);
  const shell: PlainShell = {
    bodyPace: { grace: durationMs(300), minBytesPerSecond: limits.bodyPaceBytesPerSecond, deadline: durationMs(2000) },
    hold: createHold(() => limits),
    forward: async (exchange, body) => {
      const { head, route } = exchange;
      const request = {
        method: head.target.method,
        path: pathOf(exchange),
        headers: upstreamHeaders(head, ['hauberk-verified-state', 'unverified']),
        body: body.length === 0 ? undefined : body,
      };
      const outcome = await forward(upstream, request, route.deadline, route.replyCapBytes);
      if (outcome.kind === 'reply')
        return { status: outcome.status, headers: replyHeaders(outcome.headers), body: outcome.body };
      exchange.log.reason = outcome.code;
      const execution = outcome.kind === 'not-sent' ? 'none' : 'unknown';
      return problemBody(outcome.code, { execution, instance: exchange.id });
    },
    streamHead: (exchange) => ({
      method: exchange.head.target.method,
      path: pathOf(exchange),
      headers: upstreamHeaders(exchange.head, []),
    }),
    forwardStream: (route, request, sink) =>
      forwardStream(upstream, request, { deadlineMs: route.deadline, lifeMs: 10_000 }, sink),
  };
  return { shell, upstream };
};

/** Starts a gateway on a free port. */
export const startPlainGateway = async (options: PlainGatewayOptions): Promise<PlainGateway> => {
  const limits = { ...baseLimits, ...options.limits };
  const { shell, upstream } = plainShell(options, limits);
  const entries: AccessEntry[] = [];
  const joined: JoinedEntry[] = [];
  const faults: unknown[] = [];
  const metrics = createMetrics();
  const gate = options.gate ?? createGate(options.queueTargetMs ?? 0, new Map([['bank', upstream]]));
  let plane = planeOf(options.routes, options.origins);
  const now = () => epochMs(Date.now());
  const memory = new SharedArrayBuffer(rateTableBytes(limits.rateCells));
  const ports: PipelinePorts = {
    plane: () => plane,
    endpoints: new Map((options.endpoints ?? []).map((endpoint) => [endpoint.path, endpoint])),
    serve: (exchange, message, extra) => {
      if (options.serve !== undefined) return options.serve(exchange);
      return exchange.route.stream && message !== undefined
        ? servePlainStream(shell, exchange, message, extra)
        : servePlain(shell, exchange);
    },
    limiter: createRateLimiter(memory, new Uint8Array(8), now()),
    gate,
    endpointLimit: () => ({ perSecond: limits.enrolmentsPerSecond, burst: limits.enrolmentBurst }),
    bodyPace: () => shell.bodyPace,
    accessLog: {
      write: (entry) => void entries.push(entry),
      join: (entry) => void joined.push(entry),
      flush: () => Promise.resolve(),
      reopen: () => undefined,
      lost: () => 0,
      close: () => Promise.resolve(),
    },
    metrics,
    now,
    startTrace: startPlainTrace,
    onFault: (error) => void faults.push(error),
  };
  const listener = await listen(
    {
      listen: { host: '127.0.0.1', port: 0, trustedProxies: options.trustedProxies ?? [] },
      limits,
      handle: createPipeline(ports),
      ...(options.streamsOnly === true ? {} : { handleWhole: createWholePipeline(ports) }),
      metrics,
    },
    false,
  );
  return {
    port: listener.port,
    entries,
    joined,
    metrics,
    listener,
    faults,
    swap: (routes) => {
      plane = planeOf(routes, options.origins);
    },
    close: async () => {
      await listener.drain(200);
      gate.close();
      await upstream.close();
    },
  };
};

/** One reply as it came over the wire. */
export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Takes a reply apart; undefined while its head is incomplete. */
export const readRaw = (text: string): RawReply | undefined => {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line = '', ...rest] = text.slice(0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const each of rest) {
    const colon = each.indexOf(':');
    const name = each.slice(0, colon).toLowerCase();
    const value = each.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { status: Number(line.split(' ')[1]), headers, body: text.slice(end + 4) };
};

/** Opens a connection; the caller writes what it likes. */
export const dial = async (port: number): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
};

/** Everything that comes until the other side closes. */
export const readToEnd = async (socket: Socket): Promise<string> => {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!socket.closed) await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
};

/** Sends bytes and reads until the connection closes: add `connection: close` where nothing else ends it. */
export const sendRaw = async (port: number, bytes: string | Uint8Array): Promise<RawReply> => {
  const socket = await dial(port);
  const end = readToEnd(socket);
  socket.write(bytes);
  const text = await end;
  const reply = readRaw(text);
  if (reply === undefined) throw new Error(`no reply in ${JSON.stringify(text)}`);
  return reply;
};

/** The code of a problem reply. */
export const codeOf = (reply: RawReply): string => {
  const parsed: unknown = JSON.parse(reply.body);
  return typeof parsed === 'object' && parsed !== null && 'code' in parsed ? String(parsed.code) : '';
};
