/**
 * The public listener of one worker thread: what node:http must be told so that slow heads, floods of connections and odd framing end
 * early and coded, and how it stops without cutting off a request that is under way.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { LimitsConfig, ListenConfig, TlsConfig } from '../config/config.ts';
import { newRequestId } from '../observability/trace-context.ts';
import { networkOf } from './address-network.ts';
import { CollectingRequest } from './collecting-request.ts';
import { type ConnectionTrust, connectionTrust, proxyList } from './connection-trust.ts';
import type { Metrics } from './metrics.ts';
import { problemBody } from './problems.ts';
import type { Reason } from './reasons.ts';
import { hadLastReply } from './reply-writer.ts';
import { WholeConnection, type WholeHandler } from './whole-connection.ts';

/** What answers the requests. */
export type RequestHandler = (incoming: IncomingMessage, response: ServerResponse, trust: ConnectionTrust) => void;

/** What a listener needs. */
export interface ListenerOptions {
  readonly listen: ListenConfig;
  readonly limits: LimitsConfig;
  readonly handle: RequestHandler;
  /** Answers requests that come whole; without it all are read as streams. */
  readonly handleWhole?: WholeHandler;
  readonly metrics: Metrics;
}

/** A listening server. */
export interface Listener {
  readonly port: number;
  /** Reads certificate and key again; throws when they do not fit, and the old ones stay. */
  readonly reloadTls: (tls: TlsConfig) => void;
  /** Connections with a request under way. */
  readonly openRequests: () => number;
  /** Stops accepting, lets requests under way end, closes what is left at the deadline. */
  readonly drain: (deadlineMs: number) => Promise<void>;
}

const readTls = (tls: TlsConfig) => ({
  cert: readFileSync(tls.certificateFile),
  key: readFileSync(tls.keyFile),
  minVersion: 'TLSv1.2' as const,
  ALPNProtocols: ['http/1.1'],
});

const serverOptions = (limits: LimitsConfig): ServerOptions<typeof CollectingRequest> => ({
  IncomingMessage: CollectingRequest,
  // Without this the timeouts below are looked at every 30 seconds only, and a slow head stays that long.
  connectionsCheckingInterval: 1000,
  headersTimeout: limits.headersTimeoutMs,
  requestTimeout: limits.requestTimeoutMs,
  keepAliveTimeout: limits.keepAliveTimeoutMs,
  maxHeaderSize: limits.headerBytes,
  requireHostHeader: true,
  noDelay: true,
  insecureHTTPParser: false,
});

const open = ({ listen, limits }: ListenerOptions): Server | TlsServer => {
  const server =
    listen.tls === undefined
      ? createServer(serverOptions(limits))
      : createTlsServer({
          ...serverOptions(limits),
          ...readTls(listen.tls),
          handshakeTimeout: limits.headersTimeoutMs,
        });
  // node drops headers beyond its own limit silently; a dropped one could be the one that a signature covers.
  server.maxHeadersCount = 0;
  server.maxConnections = limits.connections;
  return server;
};

const statusLines: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  415: 'Unsupported Media Type',
  431: 'Request Header Fields Too Large',
};

/** Writes a problem on a connection whose bytes never became a request; the connection ends with it. */
const writeRaw = (socket: Duplex, reason: Reason, instance: string, status?: number): void => {
  const reply = problemBody(reason, { execution: 'none', instance });
  const line = status ?? reply.status;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  let head = `HTTP/1.1 ${line} ${statusLines[line] ?? 'Error'}\r\n`;
  for (let index = 0; index + 1 < reply.headers.length; index += 2)
    head += `${reply.headers[index]}: ${reply.headers[index + 1]}\r\n`;
  head += `content-length: ${reply.body.length}\r\nconnection: close\r\n\r\n`;
  socket.end(Buffer.concat([Buffer.from(head, 'latin1'), reply.body]));
};

/** Parser errors about where a message ends: what request smuggling is made of. */
const framingErrors: ReadonlySet<string> = new Set([
  'HPE_INVALID_CONTENT_LENGTH',
  'HPE_UNEXPECTED_CONTENT_LENGTH',
  'HPE_INVALID_TRANSFER_ENCODING',
  'HPE_INVALID_CHUNK_SIZE',
  'HPE_CHUNK_EXTENSIONS_OVERFLOW',
]);

/** What the parser's errors mean. */
const parserRefusal = (code: string | undefined): { readonly reason: Reason; readonly status?: number } => {
  if (code === 'HPE_HEADER_OVERFLOW') return { reason: 'head.too-large', status: 431 };
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { reason: 'head.too-slow' };
  return { reason: framingErrors.has(code ?? '') ? 'head.framing' : 'head.parse' };
};

/** Counts connections per address, so that one address cannot take them all. Trusted proxies carry many clients and are not counted. */
class AddressCounter {
  private readonly open = new Map<string, number>();
  private readonly most: number;
  constructor(most: number) {
    this.most = most;
  }
  enter(address: string): boolean {
    const held = this.open.get(address) ?? 0;
    if (held >= this.most) return false;
    this.open.set(address, held + 1);
    return true;
  }
  leave(address: string): void {
    const held = (this.open.get(address) ?? 1) - 1;
    if (held <= 0) this.open.delete(address);
    else this.open.set(address, held);
  }
}

/** One connection: whom it is from, and its latest request. Requests are not listed themselves: there are far more of them. */
interface Connection {
  readonly trust: ConnectionTrust;
  latest: ServerResponse | undefined;
  /** Set while its requests come whole. */
  whole: WholeConnection | undefined;
}

type Connections = Map<Duplex, Connection>;

/** The event on which a server meets a connection that speaks HTTP: with TLS, once the handshake is done. */
const meeting = ({ listen }: ListenerOptions): 'connection' | 'secureConnection' =>
  listen.tls === undefined ? 'connection' : 'secureConnection';

/** Puts whole connections before node's own way of serving one, which takes over from them. */
const serveWhole = (
  server: Server,
  options: ListenerOptions,
  connections: Connections,
  isDraining: () => boolean,
  handle: WholeHandler,
): void => {
  const event = meeting(options);
  const own = server.listeners(event) as ((socket: Socket) => void)[];
  const [serve] = own;
  if (serve === undefined) throw new Error('a server without a listener for its connections');
  server.off(event, serve);
  const handOver = (socket: Socket): void => {
    const connection = connections.get(socket);
    if (connection !== undefined) connection.whole = undefined;
    serve.call(server, socket);
  };
  const shared = { limits: options.limits, handle, handOver, isDraining };
  server.on(event, (socket: Socket) => {
    const connection = connections.get(socket);
    if (connection === undefined) socket.destroy();
    else connection.whole = new WholeConnection(socket, connection.trust, shared);
  });
};

const watchConnections = (server: Server, options: ListenerOptions, connections: Connections): void => {
  const { metrics, limits, listen } = options;
  const proxies = proxyList(listen.trustedProxies);
  const addresses = new AddressCounter(limits.connectionsPerAddress);
  // TLS: the address is known at the TCP connection, the trust belongs to the TLS socket that requests come on.
  server.on('connection', (socket: Socket) => {
    const address = networkOf(socket.remoteAddress ?? '');
    const isCounted = !connectionTrust(socket, proxies).isProxy;
    if (isCounted && !addresses.enter(address)) {
      metrics.refused('limit.connections');
      socket.destroy();
      return;
    }
    metrics.connectionOpened();
    socket.once('close', () => {
      metrics.connectionClosed();
      if (isCounted) addresses.leave(address);
    });
  });
  server.on('drop', () => metrics.refused('limit.connections'));
  server.on(meeting(options), (socket: Socket) => {
    connections.set(socket, { trust: connectionTrust(socket, proxies), latest: undefined, whole: undefined });
    socket.once('close', () => connections.delete(socket));
  });
};

const isUnderWay = ({ latest, whole }: Connection): boolean =>
  whole?.isUnderWay === true || (latest !== undefined && !latest.writableFinished && !latest.destroyed);

const watchRequests = (
  server: Server,
  options: ListenerOptions,
  connections: Connections,
  isDraining: () => boolean,
): void => {
  const { handle, metrics, limits } = options;
  const refuse = (socket: Duplex, reason: Reason, status?: number): void => {
    metrics.refused(reason);
    writeRaw(socket, reason, newRequestId(), status);
  };
  const accept = (incoming: IncomingMessage, response: ServerResponse): void => {
    const connection = connections.get(incoming.socket);
    if (connection === undefined) incoming.socket.destroy();
    else if (incoming.rawHeaders.length > limits.headers * 2) refuse(incoming.socket, 'head.too-large', 431);
    else {
      connection.latest = response;
      if (isDraining()) response.shouldKeepAlive = false;
      handle(incoming, response, connection.trust);
    }
  };
  server.on('request', accept);
  // `Expect: 100-continue`: a body over every cap is refused by the handler before it is sent.
  server.on('checkContinue', (incoming: IncomingMessage, response: ServerResponse) => {
    if (Number(incoming.headers['content-length'] ?? 0) <= limits.bodyCapBytes) response.writeContinue();
    accept(incoming, response);
  });
  server.on('checkExpectation', (incoming: IncomingMessage) => refuse(incoming.socket, 'head.framing'));
  server.on('upgrade', (_incoming: IncomingMessage, socket: Duplex) => refuse(socket, 'head.upgrade'));
  server.on('connect', (_incoming: IncomingMessage, socket: Duplex) => refuse(socket, 'gateway.method'));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    if (hadLastReply(socket)) {
      socket.end();
      return;
    }
    const { reason, status } = parserRefusal(error.code);
    refuse(socket, reason, status);
  });
};

/** Requests under way end with `Connection: close`; a connection that never sent one ends now: node takes it for a busy one. */
const endConnections = (connections: Connections): void => {
  for (const [socket, { latest, whole }] of connections) {
    if (whole !== undefined) whole.drain();
    else if (latest === undefined) socket.destroy();
    else if (!latest.headersSent) latest.shouldKeepAlive = false;
  }
};

const drainServer = (server: Server, connections: Connections, deadlineMs: number): Promise<void> =>
  new Promise((resolve) => {
    endConnections(connections);
    // A connection that was busy when close() looked at it is idle later; close() itself does not look again.
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    const forced = setTimeout(() => {
      server.closeAllConnections();
      for (const socket of connections.keys()) socket.destroy();
    }, deadlineMs);
    server.close(() => {
      clearInterval(idle);
      clearTimeout(forced);
      resolve();
    });
  });

const start = (server: Server, listen: ListenConfig, reusePort: boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: listen.host, port: listen.port, reusePort }, () => {
      server.off('error', reject);
      resolve();
    });
  });

/** Opens the listener. `reusePort` lets every worker thread listen on the same port; the kernel spreads the connections. */
export const listen = async (options: ListenerOptions, reusePort: boolean): Promise<Listener> => {
  const server = open(options);
  const connections: Connections = new Map();
  let draining = false;
  watchConnections(server, options, connections);
  watchRequests(server, options, connections, () => draining);
  if (options.handleWhole !== undefined) serveWhole(server, options, connections, () => draining, options.handleWhole);
  await start(server, options.listen, reusePort);
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    reloadTls: (tls) => {
      if ('setSecureContext' in server) server.setSecureContext(readTls(tls));
    },
    openRequests: () => {
      let open = 0;
      for (const connection of connections.values()) if (isUnderWay(connection)) open += 1;
      return open;
    },
    drain: (deadlineMs) => {
      draining = true;
      return drainServer(server, connections, deadlineMs);
    },
  };
};
