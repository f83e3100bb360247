/** Layouts for kinds of entities, ready to be taken or to be copied and changed. */
import { days, hours, minutes } from '@hauberk/primitives';
import type { ProfileSpec } from './profile-layout.ts';

/** How late an event may come: what a phone without network keeps back for a day. */
const usualLateness = hours(24);

/**
 * A lean row for entities that are many, as devices: 10 minutes, 1 hour and 24 hours in 192 bytes, with the usual amount, the hours of the day, four exact instants
 * and the last three accounts.
 */
export const leanProfile: ProfileSpec = {
  rings: [
    { name: 'minute', width: minutes(2), buckets: 6, isNarrow: true, hasSums: false, hasOutliers: false },
    { name: 'hour', width: minutes(10), buckets: 7, isNarrow: true, hasSums: false, hasOutliers: false },
    { name: 'day', width: hours(4), buckets: 7, isNarrow: true, hasOutliers: false },
  ],
  tail: 4,
  hasEpisodes: false,
  distinct: [{ name: 'accounts', exact: 3 }],
  lateness: usualLateness,
};

/** A full row for entities on which much hangs, as accounts, addresses and payees: the windows that models learn from, late labels, and distinct counts of a day and a week. */
export const fullProfile = (distinct: readonly string[]): ProfileSpec => ({
  rings: [
    { name: 'minute', width: minutes(1), buckets: 61 },
    { name: 'hour', width: hours(1), buckets: 25 },
    { name: 'day', width: days(1), buckets: 64, hasLabels: true },
  ],
  tail: 16,
  distinct: distinct.map((name) => ({ name, exact: 8, sketch: { width: hours(6), panes: 29 } })),
  lateness: usualLateness,
});
