/**
 * Where directives are made: drafts, approvals, stages, halts. Every step is one change of the record that says what it saw; one that came too
 * late is made anew. Nothing is told to anybody before it is on the disk.
 */
import { type EpochMs, type Result, refuse } from '@hauberk/primitives';
import {
  draftRollout,
  type Rollout,
  type RolloutCode,
  type RolloutEvent,
  type RolloutPlan,
  type RolloutState,
  stepRollout,
  wholeShare,
} from '@hauberk/rollout';
import { timeOrderedId } from '../admin/admin-token.ts';
import type { AuditRecord } from '../audit/audit-log.ts';
import type {
  DirectiveChange,
  DirectiveRefusal,
  DirectiveStore,
  PublishedDirective,
  StoredRollout,
} from '../storage/directive-store.ts';
import type { Scope } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import { type BookHeads, nextDirective, takenBack, trackName } from './directive-book.ts';

/** Why a step was not taken. */
export type DeskCode = RolloutCode | DirectiveRefusal | StorageRefusal | 'directive-unknown' | 'directive-row';

/** What became of a step. */
export type DeskResult = Promise<Result<StoredRollout, DeskCode>>;

/** What a desk works with. */
export interface DeskParts {
  readonly store: DirectiveStore;
  readonly now: () => EpochMs;
  /** Told of every publication once it is kept. */
  readonly onPublished: () => Promise<void>;
}

/** Rollouts, step by step. `by` goes into the audit log. */
export interface DirectiveDesk {
  readonly draft: (scope: Scope, plan: RolloutPlan, by: string) => DeskResult;
  readonly approve: (scope: Scope, id: string, by: string) => DeskResult;
  /** Publishes the next share; with `ifRow` only from that row on. */
  readonly stage: (scope: Scope, id: string, by: string, ifRow?: number) => DeskResult;
  /** Ends a rollout that is under way: what counted before counts again. */
  readonly halt: (scope: Scope, id: string, by: string, why: string) => DeskResult;
  /** The same for one that is complete. */
  readonly revert: (scope: Scope, id: string, by: string, why: string) => DeskResult;
  /**
   * Drafts, approves and publishes to everybody of its audience in one change: for kill switches, and for rules that people have approved
   * before. The plan's stages are not looked at.
   */
  readonly publish: (
    scope: Scope,
    plan: RolloutPlan,
    by: { readonly draft: string; readonly approve: string },
  ) => DeskResult;
  /** Lets what is over expire. */
  readonly tick: () => Promise<void>;
  readonly find: DirectiveStore['find'];
  readonly list: DirectiveStore['list'];
  /** Everything that was published, of one track. */
  readonly track: (scope: Scope, plan: Pick<RolloutPlan, 'kind' | 'service'>) => Promise<readonly PublishedDirective[]>;
}

/** A step as it would be written. */
interface Planned {
  readonly rollout: Rollout;
  readonly publish: readonly PublishedDirective[];
}

/** Steps that came too late are tried again this often. */
const mostTries = 8;

const auditOf = (action: string, by: string, { rollout, publish }: Planned): AuditRecord => ({
  actor: by,
  action,
  subject: rollout.id,
  facts: {
    kind: rollout.plan.kind,
    state: rollout.state,
    perMille: rollout.stages.at(-1)?.perMille ?? 0,
    versions: publish.map(({ directive }) => directive.version),
    ...(rollout.end === null ? {} : { end: rollout.end }),
  },
});

const trackOf =
  (store: DirectiveStore): DirectiveDesk['track'] =>
  async (scope, { kind, service }) => {
    const name = [scope.organisation, scope.app, service ?? '', kind].join('\n');
    return (await store.published()).filter((each) => trackName(each) === name);
  };

const headsOf = async (store: DirectiveStore, scope: Scope, rollout: Rollout): Promise<BookHeads> => {
  const { kind, service } = rollout.plan;
  const [revision, version] = await Promise.all([store.revision(), store.version({ scope, kind, service })]);
  return { revision, version };
};

type Step = (rollout: Rollout, scope: Scope) => Promise<Result<Planned, RolloutCode>>;

const silent =
  (event: RolloutEvent, now: () => EpochMs): Step =>
  async (rollout) => {
    const stepped = stepRollout(rollout, event, now());
    return stepped.ok ? { ok: true, value: { rollout: stepped.value, publish: [] } } : stepped;
  };

const staging =
  ({ store, now }: DeskParts): Step =>
  async (rollout, scope) => {
    const at = now();
    const next = nextDirective(scope, rollout, await headsOf(store, scope, rollout), at);
    const { revision = 0, version = 0 } = { revision: next?.revision, version: next?.directive.version };
    const stepped = stepRollout(rollout, { type: 'stage', version, revision }, at);
    if (!stepped.ok) return stepped;
    return next === undefined
      ? refuse('rollout.no-stage')
      : { ok: true, value: { rollout: stepped.value, publish: [next] } };
  };

const takingBack =
  ({ store, now }: DeskParts, type: 'halt' | 'revert', why: string): Step =>
  async (rollout, scope) => {
    const at = now();
    const stepped = stepRollout(rollout, { type, why }, at);
    if (!stepped.ok) return stepped;
    const track = await trackOf(store)(scope, rollout.plan);
    const publish = takenBack(scope, rollout, track, await headsOf(store, scope, rollout), at);
    return { ok: true, value: { rollout: stepped.value, publish } };
  };

/** Opens the desk. */
export const openDirectiveDesk = (parts: DeskParts): DirectiveDesk => {
  const { store, now, onPublished } = parts;
  const commit = async (scope: Scope, change: DirectiveChange): Promise<Result<true, DeskCode>> => {
    const kept = await store.commit(scope, change, now());
    if (kept.ok && change.publish.length > 0) await onPublished();
    return kept;
  };
  const take = async (
    scope: Scope,
    id: string,
    named: { readonly action: string; readonly by: string; readonly ifRow?: number | undefined },
    step: Step,
  ): DeskResult => {
    for (let tries = 1; ; tries += 1) {
      const held = await store.find(scope, id);
      if (held === undefined) return refuse('directive-unknown');
      if (named.ifRow !== undefined && held.row !== named.ifRow) return refuse('directive-row');
      const planned = await step(held.rollout, scope);
      if (!planned.ok) return planned;
      const { rollout, publish } = planned.value;
      const audit = [auditOf(named.action, named.by, planned.value)];
      const kept = await commit(scope, { rollouts: [{ rollout, ifRow: held.row }], publish, audit });
      if (kept.ok) return { ok: true, value: { scope, row: held.row + 1, rollout } };
      if (kept.code !== 'directive-conflict' || tries >= mostTries) return kept;
    }
  };
  const draft = async (scope: Scope, plan: RolloutPlan, by: string): DeskResult => {
    const drafted = draftRollout(timeOrderedId(now()), plan, by, now());
    if (!drafted.ok) return drafted;
    const rollout = drafted.value;
    const audit = [auditOf('directive.drafted', by, { rollout, publish: [] })];
    const kept = await commit(scope, { rollouts: [{ rollout, ifRow: 0 }], publish: [], audit });
    return kept.ok ? { ok: true, value: { scope, row: 1, rollout } } : kept;
  };
  const publish: DirectiveDesk['publish'] = async (scope, plan, by) => {
    for (let tries = 1; ; tries += 1) {
      const drafted = draftRollout(timeOrderedId(now()), { ...plan, stages: [wholeShare] }, by.draft, now());
      if (!drafted.ok) return drafted;
      const approved = stepRollout(drafted.value, { type: 'approve', by: by.approve }, now());
      const planned = approved.ok ? await staging(parts)(approved.value, scope) : approved;
      if (!planned.ok) return planned;
      const { rollout } = planned.value;
      const audit = [auditOf('directive.published', by.draft, planned.value)];
      const kept = await commit(scope, { rollouts: [{ rollout, ifRow: 0 }], publish: planned.value.publish, audit });
      if (kept.ok) return { ok: true, value: { scope, row: 1, rollout } };
      if (kept.code !== 'directive-conflict' || tries >= mostTries) return kept;
    }
  };
  const mortal: readonly RolloutState[] = ['drafted', 'approved', 'staged', 'complete'];
  const tick = async (): Promise<void> => {
    for (const state of mortal)
      for (const { scope, rollout } of await store.inState(state))
        if (rollout.expiresAtMs <= now())
          await take(scope, rollout.id, { action: 'directive.expired', by: 'gateway' }, silent({ type: 'tick' }, now));
  };
  return {
    draft,
    publish,
    tick,
    approve: (scope, id, by) =>
      take(scope, id, { action: 'directive.approved', by }, silent({ type: 'approve', by }, now)),
    stage: (scope, id, by, ifRow) => take(scope, id, { action: 'directive.staged', by, ifRow }, staging(parts)),
    halt: (scope, id, by, why) => take(scope, id, { action: 'directive.halted', by }, takingBack(parts, 'halt', why)),
    revert: (scope, id, by, why) =>
      take(scope, id, { action: 'directive.reverted', by }, takingBack(parts, 'revert', why)),
    find: (scope, id) => store.find(scope, id),
    list: (scope, page) => store.list(scope, page),
    track: trackOf(store),
  };
};
