/** Counters of one worker thread. What becomes of them is said in observability/metric-families.ts. */
import { type DecisionCounts, noDecisions } from '../decision/decision-figures.ts';
import type { Exemplar } from '../observability/exposition.ts';

/** Upper bounds of the latency buckets, in milliseconds. */
export const latencyBounds: readonly number[] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

/** What one route counted. */
export interface RouteCounts {
  readonly service: string;
  readonly route: string;
  /** Requests by inner reason; `ok` for those that were answered. */
  readonly reasons: Record<string, number>;
  /** Requests by hundreds of the status: index 2 for 2xx. */
  readonly statuses: number[];
  /** Requests by latency bucket; the last is beyond every bound. */
  readonly latency: number[];
  /** The last request of each bucket whose trace may be shown. */
  readonly exemplars: (Exemplar | undefined)[];
  latencySumMs: number;
  bytesIn: number;
  bytesOut: number;
}

/** What a thread answers when it is asked; a plain object that crosses threads. */
export interface MetricsSnapshot {
  readonly routes: readonly RouteCounts[];
  /** Refused before a route was known, by inner reason. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Handshakes, enrolments and other endpoints of the gateway itself: `hello.ok`, `hello.signature`. */
  readonly endpoints: Readonly<Record<string, number>>;
  /** Requests that a migration scheme accepted, by service, route and scheme, one a line. */
  readonly migrated: Readonly<Record<string, number>>;
  /** Reports of accesses, by `ok` or why they were not kept. */
  readonly accessReports: Readonly<Record<string, number>>;
  /** Reports of signals, by `ok` or why they were not kept; and signals that were dropped, by why. */
  readonly signalReports: Readonly<Record<string, number>>;
  /** Requests that were shed, by priority and reason, one a line. */
  readonly shed: Readonly<Record<string, number>>;
  /** Age of the queues in milliseconds, and threads that shed; filled in by the worker. */
  readonly queues: { readonly gatewayMs: number; readonly upstreamMs: number; readonly shedding: number };
  /** Breakers by dependency, name and priority, one a line: 1 for one that is not closed; filled in by the worker. */
  readonly breakers: Readonly<Record<string, number>>;
  readonly connections: number;
  readonly openConnections: number;
  /** Filled in by the listener, which knows. */
  readonly openRequests: number;
  /** Clients that wait for directives. */
  readonly directiveStreams: number;
  /** Access-log lines that never reached their file. Filled in by the worker. */
  readonly lostLines: number;
  /** Filled in by the worker. */
  readonly decisions: DecisionCounts;
}

/** One finished request. */
export interface FinishedRequest {
  readonly service: string;
  readonly route: string;
  readonly reason: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Of the request; absent when no exemplar may name it. */
  readonly traceId?: string | undefined;
  /** When it came. Epoch milliseconds. */
  readonly at?: number;
}

/** The counters of one thread. */
export interface Metrics {
  readonly finished: (request: FinishedRequest) => void;
  /** A request that ended before its route was known, or a connection that was turned away. */
  readonly refused: (reason: string) => void;
  /** A request that the gateway answers itself. */
  readonly endpoint: (name: string, reason: string) => void;
  /** A request that a migration scheme accepted instead of HB/1. */
  readonly migrated: (service: string, route: string, scheme: string) => void;
  /** A report of accesses, chains or effects. */
  readonly accessReport: (code: string) => void;
  /** A report of signals, or a signal that was dropped. */
  readonly signalReport: (code: string) => void;
  /** A request that was shed by its priority. */
  readonly shed: (priority: string, reason: string) => void;
  readonly connectionOpened: () => void;
  readonly connectionClosed: () => void;
  readonly snapshot: () => MetricsSnapshot;
}

const bucketOf = (milliseconds: number): number => {
  const index = latencyBounds.findIndex((bound) => milliseconds <= bound);
  return index < 0 ? latencyBounds.length : index;
};

const newRouteCounts = (service: string, route: string): RouteCounts => ({
  service,
  route,
  reasons: {},
  statuses: Array.from({ length: 6 }, () => 0),
  latency: Array.from({ length: latencyBounds.length + 1 }, () => 0),
  exemplars: Array.from({ length: latencyBounds.length + 1 }, () => undefined),
  latencySumMs: 0,
  bytesIn: 0,
  bytesOut: 0,
});

const increment = (counts: Record<string, number>, name: string, by = 1): void => {
  counts[name] = (counts[name] ?? 0) + by;
};

const incrementAt = (counts: number[], index: number, by = 1): void => {
  counts[index] = (counts[index] ?? 0) + by;
};

const countFinished = (counts: RouteCounts, request: FinishedRequest): void => {
  increment(counts.reasons, request.reason);
  incrementAt(counts.statuses, Math.floor(request.status / 100));
  const { milliseconds, traceId, at = 0 } = request;
  const bucket = bucketOf(milliseconds);
  incrementAt(counts.latency, bucket);
  if (traceId !== undefined) counts.exemplars[bucket] = { traceId, seconds: milliseconds / 1000, at };
  counts.latencySumMs += milliseconds;
  counts.bytesIn += request.bytesIn;
  counts.bytesOut += request.bytesOut;
};

/** No queue anywhere. */
export const noQueues: MetricsSnapshot['queues'] = { gatewayMs: 0, upstreamMs: 0, shedding: 0 };

/** Counters that start at zero. */
export const createMetrics = (): Metrics => {
  const byService = new Map<string, Map<string, RouteCounts>>();
  const refusals: Record<string, number> = {};
  const endpoints: Record<string, number> = {};
  const migrated: Record<string, number> = {};
  const accessReports: Record<string, number> = {};
  const signalReports: Record<string, number> = {};
  const shed: Record<string, number> = {};
  let connections = 0;
  let openConnections = 0;
  const countsOf = (service: string, route: string): RouteCounts => {
    let routes = byService.get(service);
    if (routes === undefined) {
      routes = new Map();
      byService.set(service, routes);
    }
    let counts = routes.get(route);
    if (counts === undefined) {
      counts = newRouteCounts(service, route);
      routes.set(route, counts);
    }
    return counts;
  };
  return {
    finished: (request) => countFinished(countsOf(request.service, request.route), request),
    refused: (reason) => increment(refusals, reason),
    endpoint: (name, reason) => increment(endpoints, `${name} ${reason}`),
    migrated: (service, route, scheme) => increment(migrated, `${service}\n${route}\n${scheme}`),
    accessReport: (code) => increment(accessReports, code),
    signalReport: (code) => increment(signalReports, code),
    shed: (priority, reason) => increment(shed, `${priority}\n${reason}`),
    connectionOpened: () => {
      connections += 1;
      openConnections += 1;
    },
    connectionClosed: () => {
      openConnections -= 1;
    },
    snapshot: () => ({
      routes: [...byService.values()].flatMap((routes) => [...routes.values()]),
      refusals,
      endpoints,
      migrated,
      accessReports,
      signalReports,
      shed,
      queues: noQueues,
      breakers: {},
      connections,
      openConnections,
      openRequests: 0,
      directiveStreams: 0,
      lostLines: 0,
      decisions: noDecisions,
    }),
  };
};
