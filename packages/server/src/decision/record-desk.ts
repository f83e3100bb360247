/** What people ask about decisions: which there were, one with its reasons, records for a replay. */
import { decodeRecord } from '@hauberk/decision';
import { accept, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import type { AuditRecord } from '../audit/audit-log.ts';
import type { Outbox } from '../storage/outbox.ts';
import { type Scope, scopeKey } from '../storage/scope.ts';
import type { PolicyBook } from './policy-book.ts';
import type { DecisionLists } from './policy-list.ts';
import { type KeptLabel, labelKind, readRecordPayload, recordKind } from './record-entry.ts';
import { type ReaderCode, RecordReader } from './record-reader.ts';
import type { DecisionQuery, DecisionStore, IndexedDecision } from './record-rows.ts';
import type { KeptText, RecordTexts, TextKind } from './record-texts.ts';
import { type RecordedWhy, recordedWhy } from './record-why.ts';

/** What the desk stands on. */
export interface RecordDeskParts {
  readonly store: DecisionStore;
  readonly outbox: Pick<Outbox, 'readAfter' | 'segments'>;
  readonly texts: RecordTexts;
  readonly book: PolicyBook;
  readonly lists: DecisionLists;
  readonly now: () => EpochMs;
}

/** An entity of a decision, and what is known of it now. */
export interface EntityShown {
  readonly entity: string;
  /** Lists that hold it now. */
  readonly lists: readonly string[];
  /** Its newest decisions. */
  readonly decisions: readonly {
    readonly id: string;
    readonly atMs: number;
    readonly scene: string;
    readonly outcome: string;
  }[];
  /** Entities that it was seen with, most often first. */
  readonly seenWith: readonly { readonly entity: string; readonly decisions: number }[];
}

/** The page of one decision. */
export interface DecisionWhy extends RecordedWhy {
  readonly id: string;
  readonly atMs: number;
  readonly outcome: string;
  readonly points: number;
  readonly obligations: readonly Readonly<Record<string, unknown>>[];
  readonly isDuplicate: boolean;
  readonly policy: {
    readonly id: string;
    readonly hash: string;
    readonly version: number | null;
    readonly state: string | null;
    readonly isChallenger: boolean;
  } | null;
  /** What it turned out to be. */
  readonly label: Omit<KeptLabel, 'decision' | 'run' | 'order'> | null;
  readonly entities: readonly EntityShown[];
}

/** An event of the outbox for a replay. */
export interface ReplayItem {
  readonly position: number;
  readonly kind: 'record' | 'label';
  readonly atMs: number;
  readonly payload: Uint8Array;
}

/** Events of the outbox that one page looks at. */
const scanned = 8192;
const readAtOnce = 1024;
const recentDecisions = 50;
const shownRecent = 5;
const shownWith = 10;

/** See the top of the file. */
export class RecordDesk {
  readonly #parts: RecordDeskParts;
  readonly #readers = new Map<string, RecordReader>();

  constructor(parts: RecordDeskParts) {
    this.#parts = parts;
  }

  /** The reader of an app's records. */
  readerOf(scope: Scope): RecordReader {
    const held = this.#readers.get(scopeKey(scope));
    if (held !== undefined) return held;
    const reader = new RecordReader((kind, hash) => this.#parts.texts.find(scope, kind, hash));
    this.#readers.set(scopeKey(scope), reader);
    return reader;
  }

  /** Names of the kinds of entities of a schema; undefined while it is not known. */
  async kindsOf(scope: Scope, schemaHash: string): Promise<readonly string[] | undefined> {
    const opened = await this.readerOf(scope).schema(schemaHash);
    return opened.ok ? opened.value.schema.kinds : undefined;
  }

  query(scope: Scope, query: DecisionQuery): Promise<readonly IndexedDecision[]> {
    return this.#parts.store.query(scope, query);
  }

  find(scope: Scope, id: string): Promise<IndexedDecision | undefined> {
    return this.#parts.store.find(scope, id);
  }

  text(scope: Scope, kind: TextKind, hash: string): Promise<KeptText | undefined> {
    return this.#parts.texts.find(scope, kind, hash);
  }

  /** What a decision turned out to be, as far as it is known. */
  async label(scope: Scope, id: string): Promise<KeptLabel | undefined> {
    const [row] = await this.#parts.store.load(scope, [{ kind: 'label', id }]);
    return row?.value;
  }

  /** Writes down that somebody looked. */
  async note(scope: Scope, record: AuditRecord): Promise<void> {
    await this.#parts.store.commit({ changes: [{ scope, read: [], puts: [], audit: [record] }] }, this.#parts.now());
  }

  /** The page of a decision. */
  async why(scope: Scope, id: string): Promise<Result<DecisionWhy, 'decision-unknown' | 'record.gone' | ReaderCode>> {
    const { store, outbox, book } = this.#parts;
    const indexed = await store.find(scope, id);
    if (indexed === undefined) return refuse('decision-unknown');
    const [event] = await outbox.readAfter(indexed.position - 1, 1);
    const isThere = event?.position === indexed.position && scopeKey(event.scope) === scopeKey(scope);
    const read = isThere ? decodeRecord(readRecordPayload(event.payload).record) : undefined;
    if (read?.ok !== true) return refuse('record.gone', 'retention has dropped its segment of the outbox');
    const record = read.value;
    const reader = this.readerOf(scope);
    const schema = await reader.schema(record.schemaHash);
    if (!schema.ok) return schema;
    const policy = record.policy === undefined ? undefined : await reader.policy(schema.value, record.policy.hash);
    const kept = (await book.policies(scope)).find(
      ({ hash }) => record.policy !== undefined && hash.startsWith(record.policy.hash),
    );
    const label = await this.label(scope, id);
    return accept({
      id,
      atMs: record.atMs,
      outcome: record.outcome,
      points: record.points,
      obligations: record.obligations.map((each) => ({ ...each })),
      isDuplicate: record.isDuplicate,
      ...recordedWhy(record, schema.value.schema, policy?.ok === true ? policy.value : undefined),
      policy:
        record.policy === undefined
          ? null
          : {
              id: record.policy.id,
              hash: record.policy.hash,
              version: kept?.version ?? null,
              state: kept?.state ?? null,
              isChallenger: record.policy.isChallenger,
            },
      label: label === undefined ? null : { fraud: label.fraud, knownAtMs: label.knownAtMs, source: label.source },
      entities: await Promise.all(indexed.entities.map((entity) => this.#entity(scope, entity, id))),
    });
  }

  async #entity(scope: Scope, entity: string, id: string): Promise<EntityShown> {
    const { store, lists } = this.#parts;
    const recent = await store.query(scope, { entity, limit: recentDecisions });
    const counts = new Map<string, number>();
    for (const { entities } of recent)
      for (const other of entities) if (other !== entity) counts.set(other, (counts.get(other) ?? 0) + 1);
    return {
      entity,
      lists: await lists.holding(scope, entity.slice(entity.indexOf(':') + 1)),
      decisions: recent
        .filter((each) => each.id !== id)
        .slice(0, shownRecent)
        .map(({ id: other, atMs, scene, outcome }) => ({ id: other, atMs, scene, outcome })),
      seenWith: [...counts]
        .toSorted(([, one], [, other]) => other - one)
        .slice(0, shownWith)
        .map(([other, decisions]) => ({ entity: other, decisions })),
    };
  }

  /** Records and labels of a span, in the order in which they were kept; `next` is where to go on, null at the end. */
  async records(
    scope: Scope,
    {
      fromMs,
      toMs,
      after,
      limit,
    }: { readonly fromMs: number; readonly toMs: number; readonly after: number; readonly limit: number },
  ): Promise<{ readonly items: readonly ReplayItem[]; readonly next: number | null }> {
    const { outbox } = this.#parts;
    const segments = after > 0 ? [] : await outbox.segments();
    // A segment is as late as its latest event: what lies wholly before the span is not read.
    const first = segments.find(({ lastAtMs }) => lastAtMs >= fromMs);
    let position = after > 0 ? after : (first?.firstPosition ?? 1) - 1;
    const items: ReplayItem[] = [];
    for (let looked = 0; looked < scanned; ) {
      const events = await outbox.readAfter(position, readAtOnce);
      for (const event of events) {
        position = event.position;
        looked += 1;
        const kind = event.kind === recordKind ? 'record' : event.kind === labelKind ? 'label' : undefined;
        const isAsked = kind !== undefined && scopeKey(event.scope) === scopeKey(scope);
        if (!isAsked || event.atMs < fromMs || event.atMs >= toMs) continue;
        items.push({ position, kind, atMs: event.atMs, payload: event.payload });
        if (items.length >= limit) return { items, next: position };
      }
      if (events.length < readAtOnce) return { items, next: null };
    }
    return { items, next: position };
  }
}
