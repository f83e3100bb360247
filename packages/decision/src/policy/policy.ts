/** A policy: rules with conditions, what follows when they fire, thresholds over their points; compiled. */
import { closureOf } from './closures.ts';
import { type FiredFunction, generateConditions } from './generate.ts';
import type { Obligations } from './obligations.ts';
import type { Schedule, Validity } from './schedule.ts';
import type { PolicySchema } from './schema.ts';
import type { Expression } from './syntax.ts';

/** What can become of a request, mildest first. */
export const outcomes = ['allow', 'observe', 'slow', 'challenge', 'deny', 'trap'] as const;
/** One of them. */
export type Outcome = (typeof outcomes)[number];

/** Whether a value names an outcome. */
export const isOutcome = (value: unknown): value is Outcome => outcomes.some((each) => each === value);

/** A rule. It fires when its condition is true; false and missing do not fire. */
export interface PolicyRule {
  readonly id: string;
  /** For people; empty when absent. */
  readonly title: string;
  /** Techniques that it is against, as MITRE F3 or ATT&CK number them. */
  readonly tags: readonly string[];
  /** Scenes in which it counts; all when empty. */
  readonly scenes: readonly string[];
  readonly when: Expression;
  readonly outcome: Outcome;
  /** Points towards the thresholds. */
  readonly points: number;
  /** A rule that ends the evaluation when it fires: its outcome stands, and later rules are not asked. */
  readonly isFinal: boolean;
  readonly reason: string;
  readonly obligations: Obligations;
  /** Hours and days at which it counts; undefined for always. */
  readonly schedule: Schedule | undefined;
  readonly valid: Validity;
}

/** An outcome that points lead to. */
export interface Threshold {
  readonly from: number;
  readonly outcome: Outcome;
  readonly obligations: Obligations;
}

/** A policy. */
export interface Policy {
  readonly id: string;
  readonly title: string;
  readonly rules: readonly PolicyRule[];
  /** Falling by `from`: the first whose points are reached counts. */
  readonly thresholds: readonly Threshold[];
  /** What holds for an outcome whose rules oblige to nothing. */
  readonly obligations: Obligations;
  /** Outside of it the policy counts as not there. */
  readonly valid: Validity;
}

/** How conditions are evaluated. */
export type BackEnd = 'generated' | 'closures';

/** A policy ready to decide. */
export interface CompiledPolicy {
  readonly policy: Policy;
  readonly schema: PolicySchema;
  readonly backEnd: BackEnd;
  /** Writes 1 for each rule whose condition is true. */
  readonly fired: FiredFunction;
}

const closures = (schema: PolicySchema, policy: Policy): FiredFunction => {
  const conditions = policy.rules.map(({ when }) => closureOf(schema, when));
  return (facts, lists, out) => {
    for (let rule = 0; rule < conditions.length; rule += 1)
      out[rule] = conditions[rule]?.(facts, lists) === true ? 1 : 0;
  };
};

/** Compiles a policy. Generated code where the process allows it, closures elsewhere. */
export const compilePolicy = (policy: Policy, schema: PolicySchema, wanted: BackEnd = 'generated'): CompiledPolicy => {
  const conditions = policy.rules.map(({ when }) => when);
  const generated = wanted === 'generated' ? generateConditions(schema, conditions) : undefined;
  return generated === undefined
    ? { policy, schema, backEnd: 'closures', fired: closures(schema, policy) }
    : { policy, schema, backEnd: 'generated', fired: generated };
};
