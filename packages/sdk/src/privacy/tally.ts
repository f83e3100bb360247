/** Counts of accesses until they are reported: typed counters for calls whose caller was not looked at, rows for the others. */
import { type AccessOutcome, type AccessRealm, type AccessRow, isAccessRow } from '@hauberk/privacy/client';
import { noChain } from './chain-book.ts';
import type { Surface } from './surface.ts';

/** Rows that wait at most; beyond it calls are counted without their caller. */
const maxRows = 2048;

/** Calls of one realm without a caller: two counters a surface, in front and not. */
export class LooseCounts {
  readonly counts: Uint32Array;
  readonly #firstMs: Float64Array;
  readonly #lastMs: Float64Array;
  /** Says whether anything was counted since the last `take`. */
  isEmpty = true;

  constructor(surfaces: number) {
    this.counts = new Uint32Array(surfaces * 2);
    this.#firstMs = new Float64Array(surfaces * 2);
    this.#lastMs = new Float64Array(surfaces * 2);
  }

  add(slot: number, isForeground: boolean, nowMs: number): void {
    const at = slot * 2 + (isForeground ? 1 : 0);
    const before = this.counts[at] ?? 0;
    if (before === 0) this.#firstMs[at] = nowMs;
    this.#lastMs[at] = nowMs;
    this.counts[at] = before + 1;
    this.isEmpty = false;
  }

  /** Gives what was counted and starts anew. */
  take(row: (slot: number, isForeground: boolean, count: number, firstMs: number, lastMs: number) => void): void {
    for (const [at, count] of this.counts.entries())
      if (count > 0) row(at >>> 1, at % 2 === 1, count, this.#firstMs[at] ?? 0, this.#lastMs[at] ?? 0);
    this.counts.fill(0);
    this.isEmpty = true;
  }
}

/** What a row is about. */
export interface RowHead {
  readonly api: string;
  readonly chain: string;
  readonly owner: string;
  readonly scene: string;
  readonly isForeground: boolean;
  readonly realm: AccessRealm;
  readonly outcome: AccessOutcome;
  readonly destination: string | undefined;
}

/** A row that still counts. */
export interface OpenRow {
  readonly head: RowHead;
  isOpen: boolean;
  count: number;
  firstMs: number;
  lastMs: number;
}

const keyOf = ({ api, chain, scene, isForeground, realm, outcome, destination }: RowHead): string =>
  `${api} ${chain} ${scene} ${isForeground ? 1 : 0} ${realm} ${outcome} ${destination ?? ''}`;

const rowOf = ({ head, count, firstMs, lastMs }: OpenRow, originMs: number): AccessRow => {
  const { destination, ...rest } = head;
  const times = { firstAtMs: Math.floor(originMs + firstMs), lastAtMs: Math.floor(originMs + lastMs) };
  const row = { ...rest, count, ...times };
  return destination === undefined ? row : { ...row, destination };
};

/** Everything that waits. Instants are those of the monotonic clock until they are taken. */
export class Tally {
  readonly #rows = new Map<string, OpenRow>();

  /** Counts calls, and gives their row: until it is taken, more of the same can be counted there at once. */
  add(head: RowHead, nowMs: number, count = 1, firstMs: number = nowMs): OpenRow {
    const key = keyOf(head);
    const row = this.#rows.get(key);
    if (row !== undefined) {
      row.count += count;
      row.lastMs = Math.max(row.lastMs, nowMs);
      return row;
    }
    if (this.#rows.size >= maxRows && head.chain !== noChain)
      return this.add({ ...head, chain: noChain, owner: 'unknown', destination: undefined }, nowMs, count, firstMs);
    const made: OpenRow = { head, isOpen: true, count, firstMs, lastMs: nowMs };
    this.#rows.set(key, made);
    return made;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The rows that can be reported, and none is kept. `originMs` is the instant of the monotonic zero. */
  take(
    realms: readonly { readonly kind: AccessRealm; readonly loose: LooseCounts }[],
    surfaces: readonly Surface[],
    scene: string,
    originMs: number,
  ): readonly AccessRow[] {
    for (const { kind, loose } of realms)
      loose.take((slot, isForeground, count, firstMs, lastMs) => {
        const head = { api: surfaces[slot]?.api ?? '', chain: noChain, owner: 'unknown', scene, isForeground };
        this.add({ ...head, realm: kind, outcome: 'observed', destination: undefined }, lastMs, count, firstMs);
      });
    const rows = [...this.#rows.values()].map((row) => rowOf(row, originMs)).filter(isAccessRow);
    for (const row of this.#rows.values()) row.isOpen = false;
    this.#rows.clear();
    return rows;
  }
}
