/** The outbox: the durable stream of events that other parts and, later, other machines read. Positions rise by one without a gap. */
import type { Bytes, EpochMs } from '@hauberk/primitives';
import type { Scope } from './scope.ts';
import type { Stored } from './storage-refusal.ts';

/** Events in one segment; retention drops whole segments. */
export const segmentEvents = 65_536;

/** What is appended. */
export interface OutboxEntry {
  readonly scope: Scope;
  readonly kind: string;
  readonly atMs: EpochMs;
  readonly payload: Bytes;
  /** Takes the event once only: within its scope, another one of this mark is passed over until then. */
  readonly once?: { readonly mark: Bytes; readonly untilMs: EpochMs };
}

/** What is read. */
export interface OutboxEvent extends Omit<OutboxEntry, 'once'> {
  readonly position: number;
}

/** A run of positions that is kept or dropped as a whole. */
export interface OutboxSegment {
  readonly segment: number;
  readonly firstPosition: number;
  readonly events: number;
  readonly bytes: number;
  /** Latest event time in it. */
  readonly lastAtMs: EpochMs;
}

/** Closed segments go when they are older or when the whole is larger than this, and every consumer has read them. */
export interface OutboxRetention {
  readonly keepAfterMs: EpochMs;
  readonly maxBytes: number;
}

/** The outbox. */
export interface Outbox {
  /** Appends all entries, adjacent and in order, or none, but those that were taken once; answers the newest position. */
  append(entries: readonly OutboxEntry[]): Stored<number>;
  /** Events after a position, oldest first; positions that retention dropped are skipped. */
  readAfter(position: number, limit: number): Promise<readonly OutboxEvent[]>;
  /** Position of the newest event, 0 when there was none. */
  head(): Promise<number>;
  segments(): Promise<readonly OutboxSegment[]>;
  /** Remembers how far a consumer has read; never goes back. */
  acknowledge(consumer: string, position: number): Stored<number>;
  acknowledged(consumer: string): Promise<number>;
  /** Drops closed segments and answers how many. */
  retain(retention: OutboxRetention): Stored<number>;
}

/** The segments that retention drops, oldest first; the newest is never dropped. */
export const droppableSegments = (
  segments: readonly OutboxSegment[],
  retention: OutboxRetention,
  readByAll: number,
): readonly OutboxSegment[] => {
  const closed = segments.slice(0, -1);
  let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  const dropped: OutboxSegment[] = [];
  for (const segment of closed) {
    const isDue = segment.lastAtMs < retention.keepAfterMs || bytes > retention.maxBytes;
    if (!isDue || segment.firstPosition + segment.events - 1 > readByAll) break;
    dropped.push(segment);
    bytes -= segment.bytes;
  }
  return dropped;
};
