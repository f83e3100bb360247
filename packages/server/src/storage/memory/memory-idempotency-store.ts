/** Idempotency keys in memory. */

import { createHash } from 'node:crypto';
import { isActiveState } from '@hauberk/device';
import { accept, type EpochMs } from '@hauberk/primitives';
import {
  type AttemptOwner,
  type HeldEntry,
  type IdempotencyAttempt,
  type IdempotencyOutcome,
  type IdempotencyStore,
  idempotencyEntry,
  judgeBegin,
} from '../idempotency-store.ts';
import { type Scope, scopeKey } from '../scope.ts';
import type { MemoryRecord } from './memory-record.ts';

interface Entry extends HeldEntry {
  readonly scope: Scope;
  readonly entry: string;
  readonly device: string;
  readonly route: string;
  readonly attempt: number;
  readonly client: number;
  readonly outcome: IdempotencyOutcome | null;
  readonly startedAtMs: EpochMs;
}

/** Entries that the clients of one process share. */
export class MemoryEntries {
  readonly rows: Map<string, Entry> = new Map();
  readonly record: MemoryRecord;

  constructor(record: MemoryRecord) {
    this.record = record;
    record.onStrip((scope, device) => {
      for (const [id, row] of this.rows) {
        if (row.device === device && scopeKey(row.scope) === scopeKey(scope)) this.rows.set(id, withoutContent(row));
      }
    });
  }

  find({ scope, entry, attempt }: IdempotencyAttempt): Entry | undefined {
    const row = this.rows.get(rowId(scope, entry));
    return row?.attempt === attempt ? row : undefined;
  }

  keep(row: Entry): true {
    this.rows.set(rowId(row.scope, row.entry), row);
    return true;
  }

  /** What a client that is gone had started is unknown. */
  disown(client: number): void {
    for (const row of this.rows.values()) {
      if (row.client === client && row.state === 'started') this.keep({ ...row, state: 'unknown' });
    }
  }
}

const rowId = (scope: Scope, entry: string): string => `${scopeKey(scope)}\u0000${entry}`;

const digested = ({ status, content }: Extract<IdempotencyOutcome, { kept: true }>): IdempotencyOutcome => ({
  kept: false,
  status,
  digest: new Uint8Array(createHash('sha256').update(content).digest()),
});

const outcomeOf = (row: Entry | undefined): IdempotencyOutcome => {
  if (row === undefined || row.outcome === null) throw new Error('a finished entry has no outcome');
  return row.outcome;
};

const withoutContent = (row: Entry): Entry =>
  row.outcome?.kept === true ? { ...row, outcome: digested(row.outcome) } : row;

/** The idempotency store of one client over shared entries. */
export const memoryIdempotencyStore = (entries: MemoryEntries, owner: AttemptOwner): IdempotencyStore => {
  const { record } = entries;
  const isEnrolled = ({ scope, device }: Entry): boolean =>
    isActiveState(record.devices(scope).devices.get(device)?.state ?? 'revoked');
  return {
    begin: (scope, key, request, now) =>
      record.write(() => {
        const entry = idempotencyEntry(scope, key);
        const held = entries.rows.get(rowId(scope, entry));
        const step = judgeBegin(held, request, owner.boot, now);
        if (step === 'done') return accept({ state: 'done', outcome: outcomeOf(held) } as const);
        if (step !== 'insert' && step !== 'replace' && step !== 'retake') return accept({ state: step });
        const attempt = step === 'retake' && held !== undefined ? held.attempt + 1 : 1;
        const { fingerprint, expiresAtMs } = request;
        const { device, route } = key;
        const started = { state: 'started', fingerprint, expiresAtMs, outcome: null, startedAtMs: now } as const;
        entries.keep({ scope, entry, device, route, attempt, ...owner, ...started });
        return accept({ state: 'fresh', attempt: { scope, entry, attempt }, again: step === 'retake' } as const);
      }),
    finish: (attempt, outcome) =>
      record.write(() => {
        const row = entries.find(attempt);
        if (row === undefined || row.state === 'done') return accept(false);
        const done: Entry = { ...row, state: 'done', outcome };
        return accept(entries.keep(isEnrolled(row) ? done : withoutContent(done)));
      }),
    markUnknown: (attempt) =>
      record.write(() => {
        const row = entries.find(attempt);
        return accept(row?.state === 'started' && entries.keep({ ...row, state: 'unknown' }));
      }),
    release: (attempt) =>
      record.write(() => {
        const row = entries.find(attempt);
        const isFree = row?.state === 'started' && row.attempt === 1;
        return accept(isFree && entries.rows.delete(rowId(attempt.scope, attempt.entry)));
      }),
    listUnknown: async (scope, limit) =>
      [...entries.rows.values()]
        .filter((row) => row.state === 'unknown' && scopeKey(row.scope) === scopeKey(scope))
        .toSorted((left, right) => left.startedAtMs - right.startedAtMs || (left.entry < right.entry ? -1 : 1))
        .slice(0, limit)
        .map(({ entry, device, route, startedAtMs }) => ({ entry, device, route, startedAtMs })),
    settle: (scope, entry, settlement) =>
      record.write(() => {
        const row = entries.rows.get(rowId(scope, entry));
        if (row?.state !== 'unknown') return accept(false);
        if (settlement === 'not-executed') return accept(entries.rows.delete(rowId(scope, entry)));
        const outcome = { kept: false, status: 0, digest: new Uint8Array() } as const;
        return accept(entries.keep({ ...row, state: 'done', outcome }));
      }),
  };
};
