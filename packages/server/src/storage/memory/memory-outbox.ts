/** The outbox in memory. */
import { accept, type EpochMs, epochMs, toHex } from '@hauberk/primitives';
import {
  droppableSegments,
  type Outbox,
  type OutboxEntry,
  type OutboxEvent,
  type OutboxSegment,
  segmentEvents,
} from '../outbox.ts';
import type { MemoryRecord } from './memory-record.ts';

/** Events and segments of one process. */
interface OutboxRows {
  events: OutboxEvent[];
  segments: OutboxSegment[];
  readonly consumers: Map<string, number>;
}

const headOf = ({ segments }: OutboxRows): number => {
  const newest = segments.at(-1);
  return newest === undefined ? 0 : newest.firstPosition + newest.events - 1;
};

const enter = (rows: OutboxRows, event: OutboxEvent): void => {
  const newest = rows.segments.at(-1);
  const isOpen = newest !== undefined && newest.events < segmentEvents;
  const open: OutboxSegment = isOpen
    ? newest
    : { segment: (newest?.segment ?? 0) + 1, firstPosition: event.position, events: 0, bytes: 0, lastAtMs: epochMs(0) };
  if (isOpen) rows.segments.pop();
  rows.events.push(event);
  rows.segments.push({
    ...open,
    events: open.events + 1,
    bytes: open.bytes + event.payload.length,
    lastAtMs: epochMs(Math.max(open.lastAtMs, event.atMs)),
  });
};

/** The outbox over a memory record. */
export const memoryOutbox = (record: MemoryRecord): Outbox => {
  const rows: OutboxRows = { events: [], segments: [], consumers: new Map() };
  const marks = new Map<string, EpochMs>();
  const isTaken = ({ scope, atMs, once }: OutboxEntry): boolean => {
    if (once === undefined) return false;
    const key = `${scope.organisation}\n${scope.app}\n${toHex(once.mark)}`;
    if ((marks.get(key) ?? epochMs(0)) > atMs) return true;
    marks.set(key, once.untilMs);
    return false;
  };
  return {
    append: (entries) =>
      record.write(() => {
        for (const { once, ...entry } of entries)
          if (!isTaken(once === undefined ? entry : { ...entry, once }))
            enter(rows, { ...entry, position: headOf(rows) + 1 });
        return accept(headOf(rows));
      }),
    readAfter: async (position, limit) => rows.events.filter((event) => event.position > position).slice(0, limit),
    head: async () => headOf(rows),
    segments: async () => rows.segments,
    acknowledge: (consumer, position) =>
      record.write(() => {
        const reached = Math.max(rows.consumers.get(consumer) ?? 0, Math.min(position, headOf(rows)));
        rows.consumers.set(consumer, reached);
        return accept(reached);
      }),
    acknowledged: async (consumer) => rows.consumers.get(consumer) ?? 0,
    retain: (retention) =>
      record.write(() => {
        const dropped = droppableSegments(rows.segments, retention, Math.min(...rows.consumers.values()));
        rows.segments = rows.segments.slice(dropped.length);
        const first = rows.segments[0]?.firstPosition ?? 0;
        rows.events = rows.events.filter(({ position }) => position >= first);
        return accept(dropped.length);
      }),
  };
};
