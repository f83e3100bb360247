/** The listener that nginx and Envoy ask: a unix socket, or TLS that takes clients of its own authorities only. There is no third way in. */
import { chmodSync, lstatSync, readFileSync, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { AuthzConfig, AuthzTlsConfig, LimitsConfig } from '../config/config.ts';

/** Answers one question. */
export type AuthzHandler = (incoming: IncomingMessage, response: ServerResponse) => void;

/** The open listeners of one worker thread. */
export interface AuthzListener {
  readonly close: () => Promise<void>;
}

const options = (limits: LimitsConfig): ServerOptions => ({
  connectionsCheckingInterval: 1000,
  headersTimeout: limits.headersTimeoutMs,
  requestTimeout: limits.requestTimeoutMs,
  keepAliveTimeout: limits.keepAliveTimeoutMs,
  // The proxy adds its own headers to those of the client.
  maxHeaderSize: limits.headerBytes + 8192,
  requireHostHeader: true,
  noDelay: true,
  insecureHTTPParser: false,
});

const started = (server: Server, target: object): Promise<Server> =>
  new Promise((resolve, reject) => {
    server.maxHeadersCount = 0;
    server.once('error', reject);
    server.listen(target, () => {
      server.off('error', reject);
      resolve(server);
    });
  });

/** A socket file that an earlier run left behind stands in the way; anything else of that name is not ours to remove. */
const removeStale = (path: string): void => {
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
};

/** Every worker thread listens on a path of its own: one unix socket cannot be shared between threads. */
export const socketOf = (path: string, worker: number): string => (worker === 0 ? path : `${path}.${worker}`);

const listenOnSocket = async (
  path: string,
  worker: number,
  limits: LimitsConfig,
  handle: AuthzHandler,
): Promise<Server> => {
  const own = socketOf(path, worker);
  removeStale(own);
  const server = await started(createServer(options(limits), handle), { path: own });
  // Owner and group: the group is how an administrator lets the proxy in.
  chmodSync(own, 0o660);
  return server;
};

const isKnownPeer = (socket: TLSSocket, names: readonly string[]): boolean => {
  if (!socket.authorized) return false;
  if (names.length === 0) return true;
  const { subject } = socket.getPeerCertificate();
  return typeof subject?.CN === 'string' && names.includes(subject.CN);
};

const listenOnTls = (
  tls: AuthzTlsConfig,
  limits: LimitsConfig,
  reusePort: boolean,
  handle: AuthzHandler,
): Promise<Server> => {
  const server = createTlsServer(
    {
      ...options(limits),
      cert: readFileSync(tls.certificateFile),
      key: readFileSync(tls.keyFile),
      ca: readFileSync(tls.clientCaFile),
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: limits.headersTimeoutMs,
    },
    handle,
  );
  server.on('secureConnection', (socket: TLSSocket) => {
    if (!isKnownPeer(socket, tls.clientNames)) socket.destroy();
  });
  return started(server, { host: tls.host, port: tls.port, reusePort });
};

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });

/** Opens what the configuration names. Where a port cannot be shared, the first thread alone listens on it. */
export const openAuthzListener = async (
  authz: AuthzConfig,
  thread: { readonly worker: number; readonly reusePort: boolean; readonly limits: LimitsConfig },
  handle: AuthzHandler,
): Promise<AuthzListener> => {
  const { worker, reusePort, limits } = thread;
  const servers: Server[] = [];
  if (authz.socket !== undefined) servers.push(await listenOnSocket(authz.socket, worker, limits, handle));
  if (authz.tls !== undefined && (reusePort || worker === 0))
    servers.push(await listenOnTls(authz.tls, limits, reusePort, handle));
  return { close: async () => void (await Promise.all(servers.map(closed))) };
};
