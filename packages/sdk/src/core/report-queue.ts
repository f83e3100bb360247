/** Reports on their way: kept in memory, sent in sealed batches, given back to the queue when a batch is lost. */
import { endpoint, type LossClass, maxReportsPerBatch, type Report, reportBatch } from '@hauberk/channel/client';
import { type EpochMs, epochMs, toBase64Url, utf8 } from '@hauberk/primitives';
import { type Call, ownCall } from './call.ts';
import type { CoreContext } from './core-context.ts';
import { unheld } from './deadline.ts';
import type { OpenedReply } from './exchange.ts';
import type { Journal } from './journal-port.ts';

/** Most reports that wait; beyond it the cheapest to lose gives way. */
const capacity = 512;
/** Bytes of a batch's JSON that are not exceeded by adding reports. */
const batchBytes = 65_536;
const lossOrder: readonly LossClass[] = ['may-drop', 'should-keep', 'must-keep'];
/** How long the first report of a batch waits for company, in milliseconds. */
const gatherMs = 1000;
/** When what was not taken is offered again, in milliseconds. */
const retryMs = 30_000;

/** What a report says beside its body. */
export interface ReportOptions {
  readonly kindVersion?: number;
  readonly loss?: LossClass;
}

/** The queue. */
export class ReportQueue {
  readonly #context: CoreContext;
  readonly #send: (call: Call) => Promise<OpenedReply>;
  readonly #journal: Journal | undefined;
  #waiting: Report[] = [];
  #flushing: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  constructor(context: CoreContext, send: (call: Call) => Promise<OpenedReply>, journal?: Journal) {
    this.#context = context;
    this.#send = send;
    this.#journal = journal;
    journal?.keptReports().then(
      (kept) => this.#restore(kept),
      () => undefined,
    );
  }

  /** Reports that are not acknowledged yet. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Queues a report and sees to it that it is sent soon. */
  add(kind: string, body: Readonly<Record<string, unknown>>, options: ReportOptions): void {
    const { crypto } = this.#context.ports;
    const { kindVersion = 1, loss = 'should-keep' } = options;
    const id = toBase64Url(crypto.random(16));
    const report: Report = { id, kind, kindVersion, loss, eventAtMs: this.#now(), body };
    this.#waiting.push(report);
    if (loss !== 'may-drop') this.#journal?.keepReport(report);
    this.#makeRoom();
    this.#arm(gatherMs);
  }

  /** Sends what waits. Rejects when the gateway could not be reached; the reports stay queued. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing ??= this.#drain().finally(() => {
      this.#flushing = undefined;
      if (this.#waiting.length > 0) this.#arm(retryMs);
    });
    return this.#flushing;
  }

  /** What an earlier start left comes before what this one saw; when it happened, each report says itself. */
  #restore(kept: readonly Report[]): void {
    const known = new Set(this.#waiting.map(({ id }) => id));
    this.#waiting.unshift(...kept.filter(({ id }) => !known.has(id)));
    this.#makeRoom();
    if (this.#waiting.length > 0) this.#arm(gatherMs);
  }

  #arm(ms: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = unheld(
      setTimeout(() => {
        this.flush().catch(() => undefined);
      }, ms),
    );
  }

  #now(): EpochMs {
    return this.#context.serverClock?.now() ?? epochMs(Math.floor(this.#context.ports.clock.wall()));
  }

  #makeRoom(): void {
    while (this.#waiting.length > capacity) {
      const loss = lossOrder.find((candidate) => this.#waiting.some((report) => report.loss === candidate));
      const index = this.#waiting.findIndex((report) => report.loss === loss);
      const dropped = this.#waiting.splice(index, 1);
      this.#journal?.forgetReports(dropped, 'dropped');
    }
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch();
      // Reports have ids, so a batch that is sent twice counts once.
      const reply = await this.#send(ownCall(endpoint.reports, 'application/json', utf8(reportBatch(batch)), true));
      // Refused for good (4xx) is settled as well: the same batch would be refused again.
      if (reply.status >= 500 || reply.status === 429) return;
      this.#waiting = this.#waiting.filter((report) => !batch.includes(report));
      this.#journal?.forgetReports(batch, reply.status < 300 ? 'sent' : 'failed');
    }
  }

  #nextBatch(): readonly Report[] {
    const batch: Report[] = [];
    let bytes = 0;
    for (const report of this.#waiting) {
      bytes += JSON.stringify(report).length;
      if (batch.length > 0 && (batch.length >= maxReportsPerBatch || bytes > batchBytes)) break;
      batch.push(report);
    }
    return batch;
  }
}
