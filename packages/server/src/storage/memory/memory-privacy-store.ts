/** Rows of privacy in memory. Nothing survives the process. */
import { accept, refuse, utf8 } from '@hauberk/primitives';
import type { AuditLog } from '../../audit/audit-log.ts';
import {
  eventPayload,
  type PrivacyChange,
  type PrivacyKey,
  type PrivacyRow,
  type PrivacyRowKind,
  type PrivacyRows,
  type PrivacyStore,
  privacyConsumer,
  reportEventKind,
} from '../../privacy/privacy-store.ts';
import type { Outbox } from '../outbox.ts';
import { type Scope, scopeKey } from '../scope.ts';
import type { MemoryRecord } from './memory-record.ts';

interface Held {
  readonly version: number;
  readonly json: string;
  readonly atMs: number;
}

class MemoryRows {
  readonly rows = new Map<string, Held>();
  #version = 0;

  static name(scope: Scope, { kind, id }: PrivacyKey): string {
    return `${scopeKey(scope)}\u0000${kind}\u0000${id}`;
  }

  read<Kind extends PrivacyRowKind>(scope: Scope, key: PrivacyKey<Kind>): PrivacyRow<Kind> {
    const held = this.rows.get(MemoryRows.name(scope, key));
    const value = held === undefined ? undefined : (JSON.parse(held.json) as PrivacyRows[Kind]);
    return { key, version: held?.version ?? 0, value };
  }

  put(scope: Scope, { kind, id, value, atMs }: PrivacyChange['puts'][number]): void {
    const name = MemoryRows.name(scope, { kind, id });
    this.#version += 1;
    if (value === undefined) this.rows.delete(name);
    else this.rows.set(name, { version: this.#version, json: JSON.stringify(value), atMs });
  }

  isStale({ scope, read }: PrivacyChange): boolean {
    return read.some(({ key, version }) => this.read(scope, key).version !== version);
  }

  purge(kind: PrivacyRowKind, before: number, limit: number): number {
    let dropped = 0;
    for (const [name, { atMs }] of this.rows)
      if (dropped < limit && atMs < before && name.split('\u0000')[2] === kind && this.rows.delete(name)) dropped += 1;
    return dropped;
  }
}

/** Opens a store in memory over the outbox and the audit log of the same record. */
export const memoryPrivacyStore = (record: MemoryRecord, outbox: Outbox, audit: AuditLog): PrivacyStore => {
  const held = new MemoryRows();
  return {
    ingest: async (scope, { tag, fresh, reports, maxBehind }, now) => {
      const behind = (await outbox.head()) - (await outbox.acknowledged(privacyConsumer));
      if (behind > maxBehind) return refuse('privacy-behind');
      const subject = await record.write(() => {
        const known = held.read(scope, { kind: 'subject', id: tag }).value;
        const name = known?.subject ?? fresh;
        const day = new Date(now).toISOString().slice(0, 10);
        if (known?.day === day) return accept(name);
        held.put(scope, { kind: 'subject', id: tag, value: { subject: name, day }, atMs: now });
        held.put(scope, { kind: 'alias', id: name, value: { tag }, atMs: now });
        return accept(name);
      });
      if (!subject.ok) return subject;
      const before = await outbox.head();
      const appended = await outbox.append(
        reports.map(({ kind, mark, untilMs, json }) => ({
          scope,
          kind: reportEventKind(kind),
          atMs: now,
          payload: utf8(eventPayload(subject.value, json)),
          once: { mark, untilMs },
        })),
      );
      return appended.ok ? accept(appended.value - before) : appended;
    },
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
      const at = await outbox.acknowledged(privacyConsumer);
      const committed = await record.write(() => {
        if ((advance !== undefined && advance.from !== at) || changes.some((change) => held.isStale(change)))
          return refuse('privacy-conflict');
        for (const { scope, puts } of changes) for (const put of puts) held.put(scope, put);
        return accept(true as const);
      });
      if (!committed.ok) return committed;
      for (const { scope, audit: records } of changes) for (const each of records) await audit.append(scope, each, now);
      if (advance !== undefined) await outbox.acknowledge(privacyConsumer, advance.to);
      return committed;
    },
    purge: (kind, before, limit) => record.write(() => accept(held.purge(kind, before, limit))),
  };
};
