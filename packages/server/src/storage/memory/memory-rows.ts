/** Versioned rows in memory. Nothing survives the process. */
import { accept, type Refusal, refuse } from '@hauberk/primitives';
import type { AuditLog } from '../../audit/audit-log.ts';
import type { Outbox } from '../outbox.ts';
import { type Scope, scopeKey } from '../scope.ts';
import type { RowChange, RowKey, RowPut, VersionedRow, VersionedRows } from '../versioned-rows.ts';
import type { MemoryRecord } from './memory-record.ts';

/** A row as it is held. */
export interface Held {
  readonly version: number;
  readonly json: string;
  readonly atMs: number;
}

/** The rows of a room. */
export class MemoryRows<Rows> {
  readonly rows: Map<string, Held> = new Map();
  #version = 0;

  #name(scope: Scope, { kind, id }: { readonly kind: string; readonly id: string }): string {
    return `${scopeKey(scope)}\u0000${kind}\u0000${id}`;
  }

  read<Kind extends keyof Rows & string>(scope: Scope, key: RowKey<Rows, Kind>): VersionedRow<Rows, Kind> {
    const held = this.rows.get(this.#name(scope, key));
    const value = held === undefined ? undefined : (JSON.parse(held.json) as Rows[Kind]);
    return { key, version: held?.version ?? 0, value };
  }

  put(scope: Scope, { kind, id, value, atMs }: RowPut<Rows>): void {
    const name = this.#name(scope, { kind, id });
    this.#version += 1;
    if (value === undefined) this.rows.delete(name);
    else this.rows.set(name, { version: this.#version, json: JSON.stringify(value), atMs });
  }

  isStale({ scope, read }: RowChange<Rows>): boolean {
    return read.some(({ key, version }) => this.read(scope, key).version !== version);
  }

  purge(kind: string, before: number, limit: number): number {
    let dropped = 0;
    for (const [name, { atMs }] of this.rows)
      if (dropped < limit && atMs < before && name.split('\u0000')[2] === kind && this.rows.delete(name)) dropped += 1;
    return dropped;
  }
}

/** What rows in memory stand on. */
interface RowParts<Rows, Conflict extends string> {
  readonly held: MemoryRows<Rows>;
  readonly record: MemoryRecord;
  readonly outbox: Pick<Outbox, 'acknowledged' | 'acknowledge'>;
  readonly audit: AuditLog;
  readonly consumer: string;
  readonly conflict: Conflict;
}

/** The port over rows in memory. */
export const memoryRows = <Rows, Conflict extends string>({
  held,
  record,
  outbox,
  audit,
  consumer,
  conflict,
}: RowParts<Rows, Conflict>): VersionedRows<Rows, Conflict> => ({
  load: async (scope, keys) => keys.map((key) => held.read(scope, key)),
  list: async (scope, kind, { prefix = '', after = '', limit }) => {
    const start = `${scopeKey(scope)}\u0000${kind}\u0000`;
    return [...held.rows.keys()]
      .filter((name) => name.startsWith(start + prefix) && name.slice(start.length) > after)
      .map((name) => name.slice(start.length))
      .toSorted((one, other) => (one < other ? -1 : 1))
      .filter((id) => id !== prefix || prefix === '')
      .slice(0, limit)
      .map((id) => held.read(scope, { kind, id }));
  },
  count: async (scope, kind, prefix = '') =>
    [...held.rows.keys()].filter((name) => name.startsWith(`${scopeKey(scope)}\u0000${kind}\u0000${prefix}`)).length,
  commit: async ({ changes, advance }, now) => {
    const at = await outbox.acknowledged(consumer);
    const committed = await record.write((): { readonly ok: true; readonly value: true } | Refusal<Conflict> => {
      if ((advance !== undefined && advance.from !== at) || changes.some((change) => held.isStale(change)))
        return refuse(conflict);
      for (const { scope, puts } of changes) for (const put of puts) held.put(scope, put);
      return accept(true as const);
    });
    if (!committed.ok) return committed;
    for (const { scope, audit: records } of changes) for (const each of records) await audit.append(scope, each, now);
    if (advance !== undefined) await outbox.acknowledge(consumer, advance.to);
    return committed;
  },
  purge: (kind, before, limit) => record.write(() => accept(held.purge(kind, before, limit))),
});
