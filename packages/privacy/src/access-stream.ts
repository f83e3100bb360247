/**
 * Counted accesses of one device → exceptions, in the order in which they arrive and by the time at which they happened. Rows say how often a
 * function was called between two instants, so a window knows for certain only a part: what is certain is judged, nobody is accused on a guess.
 *
 * Declared: a row that ends more than `lateness` before the newest one of its function and chain (of its owner, for identifiers) is late. It is
 * judged by every rule but that of the window, and the window forgets it. Rows that are out of order by less are put where they belong and
 * judged with what is known by then; rows that were judged before are not judged again.
 * Calls whose caller was not looked at belong to no one chain and to no one owner: no rule that accuses either is judged.
 */
import { type AccessRow, unattributedChain } from './access-report.ts';
import { dataItems } from './data-items.ts';
import { type ExceptionKind, type ExceptionPolicy, exceptionKinds, maxWindowCount } from './exception-rules.ts';
import { judgeAlone } from './exceptions.ts';
import type { CollectDecision } from './may-collect.ts';
import { sensitiveApiOf } from './sensitive-apis.ts';

/** What a deployment sets for rows. `maxWatched` bounds the pairs of function and chain, and the owners, of one device. */
export interface StreamPolicy extends ExceptionPolicy {
  /** In milliseconds. */
  readonly lateness: number;
}

/** Calls of one function by one chain: `[first, last, count]`, by their first instant. */
export interface WatchedCalls {
  newest: number;
  readonly spans: (readonly [first: number, last: number, count: number])[];
}

/** When one owner read which identifier: instants that are certain, oldest first. */
export interface WatchedReads {
  newest: number;
  readonly reads: Map<string, number[]>;
}

/** What is remembered of one device. It belongs to its caller and is changed in place. */
export interface DeviceWatch {
  readonly calls: Map<string, WatchedCalls>;
  readonly identifiers: Map<string, WatchedReads>;
}

/** A watch that saw nothing yet. */
export const newDeviceWatch = (): DeviceWatch => ({ calls: new Map(), identifiers: new Map() });

/** What became of a row. */
export interface JudgedRow {
  /** In the order of `exceptionKinds`. */
  readonly kinds: readonly ExceptionKind[];
  /** Whether a window passed it over for being late. */
  readonly isLate: boolean;
}

/** Instants of one identifier that are kept for rows that come out of order. */
const maxReads = 64;

const limit = (most: number): number => Math.min(Math.max(0, most), maxWindowCount);

/** The entry, put back as the newest, so that the first of the map is the one unused longest. */
const touch = <Value>(map: Map<string, Value>, key: string, most: number, fresh: () => Value): Value => {
  const value = map.get(key) ?? fresh();
  map.delete(key);
  if (map.size >= most) for (const oldest of map.keys()) if (map.delete(oldest)) break;
  map.set(key, value);
  return value;
};

/** Calls that a span certainly made after `start` and up to `end`: all, when both ends are there; otherwise the one at the end that is. */
const certainCalls = ([first, last, count]: WatchedCalls['spans'][number], start: number, end: number): number => {
  const hasFirst = first > start && first <= end;
  const hasLast = last > start && last <= end;
  if (hasFirst && hasLast) return count;
  return hasFirst || hasLast ? 1 : 0;
};

/** Some window holds at least so many calls of the row alone, however they were spread. */
const densest = ({ count, firstAtMs, lastAtMs }: AccessRow, window: number): number =>
  Math.ceil(count / (Math.floor((lastAtMs - firstAtMs) / window) + 1));

const keepSpan = ({ spans, newest }: WatchedCalls, row: AccessRow, keepMs: number, most: number): void => {
  let at = spans.length;
  while (at > 0 && (spans[at - 1]?.[0] ?? 0) > row.firstAtMs) at -= 1;
  spans.splice(at, 0, [row.firstAtMs, row.lastAtMs, row.count]);
  const isOver = (span: WatchedCalls['spans'][number] | undefined): boolean =>
    span !== undefined && (spans.length > most || span[1] <= newest - keepMs);
  while (isOver(spans[0])) spans.shift();
};

const judgeFrequency = (watch: DeviceWatch, row: AccessRow, policy: StreamPolicy): 'broken' | 'kept' | 'late' => {
  const { window, most } = policy.frequency;
  const key = `${row.api}\n${row.chain}`;
  const calls = touch(watch.calls, key, policy.maxWatched, (): WatchedCalls => ({ newest: 0, spans: [] }));
  if (row.lastAtMs < calls.newest - policy.lateness) return 'late';
  calls.newest = Math.max(calls.newest, row.lastAtMs);
  keepSpan(calls, row, window + policy.lateness, 4 * (limit(most) + 1));
  const start = row.lastAtMs - window;
  const certain = calls.spans.reduce((sum, span) => sum + certainCalls(span, start, row.lastAtMs), 0);
  return Math.max(certain, densest(row, window)) > limit(most) ? 'broken' : 'kept';
};

const keepReads = (reads: Map<string, number[]>, item: string, row: AccessRow): void => {
  const instants = reads.get(item) ?? [];
  reads.set(item, instants);
  for (const at of new Set([row.firstAtMs, row.lastAtMs])) {
    let place = instants.length;
    while (place > 0 && (instants[place - 1] ?? 0) > at) place -= 1;
    if (instants[place - 1] !== at) instants.splice(place, 0, at);
  }
};

const forgetReads = ({ reads, newest }: WatchedReads, keepMs: number): void => {
  for (const [item, instants] of reads) {
    while (instants.length > maxReads || (instants[0] ?? Number.POSITIVE_INFINITY) <= newest - keepMs) instants.shift();
    if (instants.length === 0) reads.delete(item);
  }
};

const judgeIdentifiers = (watch: DeviceWatch, row: AccessRow, policy: StreamPolicy): 'broken' | 'kept' | 'late' => {
  const read = (sensitiveApiOf(row.api)?.yields ?? []).filter((item) => dataItems.get(item)?.isIdentifier === true);
  if (read.length === 0) return 'kept';
  const { window, most } = policy.identifiers;
  const fresh = (): WatchedReads => ({ newest: 0, reads: new Map() });
  const seen = touch(watch.identifiers, row.owner, policy.maxWatched, fresh);
  if (row.lastAtMs < seen.newest - policy.lateness) return 'late';
  seen.newest = Math.max(seen.newest, row.lastAtMs);
  for (const item of read) keepReads(seen.reads, item, row);
  forgetReads(seen, window + policy.lateness);
  let items = 0;
  for (const instants of seen.reads.values())
    if (instants.some((at) => at > row.lastAtMs - window && at <= row.lastAtMs)) items += 1;
  return items > limit(most) ? 'broken' : 'kept';
};

/** Whether the call went through. What was emptied or denied collected nothing, so it breaks no rule. */
export const isYielded = ({ outcome }: AccessRow): boolean => outcome === 'observed' || outcome === 'delayed';

/** The rules that a row breaks. `decide` is the consent port as of the row's last instant. */
export const judgeRow = (
  watch: DeviceWatch,
  row: AccessRow,
  policy: StreamPolicy,
  decide: (item: string, scene: string) => CollectDecision,
): JudgedRow => {
  if (!isYielded(row)) return { kinds: [], isLate: false };
  const isAttributed = row.chain !== unattributedChain;
  const frequency = isAttributed ? judgeFrequency(watch, row, policy) : 'kept';
  const identifiers = isAttributed ? judgeIdentifiers(watch, row, policy) : 'kept';
  const alone = judgeAlone(row, policy, decide);
  const broken: Partial<Record<ExceptionKind, boolean>> = {
    ...alone,
    'undeclared-sdk': isAttributed && alone['undeclared-sdk'] === true,
    'over-frequency': frequency === 'broken',
    'many-identifiers': identifiers === 'broken',
  };
  return {
    kinds: exceptionKinds.filter((kind) => broken[kind] === true),
    isLate: frequency === 'late' || identifiers === 'late',
  };
};

type SavedWatch = readonly [
  calls: readonly (readonly [key: string, newest: number, spans: WatchedCalls['spans']])[],
  identifiers: readonly (readonly [owner: string, newest: number, reads: readonly (readonly [string, number[]])[]])[],
];

/** A watch as JSON, to be kept over a restart. */
export const saveWatch = ({ calls, identifiers }: DeviceWatch): unknown =>
  [
    [...calls].map(([key, { newest, spans }]) => [key, newest, spans] as const),
    [...identifiers].map(([owner, { newest, reads }]) => [owner, newest, [...reads]] as const),
  ] satisfies SavedWatch;

/** A watch that was saved here; its caller vouches for the text. */
export const openWatch = (saved: unknown): DeviceWatch => {
  const [calls, identifiers] = saved as SavedWatch;
  return {
    calls: new Map(calls.map(([key, newest, spans]) => [key, { newest, spans: [...spans] }])),
    identifiers: new Map(identifiers.map(([owner, newest, reads]) => [owner, { newest, reads: new Map(reads) }])),
  };
};
