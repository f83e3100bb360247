/** Reads of the outbox. */
import type { DatabaseSync } from 'node:sqlite';
import { epochMs } from '@hauberk/primitives';
import type { OutboxEvent, OutboxSegment } from '../outbox.ts';
import type { OutboxSegmentTable } from '../record-schema.ts';
import { prepare } from '../statement.ts';

const prepareOutboxReads = (database: DatabaseSync) => ({
  after: prepare(database, (query, $: { position: number; limit: number }) =>
    query.selectFrom('outbox_events').selectAll().where('position', '>', $.position).orderBy('position').limit($.limit),
  ),
  // From the newest segment, not from the events: positions go on when retention has dropped every event.
  newest: prepare(database, (query, _$: object) =>
    query.selectFrom('outbox_segments').selectAll().orderBy('segment', 'desc').limit(1),
  ),
  segments: prepare(database, (query, _$: object) =>
    query.selectFrom('outbox_segments').selectAll().orderBy('segment'),
  ),
  acknowledged: prepare(database, (query, $: { consumer: string }) =>
    query.selectFrom('outbox_consumers').select('position').where('consumer', '=', $.consumer),
  ),
  readByAll: prepare(database, (query, _$: object) =>
    query.selectFrom('outbox_consumers').select((select) => select.fn.min('position').as('position')),
  ),
});

/** Synchronous reads of the outbox. */
export interface OutboxReads {
  readAfter(position: number, limit: number): readonly OutboxEvent[];
  head(): number;
  newest(): OutboxSegment | undefined;
  segments(): readonly OutboxSegment[];
  acknowledged(consumer: string): number;
  /** The position that every known consumer has reached; infinite without consumers. */
  readByAll(): number;
}

const segmentOf = (row: OutboxSegmentTable): OutboxSegment => ({
  segment: row.segment,
  firstPosition: row.first_position,
  events: row.events,
  bytes: row.bytes,
  lastAtMs: epochMs(row.last_at_ms),
});

/** Prepares the reads of the outbox on a connection. */
export const outboxReads = (database: DatabaseSync): OutboxReads => {
  const statements = prepareOutboxReads(database);
  return {
    readAfter: (position, limit) =>
      statements.after.all({ position, limit }).map((row) => ({
        position: row.position,
        scope: { organisation: row.organisation, app: row.app },
        kind: row.kind,
        atMs: epochMs(row.at_ms),
        payload: row.payload,
      })),
    newest: () => {
      const row = statements.newest.first({});
      return row === undefined ? undefined : segmentOf(row);
    },
    head: () => {
      const newest = statements.newest.first({});
      return newest === undefined ? 0 : newest.first_position + newest.events - 1;
    },
    segments: () => statements.segments.all({}).map(segmentOf),
    acknowledged: (consumer) => statements.acknowledged.first({ consumer })?.position ?? 0,
    readByAll: () => statements.readByAll.first({})?.position ?? Number.POSITIVE_INFINITY,
  };
};
