/** The client report: who is still on what since when, and who would be refused, why, since when. */
import type { ClientRow, ClientState } from './client-sightings.ts';

/** One kind of client on one service. */
export interface ClientLine {
  readonly service: string;
  readonly client: string;
  readonly version: string;
  readonly scheme: string;
  readonly state: ClientState;
  readonly key: string;
  readonly requests: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** One kind of client that is, or without observe mode would be, refused. */
export interface RefusalLine {
  readonly service: string;
  readonly route: string;
  readonly client: string;
  readonly version: string;
  /** `unverified` was let through and would be refused; `refused` was refused. */
  readonly state: ClientState;
  readonly reason: string;
  readonly requests: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** The report. */
export interface ClientReport {
  readonly clients: readonly ClientLine[];
  readonly wouldBeRefused: readonly RefusalLine[];
}

interface Counts {
  readonly requests: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

const add = (left: Counts, right: Counts): Counts => ({
  requests: left.requests + right.requests,
  firstAtMs: Math.min(left.firstAtMs, right.firstAtMs),
  lastAtMs: Math.max(left.lastAtMs, right.lastAtMs),
});

const fold = <Name extends object>(
  rows: readonly ClientRow[],
  nameOf: (row: ClientRow) => Name,
): readonly (Name & Counts)[] => {
  const folded = new Map<string, Name & Counts>();
  for (const row of rows) {
    const name = nameOf(row);
    const key = JSON.stringify(name);
    const { requests, firstAtMs, lastAtMs } = row;
    const held = folded.get(key);
    const counts = { requests, firstAtMs, lastAtMs };
    folded.set(key, { ...name, ...(held === undefined ? counts : add(held, counts)) });
  }
  return [...folded.values()].toSorted((left, right) => right.requests - left.requests);
};

/** Folds rows of any number of threads and batches. */
export const clientReport = (rows: readonly ClientRow[]): ClientReport => ({
  clients: fold(rows, ({ service, client, version, scheme, state, key }) => ({
    service,
    client,
    version,
    scheme,
    state,
    key,
  })),
  wouldBeRefused: fold(
    rows.filter(({ state }) => state === 'unverified' || state === 'refused'),
    ({ service, route, client, version, state, reason }) => ({ service, route, client, version, state, reason }),
  ),
});
