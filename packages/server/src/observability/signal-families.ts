/** Metrics of signals. Labels are codes, never what a device said. */
import type { MeasuredFamily } from './metric-families.ts';

/** In the order of a scrape. */
export const signalFamilies: readonly MeasuredFamily[] = [
  {
    name: 'hauberk_signal_reports',
    type: 'counter',
    help: 'Reports of signals by what became of them: `ok`, or `signal-report.…`, why one was not kept. `signal.…` counts single signals that were dropped, by why.',
    labels: ['outcome'],
    measure: ({ all }) => Object.entries(all.signalReports).map(([outcome, value]) => ({ labels: { outcome }, value })),
  },
];
