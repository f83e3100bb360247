/** From what is asked to the plan of a rollout. */
import { hours } from '@hauberk/primitives';
import { defaultGuard, defaultStages, directiveKinds, type RolloutPlan, wholeShare } from '@hauberk/rollout';

/** What of a guard is said. */
interface NewGuard {
  readonly falseHaltPerMille?: number | undefined;
  readonly crashesPerMillion?: number | null | undefined;
  readonly errorsPerMillion?: number | null | undefined;
}

/** A draft. */
export interface NewDirective {
  readonly kind: keyof typeof directiveKinds;
  readonly service?: string | null | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly audience?:
    | {
        readonly versions?: readonly { readonly from: string | null; readonly below: string | null }[] | undefined;
        readonly cohorts?: readonly string[] | undefined;
      }
    | undefined;
  readonly stages?: readonly number[] | undefined;
  readonly guard?: NewGuard | null | undefined;
  readonly lifeHours?: number | undefined;
  readonly reason: string;
}

/** The plan of a draft. */
export const planOf = (given: NewDirective): RolloutPlan => {
  const {
    kind,
    service = null,
    body,
    audience = {},
    stages = defaultStages,
    guard = {},
    lifeHours: life = 720,
  } = given;
  const { falseHaltPerMille, crashesPerMillion, errorsPerMillion } = guard ?? {};
  return {
    kind,
    kindVersion: directiveKinds[kind].kindVersion,
    service,
    // The kind's own reader judges it before anything is kept.
    body: body as unknown as RolloutPlan['body'],
    audience: { versions: audience.versions ?? [], cohorts: audience.cohorts ?? [] },
    stages,
    guard:
      guard === null
        ? null
        : {
            falseHaltPerMille: falseHaltPerMille ?? defaultGuard.falseHaltPerMille,
            crashesPerMillion: crashesPerMillion ?? null,
            errorsPerMillion: errorsPerMillion ?? null,
          },
    lifeMs: hours(life),
    reason: given.reason,
  };
};

/** What a kill switch sets aside. */
export interface DirectiveKill {
  readonly kinds: readonly string[];
  readonly lifeHours?: number | undefined;
  readonly reason: string;
}

/** The plan of a kill switch: to everybody, at once. */
export const killPlanOf = ({ kinds: killed, lifeHours: life = 720, reason: why }: DirectiveKill): RolloutPlan => ({
  kind: 'kill',
  kindVersion: directiveKinds.kill.kindVersion,
  service: null,
  body: { kinds: killed },
  audience: { versions: [], cohorts: [] },
  stages: [wholeShare],
  guard: null,
  lifeMs: hours(life),
  reason: why,
});

/** Exactly one draft, approved. */
export interface DirectiveApprovalContent {
  readonly directive: string;
  readonly row: number;
  readonly plan: Readonly<Record<string, unknown>>;
}
