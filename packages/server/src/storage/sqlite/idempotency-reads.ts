/** Reads of unknown outcomes. */
import type { DatabaseSync } from 'node:sqlite';
import { epochMs } from '@hauberk/primitives';
import type { UnknownOutcome } from '../idempotency-store.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';

/** Prepares the listing of unknown outcomes on a connection, oldest first. */
export const unknownOutcomes = (
  database: DatabaseSync,
): ((scope: Scope, limit: number) => readonly UnknownOutcome[]) => {
  const list = prepare(database, (query, $: Scope & { limit: number }) =>
    query
      .selectFrom('idempotency')
      .select(['entry', 'device', 'route', 'started_at_ms'])
      .where('state', '=', 'unknown')
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .orderBy('started_at_ms')
      .orderBy('entry')
      .limit($.limit),
  );
  return ({ organisation, app }, limit) =>
    list.all({ organisation, app, limit }).map(({ entry, device, route, started_at_ms }) => ({
      entry,
      device,
      route,
      startedAtMs: epochMs(started_at_ms),
    }));
};
