/** Reports at rest, until the gateway has them. They are the device's, not a customer's. */
import type { Report } from '@hauberk/channel/client';
import { type JournalBounds, withEntry } from './journal-room.ts';
import type { JournalVault } from './journal-vault.ts';

/** The shelf. */
export class ReportShelf {
  readonly #vault: JournalVault;
  readonly #bounds: JournalBounds;
  /** Changes in the order in which they were asked for: a report is never forgotten before it was kept. */
  #turn: Promise<unknown> = Promise.resolve();
  constructor(vault: JournalVault, bounds: JournalBounds) {
    this.#vault = vault;
    this.#bounds = bounds;
  }

  /** What an earlier start left, oldest first. */
  async kept(): Promise<readonly Report[]> {
    const reports: Report[] = [];
    const lost: string[] = [];
    for (const stored of await this.#vault.entries()) {
      if (stored.rank === 'request') continue;
      const { content } = await this.#vault.open<Report>(stored);
      if (content === undefined) lost.push(stored.id);
      else reports.push(content);
    }
    if (lost.length > 0) await this.#vault.remove(lost);
    return reports.toSorted((one, other) => one.eventAtMs - other.eventAtMs);
  }

  /** Keeps a report, unless there is no room: then memory holds it alone. */
  keep(report: Report): void {
    this.#next(async () => {
      const head = { id: report.id, order: report.eventAtMs, rank: report.loss, revision: 1 };
      const entry = await this.#vault.seal(head, report);
      await this.#vault.change((held) => withEntry(held, entry, this.#bounds)?.entries ?? held);
    });
  }

  forget(ids: readonly string[]): void {
    if (ids.length > 0) this.#next(() => this.#vault.remove(ids));
  }

  /** A storage that fails must not stop what reports. */
  #next(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch(() => undefined);
  }
}
