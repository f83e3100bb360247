/**
 * What a profile remembers of one entity, as a layout of words in shared memory. A row is a whole number of 8-byte words; views of every
 * width lie over the same bytes. Rings hold events in buckets of event time; a read of a window is exact up to its oldest bucket. A kind of entity
 * has only the parts that its spec names, so that ten million of a lean kind fit one machine.
 */
import { createKeyedHash, type DurationMs, type HashValue } from '@hauberk/primitives';

/** A ring of buckets. It answers every window of whole buckets up to `buckets` × `width`; the bucket that is being filled counts as one. */
export interface RingSpec {
  readonly name: string;
  /** Width of a bucket; also the declared error of a window's older edge. */
  readonly width: DurationMs;
  readonly buckets: number;
  /** Whether labels are kept by bucket of their event: how many events are settled, how many of them were fraud. */
  readonly hasLabels?: boolean;
  /** Whether sums of amounts are kept; they are unless this is false. */
  readonly hasSums?: boolean;
  /** Whether amounts far above the usual are counted; they are unless this is false. */
  readonly hasOutliers?: boolean;
  /** Counts in 16 bits, which stop at 65,535, and sums in single precision. */
  readonly isNarrow?: boolean;
}

/** A distinct count: how many different things an entity met. */
export interface DistinctSpec {
  readonly name: string;
  /** Things kept one by one with the second of their last meeting, 1 to 8: counts up to here are exact. */
  readonly exact: number;
  /** A sketch of 64 registers by pane of event time, from the shared pool, for entities that met more. */
  readonly sketch?: { readonly width: DurationMs; readonly panes: number };
}

/** What a profile remembers. */
export interface ProfileSpec {
  readonly rings: readonly RingSpec[];
  /** Newest instants kept one by one, 0 to 64, so that short windows are exact while they hold no more than these. */
  readonly tail: number;
  /** The usual amount; kept unless this is false. */
  readonly hasAmounts?: boolean;
  /** The hours of the day; kept unless this is false. */
  readonly hasHours?: boolean;
  /** What is known of frauds since the last episode; kept unless this is false. */
  readonly hasEpisodes?: boolean;
  readonly distinct?: readonly DistinctSpec[];
  /** Events older than the newest of the row by more than this are late and change nothing. Without it none is too late. */
  readonly lateness?: DurationMs;
}

/** Where one ring lies in a row. Offsets count in elements of the view that holds them; −1 when the ring has no such numbers. */
export interface RingPlace {
  readonly name: string;
  readonly width: number;
  readonly buckets: number;
  readonly hasLabels: boolean;
  readonly isNarrow: boolean;
  /** 32-bit words, or 16-bit ones when narrow: events by bucket. */
  readonly counts: number;
  /** As counts: events far above what is usual for the entity, by bucket. */
  readonly outliers: number;
  /** 64-bit words, or 32-bit ones when narrow: sums of amounts by bucket. */
  readonly sums: number;
  /** As counts: settled events by bucket; only with labels. */
  readonly settled: number;
  /** As counts: frauds by bucket; only with labels. */
  readonly frauds: number;
}

/** Where one distinct count lies in a row, in 32-bit words. */
export interface DistinctPlace {
  readonly name: string;
  readonly exact: number;
  /** Second of the newest meeting that was forgotten while its thing was not met again. */
  readonly forgotten: number;
  /** Number of the sketch plus one; 0 without. −1 when the layout has no sketch. */
  readonly sketch: number;
  /** Hashes of things, then the seconds of their last meetings. */
  readonly things: number;
  readonly seconds: number;
  /** Milliseconds of a pane, and panes; 0 without a sketch. */
  readonly paneWidth: number;
  readonly panes: number;
}

/** A compiled layout. Offsets of optional parts are −1 when the layout does not have them. */
export interface ProfileLayout {
  readonly rings: readonly RingPlace[];
  readonly distinct: readonly DistinctPlace[];
  readonly tail: number;
  /** 32-bit word where the tail begins. */
  readonly tailAt: number;
  /** 32-bit words: mean and variance in single precision, then the weight. */
  readonly amountsAt: number;
  /** Byte of the first of 24 hours: events by hour of the day, all halved when one is full. */
  readonly hoursAt: number;
  /** 64-bit word: begin of the episode, newest fraud, share of frauds; then two 32-bit ones: frauds of the episode, honest events since. */
  readonly episodesAt: number;
  readonly lateness: number;
  /** 8-byte words of a row. */
  readonly words: number;
  /** 8-byte words of a sketch in the pool; 0 when no distinct count has one. */
  readonly sketchWords: number;
  /** Stands for the whole layout: files of another one are refused. */
  readonly hash: string;
}

/** Words that every row begins with, by number. */
export const field = {
  /** 32-bit: the key's halves. */
  keyLow: 0,
  keyHigh: 1,
  /** 32-bit: the row's lock. */
  lock: 2,
  /** 32-bit: how many changes the row has seen; every decision records it. */
  order: 3,
  /** 32-bit: events in all. */
  events: 4,
  /** 32-bit: how many instants the tail holds (8 bits), where the next goes (8 bits), whether any was ever dropped (1 bit). */
  tailState: 5,
  /** 64-bit from here: first and newest event. */
  firstSeen: 3,
  lastSeen: 4,
} as const;

const headerWords = 5;
/** Registers of a sketch: one pane is one cache line. */
export const sketchRegisters = 64;

/** Space of a row in bytes while it is laid out. Wide parts go first, so that nothing but the end is padded. */
interface Cursor {
  bytes: number;
}

/** Reserves `count` elements of `size` bytes; answers the first one's number in a view of that size. */
const reserve = (cursor: Cursor, size: number, count: number): number => {
  if (count === 0) return -1;
  cursor.bytes = Math.ceil(cursor.bytes / size) * size;
  const at = cursor.bytes / size;
  cursor.bytes += size * count;
  return at;
};

const checkRing = ({ name, width, buckets }: RingSpec): void => {
  if (!Number.isSafeInteger(buckets) || buckets < 2 || buckets > 4096)
    throw new RangeError(`ring ${name}: 2 to 4096 buckets`);
  if (!Number.isSafeInteger(width) || width < 1000) throw new RangeError(`ring ${name}: buckets of a second or more`);
};

const placeRing = (cursor: Cursor, spec: RingSpec): RingPlace => {
  const { name, width, buckets, hasLabels = false, hasSums = true, hasOutliers = true, isNarrow = false } = spec;
  checkRing(spec);
  const size = isNarrow ? 2 : 4;
  const labels = hasLabels ? buckets : 0;
  return {
    name,
    width,
    buckets,
    hasLabels,
    isNarrow,
    sums: reserve(cursor, size * 2, hasSums ? buckets : 0),
    counts: reserve(cursor, size, buckets),
    outliers: reserve(cursor, size, hasOutliers ? buckets : 0),
    settled: reserve(cursor, size, labels),
    frauds: reserve(cursor, size, labels),
  };
};

const placeDistinct = (cursor: Cursor, { name, exact, sketch }: DistinctSpec): DistinctPlace => {
  if (!Number.isSafeInteger(exact) || exact < 1 || exact > 8) throw new RangeError(`distinct ${name}: 1 to 8 exact`);
  if (sketch !== undefined) checkRing({ name, width: sketch.width, buckets: sketch.panes });
  return {
    name,
    exact,
    forgotten: reserve(cursor, 4, 1),
    sketch: reserve(cursor, 4, sketch === undefined ? 0 : 1),
    things: reserve(cursor, 4, exact),
    seconds: reserve(cursor, 4, exact),
    paneWidth: sketch?.width ?? 0,
    panes: sketch?.panes ?? 0,
  };
};

/** A digest of a layout's text under a fixed key, 16 hexadecimal digits: for telling layouts apart, not against forgery. */
export const layoutDigest = (text: string): string => {
  const value: HashValue = { low: 0, high: 0 };
  createKeyedHash(new Uint8Array(8))(text, value);
  const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
  return hex(value.high) + hex(value.low);
};

/** Compiles a layout. Throws RangeError for a ring, a tail or a distinct count that cannot be. */
export const compileLayout = (spec: ProfileSpec): ProfileLayout => {
  const { tail, hasAmounts = true, hasHours = true, hasEpisodes = true, distinct = [] } = spec;
  const lateness = spec.lateness ?? Number.POSITIVE_INFINITY;
  if (!Number.isSafeInteger(tail) || tail < 0 || tail > 64) throw new RangeError('a tail of 0 to 64');
  if (!(lateness >= 0)) throw new RangeError('a lateness of 0 or more');
  const cursor: Cursor = { bytes: headerWords * 8 };
  const episodesAt = reserve(cursor, 8, hasEpisodes ? 4 : 0);
  const wide = spec.rings.filter(({ isNarrow = false }) => !isNarrow).map((ring) => placeRing(cursor, ring));
  const amountsAt = reserve(cursor, 4, hasAmounts ? 3 : 0);
  const tailAt = reserve(cursor, 4, tail);
  const distinctPlaces = distinct.map((each) => placeDistinct(cursor, each));
  const narrow = spec.rings.filter(({ isNarrow = false }) => isNarrow).map((ring) => placeRing(cursor, ring));
  const hoursAt = reserve(cursor, 1, hasHours ? 24 : 0);
  const placed = [...wide, ...narrow];
  const names = [...placed, ...distinctPlaces].map(({ name }) => name);
  if (new Set(names).size < names.length) throw new RangeError('two parts of one name');
  const panes = distinctPlaces.reduce((most, each) => Math.max(most, each.panes), 0);
  const body = {
    rings: spec.rings.map(({ name }) => placed.find((ring) => ring.name === name) as RingPlace),
    distinct: distinctPlaces,
    tail,
    tailAt,
    amountsAt,
    hoursAt,
    episodesAt,
    lateness,
    words: Math.ceil(cursor.bytes / 8),
    sketchWords: panes === 0 ? 0 : 1 + (panes * sketchRegisters) / 8,
  };
  return { ...body, hash: layoutDigest(JSON.stringify({ ...body, lateness: String(lateness) })) };
};

/** How far a read of a window may be from the truth, as data. */
export interface WindowBound {
  /** The window may begin this many milliseconds later than asked. */
  readonly olderEdge: number;
  /** It may end this many milliseconds later than asked, when the row has seen events newer than the instant of the read. */
  readonly newerEdge: number;
  /** No bucket counts further than this. */
  readonly bucketLimit: number;
  /** Relative error of a bucket's sum of n amounts is at most n times this. */
  readonly sumError: number;
}

/** A window over a ring. */
export interface RingWindow {
  readonly ring: RingPlace;
  readonly buckets: number;
  readonly bound: WindowBound;
}

/** The window of a span over the finest ring that holds it, with its declared bound; undefined when no ring holds it. */
export const windowOf = (layout: ProfileLayout, span: DurationMs): RingWindow | undefined => {
  const fit = layout.rings
    .filter(({ width, buckets }) => span % width === 0 && span / width <= buckets)
    .sort((left, right) => left.width - right.width)[0];
  if (fit === undefined) return undefined;
  const bound = {
    olderEdge: fit.width,
    newerEdge: fit.width,
    bucketLimit: fit.isNarrow ? 65_535 : 2 ** 31 - 1,
    sumError: fit.isNarrow ? 2 ** -24 : 2 ** -53,
  };
  return { ring: fit, buckets: span / fit.width, bound };
};
