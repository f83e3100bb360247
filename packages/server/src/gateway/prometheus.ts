/** One scrape of all threads together. The families and their formats are in the room of observability. */
import { type DecisionCounts, noDecisions } from '../decision/decision-figures.ts';
import { type Exemplar, type ExpositionFormat, exposition } from '../observability/exposition.ts';
import { measure, type ProcessGauges } from '../observability/metric-families.ts';
import type { MetricsSnapshot, RouteCounts } from './metrics.ts';

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

type Exemplars = readonly (Exemplar | undefined)[];

/** The younger exemplar of each bucket: its trace is the likelier one to be kept still. */
const younger = (left: Exemplars, right: Exemplars): (Exemplar | undefined)[] =>
  left.map((held, index) => {
    const other = right[index];
    return held === undefined || (other !== undefined && other.at > held.at) ? other : held;
  });

const addRoutes = (left: RouteCounts, right: RouteCounts): RouteCounts => ({
  service: left.service,
  route: left.route,
  reasons: addRecords(left.reasons, right.reasons),
  statuses: addLists(left.statuses, right.statuses),
  latency: addLists(left.latency, right.latency),
  exemplars: younger(left.exemplars, right.exemplars),
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

const addDecisions = (left: DecisionCounts, right: DecisionCounts): DecisionCounts => ({
  outcomes: addRecords(left.outcomes, right.outcomes),
  faults: addRecords(left.faults, right.faults),
  touches: addRecords(left.touches, right.touches),
  refused: addRecords(left.refused, right.refused),
  shadows: addRecords(left.shadows, right.shadows),
  durations: addLists(left.durations, right.durations),
  durationSumMs: left.durationSumMs + right.durationSumMs,
  refusedDropped: left.refusedDropped + right.refusedDropped,
  recordsDropped: left.recordsDropped + right.recordsDropped,
});

/** The counts of several threads, or of one thread before and after its restart, as one. */
export const joinSnapshots = (snapshots: readonly MetricsSnapshot[]): MetricsSnapshot => ({
  routes: joinRoutes(snapshots),
  refusals: snapshots.reduce<Record<string, number>>((sum, { refusals }) => addRecords(sum, refusals), {}),
  endpoints: snapshots.reduce<Record<string, number>>((sum, { endpoints }) => addRecords(sum, endpoints), {}),
  migrated: snapshots.reduce<Record<string, number>>((sum, { migrated }) => addRecords(sum, migrated), {}),
  signalReports: snapshots.reduce<Record<string, number>>((sum, each) => addRecords(sum, each.signalReports), {}),
  accessReports: snapshots.reduce<Record<string, number>>((sum, each) => addRecords(sum, each.accessReports), {}),
  shed: snapshots.reduce<Record<string, number>>((sum, { shed }) => addRecords(sum, shed), {}),
  queues: {
    gatewayMs: Math.max(0, ...snapshots.map(({ queues }) => queues.gatewayMs)),
    upstreamMs: Math.max(0, ...snapshots.map(({ queues }) => queues.upstreamMs)),
    shedding: snapshots.reduce((sum, { queues }) => sum + queues.shedding, 0),
  },
  breakers: snapshots.reduce<Record<string, number>>((sum, { breakers }) => addRecords(sum, breakers), {}),
  connections: snapshots.reduce((sum, { connections }) => sum + connections, 0),
  openConnections: snapshots.reduce((sum, { openConnections }) => sum + openConnections, 0),
  directiveStreams: snapshots.reduce((sum, { directiveStreams }) => sum + directiveStreams, 0),
  openRequests: snapshots.reduce((sum, { openRequests }) => sum + openRequests, 0),
  lostLines: snapshots.reduce((sum, { lostLines }) => sum + lostLines, 0),
  decisions: snapshots.map(({ decisions }) => decisions).reduce(addDecisions, noDecisions),
});

/** The text of one scrape. */
export const prometheusText = (
  snapshots: readonly MetricsSnapshot[],
  gauges: ProcessGauges,
  format: ExpositionFormat = 'text',
): string => exposition(measure({ all: joinSnapshots(snapshots), process: gauges }), format);
