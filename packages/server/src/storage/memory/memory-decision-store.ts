/** Decisions in memory. Nothing survives the process. */
import { accept, refuse } from '@hauberk/primitives';
import type { AuditLog } from '../../audit/audit-log.ts';
import {
  type DecisionQuery,
  type DecisionRows,
  type DecisionStore,
  decisionConsumer,
  type IndexedDecision,
} from '../../decision/record-rows.ts';
import type { Outbox } from '../outbox.ts';
import { type Scope, scopeKey } from '../scope.ts';
import type { MemoryRecord } from './memory-record.ts';
import { MemoryRows, memoryRows } from './memory-rows.ts';

type Kept = IndexedDecision & { readonly scope: Scope };

const isBehind = ({ atMs, id }: Kept, before: DecisionQuery['before']): boolean =>
  before === undefined || atMs < before.atMs || (atMs === before.atMs && id < before.id);

const isAsked = (kept: Kept, query: DecisionQuery): boolean =>
  kept.atMs >= (query.fromMs ?? 0) &&
  kept.atMs < (query.toMs ?? Number.POSITIVE_INFINITY) &&
  isBehind(kept, query.before) &&
  (query.entity === undefined || kept.entities.includes(query.entity)) &&
  (query.reason === undefined || kept.reasons.includes(query.reason)) &&
  (query.outcome === undefined || kept.outcome === query.outcome) &&
  (query.scene === undefined || kept.scene === query.scene) &&
  (query.policy === undefined || kept.policy === query.policy);

const newestFirst = (one: Kept, other: Kept): number => other.atMs - one.atMs || (one.id < other.id ? 1 : -1);

const plain = ({ scope: _scope, ...decision }: Kept): IndexedDecision => decision;

/** Opens a store in memory over the outbox and the audit log of the same record. */
export const memoryDecisionStore = (record: MemoryRecord, outbox: Outbox, audit: AuditLog): DecisionStore => {
  const held = new MemoryRows<DecisionRows>();
  const decisions = new Map<string, Kept>();
  const nameOf = (scope: Scope, id: string): string => `${scopeKey(scope)}\u0000${id}`;
  return {
    ...memoryRows({ held, record, outbox, audit, consumer: decisionConsumer, conflict: 'decision-conflict' }),
    index: async (batches, { from, to }, now) => {
      const at = await outbox.acknowledged(decisionConsumer);
      const written = await record.write(() => {
        if (at !== from) return refuse('decision-conflict');
        for (const { scope, decisions: added, labels } of batches) {
          for (const each of added)
            if (!decisions.has(nameOf(scope, each.id))) decisions.set(nameOf(scope, each.id), { ...each, scope });
          for (const label of labels) held.put(scope, { kind: 'label', id: label.decision, value: label, atMs: now });
        }
        return accept(true as const);
      });
      if (written.ok) await outbox.acknowledge(decisionConsumer, to);
      return written;
    },
    find: async (scope, id) => {
      const kept = decisions.get(nameOf(scope, id));
      return kept === undefined ? undefined : plain(kept);
    },
    query: async (scope, query) =>
      [...decisions.values()]
        .filter((kept) => scopeKey(kept.scope) === scopeKey(scope) && isAsked(kept, query))
        .toSorted(newestFirst)
        .slice(0, query.limit)
        .map(plain),
    forget: ({ beforeMs, most }, limit) =>
      record.write(() => {
        const beyond = decisions.size - most;
        const oldest = [...decisions.entries()].toSorted(([, one], [, other]) => one.atMs - other.atMs).slice(0, limit);
        const due = oldest.filter(([, { atMs }], index) => atMs < beforeMs || index < beyond);
        for (const [name] of due) decisions.delete(name);
        return accept(due.length);
      }),
  };
};
