/**
 * A rollout: one directive on its way from a draft to every device it is meant for, or back. `drafted → approved → staged → complete`, with
 * `halted`, `reverted` and `expired` as the other ends. Times and version numbers are arguments.
 */
import { accept, type EpochMs, epochMs, type Result, refuse } from '@hauberk/primitives';
import { type DirectiveBodies, type DirectiveKind, directiveKinds, readDirectiveBody } from './directive-kinds.ts';
import { type GuardCounts, type GuardSettings, type GuardState, openGuard, watchGuard } from './sequential-guard.ts';
import { type Audience, type DirectiveTarget, wholeShare } from './target.ts';

/** Where a rollout may stand. The last four are ends, of which `complete` may still be reverted. */
export const rolloutStates = ['drafted', 'approved', 'staged', 'complete', 'halted', 'reverted', 'expired'] as const;
/** One of them. */
export type RolloutState = (typeof rolloutStates)[number];

/** What is to be rolled out, exactly: what people approve. */
export interface RolloutPlan {
  readonly kind: DirectiveKind;
  readonly kindVersion: number;
  /** One service of the app; null for all of them. */
  readonly service: string | null;
  readonly body: DirectiveBodies[DirectiveKind];
  readonly audience: Audience;
  /** Shares in thousandths, rising, the last one all. */
  readonly stages: readonly number[];
  /** Null: nothing halts it by itself. */
  readonly guard: GuardSettings | null;
  /** How long a directive holds from its publication, in milliseconds. */
  readonly lifeMs: number;
  /** Why; for people. */
  readonly reason: string;
}

/** A share that was published. */
export interface PublishedStage {
  readonly perMille: number;
  /** Version of the directive. */
  readonly version: number;
  /** Revision of the whole of directives with which it came. */
  readonly revision: number;
  readonly atMs: EpochMs;
}

/** A rollout. */
export interface Rollout {
  readonly id: string;
  readonly plan: RolloutPlan;
  readonly state: RolloutState;
  /** The shares that were published, oldest first. */
  readonly stages: readonly PublishedStage[];
  /** Undecided drafts and approvals lapse then; a published one when its directive does. */
  readonly expiresAtMs: EpochMs;
  readonly guard: GuardState | null;
  readonly draftedBy: string;
  readonly approvedBy: string | null;
  readonly createdAtMs: EpochMs;
  readonly changedAtMs: EpochMs;
  /** How it ended, once it did: a person's words, or `guard: crash`. */
  readonly end: string | null;
}

/** The stages unless told otherwise: 1 %, 5 %, 25 %, all. */
export const defaultStages: readonly number[] = [10, 50, 250, wholeShare];
/** Longest life of a directive. */
export const maxDirectiveLifeMs: number = 366 * 86_400_000;
/** How long a draft waits for its approval, and an approved one for its first stage. */
export const draftLifeMs: number = 7 * 86_400_000;
/** Longest reason, in characters. */
export const maxRolloutReason = 500;
const maxStages = 16;

/** Why a plan or a step is refused. */
export type RolloutCode =
  | 'rollout.plan'
  | 'rollout.wrong-state'
  | 'rollout.expired'
  /** There is no larger share to go to. */
  | 'rollout.no-stage';

/** What happens to a rollout. */
export type RolloutEvent =
  | { readonly type: 'approve'; readonly by: string }
  /** The next share is published as this version of the directive. */
  | { readonly type: 'stage'; readonly version: number; readonly revision: number }
  | { readonly type: 'watch'; readonly counted: GuardCounts }
  | { readonly type: 'halt'; readonly why: string }
  | { readonly type: 'revert'; readonly why: string }
  | { readonly type: 'tick' };

const areStages = (stages: readonly number[]): boolean =>
  stages.length > 0 &&
  stages.length <= maxStages &&
  stages.at(-1) === wholeShare &&
  stages.every((share, index) => Number.isSafeInteger(share) && share > (stages[index - 1] ?? 0));

const isRate = (rate: number | null): boolean =>
  rate === null || (Number.isSafeInteger(rate) && rate > 0 && rate < 1e6);

const isGuard = (guard: GuardSettings | null): boolean =>
  guard === null ||
  (Number.isSafeInteger(guard.falseHaltPerMille) &&
    guard.falseHaltPerMille >= 1 &&
    guard.falseHaltPerMille <= 200 &&
    isRate(guard.crashesPerMillion) &&
    isRate(guard.errorsPerMillion));

/** A draft. The kind's own reader judges the body. */
export const draftRollout = (
  id: string,
  plan: RolloutPlan,
  draftedBy: string,
  now: EpochMs,
): Result<Rollout, RolloutCode> => {
  const body = readDirectiveBody(plan.kind, plan.kindVersion, plan.body);
  if (!body.ok) return refuse('rollout.plan', body.code);
  if (!areStages(plan.stages)) return refuse('rollout.plan', 'stages');
  if (!isGuard(plan.guard)) return refuse('rollout.plan', 'guard');
  if (!(plan.lifeMs >= 60_000 && plan.lifeMs <= maxDirectiveLifeMs)) return refuse('rollout.plan', 'life');
  if (plan.reason.length > maxRolloutReason) return refuse('rollout.plan', 'reason');
  return accept({
    id,
    plan: { ...plan, body: body.value },
    state: 'drafted',
    stages: [],
    expiresAtMs: epochMs(now + draftLifeMs),
    guard: plan.guard === null ? null : openGuard(),
    draftedBy,
    approvedBy: null,
    createdAtMs: now,
    changedAtMs: now,
    end: null,
  });
};

/** The share that is published now, in thousandths. */
export const presentShare = (rollout: Rollout): number => rollout.stages.at(-1)?.perMille ?? 0;

/** The share that comes next; undefined after the last one. */
export const nextShare = ({ plan, stages }: Rollout): number | undefined => plan.stages[stages.length];

const isOver = ({ state, expiresAtMs }: Rollout, now: EpochMs): boolean =>
  expiresAtMs <= now && (state === 'drafted' || state === 'approved' || state === 'staged' || state === 'complete');

const to = (rollout: Rollout, now: EpochMs, members: Partial<Rollout>): Result<Rollout, RolloutCode> =>
  accept({ ...rollout, ...members, changedAtMs: now });

const staged = (rollout: Rollout, version: number, revision: number, now: EpochMs): Result<Rollout, RolloutCode> => {
  if (rollout.state !== 'approved' && rollout.state !== 'staged') return refuse('rollout.wrong-state', rollout.state);
  const perMille = nextShare(rollout);
  if (perMille === undefined) return refuse('rollout.no-stage');
  return to(rollout, now, {
    state: perMille === wholeShare ? 'complete' : 'staged',
    stages: [...rollout.stages, { perMille, version, revision, atMs: now }],
    expiresAtMs: epochMs(now + rollout.plan.lifeMs),
  });
};

const watched = (rollout: Rollout, counted: GuardCounts, now: EpochMs): Result<Rollout, RolloutCode> => {
  const { guard: settings } = rollout.plan;
  if (rollout.state !== 'staged' || settings === null || rollout.guard === null) return accept(rollout);
  return to(rollout, now, { guard: watchGuard(settings, rollout.guard, counted) });
};

/** The rollout after a step. A guard that has seen enough says so in `guard.halted`; halting is the next step, for it publishes a directive. */
export const stepRollout = (rollout: Rollout, event: RolloutEvent, now: EpochMs): Result<Rollout, RolloutCode> => {
  if (isOver(rollout, now))
    return event.type === 'tick' ? to(rollout, now, { state: 'expired', end: 'expired' }) : refuse('rollout.expired');
  const { state } = rollout;
  switch (event.type) {
    case 'approve':
      if (state !== 'drafted') return refuse('rollout.wrong-state', state);
      return to(rollout, now, { state: 'approved', approvedBy: event.by, expiresAtMs: epochMs(now + draftLifeMs) });
    case 'stage':
      return staged(rollout, event.version, event.revision, now);
    case 'watch':
      return watched(rollout, event.counted, now);
    case 'halt':
      return state === 'staged'
        ? to(rollout, now, { state: 'halted', end: event.why })
        : refuse('rollout.wrong-state', state);
    case 'revert':
      return state === 'complete'
        ? to(rollout, now, { state: 'reverted', end: event.why })
        : refuse('rollout.wrong-state', state);
    case 'tick':
      return accept(rollout);
  }
};

/** Whom the present share of a rollout is for. The salt is the rollout's id: each rollout draws anew, each of its stages from the same draw. */
export const targetOf = ({ id, plan }: Rollout, perMille: number): DirectiveTarget => ({
  ...plan.audience,
  perMille,
  salt: id,
});

/** The body that takes the place of one that was halted or reverted, when there was none before it. */
export const nothingOf = (kind: DirectiveKind): DirectiveBodies[DirectiveKind] => directiveKinds[kind].nothing;

/**
 * The arm that a session counts for: `staged` when its device was to have the directive, `control` when it was not, undefined when the session
 * began before its client knew of the rollout. What the device says of its revision moves it between counted and not counted, in both arms
 * alike, and never from one arm into the other.
 */
export const armOf = (
  { stages }: Rollout,
  session: { readonly revision: number; readonly bucket: number },
): 'staged' | 'control' | undefined => {
  const known = stages.findLast(({ revision }) => revision <= session.revision);
  if (known === undefined) return undefined;
  return session.bucket < known.perMille ? 'staged' : 'control';
};
