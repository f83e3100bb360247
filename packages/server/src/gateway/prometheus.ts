/** The Prometheus text (format 0.0.4) of all threads together. */
import { latencyBounds, type MetricsSnapshot, type RouteCounts } from './metrics.ts';

/** What the process says beside its threads. */
export interface ProcessGauges {
  readonly version: string;
  readonly workers: number;
  readonly workerRestarts: number;
  readonly uptimeSeconds: number;
  readonly residentBytes: number;
  readonly reloads: number;
  readonly refusedReloads: number;
}

/** A label value: backslash, quote and newline are escaped, as the format asks. */
const quoted = (value: string): string =>
  `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

const labelled = (name: string, labels: Readonly<Record<string, string>>, value: number): string => {
  const list = Object.entries(labels).map(([label, text]) => `${label}=${quoted(text)}`);
  return `${name}${list.length === 0 ? '' : `{${list.join(',')}}`} ${value}\n`;
};

const family = (
  name: string,
  type: 'counter' | 'gauge' | 'histogram',
  help: string,
  samples: readonly string[],
): string => (samples.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.join('')}`);

const addLists = (left: readonly number[], right: readonly number[]): number[] =>
  left.map((value, index) => value + (right[index] ?? 0));

const addRecords = (
  left: Readonly<Record<string, number>>,
  right: Readonly<Record<string, number>>,
): Record<string, number> => {
  const sum = { ...left };
  for (const [name, value] of Object.entries(right)) sum[name] = (sum[name] ?? 0) + value;
  return sum;
};

const addRoutes = (left: RouteCounts, right: RouteCounts): RouteCounts => ({
  service: left.service,
  route: left.route,
  reasons: addRecords(left.reasons, right.reasons),
  statuses: addLists(left.statuses, right.statuses),
  latency: addLists(left.latency, right.latency),
  latencySumMs: left.latencySumMs + right.latencySumMs,
  bytesIn: left.bytesIn + right.bytesIn,
  bytesOut: left.bytesOut + right.bytesOut,
});

const joinRoutes = (snapshots: readonly MetricsSnapshot[]): readonly RouteCounts[] => {
  const joined = new Map<string, RouteCounts>();
  for (const route of snapshots.flatMap(({ routes }) => routes)) {
    const key = `${route.service}\n${route.route}`;
    const held = joined.get(key);
    joined.set(key, held === undefined ? route : addRoutes(held, route));
  }
  return [...joined.values()];
};

/** The counts of several threads, or of one thread before and after its restart, as one. */
export const joinSnapshots = (snapshots: readonly MetricsSnapshot[]): MetricsSnapshot => ({
  routes: joinRoutes(snapshots),
  refusals: snapshots.reduce<Record<string, number>>((sum, { refusals }) => addRecords(sum, refusals), {}),
  endpoints: snapshots.reduce<Record<string, number>>((sum, { endpoints }) => addRecords(sum, endpoints), {}),
  migrated: snapshots.reduce<Record<string, number>>((sum, { migrated }) => addRecords(sum, migrated), {}),
  connections: snapshots.reduce((sum, { connections }) => sum + connections, 0),
  openConnections: snapshots.reduce((sum, { openConnections }) => sum + openConnections, 0),
  openRequests: snapshots.reduce((sum, { openRequests }) => sum + openRequests, 0),
});

const histogram = (name: string, { service, route, latency, latencySumMs }: RouteCounts): readonly string[] => {
  let below = 0;
  const buckets = latency.map((value, index) => {
    below += value;
    const bound = latencyBounds[index];
    const le = bound === undefined ? '+Inf' : String(bound / 1000);
    return labelled(`${name}_bucket`, { service, route, le }, below);
  });
  return [
    ...buckets,
    labelled(`${name}_sum`, { service, route }, latencySumMs / 1000),
    labelled(`${name}_count`, { service, route }, below),
  ];
};

const routeFamilies = (routes: readonly RouteCounts[]): string => {
  const seconds = 'hauberk_request_duration_seconds';
  const reasons = routes.flatMap(({ service, route, reasons: counts }) =>
    Object.entries(counts).map(([reason, value]) =>
      labelled('hauberk_requests_total', { service, route, reason }, value),
    ),
  );
  const statuses = routes.flatMap(({ service, route, statuses: counts }) =>
    counts.flatMap((value, index) =>
      value === 0 ? [] : [labelled('hauberk_replies_total', { service, route, status: `${index}xx` }, value)],
    ),
  );
  const bytes = routes.flatMap(({ service, route, bytesIn, bytesOut }) => [
    labelled('hauberk_body_bytes_total', { service, route, direction: 'in' }, bytesIn),
    labelled('hauberk_body_bytes_total', { service, route, direction: 'out' }, bytesOut),
  ]);
  return [
    family('hauberk_requests_total', 'counter', 'Requests by route and inner reason.', reasons),
    family('hauberk_replies_total', 'counter', 'Replies by route and class of status.', statuses),
    family('hauberk_body_bytes_total', 'counter', 'Body bytes by route and direction.', bytes),
    family(
      seconds,
      'histogram',
      'Time from the complete head to the end of the reply.',
      routes.flatMap((route) => histogram(seconds, route)),
    ),
  ].join('');
};

const endpointSample = ([key, value]: [string, number]): string => {
  const [endpoint = '', reason = ''] = key.split(' ');
  return labelled('hauberk_endpoint_requests_total', { endpoint, reason }, value);
};

const migratedSample = ([key, value]: [string, number]): string => {
  const [service = '', route = '', scheme = ''] = key.split('\n');
  return labelled('hauberk_migrated_requests_total', { service, route, scheme }, value);
};

const processFamilies = (gauges: ProcessGauges): string =>
  [
    family('hauberk_build_info', 'gauge', 'The running version.', [
      labelled('hauberk_build_info', { version: gauges.version }, 1),
    ]),
    family('hauberk_workers', 'gauge', 'Worker threads that accept requests.', [
      labelled('hauberk_workers', {}, gauges.workers),
    ]),
    family('hauberk_worker_restarts_total', 'counter', 'Worker threads that died and were replaced.', [
      labelled('hauberk_worker_restarts_total', {}, gauges.workerRestarts),
    ]),
    family('hauberk_config_reloads_total', 'counter', 'Configurations that were taken over or refused at run time.', [
      labelled('hauberk_config_reloads_total', { result: 'accepted' }, gauges.reloads),
      labelled('hauberk_config_reloads_total', { result: 'refused' }, gauges.refusedReloads),
    ]),
    family('process_uptime_seconds', 'gauge', 'Time since the start.', [
      labelled('process_uptime_seconds', {}, gauges.uptimeSeconds),
    ]),
    family('process_resident_memory_bytes', 'gauge', 'Resident memory.', [
      labelled('process_resident_memory_bytes', {}, gauges.residentBytes),
    ]),
  ].join('');

/** The text of one scrape. */
export const prometheusText = (snapshots: readonly MetricsSnapshot[], gauges: ProcessGauges): string => {
  const all = joinSnapshots(snapshots);
  const refusals = Object.entries(all.refusals).map(([reason, value]) =>
    labelled('hauberk_refusals_total', { reason }, value),
  );
  return [
    routeFamilies(all.routes),
    family('hauberk_refusals_total', 'counter', 'Requests and connections refused before a route was known.', refusals),
    family(
      'hauberk_endpoint_requests_total',
      'counter',
      'Requests that the gateway answers itself.',
      Object.entries(all.endpoints).map(endpointSample),
    ),
    family(
      'hauberk_migrated_requests_total',
      'counter',
      'Requests that a migration scheme, weaker than HB/1, accepted.',
      Object.entries(all.migrated).map(migratedSample),
    ),
    family('hauberk_connections_total', 'counter', 'Accepted connections.', [
      labelled('hauberk_connections_total', {}, all.connections),
    ]),
    family('hauberk_connections_open', 'gauge', 'Open connections.', [
      labelled('hauberk_connections_open', {}, all.openConnections),
    ]),
    family('hauberk_requests_open', 'gauge', 'Requests under way.', [
      labelled('hauberk_requests_open', {}, all.openRequests),
    ]),
    processFamilies(gauges),
  ].join('');
};
