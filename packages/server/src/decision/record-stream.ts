/**
 * The stream of decisions, on the main thread: it reads the outbox in batches and writes the index together with how far it has read. A crash between two batches
 * loses nothing and indexes nothing twice. Whoever watches decisions (alerts, guards of challengers) is told of each batch after it was written.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { type RecordSummary, summariseRecord } from '@hauberk/decision';
import type { EpochMs } from '@hauberk/primitives';
import type { Outbox, OutboxEvent } from '../storage/outbox.ts';
import { type Scope, scopeKey } from '../storage/scope.ts';
import { type KeptLabel, labelKind, readLabel, readRecordPayload, recordKind } from './record-entry.ts';
import { type DecisionStore, decisionConsumer, type IndexBatch, type IndexedDecision } from './record-rows.ts';

/** A decision that was indexed, with its record but for its facts. */
export interface SeenDecision {
  readonly scope: Scope;
  readonly indexed: IndexedDecision;
  readonly record: RecordSummary;
}

/** A label that was seen. */
export interface SeenLabel {
  readonly scope: Scope;
  readonly label: KeptLabel;
}

/** What a batch brought. */
export interface SeenBatch {
  readonly decisions: readonly SeenDecision[];
  readonly labels: readonly SeenLabel[];
}

/** What was counted. */
export interface RecordCounts {
  readonly records: number;
  readonly labels: number;
  readonly unreadable: number;
}

/** What the stream is made of. */
export interface RecordStreamParts {
  readonly outbox: Pick<Outbox, 'readAfter' | 'acknowledged' | 'head'>;
  readonly store: DecisionStore;
  /** Names of the kinds of entities of a record; undefined while its schema is not known. */
  readonly kindsOf: (scope: Scope, schemaHash: string) => Promise<readonly string[] | undefined>;
  readonly now: () => EpochMs;
  /** Told after a batch was written. */
  readonly onSeen: (batch: SeenBatch) => Promise<void>;
  /** A fault of a step; it is tried again. */
  readonly failed: (error: unknown) => void;
  /** Between two looks at the outbox, in milliseconds; 250 when absent. */
  readonly everyMs?: number;
}

const batchEvents = 512;
const defaultEveryMs = 250;
/** After a fault the record gets this long before it is asked again. */
const restMs = 5000;

/** The entities of a record with the names of their kinds. */
export const entitiesOf = (
  { entities }: Pick<RecordSummary, 'entities'>,
  kinds: readonly string[],
): readonly string[] => entities.map(({ kind, pseudonym }) => `${kinds[kind] ?? kind}:${pseudonym}`);

/** The stream. */
export class RecordStream {
  readonly #parts: RecordStreamParts;
  #counts: RecordCounts = { records: 0, labels: 0, unreadable: 0 };
  #position: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> | undefined;
  #isClosing = false;
  #restUntil = 0;

  constructor(parts: RecordStreamParts) {
    this.#parts = parts;
  }

  get counts(): RecordCounts {
    return this.#counts;
  }

  /** Begins to look at the outbox. */
  open(): void {
    this.#timer = setInterval(() => this.#wake(), this.#parts.everyMs ?? defaultEveryMs).unref();
    this.#wake();
  }

  /** Reads everything that is there, and waits for it. */
  async drain(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
    const work = this.#all().finally(() => {
      this.#work = undefined;
    });
    this.#work = work.catch(() => undefined);
    await work;
  }

  /** Ends after the batch that is under way. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#timer);
    await this.#work;
  }

  #wake(): void {
    if (this.#work !== undefined || this.#isClosing || performance.now() < this.#restUntil) return;
    this.#work = this.#all()
      .catch((error: unknown) => {
        this.#restUntil = performance.now() + restMs;
        this.#parts.failed(error);
      })
      .finally(() => {
        this.#work = undefined;
      });
  }

  async #all(): Promise<void> {
    while (!this.#isClosing && (await this.#step())) await breathe();
  }

  async #read(event: OutboxEvent): Promise<SeenDecision | undefined> {
    const read = summariseRecord(readRecordPayload(event.payload).record);
    if (!read.ok) return undefined;
    const record = read.value;
    const kinds = (await this.#parts.kindsOf(event.scope, record.schemaHash)) ?? [];
    const indexed: IndexedDecision = {
      id: record.id,
      atMs: record.atMs,
      position: event.position,
      scene: record.scene,
      outcome: record.outcome,
      points: Math.round(record.points),
      policy: record.policy?.hash ?? '',
      reasons: record.reasons,
      entities: entitiesOf(record, kinds),
    };
    return { scope: event.scope, indexed, record };
  }

  /** One batch; answers whether there may be more. */
  async #step(): Promise<boolean> {
    const { outbox, store, now } = this.#parts;
    this.#position ??= await outbox.acknowledged(decisionConsumer);
    const from = this.#position;
    const events = await outbox.readAfter(from, batchEvents);
    const last = events.at(-1);
    if (last === undefined) return false;
    const decisions: SeenDecision[] = [];
    const labels: SeenLabel[] = [];
    let unreadable = 0;
    for (const event of events) {
      if (event.kind === recordKind) {
        const seen = await this.#read(event);
        if (seen === undefined) unreadable += 1;
        else decisions.push(seen);
      } else if (event.kind === labelKind) {
        const label = readLabel(event);
        if (label === undefined) unreadable += 1;
        else labels.push({ scope: event.scope, label });
      }
    }
    const written = await store.index(batchesOf(decisions, labels), { from, to: last.position }, now());
    if (!written.ok) {
      // Read anew: another stream has taken the batch.
      this.#position = undefined;
      if (written.code !== 'decision-conflict') throw new Error(`decisions were not indexed: ${written.code}`);
      return true;
    }
    this.#position = last.position;
    this.#counts = {
      records: this.#counts.records + decisions.length,
      labels: this.#counts.labels + labels.length,
      unreadable: this.#counts.unreadable + unreadable,
    };
    if (decisions.length > 0 || labels.length > 0) await this.#parts.onSeen({ decisions, labels });
    // What came meanwhile waits for the next look: one large batch costs the record far less than many small ones.
    return events.length === batchEvents;
  }
}

const batchesOf = (decisions: readonly SeenDecision[], labels: readonly SeenLabel[]): readonly IndexBatch[] => {
  const byScope = new Map<string, { scope: Scope; decisions: IndexedDecision[]; labels: KeptLabel[] }>();
  const of = (scope: Scope) => {
    const held = byScope.get(scopeKey(scope)) ?? { scope, decisions: [], labels: [] };
    byScope.set(scopeKey(scope), held);
    return held;
  };
  for (const { scope, indexed } of decisions) of(scope).decisions.push(indexed);
  for (const { scope, label } of labels) of(scope).labels.push(label);
  return [...byScope.values()];
};
