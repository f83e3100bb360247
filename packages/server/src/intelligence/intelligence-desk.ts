/**
 * Intelligence on the main thread: what partners tell comes in by TAXII, by polling or from a file, goes on the shelf of its collection and into force; a change is
 * posted to the workers within a second.
 */
import { IndicatorBook, type ReadObjects, type StixObject, type Taken } from '@hauberk/decision';
import { type EpochMs, type Result, refuse } from '@hauberk/primitives';
import type { DecisionStore } from '../decision/record-rows.ts';
import type { Scope } from '../storage/scope.ts';
import { type PollCode, pollSource, type TaxiiSource } from './taxii-client.ts';
import type { TaxiiCollection } from './taxii-server.ts';
import { type ShelfRefusal, shelvedObject, type TaxiiShelf } from './taxii-shelf.ts';
import type { IntelligenceText } from './worker-intelligence.ts';

/** A collection, and whether what is in it counts. */
export interface KeptCollection extends TaxiiCollection {
  readonly applies: boolean;
}

/** A source, and into which collection what it tells goes. */
export interface PolledSource extends TaxiiSource {
  readonly collection: string;
  readonly pollMs: number;
}

/** What the desk stands on. */
export interface IntelligenceDeskParts {
  readonly store: Pick<DecisionStore, 'load' | 'commit'>;
  readonly scope: Scope;
  readonly shelf: TaxiiShelf;
  readonly collections: readonly KeptCollection[];
  readonly sources: readonly PolledSource[];
  readonly most: number;
  readonly least: number;
  readonly post: (text: IntelligenceText) => void;
  readonly now: () => EpochMs;
  readonly onFault: (error: unknown) => void;
}

/** How a source stands. */
export interface SourceStatus {
  readonly name: string;
  readonly polls: number;
  readonly objects: number;
  readonly refused: number;
  /** Of the last poll; `ok` when it came. */
  readonly state: 'waiting' | 'ok' | PollCode | ShelfRefusal;
  readonly lastAtMs: EpochMs | undefined;
}

/** How much is known. */
export interface IntelligenceFigures {
  readonly indicators: number;
  readonly full: number;
  readonly taken: Readonly<Record<string, number>>;
  readonly sources: readonly SourceStatus[];
}

const postEveryMs = 500;
const maxBackoff = 32;

/** See the top of the file. */
export class IntelligenceDesk {
  readonly #parts: IntelligenceDeskParts;
  readonly #book: IndicatorBook;
  /** The newest version of each indicator in force, as it was told. */
  readonly #objects = new Map<string, { readonly source: string; readonly object: StixObject }>();
  readonly #taken = new Map<Taken, number>();
  readonly #statuses = new Map<string, SourceStatus>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #postTimer: NodeJS.Timeout | undefined;
  #generation = 0;
  #isOver = false;

  constructor(parts: IntelligenceDeskParts) {
    this.#parts = parts;
    this.#book = new IndicatorBook(parts);
    for (const { name } of parts.sources)
      this.#statuses.set(name, { name, polls: 0, objects: 0, refused: 0, state: 'waiting', lastAtMs: undefined });
  }

  /** Reads what the shelf has, and begins to poll. */
  async open(): Promise<void> {
    for (const collection of this.#parts.collections) await this.#readShelf(collection);
    this.#parts.post(this.text());
    for (const source of this.#parts.sources) this.#later(source, 0, 0);
    this.#repeat(() => this.#sweep(), 60_000);
  }

  /** Stops polling. */
  close(): void {
    this.#isOver = true;
    clearTimeout(this.#postTimer);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** What workers look for. */
  text(): IntelligenceText {
    const indicators = [...this.#objects.values()];
    return { generation: this.#generation, indicators };
  }

  figures(): IntelligenceFigures {
    const { size, full } = this.#book;
    return {
      indicators: size,
      full,
      taken: Object.fromEntries(this.#taken),
      sources: [...this.#statuses.values()],
    };
  }

  /** Takes objects of a collection that are on its shelf already. */
  take({ applies }: KeptCollection, objects: readonly StixObject[], source: string): void {
    if (!applies) return;
    const before = this.#book.generation;
    for (const object of objects) {
      if (object.type !== 'indicator') continue;
      const taken = this.#book.take(object, source);
      this.#taken.set(taken, (this.#taken.get(taken) ?? 0) + 1);
      if (taken === 'new' || taken === 'newer') this.#objects.set(object.id, { source, object });
      else if (taken !== 'older' && taken !== 'full') this.#objects.delete(object.id);
    }
    if (this.#book.generation !== before) this.#postSoon();
  }

  /** Puts objects on the shelf of a collection and takes them. */
  async add(
    collection: string,
    objects: readonly StixObject[],
    by: string,
  ): Promise<Result<true, ShelfRefusal | 'unknown-collection'>> {
    const kept = this.#parts.collections.find(({ id, alias }) => id === collection || alias === collection);
    if (kept === undefined) return refuse('unknown-collection');
    const added = await this.#parts.shelf.add(kept.id, objects, by);
    if (added.ok) this.take(kept, objects, by);
    return added;
  }

  async #readShelf(collection: KeptCollection): Promise<void> {
    let next: string | undefined;
    for (;;) {
      const filter = {
        addedAfter: undefined,
        limit: 1000,
        next,
        ids: [],
        types: ['indicator'],
        versions: ['last'],
        specVersions: [],
      };
      const page = await this.#parts.shelf.page(collection.id, filter);
      for (const shelved of page.objects) this.take(collection, [shelvedObject(shelved)], shelved.by);
      const last = page.objects.at(-1);
      if (!page.hasMore || last === undefined) return;
      next = String(last.addedMicros).padStart(17, '0');
    }
  }

  #postSoon(): void {
    this.#generation += 1;
    if (this.#postTimer !== undefined || this.#isOver) return;
    this.#postTimer = setTimeout(() => {
      this.#postTimer = undefined;
      this.#parts.post(this.text());
    }, postEveryMs);
    this.#postTimer.unref();
  }

  #sweep(): void {
    if (this.#book.sweep(this.#parts.now()) === 0) return;
    const inForce = new Set(Array.from(this.#book.inForce(this.#parts.now()), ({ indicator }) => indicator.id));
    for (const id of this.#objects.keys()) if (!inForce.has(id)) this.#objects.delete(id);
    this.#postSoon();
  }

  #repeat(work: () => void, ms: number): void {
    const timer = setInterval(work, ms);
    timer.unref();
    this.#timers.add(timer);
  }

  #later(source: PolledSource, ms: number, failures: number): void {
    if (this.#isOver) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#poll(source)
        .then((isRight) => {
          const failed = isRight ? 0 : failures + 1;
          this.#later(source, source.pollMs * Math.min(maxBackoff, 2 ** failed), failed);
        })
        .catch((error: unknown) => {
          this.#parts.onFault(error);
          this.#later(source, source.pollMs * maxBackoff, failures + 1);
        });
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }

  async #poll(source: PolledSource): Promise<boolean> {
    const { store, scope, now } = this.#parts;
    const key = { kind: 'stix-source' as const, id: source.name };
    const [row] = await store.load(scope, [key]);
    const polled = await pollSource(source, row?.value?.cursor);
    if (!polled.ok) return this.#note(source, polled.code, [], 0);
    const objects = polled.value.pages.flatMap((page) => page.objects);
    const refused = polled.value.pages.reduce((sum, page) => sum + page.refused.length, 0);
    if (objects.length > 0) {
      const added = await this.add(source.collection, objects, `source:${source.name}`);
      if (!added.ok && added.code !== 'unknown-collection') return this.#note(source, added.code, [], refused);
    }
    const { cursor } = polled.value;
    if (cursor !== undefined && cursor !== row?.value?.cursor) {
      const atMs = now();
      const puts = [{ ...key, value: { cursor }, atMs }];
      await store.commit({ changes: [{ scope, read: [{ key, version: row?.version ?? 0 }], puts, audit: [] }] }, atMs);
    }
    return this.#note(source, 'ok', objects, refused);
  }

  #note(
    { name }: PolledSource,
    state: SourceStatus['state'],
    objects: ReadObjects['objects'],
    refused: number,
  ): boolean {
    const before = this.#statuses.get(name);
    this.#statuses.set(name, {
      name,
      polls: (before?.polls ?? 0) + 1,
      objects: (before?.objects ?? 0) + objects.length,
      refused: (before?.refused ?? 0) + refused,
      state,
      lastAtMs: this.#parts.now(),
    });
    return state === 'ok';
  }
}
