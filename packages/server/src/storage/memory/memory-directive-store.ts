/** Directives in memory. */
import { accept, type EpochMs } from '@hauberk/primitives';
import type { AuditRecord } from '../../audit/audit-log.ts';
import {
  type DirectiveStore,
  everyAppScope,
  judgeDirectiveChange,
  type PublishedDirective,
  type StoredRollout,
} from '../directive-store.ts';
import { type Scope, scopeKey } from '../scope.ts';
import type { MemoryRecord } from './memory-record.ts';

/** What the store in memory writes beside its own rows. */
export interface MemoryDirectiveParts {
  readonly record: MemoryRecord;
  readonly audit: (scope: Scope, record: AuditRecord, now: EpochMs) => void;
  readonly acknowledge: (consumer: string, position: number) => void;
}

const trackOf = ({ directive }: PublishedDirective): string =>
  [
    directive.scope.organisation,
    directive.scope.app ?? everyAppScope,
    directive.kind,
    directive.scope.service ?? '',
  ].join('\n');

/** The store. */
export const memoryDirectiveStore = ({ record, audit, acknowledge }: MemoryDirectiveParts): DirectiveStore => {
  const rollouts = new Map<string, StoredRollout>();
  const published: PublishedDirective[] = [];
  const key = (scope: Scope, id: string): string => `${scopeKey(scope)}\u0000${id}`;
  const ofScope = (scope: Scope): readonly StoredRollout[] =>
    [...rollouts.values()]
      .filter((each) => scopeKey(each.scope) === scopeKey(scope))
      .toSorted((one, other) => (one.rollout.id < other.rollout.id ? -1 : 1));
  const versionOf = (scope: Scope, kind: string, service: string): number =>
    published
      .filter((each) => trackOf(each) === [scope.organisation, scope.app, kind, service].join('\n'))
      .reduce((most, { directive }) => Math.max(most, directive.version), 0);
  return {
    find: async (scope, id) => rollouts.get(key(scope, id)),
    list: async (scope, { state, newestFirst, afterId, limit }) => {
      const all = ofScope(scope).filter(({ rollout }) => state === undefined || rollout.state === state);
      const ordered = newestFirst ? all.toReversed() : all;
      const isAfter = (id: string): boolean => afterId === undefined || (newestFirst ? id < afterId : id > afterId);
      return ordered.filter(({ rollout }) => isAfter(rollout.id)).slice(0, limit);
    },
    inState: async (state) => [...rollouts.values()].filter(({ rollout }) => rollout.state === state),
    published: async () => [...published],
    revision: async () => published.at(-1)?.revision ?? 0,
    version: async ({ scope, kind, service }) => versionOf(scope, kind, service ?? ''),
    commit: (scope, change, now) =>
      record.write(() => {
        const judged = judgeDirectiveChange(scope, change, {
          rowOf: (own, id) => rollouts.get(key(own, id))?.row ?? 0,
          isBusy: (own, kind, service, id) =>
            ofScope(own).some(
              ({ rollout }) =>
                rollout.state === 'staged' &&
                rollout.id !== id &&
                rollout.plan.kind === kind &&
                (rollout.plan.service ?? '') === service,
            ),
          versionOf: (kind, service) => versionOf(scope, kind, service),
          revision: published.at(-1)?.revision ?? 0,
        });
        if (!judged.ok) return judged;
        for (const { rollout, ifRow, scope: own = scope } of change.rollouts)
          rollouts.set(key(own, rollout.id), { scope: own, row: ifRow + 1, rollout: structuredClone(rollout) });
        published.push(...structuredClone(change.publish));
        for (const entry of change.audit) audit(scope, entry, now);
        if (change.read !== undefined) acknowledge(change.read.consumer, change.read.position);
        return accept(true as const);
      }),
  };
};
