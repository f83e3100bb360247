/**
 * The stream of reports, on the main thread: it reads the outbox in batches, judges them and writes what came of it together with how far it has
 * read. A crash between two batches loses nothing and counts nothing twice; a batch that met a change of somebody else is judged anew.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { EpochMs } from '@hauberk/primitives';
import type { PrivacyConfig } from '../config/privacy-config.ts';
import type { Outbox, OutboxEvent } from '../storage/outbox.ts';
import { type Scope, scopeKey } from '../storage/scope.ts';
import { consentCache } from './consent-cache.ts';
import { BatchJudge, type Held, type StreamCounts } from './judge-batch.ts';
import type { DeclaredPrivacy } from './privacy-policy.ts';
import { type PrivacyStore, privacyConsumer } from './privacy-store.ts';
import { readStreamEvent } from './stream-event.ts';
import { Workspace } from './workspace.ts';

/** What a stream is made of. */
export interface StreamParts {
  readonly outbox: Pick<Outbox, 'readAfter' | 'acknowledged' | 'head'>;
  readonly store: PrivacyStore;
  readonly config: PrivacyConfig;
  readonly declared: DeclaredPrivacy;
  readonly now: () => EpochMs;
  /** Called after a batch was written, with the findings that it changed. */
  readonly onFindings: (touched: readonly TouchedFinding[]) => Promise<void>;
  /** Whether this version of a directive was made here. */
  readonly isPublished: (directive: string, version: number) => Promise<boolean>;
  /** A fault of a step; it is tried again. */
  readonly failed: (error: unknown) => void;
  /** Between two looks at the outbox, in milliseconds; 250 when absent. */
  readonly everyMs?: number;
}

/** A finding that a batch changed. */
export interface TouchedFinding {
  readonly scope: Scope;
  readonly id: string;
}

/** What a batch comes to. */
interface Judged {
  readonly workspace: Workspace;
  readonly counts: StreamCounts;
  readonly touched: readonly TouchedFinding[];
}

/** Events of one batch. One holds at most 256 rows, so that the thread is held up for tens of milliseconds at most. */
const batchEvents = 32;
const defaultEveryMs = 250;
const recountBatches = 1000;
/** After a fault the record gets this long before it is asked again. */
const restMs = 5000;

/** The stream. */
export class PrivacyStream {
  readonly counts: StreamCounts = {
    rows: 0,
    calls: 0,
    late: 0,
    folded: 0,
    unfound: 0,
    findings: 0,
    unreadable: 0,
    exceptions: {},
  };
  readonly #parts: StreamParts;
  readonly #consentOf: ReturnType<typeof consentCache>;
  readonly #held = new Map<string, Held & { readonly scope: Scope; readonly day: string }>();
  #batches = 0;
  #position: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> | undefined;
  #isClosing = false;
  #behind = 0;
  #restUntil = 0;
  /** Batches of one event that are still to come, after a larger one met a fault. */
  #single = 0;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#consentOf = consentCache(parts.store);
  }

  /** Events that wait, as of the last look. */
  get behind(): number {
    return this.#behind;
  }

  /** Begins to look at the outbox. */
  open(): void {
    this.#timer = setInterval(() => this.#wake(), this.#parts.everyMs ?? defaultEveryMs).unref();
    this.#wake();
  }

  /** Judges everything that is there, and waits for it. */
  async drain(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
    // One step at a time, also beside the timer.
    const work = this.#all().finally(() => {
      this.#work = undefined;
    });
    this.#work = work.catch(() => undefined);
    await work;
  }

  async #all(): Promise<void> {
    while (await this.#step()) await breathe();
  }

  /** Ends after the batch that is under way. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#timer);
    await this.#work;
  }

  #wake(): void {
    if (this.#work !== undefined || this.#isClosing || performance.now() < this.#restUntil) return;
    this.#work = this.#run()
      .catch((error: unknown) => {
        this.#restUntil = performance.now() + restMs;
        this.#parts.failed(error);
      })
      .finally(() => {
        this.#work = undefined;
      });
  }

  async #run(): Promise<void> {
    while (!this.#isClosing && (await this.#step())) await breathe();
  }

  /** How many rows there are; counted once, then kept up with every commit. */
  async #heldOf(scope: Scope, day: string): Promise<Held> {
    const name = `${scopeKey(scope)}\u0000${day}`;
    const known = this.#held.get(name);
    if (known !== undefined) return known;
    const { store } = this.#parts;
    const [chains, findings, totals] = await Promise.all([
      store.count(scope, 'chain'),
      store.count(scope, 'finding'),
      store.count(scope, 'total', `${day}\n`),
    ]);
    const held = { scope, day, chains, findings, totals };
    this.#held.set(name, held);
    return held;
  }

  /** What was added is known; what retention took away shows when all is counted anew, now and then. */
  #keepUp(workspace: Workspace): void {
    this.#batches += 1;
    if (this.#batches % recountBatches === 0) this.#held.clear();
    for (const [name, { scope, day, chains, findings, totals }] of this.#held)
      this.#held.set(name, {
        scope,
        day,
        chains: chains + workspace.added(scope, 'chain'),
        findings: findings + workspace.added(scope, 'finding'),
        totals: totals + workspace.added(scope, 'total', `${day}\n`),
      });
  }

  /** Judges a batch. One that meets a fault is judged event by event, and the event that has it is passed over: it must not stand in the way of all others. */
  async #judge(events: readonly OutboxEvent[]): Promise<Judged | undefined> {
    const workspace = new Workspace(this.#parts.store);
    const touched = new Map<string, TouchedFinding>();
    // Counted into a copy: what is judged anew must not be counted twice.
    const counts: StreamCounts = structuredClone(this.counts);
    const judge = new BatchJudge({
      workspace,
      counts,
      declared: this.#parts.declared,
      limits: this.#parts.config.limits,
      held: (scope, day) => this.#heldOf(scope, day),
      consentOf: this.#consentOf,
      isPublished: this.#parts.isPublished,
      touched: (scope, id) => touched.set(`${scopeKey(scope)}\u0000${id}`, { scope, id }),
    });
    try {
      for (const event of events) {
        const read = readStreamEvent(event);
        if (read !== undefined) await judge.take(read);
        else if (event.kind.startsWith('report.privacy.')) counts.unreadable += 1;
      }
      return { workspace, counts, touched: [...touched.values()] };
    } catch (error) {
      if (events.length > 1) {
        this.#single = events.length;
        return undefined;
      }
      this.#parts.failed(error);
      const unreadable = this.counts.unreadable + 1;
      return { workspace: new Workspace(this.#parts.store), counts: { ...this.counts, unreadable }, touched: [] };
    }
  }

  /** One batch; answers whether there may be more. */
  async #step(): Promise<boolean> {
    const { outbox, store, now } = this.#parts;
    this.#position ??= await outbox.acknowledged(privacyConsumer);
    const from = this.#position;
    const events = await outbox.readAfter(from, this.#single > 0 ? 1 : batchEvents);
    const last = events.at(-1);
    this.#behind = last === undefined ? 0 : (await outbox.head()) - from;
    if (last === undefined) return false;
    const judged = await this.#judge(events);
    if (judged === undefined) return true;
    const { workspace, counts, touched } = judged;
    const commit = { changes: workspace.changes(), advance: { from, to: last.position } };
    const written = await store.commit(commit, now());
    if (!written.ok) {
      this.#held.clear();
      // Read anew: somebody changed a finding meanwhile, or another stream has taken the batch.
      this.#position = undefined;
      if (written.code !== 'privacy-conflict') throw new Error(`privacy was not written: ${written.code}`);
      return true;
    }
    this.#position = last.position;
    this.#single = Math.max(0, this.#single - 1);
    this.#keepUp(workspace);
    Object.assign(this.counts, counts);
    if (touched.length > 0) await this.#parts.onFindings(touched);
    return true;
  }
}
