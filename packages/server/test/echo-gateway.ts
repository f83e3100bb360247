/** A whole gateway before an upstream that tells what it received; for tests of modes, migration and the client report. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Config,
  createLog,
  type GatewayOptions,
  openStorage,
  parseConfig,
  type RunningGateway,
  startGateway,
} from '../src/index.ts';
import type { Stores } from '../src/storage/stores.ts';

/** What the upstream saw of one request. */
export interface SeenUpstream {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The running parts. */
export interface EchoGateway {
  readonly folder: string;
  readonly config: Config;
  readonly running: RunningGateway;
  readonly stores: Stores;
  /** Origin of the upstream. */
  readonly upstream: string;
  readonly seen: SeenUpstream[];
  /** Stops the gateway; what it saw is in the state folder then. */
  readonly stop: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const openUpstream = async (seen: SeenUpstream[]) => {
  const server = createServer((incoming, response) => {
    const pieces: Buffer[] = [];
    incoming.on('data', (piece: Buffer) => pieces.push(piece));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      seen.push({ method, url, headers, body: Buffer.concat(pieces).toString() });
      response.setHeader('content-type', 'application/json');
      if (headers['x-answer'] !== undefined) response.statusCode = Number(headers['x-answer']);
      response.end('{"from":"upstream"}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

/** Starts a gateway of one service `bank` with these routes; `more` is laid over the configuration. */
export const startEchoGateway = async (
  service: object,
  more: (folder: string) => object = () => ({}),
  options: Partial<GatewayOptions> = {},
): Promise<EchoGateway> => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-echo-'));
  const seen: SeenUpstream[] = [];
  const server = await openUpstream(seen);
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const loaded = parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: 'app' }],
      state: join(folder, 'state'),
      workers: 2,
      listen: { port: 0 },
      services: [{ id: 'bank', upstream: 'core', ...service }],
      upstreams: { core: { origin: upstream, factsKey: 'k'.repeat(32) } },
      log: { access: 'none', level: 'error' },
      // A busy test machine looks like an overload.
      overload: { queueTargetMs: 0 },
      ...more(folder),
    },
    join(folder, 'made.yaml'),
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
  const { config } = loaded;
  const storage = await openStorage({ folder: config.state });
  const running = await startGateway({ config, storage, version: 'test', log: createLog('error'), ...options }).catch(
    (error: unknown) => {
      // A test that expects this must be able to end.
      server.close();
      throw error;
    },
  );
  return {
    folder,
    config,
    running,
    stores: storage.ports,
    upstream,
    seen,
    stop: () => running.stop(),
    close: async () => {
      await running.stop();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** Waits until the second that holds a start is over: one-time credentials of that second are refused. */
export const pastTheFence = (): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000) + 5));
