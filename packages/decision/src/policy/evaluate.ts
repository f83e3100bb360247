/** A compiled policy on the facts of one event: the outcome and what fired; why the rest did not is told when somebody asks. */
import { interpret } from './interpret.ts';
import { type CompiledPolicy, type Outcome, outcomes, type PolicyRule } from './policy.ts';
import { printExpression } from './print.ts';
import type { Facts, Lists, PolicySchema } from './schema.ts';
import type { Expression, PolicyValue } from './syntax.ts';

/** What a policy makes of an event. */
export interface PolicyResult {
  readonly outcome: Outcome;
  readonly points: number;
  /** Places of the rules that fired, in order. */
  readonly fired: readonly number[];
}

const isAsked = ({ scenes }: PolicyRule, scene: string): boolean => scenes.length === 0 || scenes.includes(scene);

const stronger = (left: Outcome, right: Outcome): Outcome =>
  outcomes.indexOf(right) > outcomes.indexOf(left) ? right : left;

/** Evaluates policies; holds a buffer, so one for each thread. */
export class PolicyEvaluator {
  readonly #compiled: CompiledPolicy;
  readonly #out: Uint8Array;

  constructor(compiled: CompiledPolicy) {
    this.#compiled = compiled;
    this.#out = new Uint8Array(compiled.policy.rules.length);
  }

  /** The strongest outcome among the rules that fired and the threshold that their points reach; a final rule's stands as it is. */
  evaluate(scene: string, facts: Facts, lists: Lists): PolicyResult {
    const { policy, fired: write } = this.#compiled;
    write(facts, lists, this.#out);
    const fired: number[] = [];
    let points = 0;
    let outcome: Outcome = 'allow';
    for (let place = 0; place < this.#out.length; place += 1) {
      if (this.#out[place] === 0) continue;
      const rule = policy.rules[place] as PolicyRule;
      if (!isAsked(rule, scene)) continue;
      fired.push(place);
      points += rule.points;
      if (rule.isFinal) return { outcome: rule.outcome, points, fired };
      outcome = stronger(outcome, rule.outcome);
    }
    const reached = policy.thresholds.find(({ from }) => points >= from);
    return { outcome: reached === undefined ? outcome : stronger(outcome, reached.outcome), points, fired };
  }
}

/** One part of a condition: parts are what `&&` joins at the top. */
export interface ConditionTold {
  readonly text: string;
  readonly value: 'true' | 'false' | 'missing';
  /** Values of the fields that it names; missing ones are null. */
  readonly fields: Readonly<Record<string, Exclude<PolicyValue, undefined> | null>>;
}

/** Why a rule fired or did not. */
export interface RuleTold {
  readonly rule: string;
  readonly reason: string;
  readonly state: 'fired' | 'not-fired' | 'other-scene' | 'not-reached';
  readonly conditions: readonly ConditionTold[];
}

const partsOf = (expression: Expression): readonly Expression[] =>
  expression.kind === 'binary' && expression.operator === '&&'
    ? [...partsOf(expression.left), ...partsOf(expression.right)]
    : [expression];

const pathsOf = (expression: Expression): readonly string[] => {
  switch (expression.kind) {
    case 'field':
    case 'has':
      return [expression.path];
    case 'not':
    case 'negate':
      return pathsOf(expression.of);
    case 'binary':
      return [...pathsOf(expression.left), ...pathsOf(expression.right)];
    case 'choice':
      return [expression.test, expression.yes, expression.no].flatMap(pathsOf);
    case 'call':
      return expression.takes.flatMap(pathsOf);
    case 'list':
    case 'number':
    case 'text':
    case 'texts':
    case 'truth':
      return [];
  }
};

const tellCondition = (schema: PolicySchema, part: Expression, facts: Facts, lists: Lists): ConditionTold => {
  const value = interpret(schema, part, facts, lists);
  const fields = pathsOf(part).map((path) => [path, facts[schema.fields.get(path)?.place ?? -1] ?? null] as const);
  return {
    text: printExpression(part),
    value: value === undefined ? 'missing' : value === true ? 'true' : 'false',
    fields: Object.fromEntries(fields),
  };
};

/** Tells of every rule why it fired or did not, condition by condition. */
export const explain = (compiled: CompiledPolicy, scene: string, facts: Facts, lists: Lists): readonly RuleTold[] => {
  const { policy, schema } = compiled;
  let isOver = false;
  return policy.rules.map((rule) => {
    const conditions = partsOf(rule.when).map((part) => tellCondition(schema, part, facts, lists));
    const holds = interpret(schema, rule.when, facts, lists) === true;
    const state = isOver ? 'not-reached' : isAsked(rule, scene) ? (holds ? 'fired' : 'not-fired') : 'other-scene';
    isOver ||= state === 'fired' && rule.isFinal;
    return { rule: rule.id, reason: rule.reason, state, conditions };
  });
};
