/** Metrics of the privacy loop. Labels are codes and names of rules, never what a device said. */
import type { MeasuredFamily } from './metric-families.ts';

/** In the order of a scrape. */
export const privacyFamilies: readonly MeasuredFamily[] = [
  {
    name: 'hauberk_access_reports',
    type: 'counter',
    help: 'Reports of accesses by what became of them: `ok`, or why they were not kept.',
    labels: ['outcome'],
    measure: ({ all }) => Object.entries(all.accessReports).map(([outcome, value]) => ({ labels: { outcome }, value })),
  },
  {
    name: 'hauberk_privacy_rows',
    type: 'counter',
    help: 'Rows of accesses that were judged: all; `late` for their window; `folded` together for want of room; `unfound` exceptions without room for a finding; `unreadable` ones.',
    labels: ['outcome'],
    measure: ({ process }) => {
      if (process.privacy === undefined) return [];
      const { rows, late, folded, unfound, unreadable } = process.privacy.counts;
      return Object.entries({ judged: rows, late, folded, unfound, unreadable }).map(([outcome, value]) => ({
        labels: { outcome },
        value,
      }));
    },
  },
  {
    name: 'hauberk_privacy_calls',
    type: 'counter',
    help: 'Calls of sensitive functions that were told of.',
    labels: [],
    measure: ({ process }) =>
      process.privacy === undefined ? [] : [{ labels: {}, value: process.privacy.counts.calls }],
  },
  {
    name: 'hauberk_privacy_exceptions',
    type: 'counter',
    help: 'Calls that broke a rule, by rule.',
    labels: ['kind'],
    measure: ({ process }) =>
      Object.entries(process.privacy?.counts.exceptions ?? {}).map(([kind, value]) => ({ labels: { kind }, value })),
  },
  {
    name: 'hauberk_privacy_findings_opened',
    type: 'counter',
    help: 'Findings that were opened.',
    labels: [],
    measure: ({ process }) =>
      process.privacy === undefined ? [] : [{ labels: {}, value: process.privacy.counts.findings }],
  },
  {
    name: 'hauberk_privacy_rule_answers',
    type: 'counter',
    help: 'Findings that a response rule looked at, by what came of it; `answered` stopped a chain.',
    labels: ['outcome'],
    measure: ({ process }) =>
      Object.entries(process.privacy?.answers ?? {}).map(([outcome, value]) => ({ labels: { outcome }, value })),
  },
  {
    name: 'hauberk_privacy_events_behind',
    type: 'gauge',
    help: 'Events of the outbox that privacy has not looked at yet; reports are refused from `privacy.limits.behind` on.',
    labels: [],
    measure: ({ process }) => (process.privacy === undefined ? [] : [{ labels: {}, value: process.privacy.behind }]),
  },
];
