/** What an outcome obliges to: which step a challenge asks, how long to slow down, and what is to be done beside. */
import type { JsonValue } from '@hauberk/primitives';
import type { Outcome } from './policy.ts';

/** Steps of a challenge, mildest first. */
export const challengeSteps = ['device-key', 'otp', 'webauthn', 'rebind'] as const;
/** One of them. */
export type ChallengeStep = (typeof challengeSteps)[number];

/** Obligations as a rule, a threshold or a policy declares them. */
export interface Obligations {
  /** The step that a challenge asks. */
  readonly challenge?: ChallengeStep;
  /** Milliseconds that the reply is held back. */
  readonly slow?: number;
  /** Code of the problem that a denial answers. */
  readonly deny?: string;
  /** Id of the decoy that a trap answers. */
  readonly trap?: string;
  /** Who is to be told. */
  readonly notify?: string;
  /** Queue in which a case is opened. */
  readonly case?: string;
  /** Label that the event gets. */
  readonly label?: string;
}

/** One obligation of a decision. */
export type Obligation =
  | { readonly kind: 'challenge'; readonly step: ChallengeStep }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'deny'; readonly problem: string }
  | { readonly kind: 'trap'; readonly decoy: string }
  | { readonly kind: 'notify'; readonly to: string }
  | { readonly kind: 'case'; readonly queue: string }
  | { readonly kind: 'label'; readonly label: string };

/** What holds where nobody declared anything. */
export const usualObligations = {
  challenge: 'device-key',
  slow: 1000,
  deny: 'decision-denied',
  trap: 'default',
} as const;

/** Longest that a reply is held back, in milliseconds. */
export const maxSlowMs = 30_000;

/** Obliges to nothing. */
export const none: Obligations = {};

type Members = Readonly<Record<string, JsonValue>>;
const isMembers = (value: JsonValue | undefined): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCode = (value: JsonValue): boolean => typeof value === 'string' && /^[a-z0-9][a-z0-9._-]{0,63}$/.test(value);

const isSlow = (value: JsonValue): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= maxSlowMs;

const outcomeMembers: readonly string[] = ['challenge', 'slow', 'deny', 'trap'];
const members: Readonly<Record<string, readonly [is: (value: JsonValue) => boolean, wants: string]>> = {
  challenge: [(value) => challengeSteps.some((step) => step === value), `one of ${challengeSteps.join(', ')}`],
  slow: [isSlow, `whole milliseconds from 1 to ${maxSlowMs}`],
  deny: [isCode, 'the code of a problem'],
  trap: [isCode, 'the id of a decoy'],
  notify: [isCode, 'whom to tell, as a code'],
  case: [isCode, 'the code of a queue'],
  label: [isCode, 'a label, as a code'],
};

/** Reads obligations; a text says what is wrong with them. `outcome` is theirs; undefined for the defaults of a policy, which may speak of every outcome. */
export const readObligations = (value: JsonValue | undefined, outcome: Outcome | undefined): Obligations | string => {
  if (value === undefined) return none;
  if (!isMembers(value)) return `obligations has ${Object.keys(members).join(', ')}`;
  for (const [name, each] of Object.entries(value)) {
    const member = Object.hasOwn(members, name) ? members[name] : undefined;
    if (member === undefined) return `no obligation ${name}; there are ${Object.keys(members).join(', ')}`;
    const [is, wants] = member;
    if (!is(each)) return `obligation ${name} is ${wants}`;
    if (outcome !== undefined && outcomeMembers.includes(name) && name !== outcome)
      return `obligation ${name} needs the outcome ${name}, and this one is ${outcome}`;
  }
  return value as Obligations;
};

const strongest = (steps: readonly ChallengeStep[]): ChallengeStep | undefined =>
  challengeSteps.findLast((step) => steps.includes(step));

const found = <Value>(all: readonly Obligations[], pick: (each: Obligations) => Value | undefined): readonly Value[] =>
  all.flatMap((each) => {
    const value = pick(each);
    return value === undefined ? [] : [value];
  });

/** The obligation that an outcome itself has: of several the strictest, else the policy's, else the usual one. */
const ofOutcome = (outcome: Outcome, all: readonly Obligations[], usual: Obligations): readonly Obligation[] => {
  switch (outcome) {
    case 'challenge': {
      const step = strongest(found(all, (each) => each.challenge)) ?? usual.challenge ?? usualObligations.challenge;
      return [{ kind: 'challenge', step }];
    }
    case 'slow': {
      const spans = found(all, (each) => each.slow);
      return [{ kind: 'slow', ms: spans.length > 0 ? Math.max(...spans) : (usual.slow ?? usualObligations.slow) }];
    }
    case 'deny':
      return [{ kind: 'deny', problem: found(all, (each) => each.deny)[0] ?? usual.deny ?? usualObligations.deny }];
    case 'trap':
      return [{ kind: 'trap', decoy: found(all, (each) => each.trap)[0] ?? usual.trap ?? usualObligations.trap }];
    case 'allow':
    case 'observe':
      return [];
  }
};

const once = (values: readonly string[]): readonly string[] => (values.length < 2 ? values : [...new Set(values)]);

/** The obligations of a decision: its outcome's, and what the rules that fired want done beside. */
export const gatherObligations = (
  outcome: Outcome,
  all: readonly Obligations[],
  usual: Obligations,
): readonly Obligation[] => {
  const own = ofOutcome(outcome, all, usual);
  if (all.length === 0) return own;
  return [
    ...own,
    ...once(found(all, (each) => each.notify)).map((to): Obligation => ({ kind: 'notify', to })),
    ...once(found(all, (each) => each.case)).map((queue): Obligation => ({ kind: 'case', queue })),
    ...once(found(all, (each) => each.label)).map((label): Obligation => ({ kind: 'label', label })),
  ];
};
