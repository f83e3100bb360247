/** Writes of the outbox. */
import { accept, type EpochMs, epochMs } from '@hauberk/primitives';
import { droppableSegments, type OutboxEntry, segmentEvents } from '../outbox.ts';
import type { OutboxEventTable, OutboxMarkTable, OutboxSegmentTable } from '../record-schema.ts';
import { prepare } from '../statement.ts';
import type { WriteHandlers } from '../write-command.ts';
import { outboxReads } from './outbox-reads.ts';
import { scopeColumns } from './rows.ts';
import type { WriteContext } from './write-context.ts';

const prepareOutboxWrites = ({ database }: WriteContext) => ({
  insertEvent: prepare(database, (query, $: OutboxEventTable) =>
    query.insertInto('outbox_events').values({
      position: $.position,
      organisation: $.organisation,
      app: $.app,
      kind: $.kind,
      at_ms: $.at_ms,
      payload: $.payload,
    }),
  ),
  keepMark: prepare(database, (query, $: OutboxMarkTable & { now: EpochMs }) =>
    query
      .insertInto('outbox_marks')
      .values({ organisation: $.organisation, app: $.app, mark: $.mark, expires_at_ms: $.expires_at_ms })
      .onConflict((conflict) =>
        conflict
          .columns(['organisation', 'app', 'mark'])
          .doUpdateSet({ expires_at_ms: $.expires_at_ms })
          .where('outbox_marks.expires_at_ms', '<=', $.now),
      ),
  ),
  keepSegment: prepare(database, (query, $: OutboxSegmentTable) =>
    query
      .insertInto('outbox_segments')
      .values({
        segment: $.segment,
        first_position: $.first_position,
        events: $.events,
        bytes: $.bytes,
        last_at_ms: $.last_at_ms,
      })
      .onConflict((conflict) =>
        conflict.column('segment').doUpdateSet({ events: $.events, bytes: $.bytes, last_at_ms: $.last_at_ms }),
      ),
  ),
  acknowledge: prepare(database, (query, $: { consumer: string; position: number }) =>
    query
      .insertInto('outbox_consumers')
      .values({ consumer: $.consumer, position: $.position })
      .onConflict((conflict) =>
        conflict
          .column('consumer')
          .doUpdateSet({ position: $.position })
          .where('outbox_consumers.position', '<', $.position),
      ),
  ),
  dropEvents: prepare(database, (query, $: { first: number; last: number }) =>
    query.deleteFrom('outbox_events').where('position', '>=', $.first).where('position', '<=', $.last),
  ),
  dropSegment: prepare(database, (query, $: { segment: number }) =>
    query.deleteFrom('outbox_segments').where('segment', '=', $.segment),
  ),
});

interface OpenSegment {
  segment: number;
  firstPosition: number;
  events: number;
  bytes: number;
  lastAtMs: EpochMs;
}

/** The code behind the writes of the outbox. */
export const outboxWrites = (
  context: WriteContext,
): WriteHandlers<'outbox.append' | 'outbox.acknowledge' | 'outbox.retain'> => {
  const statements = prepareOutboxWrites(context);
  const reads = outboxReads(context.database);

  const segmentAfter = (newest: OpenSegment | undefined): OpenSegment =>
    newest !== undefined && newest.events < segmentEvents
      ? newest
      : {
          segment: (newest?.segment ?? 0) + 1,
          firstPosition: newest === undefined ? 1 : newest.firstPosition + newest.events,
          events: 0,
          bytes: 0,
          lastAtMs: epochMs(0),
        };
  const keep = ({ segment, firstPosition, events, bytes, lastAtMs }: OpenSegment): number =>
    statements.keepSegment.run({ segment, first_position: firstPosition, events, bytes, last_at_ms: lastAtMs });

  const isTaken = ({ scope, atMs: now, once }: OutboxEntry): boolean => {
    if (once === undefined) return false;
    const mark = { ...scopeColumns(scope), mark: once.mark, expires_at_ms: once.untilMs, now };
    return statements.keepMark.run(mark) === 0;
  };

  const append = (given: readonly OutboxEntry[]): number => {
    const entries = given.filter((entry) => !isTaken(entry));
    const newest = reads.newest();
    let open = segmentAfter(newest);
    for (const { scope, kind, atMs, payload } of entries) {
      if (open.events >= segmentEvents) {
        keep(open);
        open = segmentAfter(open);
      }
      const position = open.firstPosition + open.events;
      statements.insertEvent.run({ ...scopeColumns(scope), position, kind, at_ms: atMs, payload });
      const lastAtMs = open.lastAtMs > atMs ? open.lastAtMs : atMs;
      open = { ...open, events: open.events + 1, bytes: open.bytes + payload.length, lastAtMs };
    }
    if (entries.length > 0) keep(open);
    return open.firstPosition + open.events - 1;
  };

  return {
    'outbox.append': ({ entries }) => accept(append(entries)),
    'outbox.acknowledge': ({ consumer, position }) => {
      statements.acknowledge.run({ consumer, position: Math.min(position, reads.head()) });
      return accept(reads.acknowledged(consumer));
    },
    'outbox.retain': ({ retention }) => {
      const dropped = droppableSegments(reads.segments(), retention, reads.readByAll());
      for (const { segment, firstPosition, events } of dropped) {
        statements.dropEvents.run({ first: firstPosition, last: firstPosition + events - 1 });
        statements.dropSegment.run({ segment });
      }
      return accept(dropped.length);
    },
  };
};
