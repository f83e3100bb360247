/**
 * The body of `privacy.stop`: which call chains are stopped, and how. It is the whole list of its scope: a newer version replaces it, and an
 * empty one stops nothing.
 */
import { countOf, isShape, listOf, wordOf } from './shape.ts';

/** What a stopped call meets: an empty answer, the platform's own denial, or a wait. */
export const stopActions = ['empty', 'deny', 'delay'] as const;
/** One of them. */
export type StopAction = (typeof stopActions)[number];

/** One stopped chain. */
export interface PrivacyStop {
  /** Id of the call chain (docs/call-chains.md). */
  readonly chain: string;
  /** Functions that are stopped for the chain; every one that is watched when absent. */
  readonly apis?: readonly string[];
  readonly action: StopAction;
  /** Milliseconds; of `delay` only. */
  readonly delayMs?: number;
}

/** The whole list. */
export interface PrivacyStopBody {
  readonly stops: readonly PrivacyStop[];
}

/** Most chains of one body. */
export const maxStops = 256;
/** Most functions of one stop. */
export const maxStopApis = 64;
/** Longest wait that a stop may impose, in milliseconds. */
export const maxStopDelayMs = 60_000;

const actionOf = (value: unknown): StopAction | undefined => stopActions.find((action) => action === value);

const readStop = (value: unknown): PrivacyStop | undefined => {
  if (!isShape(value, ['chain', 'apis', 'action', 'delayMs'])) return undefined;
  const chain = wordOf(value['chain'], 128);
  const action = actionOf(value['action']);
  const apis = value['apis'] === undefined ? [] : listOf(value['apis'], maxStopApis, (api) => wordOf(api, 128));
  const delayMs = action === 'delay' ? countOf(value['delayMs'], maxStopDelayMs, 1) : 0;
  if (chain === undefined || action === undefined || apis === undefined || delayMs === undefined) return undefined;
  // A list that names nothing could be read as "none" by one reader and as "all" by another.
  if (value['apis'] !== undefined && apis.length === 0) return undefined;
  if (action !== 'delay' && value['delayMs'] !== undefined) return undefined;
  return { chain, action, ...(apis.length > 0 ? { apis } : {}), ...(delayMs > 0 ? { delayMs } : {}) };
};

/** Reads the body; undefined when it is none. A chain may stand in the list once. */
export const readPrivacyStop = (value: unknown): PrivacyStopBody | undefined => {
  const stops = isShape(value, ['stops']) ? listOf(value['stops'], maxStops, readStop) : undefined;
  if (stops === undefined || new Set(stops.map(({ chain }) => chain)).size < stops.length) return undefined;
  return { stops };
};
