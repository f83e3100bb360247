/** Metrics of the administration. Labels are names of operations, apps of the configuration and codes, never who called. */
import type { MeasuredFamily } from './metric-families.ts';

/** In the order of a scrape. */
export const adminFamilies: readonly MeasuredFamily[] = [
  {
    name: 'hauberk_admin_calls',
    type: 'counter',
    help: 'Calls of the admin API by operation (`none`: no such path) and outcome: `done`, or the code of the problem.',
    labels: ['operation', 'outcome'],
    measure: ({ process }) =>
      (process.admin?.calls ?? []).map(({ operation, outcome, count }) => ({
        labels: { operation, outcome },
        value: count,
      })),
  },
  {
    name: 'hauberk_admin_approvals_open',
    type: 'gauge',
    help: 'Proposals that wait: for a second person (`pending`), to be carried out (`approved`), or half carried out (`executing`).',
    labels: ['app', 'state'],
    measure: ({ process }) =>
      (process.admin?.approvals ?? []).map(({ app, state, count }) => ({ labels: { app, state }, value: count })),
  },
];
