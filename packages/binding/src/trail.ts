/**
 * What happened to one attempt, step by step, and what each rule came to. The verdicts are read off the transition table: a row before the one
 * that was taken was asked and did not hold, so its rule was kept; the taken row is the rule that refused.
 */
import type { EpochMs } from '@hauberk/primitives';
import type { AttemptEventKind, AttemptState, BindingWay } from './attempt.ts';
import type { ConditionName } from './conditions.ts';
import type { Platform } from './policy.ts';
import { type BindingCode, type Rule, type RuleId, rules } from './rules.ts';
import { type Step, type Transition, transitions } from './transitions.ts';

/** One step of an attempt. */
export interface TrailStep {
  readonly atMs: EpochMs;
  readonly event: AttemptEventKind;
  readonly from: AttemptState;
  readonly to: AttemptState;
  /** The condition that held; absent for the row that takes everything else. */
  readonly when?: ConditionName | undefined;
  readonly code?: BindingCode | undefined;
  readonly rule?: RuleId | undefined;
  /** What came, in words of a closed list or the id of a link; never a number, a token or a code. */
  readonly note: string;
}

/** The steps of an attempt, oldest first. Numbers are keyed hashes. */
export interface Trail {
  readonly id: string;
  readonly platform: Platform;
  readonly profile: string;
  readonly number: string;
  readonly device: { readonly id: string; readonly key: string; readonly fingerprint: string };
  /** Where the SMS has to come to; absent when no token was given. */
  readonly vmn?: string | undefined;
  /** By SMS when absent. */
  readonly way?: BindingWay | undefined;
  readonly startedAtMs: EpochMs;
  readonly state: AttemptState;
  /** Why it ended, or why its last event was refused. */
  readonly code?: BindingCode | undefined;
  readonly rule?: RuleId | undefined;
  readonly steps: readonly TrailStep[];
}

/** Steps that are kept; what a client repeats beyond is not, but for what changes the state. */
export const mostSteps = 40;
const keptForChanges = 8;

/** A step for a trail. */
export const trailStep = ({ row, to, code, rule }: Step, atMs: EpochMs, note: string): TrailStep => ({
  atMs,
  event: row.on,
  from: row.from,
  to,
  ...(row.when === undefined ? {} : { when: row.when }),
  ...(code === undefined ? {} : { code }),
  ...(rule === undefined ? {} : { rule }),
  note,
});

const isLast = ({ steps }: Trail, step: TrailStep): boolean => {
  const last = steps.at(-1);
  return (
    last !== undefined &&
    step.from === step.to &&
    last.from === last.to &&
    last.event === step.event &&
    last.when === step.when &&
    last.note === step.note
  );
};

/** The trail after a step; the very same one when the step says what the last one said, or no room is left for it. */
export const followed = (trail: Trail, step: TrailStep): Trail => {
  const isChange = step.from !== step.to;
  const room = isChange ? mostSteps : mostSteps - keptForChanges;
  if (trail.steps.length >= room || isLast(trail, step)) return trail;
  // An attempt that is over keeps the reason of its end; what comes later is in its steps.
  const isTold = isChange || (step.code !== undefined && ['issued', 'seen', 'proven'].includes(step.to));
  const why = isTold ? { code: step.code, rule: step.rule } : {};
  return { ...trail, ...why, state: step.to, steps: [...trail.steps, step] };
};

/** What a rule came to in an attempt. */
export interface RuleVerdict {
  readonly rule: Rule;
  readonly verdict: 'pass' | 'fail' | 'not-judged';
  /** When it was judged last. */
  readonly atMs?: EpochMs | undefined;
  readonly code?: BindingCode | undefined;
  /** Why nobody judged it. */
  readonly why?: 'other-platform' | 'other-way' | 'after-binding' | 'not-reached' | undefined;
}

type Found = Map<RuleId, Pick<RuleVerdict, 'verdict' | 'atMs' | 'code'>>;

const ends: readonly AttemptState[] = ['declined', 'expired', 'blocked'];

/** Rules that hold as soon as a token was given: without them there would be none. */
const heldByIssue: readonly RuleId[] = ['B08', 'B13'];
/** Rules that something must break; who is bound has not broken them. */
const heldByBinding: readonly RuleId[] = ['B02', 'B04', 'B05', 'B06', 'B07', 'B12'];
/** Rules about a binding's life after it was made. */
const ofLife: readonly RuleId[] = ['B19', 'B21'];

/** Rules about an SMS, of an attempt that has none; and about the SIM, of a device that shows none. */
const ofSms: readonly RuleId[] = ['B04', 'B05', 'B06', 'B07', 'B08', 'B13', 'B14'];
const ofSim: readonly RuleId[] = ['B01', 'B02', 'B03', 'B26'];

const isOtherWay = (id: RuleId, way: BindingWay = 'sms'): boolean =>
  way !== 'sms' && (ofSms.includes(id) || (way !== 'number' && ofSim.includes(id)));

const isTaken = (row: Transition, step: TrailStep): boolean =>
  row.when === step.when && row.to === step.to && row.code === step.code;

/** Rules of the rows that were asked before the one that was taken. Leaving asks nothing, and B15 is kept by its proofs alone. */
const passedRows = (step: TrailStep): readonly RuleId[] => {
  if (step.event === 'left') return [];
  const rows = transitions.filter(({ from, on }) => from === step.from && on === step.event);
  const taken = rows.findIndex((row) => isTaken(row, step));
  return rows.slice(0, Math.max(0, taken)).flatMap(({ rule }) => (rule === undefined || rule === 'B15' ? [] : [rule]));
};

const judgeStep = (step: TrailStep, found: Found): void => {
  const keep = (rule: RuleId, code?: BindingCode): void => {
    if (found.get(rule)?.verdict === 'fail') return;
    found.set(rule, { verdict: code === undefined ? 'pass' : 'fail', atMs: step.atMs, code });
  };
  for (const rule of passedRows(step)) keep(rule);
  const isEnd = step.to !== step.from && ends.includes(step.to);
  if (step.rule !== undefined && isEnd) keep(step.rule, step.code);
  if (step.to !== step.from && step.to === 'issued') for (const rule of heldByIssue) keep(rule);
  if (step.to !== step.from && step.to === 'proven') keep('B15');
  if (step.to !== step.from && step.to === 'bound') for (const rule of heldByBinding) keep(rule);
};

/** Every rule with what it came to, in the order of the table. */
export const judgeTrail = ({
  steps,
  platform,
  way,
}: Pick<Trail, 'steps' | 'platform' | 'way'>): readonly RuleVerdict[] => {
  const found: Found = new Map();
  for (const step of steps) judgeStep(step, found);
  return rules.map((rule) => {
    const judged = found.get(rule.id);
    const isForeign = rule.platform !== 'both' && rule.platform !== platform;
    const isElsewhere = isForeign || isOtherWay(rule.id, way);
    if (judged !== undefined && (judged.verdict === 'fail' || !isElsewhere)) return { rule, ...judged };
    if (!isForeign && isElsewhere) return { rule, verdict: 'not-judged', why: 'other-way' };
    const why = isForeign ? 'other-platform' : ofLife.includes(rule.id) ? 'after-binding' : 'not-reached';
    return { rule, verdict: 'not-judged', why };
  });
};
