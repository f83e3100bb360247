/**
 * What a profile remembers of one entity, as a layout of words in shared memory. A row is a whole number of 8-byte words; 32-bit and 64-bit
 * views lie over the same bytes. Rings hold events in buckets of event time; a read of a window is exact up to its oldest bucket.
 */
import type { DurationMs } from '@hauberk/primitives';

/** A ring of buckets. It answers every window of whole buckets up to `buckets` × `width`; the bucket that is being filled counts as one. */
export interface RingSpec {
  readonly name: string;
  /** Width of a bucket; also the declared error of a window's older edge. */
  readonly width: DurationMs;
  readonly buckets: number;
  /** Whether labels are kept by bucket of their event: how many events are settled, how many of them were fraud. */
  readonly hasLabels?: boolean;
}

/** What a profile remembers. */
export interface ProfileSpec {
  readonly rings: readonly RingSpec[];
  /** Newest instants kept one by one, so that short windows are exact while they hold no more than these. */
  readonly tail: number;
}

/** Where one ring lies in a row. Offsets of counts are in 32-bit words, of sums in 64-bit words. */
export interface RingPlace {
  readonly name: string;
  readonly width: number;
  readonly buckets: number;
  readonly hasLabels: boolean;
  /** 32-bit word: number of the newest bucket. */
  readonly head: number;
  /** 32-bit words: events by bucket. */
  readonly counts: number;
  /** 32-bit words: events far above what is usual for the entity, by bucket. */
  readonly outliers: number;
  /** 64-bit words: sums of amounts by bucket. */
  readonly sums: number;
  /** 32-bit words: settled events by bucket; only with labels. */
  readonly settled: number;
  /** 32-bit words: frauds by bucket; only with labels. */
  readonly frauds: number;
}

/** A compiled layout. */
export interface ProfileLayout {
  readonly rings: readonly RingPlace[];
  readonly tail: number;
  /** 64-bit word where the tail begins. */
  readonly tailAt: number;
  /** 8-byte words of a row. */
  readonly words: number;
}

/** Words that every row begins with, by number. 32-bit ones are marked. */
export const field = {
  /** 32-bit: the key's halves. */
  keyLow: 0,
  keyHigh: 1,
  /** 32-bit: how many changes the row has seen; every decision records it. */
  order: 2,
  /** 32-bit: events in all, and how many instants the tail ever took. */
  events: 3,
  tailTaken: 4,
  /** 32-bit: frauds since the episode began; honest events settled since the last fraud. */
  episodeFrauds: 5,
  cleanRun: 6,
  /** 64-bit from here. */
  firstSeen: 4,
  lastSeen: 5,
  amountMean: 6,
  amountVariance: 7,
  amountWeight: 8,
  episodeStart: 9,
  lastFraud: 10,
  fraudShare: 11,
  /** 24 bytes: events by hour of the day, a byte each, all halved when one is full; three words. */
  hours: 12,
} as const;

const headerWords = 15;

interface Cursor {
  words: number;
}

/** Reserves 32-bit words and rounds up to whole 8-byte words. */
const reserve32 = (cursor: Cursor, count: number): number => {
  const at = cursor.words * 2;
  cursor.words += Math.ceil(count / 2);
  return at;
};

const reserve64 = (cursor: Cursor, count: number): number => {
  const at = cursor.words;
  cursor.words += count;
  return at;
};

const placeRing = (cursor: Cursor, { name, width, buckets, hasLabels = false }: RingSpec): RingPlace => {
  if (!Number.isSafeInteger(buckets) || buckets < 2 || buckets > 4096)
    throw new RangeError(`ring ${name}: 2 to 4096 buckets`);
  if (!Number.isSafeInteger(width) || width < 1000) throw new RangeError(`ring ${name}: buckets of a second or more`);
  const labelWords = hasLabels ? buckets : 0;
  return {
    name,
    width,
    buckets,
    hasLabels,
    head: reserve32(cursor, 1),
    counts: reserve32(cursor, buckets),
    outliers: reserve32(cursor, buckets),
    sums: reserve64(cursor, buckets),
    settled: reserve32(cursor, labelWords),
    frauds: reserve32(cursor, labelWords),
  };
};

/** Compiles a layout. Throws RangeError for a ring or a tail that cannot be. */
export const compileLayout = (spec: ProfileSpec): ProfileLayout => {
  if (!Number.isSafeInteger(spec.tail) || spec.tail < 0 || spec.tail > 256) throw new RangeError('a tail of 0 to 256');
  const cursor: Cursor = { words: headerWords };
  const rings = spec.rings.map((ring) => placeRing(cursor, ring));
  const tailAt = reserve64(cursor, spec.tail);
  return { rings, tail: spec.tail, tailAt, words: cursor.words };
};
