/** The connections to one upstream. */
import { Pool } from 'undici';
import type { NameResolver } from './resolver.ts';

/** How an upstream is reached. */
export interface UpstreamOptions {
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string;
  /** Most connections of this thread. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

/** An upstream with its pool. */
export interface Upstream {
  readonly origin: string;
  readonly pool: Pool;
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

/** Opens the pool; connections are made on demand. */
export const openUpstream = (options: UpstreamOptions, resolver: NameResolver): Upstream => {
  const pool = new Pool(options.origin, {
    connections: options.connections,
    pipelining: 1,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    keepAliveMaxTimeout: 600_000,
    // Each request carries its own deadline; two more timers a request would only cost.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    connect: { timeout: options.connectTimeoutMs, lookup: resolver.lookup, keepAlive: true },
  });
  const close = async (): Promise<void> => {
    const forced = setTimeout(() => void pool.destroy(), 1000);
    await pool.close().catch(() => undefined);
    clearTimeout(forced);
  };
  return {
    origin: options.origin,
    pool,
    inFlight: 0,
    running: 0,
    started: 0,
    maxInFlight: options.connections * 16,
    close,
  };
};
