/** Feeds of numbers: a list of revoked ones and a list of risk bands, as text that a bank fetches and keeps. */
import { accept, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import { readInstant } from './camara.ts';
import { type Msisdn, readMsisdn } from './msisdn.ts';
import type { RiskBand } from './number-facts.ts';

/** A feed, read whole. */
export interface NumberFeed<Value> {
  readonly asOfMs: EpochMs;
  readonly entries: ReadonlyMap<Msisdn, Value>;
}

/** Why a feed is refused as a whole: half a list would let the other half pass. */
export type FeedCode = 'feed.too-large' | 'feed.no-date' | 'feed.entry' | 'feed.count';

/** Most entries of a feed. */
export const longestFeed = 20_000_000;

const readFeed = <Value>(
  text: string,
  most: number,
  readValue: (text: string | undefined) => Value | undefined,
): Result<NumberFeed<Value>, FeedCode> => {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const head = /^as-of,([^,]+),count,(\d{1,9})$/.exec(lines[0] ?? '');
  const asOfMs = readInstant(head?.[1] ?? '');
  if (head === null || asOfMs === undefined) return refuse('feed.no-date', 'the first line is as-of,INSTANT,count,N');
  const entries = new Map<Msisdn, Value>();
  const rows = lines.slice(1).filter((line) => line !== '');
  if (rows.length > most) return refuse('feed.too-large', String(rows.length));
  for (const [index, line] of rows.entries()) {
    const [number = '', value, ...more] = line.split(',');
    const read = readMsisdn(number);
    const meant = readValue(value);
    if (!read.ok || meant === undefined || more.length > 0) return refuse('feed.entry', `line ${index + 2}`);
    entries.set(read.value, meant);
  }
  // A feed that was cut off on its way has fewer lines than it says.
  return rows.length === Number(head[2]) ? accept({ asOfMs, entries }) : refuse('feed.count', String(rows.length));
};

/** Reads a list of revoked numbers: `as-of,INSTANT,count,N`, then one number a line. */
export const readRevocationFeed = (text: string, most: number = longestFeed): Result<NumberFeed<true>, FeedCode> =>
  readFeed(text, most, (value) => (value === undefined ? true : undefined));

const bands: readonly RiskBand[] = ['low', 'medium', 'high', 'very-high'];

/** Reads a list of risk bands: the same head, then `NUMBER,BAND` with low, medium, high or very-high. */
export const readRiskFeed = (text: string, most: number = longestFeed): Result<NumberFeed<RiskBand>, FeedCode> =>
  readFeed(text, most, (value) => bands.find((band) => band === value));
