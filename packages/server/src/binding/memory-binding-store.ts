/** Bindings in memory: for tests, simulations and as the measure of the adapters that keep. Nothing survives the process. */
import { accept, type EpochMs, type Refusal, type Result, refuse } from '@hauberk/primitives';
import type { AuditRecord } from '../audit/audit-log.ts';
import { type Scope, scopeKey } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import {
  type BindingChange,
  type BindingRowKind,
  type BindingRows,
  type BindingStore,
  type ReadRow,
  type RowKey,
  rowName,
} from './binding-store.ts';

interface HeldRow {
  readonly version: number;
  readonly value: ReadRow['value'];
  readonly expiresAtMs: number;
}

/** What a store in memory stands on. */
export interface MemoryBindingParts {
  /** Runs a write as the other stores of the same record do, so that it is full when they are. */
  readonly write?: <Answer>(run: () => Answer) => Promise<Answer | Refusal<StorageRefusal>>;
  /** Takes the audit records of a change. */
  readonly audit?: (scope: Scope, record: AuditRecord, now: EpochMs) => Promise<unknown>;
}

/** A store in memory, with the failover that tests and simulations ask for. */
export interface MemoryBindingStore extends BindingStore {
  /** A new fence: what was open is void. */
  failOver(): void;
  /** How many rows there are. */
  size(): number;
}

const nowhere = async <Answer>(run: () => Answer): Promise<Answer> => run();

class MemoryRows {
  readonly rows = new Map<string, HeldRow>();
  fence = 1;
  /** Never again used: a row that was deleted and made anew is not the one that was read. */
  #version = 0;

  versionOf(name: string): number {
    return this.rows.get(name)?.version ?? 0;
  }

  commit(scope: Scope, { fence, read, puts }: BindingChange): Result<true, 'binding-conflict' | 'binding-fenced'> {
    if (fence !== this.fence) return refuse('binding-fenced');
    const prefix = scopeKey(scope);
    const isStale = read.some(({ key, version }) => this.versionOf(`${prefix}\u0000${rowName(key)}`) !== version);
    if (isStale) return refuse('binding-conflict');
    for (const put of puts) {
      const name = `${prefix}\u0000${rowName(put)}`;
      const { value, expiresAtMs = Number.POSITIVE_INFINITY } = put;
      if (value === undefined) this.rows.delete(name);
      else {
        this.#version += 1;
        this.rows.set(name, { version: this.#version, value, expiresAtMs });
      }
    }
    return accept(true);
  }

  purge(now: EpochMs, limit: number): number {
    let dropped = 0;
    for (const [name, { expiresAtMs }] of this.rows) {
      if (dropped >= limit) break;
      if (expiresAtMs <= now && this.rows.delete(name)) dropped += 1;
    }
    return dropped;
  }
}

/** Opens a store in memory. */
export const memoryBindingStore = ({ write = nowhere, audit }: MemoryBindingParts = {}): MemoryBindingStore => {
  const held = new MemoryRows();
  const read = (prefix: string, key: RowKey): ReadRow => {
    const row = held.rows.get(`${prefix}\u0000${rowName(key)}`);
    return { key, version: row?.version ?? 0, value: row?.value };
  };
  return {
    fence: async () => held.fence,
    load: async (scope, keys) => keys.map((key) => read(scopeKey(scope), key)),
    commit: async (scope, change, now) => {
      const committed = await write(() => held.commit(scope, change));
      if (committed.ok && audit !== undefined) for (const record of change.audit) await audit(scope, record, now);
      return committed;
    },
    list: async <Kind extends BindingRowKind>(scope: Scope, kind: Kind, after: string, limit: number) => {
      const prefix = `${scopeKey(scope)}\u0000${kind}\u0000`;
      const names = [...held.rows.keys()].filter((name) => name.startsWith(prefix) && name > prefix + after);
      return names
        .toSorted((one, other) => (one < other ? -1 : 1))
        .slice(0, limit)
        .map((name) => held.rows.get(name)?.value as BindingRows[Kind]);
    },
    purge: (now, limit) => write(() => accept(held.purge(now, limit))),
    failOver: () => {
      held.fence += 1;
    },
    size: () => held.rows.size,
  };
};
