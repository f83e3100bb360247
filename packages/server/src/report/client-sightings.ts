/**
 * Which clients speak what, counted per worker thread and written in batches. A row holds no address, no device and no raw key: the family of a
 * user agent, a version, a pseudonym. Rows are bounded: what comes beyond is counted together, so that no client can make the record grow.
 */
import type { EpochMs } from '@hauberk/primitives';
import type { ExchangeLog } from '../gateway/exchange.ts';
import type { RequestHead } from '../gateway/request-head.ts';
import type { Route } from '../gateway/route.ts';

/** How a client was taken. */
export type ClientState = 'verified' | 'migrated' | 'unverified' | 'refused';

/** One kind of client on one route. */
export interface ClientRow {
  readonly service: string;
  readonly route: string;
  readonly client: string;
  readonly version: string;
  readonly state: ClientState;
  /** `hb1`, `hb1s`, `hb1c`, a migration scheme, or `none`. */
  readonly scheme: string;
  /** Why it was, or would be, refused; empty otherwise. */
  readonly reason: string;
  /** Pseudonym of the key of a migration scheme. */
  readonly key: string;
  readonly requests: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** A finished exchange. */
export interface SeenExchange {
  readonly head: RequestHead;
  readonly route: Route;
  readonly log: ExchangeLog;
  readonly at: EpochMs;
}

/** The counters of one thread. */
export interface ClientSightings {
  readonly see: (seen: SeenExchange) => void;
  /** The rows since the last call. */
  readonly take: () => readonly ClientRow[];
}

/** Where rows are kept in common when there are too many kinds. */
export const otherClients = '(other)';

const product = /^([A-Za-z][A-Za-z0-9_.-]{0,31})(?:\/(\d{1,5}(?:\.\d{1,5}){0,2}))?/;
const versionForm = /^\d{1,5}(?:\.\d{1,5}){0,3}$/;

/** Family and version of a client. The rest of a user agent can tell one person from another, so it is left out. */
export const clientOf = (agent: unknown, declared: unknown): { readonly client: string; readonly version: string } => {
  const match = typeof agent === 'string' ? product.exec(agent) : null;
  const version = typeof declared === 'string' && versionForm.test(declared) ? declared : (match?.[2] ?? '');
  return { client: match?.[1] ?? '(none)', version };
};

/** Undefined when the request ended before anything was known of its protection: over a limit, say. */
const stateOf = ({ log }: SeenExchange): ClientState | undefined => {
  if (log.client !== '') return 'migrated';
  if (log.detail !== '' && log.reason === 'ok') return 'unverified';
  const isClients = /^(?:request|migration|hello|authz|head)\./.test(log.reason);
  if (isClients) return 'refused';
  return log.tag === '' ? undefined : 'verified';
};

const reasonOf = (state: ClientState, log: ExchangeLog): string => {
  if (state === 'refused') return log.reason;
  return state === 'unverified' ? log.detail : '';
};

interface Counted {
  readonly row: Omit<ClientRow, 'requests' | 'firstAtMs' | 'lastAtMs'>;
  requests: number;
  readonly firstAtMs: number;
  lastAtMs: number;
}

const rowOf = (seen: SeenExchange, state: ClientState, versionHeader: string): Counted['row'] => {
  const { head, route, log } = seen;
  return {
    service: route.service,
    route: route.id,
    ...clientOf(head.headers['user-agent'], head.headers[versionHeader]),
    state,
    scheme: log.tag === '' ? 'none' : log.tag,
    reason: reasonOf(state, log),
    key: log.client,
  };
};

const keyOf = (row: Counted['row']): string => Object.values(row).join('\n');

/** Everything that a row is made of, unread: the same client on the same route need not be read again. */
const rawKeyOf = ({ head, route, log }: SeenExchange, versionHeader: string): string =>
  `${route.service}\n${route.id}\n${String(head.headers['user-agent'])}\n${String(head.headers[versionHeader])}\n${log.tag}\n${log.reason}\n${log.detail}\n${log.client}`;

/** Longer ones are read each time. */
const longestRawKey = 512;

/** Counters that hold at most `mostRows` rows between two writes, and one more per route and state. */
export const createClientSightings = (versionHeader: string, mostRows: number): ClientSightings => {
  let held = new Map<string, Counted>();
  let byRawKey = new Map<string, Counted>();
  const again = (known: Counted, at: number): Counted => {
    known.requests += 1;
    known.lastAtMs = Math.max(known.lastAtMs, at);
    return known;
  };
  const count = (row: Counted['row'], at: number): Counted | undefined => {
    const key = keyOf(row);
    const known = held.get(key);
    if (known !== undefined) return again(known, at);
    if (held.size >= mostRows && row.client !== otherClients) return undefined;
    const fresh = { row, requests: 1, firstAtMs: at, lastAtMs: at };
    held.set(key, fresh);
    return fresh;
  };
  return {
    see: (seen) => {
      // Outside HB/1 and without a scheme there is nothing to be moved from.
      const state = seen.route.protection === 'none' ? undefined : stateOf(seen);
      if (state === undefined) return;
      const rawKey = rawKeyOf(seen, versionHeader);
      const known = byRawKey.get(rawKey);
      if (known !== undefined) {
        again(known, seen.at);
        return;
      }
      const row = rowOf(seen, state, versionHeader);
      const counted = count(row, seen.at) ?? count({ ...row, client: otherClients, version: '', key: '' }, seen.at);
      if (counted !== undefined && byRawKey.size < mostRows && rawKey.length <= longestRawKey)
        byRawKey.set(rawKey, counted);
    },
    take: () => {
      const taken = [...held.values()];
      held = new Map();
      byRawKey = new Map();
      return taken.map(({ row, requests, firstAtMs, lastAtMs }) => ({ ...row, requests, firstAtMs, lastAtMs }));
    },
  };
};
