/** The connections to one upstream. */
import { Pool } from 'undici';
import { ExchangePool, type UpstreamTls } from './exchange-pool.ts';
import type { NameResolver } from './resolver.ts';

/** How an upstream is reached. */
export interface UpstreamOptions {
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string;
  /** Most connections of this thread, for exchanges in one piece and again for streams. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

/** An upstream with its connections. */
export interface Upstream {
  readonly origin: string;
  /** Host and port as `Host` names them. */
  readonly host: string;
  /** For exchanges in one piece. */
  readonly exchanges: ExchangePool;
  /** For bodies and replies that are streams. */
  readonly streams: Pool;
  /** Requests under way or waiting for a connection. */
  inFlight: number;
  /** Requests on a connection; the others wait for one. */
  running: number;
  /** Requests that ever got a connection. */
  started: number;
  /** Requests beyond this number are refused: a queue without end only hides an overload. */
  readonly maxInFlight: number;
  readonly close: () => Promise<void>;
}

/** How long a close waits for what is under way. */
const closeGraceMs = 1000;

const closeStreams = async (streams: Pool): Promise<void> => {
  const forced = setTimeout(() => void streams.destroy(), closeGraceMs);
  await streams.close().catch(() => undefined);
  clearTimeout(forced);
};

/** Opens the pools; connections are made on demand. */
export const openUpstream = (
  options: UpstreamOptions,
  resolver: Pick<NameResolver, 'lookup'>,
  tls?: UpstreamTls,
): Upstream => {
  const { origin, connections, connectTimeoutMs, keepAliveTimeoutMs } = options;
  const exchanges = new ExchangePool({ ...options, lookup: resolver.lookup, ...(tls === undefined ? {} : { tls }) });
  const streams = new Pool(origin, {
    connections,
    pipelining: 1,
    keepAliveTimeout: keepAliveTimeoutMs,
    keepAliveMaxTimeout: 600_000,
    // Each request carries its own deadline; two more timers a request would only cost.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    connect: { ...tls, timeout: connectTimeoutMs, lookup: resolver.lookup, keepAlive: true },
  });
  return {
    origin,
    host: new URL(origin).host,
    exchanges,
    streams,
    inFlight: 0,
    running: 0,
    started: 0,
    maxInFlight: connections * 16,
    close: async () => {
      await Promise.all([exchanges.close(closeGraceMs), closeStreams(streams)]);
    },
  };
};
