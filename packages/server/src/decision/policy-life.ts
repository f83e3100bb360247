/**
 * The life of policies: draft → shadow → live → retired, with a challenger beside the live version in between. Pure: what every version of a policy
 * becomes when one of them takes a step. A version never changes its document; an edit is a new version.
 */
import { accept, type Result, refuse } from '@hauberk/primitives';
import type { GuardState } from '@hauberk/rollout';

/** Where a version stands. */
export const policyStates = ['draft', 'shadow', 'challenger', 'live', 'retired'] as const;
/** One of them. */
export type PolicyState = (typeof policyStates)[number];

/** What may be done to a version. */
export const policyActions = ['shadow', 'challenge', 'live', 'rollback', 'retire'] as const;
/** One of them. */
export type PolicyAction = (typeof policyActions)[number];

/** A version of a policy. */
export interface KeptPolicy {
  readonly policy: string;
  readonly version: number;
  /** SHA-256 of the document, hexadecimal. */
  readonly hash: string;
  /** Canonical JSON. */
  readonly document: string;
  /** Scenes that it decides; empty for all that no other one names. */
  readonly scenes: readonly string[];
  readonly state: PolicyState;
  readonly reason: string;
  readonly draftedBy: string;
  readonly changedBy: string;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  /** When it was live last: null for a version that never was. Only such a one can be rolled back to. */
  readonly liveAtMs: number | null;
  /** Of a challenger: the share that it decides for. */
  readonly perMille: number | null;
  /** Of a challenger: what its cohort is drawn by. */
  readonly salt: string | null;
  /** Of a challenger, now or before: what its guard has counted. */
  readonly guard: GuardState | null;
}

/** A step of one version. */
export interface PolicyStep {
  readonly version: number;
  /** The document that was looked at. */
  readonly hash: string;
  readonly action: PolicyAction;
  /** For `challenge`. */
  readonly perMille?: number;
  readonly salt?: string;
}

/** Why a step is refused. */
export type PolicyStepCode =
  | 'policy-unknown'
  /** The version is not the document that was looked at. */
  | 'policy-changed'
  /** It does not stand where this is possible. */
  | 'policy-state'
  /** There is no live version that it could challenge, or a challenger is there already. */
  | 'policy-no-champion'
  | 'policy-challenged'
  /** Another policy decides one of its scenes. */
  | 'policy-scene-taken';

const from: Readonly<Record<PolicyAction, readonly PolicyState[]>> = {
  shadow: ['draft', 'challenger'],
  challenge: ['shadow'],
  live: ['shadow', 'challenger'],
  rollback: ['retired'],
  retire: ['draft', 'shadow', 'challenger', 'live'],
};

/** Where a step leads. */
export const stateAfter: Readonly<Record<PolicyAction, PolicyState>> = {
  shadow: 'shadow',
  challenge: 'challenger',
  live: 'live',
  rollback: 'live',
  retire: 'retired',
};

const areApart = (one: KeptPolicy, other: KeptPolicy): boolean =>
  one.policy === other.policy ||
  (one.scenes.length === 0 ? other.scenes.length > 0 : !one.scenes.some((scene) => other.scenes.includes(scene)));

const judge = (all: readonly KeptPolicy[], held: KeptPolicy, step: PolicyStep): PolicyStepCode | undefined => {
  const { action } = step;
  if (held.hash !== step.hash) return 'policy-changed';
  if (!from[action].includes(held.state)) return 'policy-state';
  if (action === 'rollback' && held.liveAtMs === null) return 'policy-state';
  const ofPolicy = all.filter(({ policy }) => policy === held.policy);
  if (action === 'challenge') {
    if (!ofPolicy.some(({ state }) => state === 'live')) return 'policy-no-champion';
    if (ofPolicy.some(({ state }) => state === 'challenger')) return 'policy-challenged';
  }
  const live = all.filter(({ state }) => state === 'live');
  return stateAfter[action] === 'live' && !live.every((other) => areApart(held, other))
    ? 'policy-scene-taken'
    : undefined;
};

/** Every version that a step changes, as it is afterwards. `all` are the versions of the app, of every policy. */
export const stepPolicy = (
  all: readonly KeptPolicy[],
  policy: string,
  step: PolicyStep,
  by: { readonly actor: string; readonly now: number },
): Result<readonly KeptPolicy[], PolicyStepCode> => {
  const held = all.find((each) => each.policy === policy && each.version === step.version);
  if (held === undefined) return refuse('policy-unknown');
  const wrong = judge(all, held, step);
  if (wrong !== undefined) return refuse(wrong);
  const state = stateAfter[step.action];
  const changed = { changedBy: by.actor, changedAtMs: by.now };
  const isChallenge = step.action === 'challenge';
  const stepped: KeptPolicy = {
    ...held,
    ...changed,
    state,
    liveAtMs: state === 'live' ? by.now : held.liveAtMs,
    perMille: isChallenge ? (step.perMille ?? null) : null,
    salt: isChallenge ? (step.salt ?? null) : null,
    guard: isChallenge ? null : held.guard,
  };
  // A new live version ends what was live before it; a challenger that goes live or is overtaken ends as such.
  const ended = all
    .filter((each) => each.policy === policy && each.version !== held.version && state === 'live')
    .flatMap((each): readonly KeptPolicy[] => {
      if (each.state === 'live') return [{ ...each, ...changed, state: 'retired', liveAtMs: by.now }];
      return each.state === 'challenger' ? [{ ...each, ...changed, state: 'shadow', perMille: null, salt: null }] : [];
    });
  // Without a champion there is nothing to challenge.
  const orphaned = all
    .filter(
      (each) => each.policy === policy && each.state === 'challenger' && held.state === 'live' && state !== 'live',
    )
    .map((each): KeptPolicy => ({ ...each, ...changed, state: 'shadow', perMille: null, salt: null }));
  return accept([stepped, ...ended, ...orphaned]);
};

/** Id of the row of a version: sorts by version within a policy. */
export const policyRowId = (policy: string, version: number): string =>
  `${policy}\n${String(version).padStart(8, '0')}`;
