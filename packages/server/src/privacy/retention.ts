/** Retention: each class of rows goes when it was of no use for so long, a bounded number at a time, and the audit log says how many. */
import { days, type EpochMs, epochMs } from '@hauberk/primitives';
import type { AuditLog } from '../audit/audit-log.ts';
import type { PrivacyClass, PrivacyConfig } from '../config/privacy-config.ts';
import type { Outbox } from '../storage/outbox.ts';
import type { Scope } from '../storage/scope.ts';
import type { PrivacyPut, PrivacyRowKind, PrivacyStore } from './privacy-store.ts';

/** What a job works with. */
export interface RetentionParts {
  readonly outbox: Pick<Outbox, 'retain'>;
  readonly store: PrivacyStore;
  readonly audit: AuditLog;
  readonly config: Pick<PrivacyConfig, 'retentionDays' | 'frequency' | 'identifiers' | 'latenessSeconds'>;
  readonly scopes: readonly Scope[];
  readonly now: () => EpochMs;
}

/** What one run dropped. */
export type RetentionRun = Readonly<Partial<Record<PrivacyClass | 'watches', number>>>;

/** Rows of one kind that one run drops at most, and ledgers that it looks at. */
export const retentionRows = 2000;
const ledgerPage = 256;

/** Classes whose rows stand each for itself. */
type RowClass = Exclude<PrivacyClass, 'consents' | 'reports'>;

const kindsOf: Readonly<Record<RowClass, readonly PrivacyRowKind[]>> = {
  totals: ['total'],
  chains: ['chain'],
  findings: ['finding'],
  effects: ['effect'],
  subjects: ['subject', 'alias'],
};

const before = (now: EpochMs, kept: number): EpochMs => epochMs(Math.max(0, now - kept));

/** Jobs of one process; they remember how far they have looked at ledgers. */
export class Retention {
  readonly #parts: RetentionParts;
  readonly #ledgerAfter = new Map<string, string>();

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** One run. */
  async run(): Promise<RetentionRun> {
    const { config, audit, now: clock, scopes } = this.#parts;
    const now = clock();
    const dropped: Partial<Record<PrivacyClass | 'watches', number>> = {};
    for (const [name, kinds] of Object.entries(kindsOf) as [RowClass, PrivacyRowKind[]][])
      dropped[name] = await this.#purge(kinds, before(now, days(config.retentionDays[name])));
    dropped.watches = await this.#purge(['watch'], before(now, this.#watchMs()));
    dropped.reports = await this.#segments(before(now, days(config.retentionDays.reports)));
    dropped.consents = await this.#ledgers(before(now, days(config.retentionDays.consents)));
    const facts = Object.fromEntries(Object.entries(dropped).filter(([, rows]) => rows > 0));
    const [scope] = scopes;
    if (scope !== undefined && Object.keys(facts).length > 0) {
      const record = { actor: 'retention', action: 'privacy.retained', subject: 'privacy', facts };
      await audit.append({ organisation: scope.organisation, app: '' }, record, now);
    }
    return dropped;
  }

  /** Windows need what they can still see, and a day for the count of new chains. */
  #watchMs(): number {
    const { frequency, identifiers, latenessSeconds } = this.#parts.config;
    return days(1) + 1000 * (Math.max(frequency.windowSeconds, identifiers.windowSeconds) + latenessSeconds);
  }

  async #purge(kinds: readonly PrivacyRowKind[], end: EpochMs): Promise<number> {
    let rows = 0;
    for (const kind of kinds) {
      const purged = await this.#parts.store.purge(kind, end, retentionRows);
      if (purged.ok) rows += purged.value;
    }
    return rows;
  }

  /** Raw reports go with the segment of the outbox that they are in, once everybody has read it. */
  async #segments(end: EpochMs): Promise<number> {
    const retained = await this.#parts.outbox.retain({ keepAfterMs: end, maxBytes: Number.MAX_SAFE_INTEGER });
    return retained.ok ? retained.value : 0;
  }

  /** A ledger goes as a whole: without its first line the rest could not be checked. */
  async #ledgers(end: EpochMs): Promise<number> {
    const { store, scopes, now } = this.#parts;
    let rows = 0;
    for (const scope of scopes) {
      const after = this.#ledgerAfter.get(scope.app) ?? '';
      const page = await store.list(scope, 'ledger', { after, limit: ledgerPage });
      this.#ledgerAfter.set(scope.app, page.length === ledgerPage ? (page.at(-1)?.key.id ?? '') : '');
      for (const { key, version, value } of page) {
        if (value === undefined || value.atMs >= end) continue;
        const lines = await store.list(scope, 'consent', { prefix: `${key.id}/`, limit: value.count });
        const puts: readonly PrivacyPut[] = [key, ...lines.map((line) => line.key)].map(
          ({ kind, id }) => ({ kind, id, value: undefined, atMs: end }) as PrivacyPut,
        );
        const written = await store.commit({ changes: [{ scope, read: [{ key, version }], puts, audit: [] }] }, now());
        if (written.ok) rows += puts.length;
      }
    }
    return rows;
  }
}
