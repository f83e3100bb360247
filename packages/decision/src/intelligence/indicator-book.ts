/**
 * The indicators in force: newest versions by id, revoked ones as long as an older version could still come. Confidence halves with age, by what is looked
 * for: addresses change hands, digests do not. Bounded; what found no room is counted.
 */
import type { EpochMs } from '@hauberk/primitives';
import { type Indicator, type IndicatorCode, readIndicator, type Sought, type SoughtKind } from './indicator.ts';
import { networkKeyAround, readNetwork } from './network.ts';
import type { StixObject } from './stix-object.ts';
import { instantOf } from './stix-time.ts';

const day = 86_400_000;

/** Half-lives of confidence, in milliseconds. */
export const halfLives: Readonly<Record<SoughtKind, number>> = {
  network: 7 * day,
  domain: 30 * day,
  url: 14 * day,
  file: 365 * day,
  certificate: 365 * day,
  entity: 30 * day,
};

/** Options of a book. */
export interface BookOptions {
  /** Most indicators. */
  readonly most: number;
  /** Confidence below which an indicator says nothing, 0 to 100. */
  readonly least: number;
}

/** What became of an object. */
export type Taken = 'new' | 'newer' | 'older' | 'revoked' | 'full' | IndicatorCode;

/** An indicator that holds. */
export interface IndicatorMatch {
  readonly indicator: string;
  readonly name: string;
  /** Who told of it. */
  readonly source: string;
  readonly kind: SoughtKind;
  /** After decay, 0 to 100. */
  readonly confidence: number;
}

interface Entry {
  readonly indicator: Indicator | undefined;
  readonly modifiedMs: EpochMs;
  readonly source: string;
}

const keyOf = ({ kind, key }: Sought): string => `${kind} ${key}`;

/** See the top of the file. */
export class IndicatorBook {
  readonly #options: BookOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #bySought = new Map<string, Set<string>>();
  /** Lengths of prefixes in use, for each how many networks have it. */
  readonly #prefixes = new Map<number, number>();
  /** Objects that found no room. */
  full = 0;
  /** Rises with every change. */
  generation = 0;

  constructor(options: BookOptions) {
    this.#options = options;
  }

  /** Indicators that are looked for. */
  get size(): number {
    return this.#entries.size;
  }

  /** Takes a version of an indicator. An older one than is known changes nothing, whatever order they come in. */
  take(object: StixObject, source: string): Taken {
    if (object.type !== 'indicator') return 'indicator.type';
    const modifiedMs = instantOf(object['modified']);
    if (modifiedMs === undefined) return 'indicator.type';
    const before = this.#entries.get(object.id);
    if (before !== undefined && before.modifiedMs >= modifiedMs) return 'older';
    // What one source told cannot be changed by another.
    if (before !== undefined && before.source !== source) return 'older';
    if (object['revoked'] === true) return this.#revoke(object.id, modifiedMs, source);
    const read = readIndicator(object);
    if (!read.ok) {
      if (before !== undefined) this.#remove(object.id);
      return read.code;
    }
    if (before === undefined && this.#entries.size >= this.#options.most) {
      this.full += 1;
      return 'full';
    }
    this.#remove(object.id);
    this.#put(object.id, { indicator: read.value, modifiedMs, source });
    return before === undefined ? 'new' : 'newer';
  }

  /** Forgets what one source told. */
  forget(source: string): void {
    for (const [id, entry] of this.#entries) if (entry.source === source) this.#remove(id);
  }

  /** Drops what has ended, and what is too old to say anything; answers how many. */
  sweep(nowMs: number): number {
    let dropped = 0;
    for (const [id, { indicator, modifiedMs }] of this.#entries) {
      const isOver =
        indicator === undefined
          ? modifiedMs < nowMs - 400 * day
          : (indicator.untilMs ?? Number.POSITIVE_INFINITY) <= nowMs || this.#strongest(indicator, nowMs) === 0;
      if (!isOver) continue;
      this.#remove(id);
      dropped += 1;
    }
    return dropped;
  }

  /** What holds for an address. */
  matchAddress(address: string, nowMs: number): readonly IndicatorMatch[] {
    const network = readNetwork(address);
    if (network === undefined || this.#prefixes.size === 0) return [];
    const found: IndicatorMatch[] = [];
    for (const prefix of this.#prefixes.keys())
      if (prefix <= network.prefix)
        found.push(...this.match({ kind: 'network', key: networkKeyAround(network, prefix) }, nowMs));
    return found;
  }

  /** What holds for one thing. */
  match(sought: Sought, nowMs: number): readonly IndicatorMatch[] {
    const ids = this.#bySought.get(keyOf(sought));
    if (ids === undefined) return [];
    const found: IndicatorMatch[] = [];
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry?.indicator === undefined) continue;
      const confidence = this.#confidence(entry.indicator, sought.kind, nowMs);
      if (confidence > 0)
        found.push({ indicator: id, name: entry.indicator.name, source: entry.source, kind: sought.kind, confidence });
    }
    return found;
  }

  /** Every indicator that says something, with what it looks for; for posting to other threads and for lists. */
  *inForce(
    nowMs: number,
  ): Iterable<{ readonly indicator: Indicator; readonly source: string; readonly confidence: number }> {
    for (const { indicator, source } of this.#entries.values()) {
      const confidence = indicator === undefined ? 0 : this.#strongest(indicator, nowMs);
      if (indicator !== undefined && confidence > 0) yield { indicator, source, confidence };
    }
  }

  #strongest(indicator: Indicator, nowMs: number): number {
    let strongest = 0;
    for (const { kind } of indicator.sought) strongest = Math.max(strongest, this.#confidence(indicator, kind, nowMs));
    return strongest;
  }

  #confidence({ fromMs, untilMs, modifiedMs, confidence }: Indicator, kind: SoughtKind, nowMs: number): number {
    if (nowMs < fromMs || (untilMs !== undefined && nowMs >= untilMs)) return 0;
    const left = confidence * 0.5 ** (Math.max(0, nowMs - modifiedMs) / halfLives[kind]);
    return left < this.#options.least ? 0 : Math.round(left);
  }

  #revoke(id: string, modifiedMs: EpochMs, source: string): Taken {
    const isKnown = this.#entries.has(id);
    if (!isKnown && this.#entries.size >= this.#options.most) {
      this.full += 1;
      return 'full';
    }
    this.#remove(id);
    this.#put(id, { indicator: undefined, modifiedMs, source });
    return 'revoked';
  }

  #put(id: string, entry: Entry): void {
    this.generation += 1;
    this.#entries.set(id, entry);
    for (const sought of entry.indicator?.sought ?? []) {
      const key = keyOf(sought);
      const ids = this.#bySought.get(key);
      if (ids === undefined) this.#bySought.set(key, new Set([id]));
      else ids.add(id);
      if (sought.kind === 'network') this.#countPrefix(sought.key, 1);
    }
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.generation += 1;
    this.#entries.delete(id);
    for (const sought of entry.indicator?.sought ?? []) {
      const ids = this.#bySought.get(keyOf(sought));
      ids?.delete(id);
      if (ids?.size === 0) this.#bySought.delete(keyOf(sought));
      if (sought.kind === 'network') this.#countPrefix(sought.key, -1);
    }
  }

  #countPrefix(key: string, by: number): void {
    const prefix = Number(key.slice(key.indexOf('/') + 1));
    const count = (this.#prefixes.get(prefix) ?? 0) + by;
    if (count > 0) this.#prefixes.set(prefix, count);
    else this.#prefixes.delete(prefix);
  }
}
