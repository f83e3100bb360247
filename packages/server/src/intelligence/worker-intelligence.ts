/** Intelligence in the request path: what the main thread posted, asked in memory. Nothing here waits. */
import { createHmac, type KeyObject } from 'node:crypto';
import {
  entityKey,
  entityType,
  IndicatorBook,
  type IndicatorMatch,
  isSharedKind,
  type StixObject,
} from '@hauberk/decision';
import type { EpochMs } from '@hauberk/primitives';

/** A key that is shared with a partner; its name is the digests' scheme. */
export interface PartnerKey {
  readonly name: string;
  readonly key: KeyObject;
}

/** What the main thread posts: every indicator in force, as it was told, and who told it. */
export interface IntelligenceText {
  /** Rises with every change. */
  readonly generation: number;
  readonly indicators: readonly { readonly source: string; readonly object: StixObject }[];
}

/** Nothing is known. */
export const noIntelligence: IntelligenceText = { generation: 0, indicators: [] };

/** Options of the lookup. */
export interface LookupOptions {
  readonly most: number;
  readonly least: number;
  readonly partners: readonly PartnerKey[];
}

/** A signal as a decision's context takes it. */
export interface IntelligenceSignal {
  readonly code: string;
  readonly value: number;
  readonly source: 'server';
  readonly ageMs: number;
}

/** The digest of an entity under a partner's key: HMAC-SHA-256 of kind, a zero byte and the canonical id. */
export const partnerDigest = ({ key }: PartnerKey, kind: string, id: string): string =>
  createHmac('sha256', key).update(`${kind}\0${id}`).digest('hex');

/** See the top of the file. */
export class WorkerIntelligence {
  readonly #options: LookupOptions;
  #book: IndicatorBook;
  /** Whether anything of it is an entity: digests are only made then. */
  #hasEntities = false;

  constructor(options: LookupOptions, text: IntelligenceText = noIntelligence) {
    this.#options = options;
    this.#book = new IndicatorBook(options);
    this.update(text);
  }

  /** Takes over what is known now. */
  update({ indicators }: IntelligenceText): void {
    const book = new IndicatorBook(this.#options);
    for (const { source, object } of indicators) book.take(object, source);
    this.#book = book;
    this.#hasEntities = indicators.some(
      ({ object: { pattern } }) => typeof pattern === 'string' && pattern.includes(entityType),
    );
  }

  /** What holds for an address and entities. */
  matches(address: string, entities: Readonly<Record<string, string>>, now: EpochMs): readonly IndicatorMatch[] {
    if (this.#book.size === 0) return [];
    const found = [...this.#book.matchAddress(address, now)];
    if (!this.#hasEntities) return found;
    for (const [kind, id] of Object.entries(entities))
      if (isSharedKind(kind)) found.push(...this.#matchEntity(kind, id, now));
    return found;
  }

  #matchEntity(kind: string, id: string, now: EpochMs): readonly IndicatorMatch[] {
    return this.#options.partners.flatMap((partner) =>
      this.#book.match({ kind: 'entity', key: entityKey(kind, partner.name, partnerDigest(partner, kind, id)) }, now),
    );
  }

  /** The same as signals, one for each kind: its value is the highest confidence. */
  signals(address: string, entities: Readonly<Record<string, string>>, now: EpochMs): readonly IntelligenceSignal[] {
    const strongest = new Map<string, number>();
    for (const { kind, confidence } of this.matches(address, entities, now)) {
      const code = kind === 'network' ? 'intelligence.address' : 'intelligence.entity';
      strongest.set(code, Math.max(strongest.get(code) ?? 0, confidence));
    }
    return Array.from(strongest, ([code, value]) => ({ code, value, source: 'server', ageMs: 0 }));
  }
}
