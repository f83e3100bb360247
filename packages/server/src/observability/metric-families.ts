/**
 * Every metric of the gateway: one entry a family, from which the scrape and the table of docs/operations.md are made. Labels come from
 * configuration and from closed lists of codes, never from a request, so that no client can make the number of series grow.
 */

import type { AdminFigures } from '../admin/admin-figures.ts';
import type { PoolFigures } from '../binding/vmn-health.ts';
import { latencyBounds, type MetricsSnapshot, type RouteCounts } from '../gateway/metrics.ts';
import type { PrivacyStatus } from '../privacy/open-privacy.ts';
import type { SmsStatus } from '../sms/sms-plane.ts';
import { adminFamilies } from './admin-families.ts';
import { decisionFamilies } from './decision-families.ts';
import type { Family, FamilyFacts, Sample } from './exposition.ts';
import { privacyFamilies } from './privacy-families.ts';
import type { ConfigLife } from './readiness.ts';
import { signalFamilies } from './signal-families.ts';

/** What the process says beside its threads. */
export interface ProcessGauges {
  readonly version: string;
  readonly workers: number;
  readonly workerRestarts: number;
  readonly uptimeSeconds: number;
  readonly residentBytes: number;
  readonly cpuSeconds: number;
  /** What clients verify now. */
  readonly configs: readonly ConfigLife[];
  readonly reloads: number;
  readonly refusedReloads: number;
  /** Undefined where no SMS come in. */
  readonly sms?: SmsStatus | undefined;
  /** Undefined where nothing binds. */
  readonly vmns?: PoolFigures | undefined;
  readonly privacy?: PrivacyStatus | undefined;
  /** Undefined where the admin API is off. */
  readonly admin?: AdminFigures | undefined;
}

/** What a scrape is made from: all threads together, and the process. */
export interface Measured {
  readonly all: MetricsSnapshot;
  readonly process: ProcessGauges;
}

/** A family and how its samples are made. */
export interface MeasuredFamily extends FamilyFacts {
  readonly measure: (measured: Measured) => readonly Sample[];
}

const one = (value: number, labels: Sample['labels'] = {}): readonly Sample[] => [{ labels, value }];

const perRoute = (
  { all }: Measured,
  samples: (route: RouteCounts, labels: Readonly<Record<'service' | 'route', string>>) => readonly Sample[],
): readonly Sample[] => all.routes.flatMap((route) => samples(route, { service: route.service, route: route.route }));

const histogram = ({ latency, latencySumMs, exemplars }: RouteCounts, labels: Sample['labels']): readonly Sample[] => {
  let below = 0;
  const buckets = latency.map((value, index): Sample => {
    below += value;
    const bound = latencyBounds[index];
    const le = bound === undefined ? '+Inf' : String(bound / 1000);
    return { suffix: '_bucket', labels: { ...labels, le }, value: below, exemplar: exemplars[index] };
  });
  return [
    ...buckets,
    { suffix: '_sum', labels, value: latencySumMs / 1000 },
    { suffix: '_count', labels, value: below },
  ];
};

const routeLabels = ['service', 'route'] as const;

const requestFamilies: readonly MeasuredFamily[] = [
  {
    name: 'hauberk_requests',
    type: 'counter',
    help: 'Requests by route and inner reason.',
    labels: [...routeLabels, 'reason'],
    measure: (measured) =>
      perRoute(measured, ({ reasons }, labels) =>
        Object.entries(reasons).map(([reason, value]) => ({ labels: { ...labels, reason }, value })),
      ),
  },
  {
    name: 'hauberk_replies',
    type: 'counter',
    help: 'Replies by route and class of status.',
    labels: [...routeLabels, 'status'],
    measure: (measured) =>
      perRoute(measured, ({ statuses }, labels) =>
        statuses.flatMap((value, index) =>
          value === 0 ? [] : [{ labels: { ...labels, status: `${index}xx` }, value }],
        ),
      ),
  },
  {
    name: 'hauberk_body_bytes',
    type: 'counter',
    unit: 'bytes',
    help: 'Body bytes by route and direction.',
    labels: [...routeLabels, 'direction'],
    measure: (measured) =>
      perRoute(measured, ({ bytesIn, bytesOut }, labels) => [
        { labels: { ...labels, direction: 'in' }, value: bytesIn },
        { labels: { ...labels, direction: 'out' }, value: bytesOut },
      ]),
  },
  {
    name: 'hauberk_request_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from the complete head to the end of the reply.',
    labels: [...routeLabels, 'le'],
    measure: (measured) => perRoute(measured, histogram),
  },
  {
    name: 'hauberk_refusals',
    type: 'counter',
    help: 'Requests and connections refused before a route was known.',
    labels: ['reason'],
    measure: ({ all }) => Object.entries(all.refusals).map(([reason, value]) => ({ labels: { reason }, value })),
  },
  {
    name: 'hauberk_endpoint_requests',
    type: 'counter',
    help: 'Requests that the gateway answers itself.',
    labels: ['endpoint', 'reason'],
    measure: ({ all }) =>
      Object.entries(all.endpoints).map(([key, value]) => {
        const [endpoint = '', reason = ''] = key.split(' ');
        return { labels: { endpoint, reason }, value };
      }),
  },
  {
    name: 'hauberk_migrated_requests',
    type: 'counter',
    help: 'Requests that a migration scheme, weaker than HB/1, accepted.',
    labels: [...routeLabels, 'scheme'],
    measure: ({ all }) =>
      Object.entries(all.migrated).map(([key, value]) => {
        const [service = '', route = '', scheme = ''] = key.split('\n');
        return { labels: { service, route, scheme }, value };
      }),
  },
];

const connectionFamilies: readonly MeasuredFamily[] = [
  {
    name: 'hauberk_connections',
    type: 'counter',
    help: 'Accepted connections.',
    labels: [],
    measure: ({ all }) => one(all.connections),
  },
  {
    name: 'hauberk_connections_open',
    type: 'gauge',
    help: 'Open connections.',
    labels: [],
    measure: ({ all }) => one(all.openConnections),
  },
  {
    name: 'hauberk_requests_open',
    type: 'gauge',
    help: 'Requests under way.',
    labels: [],
    measure: ({ all }) => one(all.openRequests),
  },
  {
    name: 'hauberk_directive_streams_open',
    type: 'gauge',
    help: 'Clients that wait for directives.',
    labels: [],
    measure: ({ all }) => one(all.directiveStreams),
  },
  {
    name: 'hauberk_access_log_lines_lost',
    type: 'counter',
    help: 'Access-log lines that were dropped because the disk did not keep up, or lost to a failed write.',
    labels: [],
    measure: ({ all }) => one(all.lostLines),
  },
];

const overloadFamilies: readonly MeasuredFamily[] = [
  {
    name: 'hauberk_shed_requests',
    type: 'counter',
    help: 'Requests shed under overload, by priority.',
    labels: ['priority', 'reason'],
    measure: ({ all }) =>
      Object.entries(all.shed).map(([key, value]) => {
        const [priority = '', reason = ''] = key.split('\n');
        return { labels: { priority, reason }, value };
      }),
  },
  {
    name: 'hauberk_queue_age_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Age of the longest queue over all threads: event loop and upstream pools.',
    labels: ['queue'],
    measure: ({ all }) => [
      ...one(all.queues.gatewayMs / 1000, { queue: 'gateway' }),
      ...one(all.queues.upstreamMs / 1000, { queue: 'upstream' }),
    ],
  },
  {
    name: 'hauberk_breakers_open',
    type: 'gauge',
    help: 'Worker threads whose breaker before a dependency is not closed.',
    labels: ['dependency', 'name', 'priority'],
    measure: ({ all }) =>
      Object.entries(all.breakers).map(([key, value]) => {
        const [dependency = '', name = '', priority = ''] = key.split('\n');
        return { labels: priority === '' ? { dependency, name } : { dependency, name, priority }, value };
      }),
  },
  {
    name: 'hauberk_shedding_workers',
    type: 'gauge',
    help: 'Worker threads that shed requests.',
    labels: [],
    measure: ({ all }) => one(all.queues.shedding),
  },
];

const processFamilies: readonly MeasuredFamily[] = [
  {
    name: 'hauberk_build_info',
    type: 'gauge',
    help: 'The running version.',
    labels: ['version'],
    measure: ({ process }) => one(1, { version: process.version }),
  },
  {
    name: 'hauberk_workers',
    type: 'gauge',
    help: 'Worker threads that accept requests.',
    labels: [],
    measure: ({ process }) => one(process.workers),
  },
  {
    name: 'hauberk_worker_restarts',
    type: 'counter',
    help: 'Worker threads that died and were replaced.',
    labels: [],
    measure: ({ process }) => one(process.workerRestarts),
  },
  {
    name: 'hauberk_config_reloads',
    type: 'counter',
    help: 'Configurations that were taken over or refused at run time.',
    labels: ['result'],
    measure: ({ process }) => [
      ...one(process.reloads, { result: 'accepted' }),
      ...one(process.refusedReloads, { result: 'refused' }),
    ],
  },
  {
    name: 'hauberk_config_expiry_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'When the signed config of a service ends (epoch); it is renewed at half its life.',
    labels: ['service'],
    measure: ({ process }) =>
      process.configs.map(({ service, expiresAtMs }) => ({ labels: { service }, value: expiresAtMs / 1000 })),
  },
  {
    name: 'process_uptime_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Time since the start.',
    labels: [],
    measure: ({ process }) => one(process.uptimeSeconds),
  },
  {
    name: 'process_cpu_seconds',
    type: 'counter',
    unit: 'seconds',
    help: 'Processor time of all threads, user and system.',
    labels: [],
    measure: ({ process }) => one(process.cpuSeconds),
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Resident memory.',
    labels: [],
    measure: ({ process }) => one(process.residentBytes),
  },
];

const smsFamilies: readonly MeasuredFamily[] = [
  {
    name: 'hauberk_sms_deliveries',
    type: 'counter',
    help: 'Deliveries of SMS by link and what became of them; `taken` and `known` are on the disk.',
    labels: ['link', 'outcome'],
    measure: ({ process }) =>
      (process.sms?.links ?? []).flatMap(({ id, outcomes }) =>
        Object.entries(outcomes).map(([outcome, value]) => ({ labels: { link: id, outcome }, value })),
      ),
  },
  {
    name: 'hauberk_sms_counted',
    type: 'counter',
    help: 'SMS that were handed to binding, by what they came to.',
    labels: ['outcome'],
    measure: ({ process }) =>
      Object.entries(process.sms?.counts ?? {}).map(([outcome, value]) => ({ labels: { outcome }, value })),
  },
  {
    name: 'hauberk_sms_waiting',
    type: 'gauge',
    help: 'SMS and parts on the disk that nobody has counted yet.',
    labels: [],
    measure: ({ process }) => (process.sms === undefined ? [] : one(process.sms.waiting)),
  },
  {
    name: 'hauberk_sms_link_up',
    type: 'gauge',
    help: 'Whether a link is bound, or its webhook listens.',
    labels: ['link'],
    measure: ({ process }) =>
      (process.sms?.links ?? []).map(({ id, state }) => ({
        labels: { link: id },
        value: state === 'bound' || state === 'listening' ? 1 : 0,
      })),
  },
];

/** VMNs that have series of their own; the others of a large pool are counted together. */
const namedVmns = 256;

const perVmn = (
  { process }: Measured,
  samples: (figures: PoolFigures['vmns'][number]) => readonly Sample[],
): readonly Sample[] => (process.vmns?.vmns ?? []).slice(0, namedVmns).flatMap(samples);

const vmnFamilies: readonly MeasuredFamily[] = [
  {
    name: 'hauberk_binding_vmn_messages',
    type: 'counter',
    help: 'SMS by the number that they came to and what became of them; beyond 256 numbers the rest is `other`.',
    labels: ['vmn', 'outcome'],
    measure: ({ process }) => {
      const counts = new Map<string, Sample>();
      for (const [index, { vmn, outcomes }] of (process.vmns?.vmns ?? []).entries())
        for (const [outcome, value] of Object.entries(outcomes)) {
          const labels = { vmn: index < namedVmns ? vmn : 'other', outcome };
          const name = `${labels.vmn} ${outcome}`;
          counts.set(name, { labels, value: (counts.get(name)?.value ?? 0) + value });
        }
      return [...counts.values()];
    },
  },
  {
    name: 'hauberk_binding_vmn_quiet_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'For how long no SMS with a token has come to a number; since the start when none has.',
    labels: ['vmn'],
    measure: (measured) => perVmn(measured, ({ vmn, quietMs }) => one(quietMs / 1000, { vmn })),
  },
  {
    name: 'hauberk_binding_vmns_silent',
    type: 'gauge',
    help: 'Numbers that get nothing while the others do.',
    labels: [],
    measure: ({ process }) =>
      process.vmns === undefined ? [] : one(process.vmns.vmns.filter(({ isSilent }) => isSilent).length),
  },
  {
    name: 'hauberk_binding_sms_elsewhere',
    type: 'counter',
    help: 'SMS to numbers that are not in the pool.',
    labels: [],
    measure: ({ process }) => (process.vmns === undefined ? [] : one(process.vmns.elsewhere)),
  },
];

/** Every family, in the order of a scrape. */
export const metricFamilies: readonly MeasuredFamily[] = [
  ...requestFamilies,
  ...connectionFamilies,
  ...overloadFamilies,
  ...decisionFamilies,
  ...processFamilies,
  ...smsFamilies,
  ...vmnFamilies,
  ...privacyFamilies,
  ...signalFamilies,
  ...adminFamilies,
];

/** The families of one scrape. */
export const measure = (measured: Measured): readonly Family[] =>
  metricFamilies.map(({ measure: samplesOf, ...facts }) => ({ ...facts, samples: samplesOf(measured) }));
