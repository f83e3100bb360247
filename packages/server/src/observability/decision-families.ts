/** Metrics of decisions. Labels are routes of the configuration and closed lists of codes; reasons of policies stay in the log and in the records. */
import { judgementBounds } from '../decision/decision-figures.ts';
import type { Sample } from './exposition.ts';
import type { MeasuredFamily } from './metric-families.ts';

type Counts = Readonly<Record<string, number>>;

const byRoute = (counts: Counts, third: string) =>
  Object.entries(counts).map(([key, value]) => {
    const [service = '', route = '', what = ''] = key.split('\n');
    return { labels: { service, route, [third]: what }, value };
  });

/** In the order of a scrape. */
export const decisionFamilies: readonly MeasuredFamily[] = [
  {
    name: 'hauberk_decisions',
    type: 'counter',
    help: 'Judged requests by route and outcome, whoever decided: policy or fail mode.',
    labels: ['service', 'route', 'outcome'],
    measure: ({ all }) => byRoute(all.decisions.outcomes, 'outcome'),
  },
  {
    name: 'hauberk_decision_faults',
    type: 'counter',
    help: 'Requests that the fail mode of their route decided, by why there was no judgement in time.',
    labels: ['service', 'route', 'fault'],
    measure: ({ all }) => byRoute(all.decisions.faults, 'fault'),
  },
  {
    name: 'hauberk_decision_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time that a judgement took.',
    labels: ['le'],
    measure: ({ all }) => {
      let below = 0;
      const buckets = all.decisions.durations.map((value, index): Sample => {
        below += value;
        const bound = judgementBounds[index];
        return { suffix: '_bucket', labels: { le: bound === undefined ? '+Inf' : String(bound / 1000) }, value: below };
      });
      return [
        ...buckets,
        { suffix: '_sum', labels: {}, value: all.decisions.durationSumMs / 1000 },
        { suffix: '_count', labels: {}, value: below },
      ];
    },
  },
  {
    name: 'hauberk_trap_touches',
    type: 'counter',
    help: 'Touches of decoys, honey fields and canaries, and requests that a policy trapped, by route.',
    labels: ['service', 'route', 'trap'],
    measure: ({ all }) => byRoute(all.decisions.touches, 'trap'),
  },
  {
    name: 'hauberk_decision_refused_requests',
    type: 'counter',
    help: 'Requests of judged routes that verification refused and that were taken as events of their address.',
    labels: ['service', 'route', 'channel'],
    measure: ({ all }) => byRoute(all.decisions.refused, 'channel'),
  },
  {
    name: 'hauberk_decision_refused_dropped',
    type: 'counter',
    help: 'Such requests that came faster than they are looked at.',
    labels: [],
    measure: ({ all }) => [{ labels: {}, value: all.decisions.refusedDropped }],
  },
  {
    name: 'hauberk_decision_records_dropped',
    type: 'counter',
    help: 'Decision records that were lost because the disk did not keep up.',
    labels: [],
    measure: ({ all }) => [{ labels: {}, value: all.decisions.recordsDropped }],
  },
];
