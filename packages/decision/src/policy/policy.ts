/** A policy: rules with conditions, what follows when they fire, thresholds over their points; read, checked and compiled. */
import { accept, type JsonValue } from '@hauberk/primitives';
import { checkCondition } from './check.ts';
import { closureOf } from './closures.ts';
import { type FiredFunction, generateConditions } from './generate.ts';
import { fromJsonForm } from './json-form.ts';
import { parseExpression } from './parser.ts';
import type { PolicySchema } from './schema.ts';
import type { Expression, PolicyProblem } from './syntax.ts';

/** What can become of a request, mildest first. */
export const outcomes = ['allow', 'observe', 'slow', 'challenge', 'deny', 'trap'] as const;
/** One of them. */
export type Outcome = (typeof outcomes)[number];

/** Whether a value names an outcome. */
export const isOutcome = (value: unknown): value is Outcome => outcomes.some((each) => each === value);

/** A rule. It fires when its condition is true; false and missing do not fire. */
export interface PolicyRule {
  readonly id: string;
  /** Scenes in which it counts; all when empty. */
  readonly scenes: readonly string[];
  readonly when: Expression;
  readonly outcome: Outcome;
  /** Points towards the thresholds. */
  readonly points: number;
  /** A rule that ends the evaluation when it fires: its outcome stands, and later rules are not asked. */
  readonly isFinal: boolean;
  readonly reason: string;
}

/** A policy. */
export interface Policy {
  readonly id: string;
  readonly rules: readonly PolicyRule[];
  /** Falling by `from`: the first whose points are reached counts. */
  readonly thresholds: readonly { readonly from: number; readonly outcome: Outcome }[];
}

/** A problem of a policy: which rule, and what of it. */
export interface PolicyFault extends PolicyProblem {
  readonly rule: string;
}

/** Most rules of a policy. */
export const maxRules = 2000;

const fault = (rule: string, message: string): PolicyFault => ({ code: 'policy.malformed', at: 0, message, rule });

type Members = Readonly<Record<string, JsonValue>>;
const isMembers = (value: JsonValue | undefined): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isId = (value: JsonValue | undefined): value is string =>
  typeof value === 'string' && /^[a-z0-9][a-z0-9._-]{0,63}$/.test(value);

const ruleMembers = ['id', 'scenes', 'when', 'outcome', 'points', 'final', 'reason'];

const readHead = (value: Members, id: string): Omit<PolicyRule, 'when'> | PolicyFault => {
  const unknown = Object.keys(value).find((name) => !ruleMembers.includes(name));
  if (unknown !== undefined) return fault(id, `no member ${unknown}; there are ${ruleMembers.join(', ')}`);
  const { scenes = [], outcome, points = 0, final = false, reason } = value;
  if (!Array.isArray(scenes) || !scenes.every((scene) => typeof scene === 'string'))
    return fault(id, 'scenes is a list of names');
  if (!isOutcome(outcome)) return fault(id, `outcome is one of ${outcomes.join(', ')}`);
  if (typeof points !== 'number' || !Number.isFinite(points) || Math.abs(points) > 1e6)
    return fault(id, 'points is a number up to a million');
  if (typeof final !== 'boolean') return fault(id, 'final is true or false');
  if (!isId(reason)) return fault(id, 'reason is a code of small letters, digits, dots and hyphens');
  return { id, scenes: scenes as readonly string[], outcome, points, isFinal: final, reason };
};

const readRule = (value: JsonValue, schema: PolicySchema): PolicyRule | PolicyFault => {
  if (!isMembers(value) || !isId(value['id']))
    return fault('', 'a rule has an id of small letters, digits, dots and hyphens');
  const id = value['id'];
  const head = readHead(value, id);
  if ('code' in head) return head;
  const { when } = value;
  if (when === undefined) return fault(id, 'when is missing');
  const parsed = typeof when === 'string' ? parseExpression(when) : fromJsonForm(when);
  if (!parsed.ok) return 'problem' in parsed ? { ...parsed.problem, rule: id } : fault(id, parsed.code);
  const checked = checkCondition(schema, parsed.value);
  if (!checked.ok) return 'problem' in checked ? { ...checked.problem, rule: id } : fault(id, checked.code);
  return { ...head, when: parsed.value };
};

const readThresholds = (value: JsonValue | undefined): Policy['thresholds'] | undefined => {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > 16) return undefined;
  const read = value.map((each: JsonValue) => {
    const { from, outcome } = isMembers(each) ? each : {};
    return typeof from === 'number' && Number.isFinite(from) && isOutcome(outcome) ? { from, outcome } : undefined;
  });
  return read.every((each) => each !== undefined) ? read.sort((left, right) => right.from - left.from) : undefined;
};

/** Reads and checks a policy; answers all its faults at once. */
export const readPolicy = (
  value: JsonValue,
  schema: PolicySchema,
):
  | { readonly ok: true; readonly value: Policy }
  | { readonly ok: false; readonly code: 'policy.malformed'; readonly faults: readonly PolicyFault[] } => {
  const refused = (...faults: readonly PolicyFault[]) => ({ ok: false, code: 'policy.malformed', faults }) as const;
  if (!isMembers(value) || !isId(value['id'])) return refused(fault('', 'a policy has an id'));
  const { rules } = value;
  if (!Array.isArray(rules) || rules.length === 0 || rules.length > maxRules)
    return refused(fault('', `1 to ${maxRules} rules`));
  const thresholds = readThresholds(value['thresholds']);
  if (thresholds === undefined) return refused(fault('', 'thresholds is a list of {from, outcome}'));
  const read = rules.map((rule: JsonValue) => readRule(rule, schema));
  const faults = read.filter((rule): rule is PolicyFault => 'code' in rule);
  const ids = new Set<string>();
  for (const { id } of read.filter((rule): rule is PolicyRule => !('code' in rule)))
    if (ids.has(id)) faults.push(fault(id, 'the id is used twice'));
    else ids.add(id);
  return faults.length === 0
    ? accept({ id: value['id'], rules: read as readonly PolicyRule[], thresholds })
    : refused(...faults);
};

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
