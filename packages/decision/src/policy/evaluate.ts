/** A compiled policy on the facts of one event: the outcome and what fired; why the rest did not is told when somebody asks. */
import { interpret } from './interpret.ts';
import { gatherObligations, none, type Obligation, type Obligations } from './obligations.ts';
import { type CompiledPolicy, type Outcome, outcomes, type PolicyRule, type Threshold } from './policy.ts';
import { printExpression } from './print.ts';
import { everValid, isScheduled, isValidAt } from './schedule.ts';
import type { Facts, Lists, PolicySchema } from './schema.ts';
import type { Expression, PolicyValue } from './syntax.ts';

/** What a policy makes of an event. */
export interface PolicyResult {
  readonly outcome: Outcome;
  readonly points: number;
  /** Places of the rules that fired, in order. */
  readonly fired: readonly number[];
  /** What the rules that fired and the threshold that was reached oblige to. */
  readonly obligations: readonly Obligation[];
}

const isAsked = ({ scenes }: PolicyRule, scene: string): boolean => scenes.length === 0 || scenes.includes(scene);

const isOn = ({ schedule, valid }: PolicyRule, atMs: number): boolean =>
  isValidAt(valid, atMs) && (schedule === undefined || isScheduled(schedule, atMs));

const ranks: Readonly<Record<Outcome, number>> = { allow: 0, observe: 1, slow: 2, challenge: 3, deny: 4, trap: 5 };

const nothing: readonly never[] = [];

/** Evaluates policies; holds a buffer, so one for each thread. */
export class PolicyEvaluator {
  readonly #compiled: CompiledPolicy;
  readonly #out: Uint8Array;
  /** Of each rule: points, rank of the outcome, whether it ends the evaluation, whether its time matters. */
  readonly #points: Float64Array;
  readonly #ranks: Uint8Array;
  readonly #isFinal: Uint8Array;
  readonly #isTimed: Uint8Array;
  /** Whether any rule obliges to something. */
  readonly #hasObligations: boolean;
  /** Rules that a scene asks, by place. */
  readonly #asked = new Map<string, Uint8Array>();
  /** The scene that was asked last. */
  #scene: string | undefined;
  #askedNow: Uint8Array = new Uint8Array(0);

  constructor(compiled: CompiledPolicy) {
    const { rules } = compiled.policy;
    this.#compiled = compiled;
    this.#out = new Uint8Array(rules.length);
    this.#points = Float64Array.from(rules, ({ points }) => points);
    this.#ranks = Uint8Array.from(rules, ({ outcome }) => ranks[outcome]);
    this.#isFinal = Uint8Array.from(rules, ({ isFinal }) => Number(isFinal));
    this.#isTimed = Uint8Array.from(rules, ({ schedule, valid }) =>
      Number(schedule !== undefined || valid.from !== everValid.from || valid.to !== everValid.to),
    );
    this.#hasObligations = rules.some(({ obligations }) => Object.keys(obligations).length > 0);
  }

  #askedIn(scene: string): Uint8Array {
    if (scene === this.#scene) return this.#askedNow;
    const known = this.#asked.get(scene);
    const asked = known ?? Uint8Array.from(this.#compiled.policy.rules, (rule) => Number(isAsked(rule, scene)));
    // Scenes are names that events bring: only so many are remembered.
    if (known === undefined && this.#asked.size < 1024) this.#asked.set(scene, asked);
    this.#scene = scene;
    this.#askedNow = asked;
    return asked;
  }

  /** The strongest outcome among the rules that fired and the threshold that their points reach; a final rule's stands as it is. `atMs` is the event's time. */
  evaluate(scene: string, facts: Facts, lists: Lists, atMs: number): PolicyResult {
    const { policy, fired: write } = this.#compiled;
    const out = this.#out;
    write(facts, lists, out);
    const asked = this.#askedIn(scene);
    let fired: number[] | undefined;
    let points = 0;
    let rank = 0;
    let isOver = false;
    for (let place = 0; place < out.length && !isOver; place += 1) {
      if (out[place] === 0 || asked[place] === 0) continue;
      if (this.#isTimed[place] === 1 && !isOn(policy.rules[place] as PolicyRule, atMs)) continue;
      if (fired === undefined) fired = [place];
      else fired.push(place);
      points += this.#points[place] as number;
      isOver = this.#isFinal[place] === 1;
      const own = this.#ranks[place] as number;
      if (isOver || own > rank) rank = own;
    }
    const reached = isOver ? undefined : this.#reached(points);
    if (reached !== undefined) rank = Math.max(rank, ranks[reached.outcome]);
    const outcome = outcomes[rank] as Outcome;
    return {
      outcome,
      points,
      fired: fired ?? nothing,
      obligations: this.#obligations(outcome, fired ?? nothing, reached?.obligations),
    };
  }

  #reached(points: number): Threshold | undefined {
    for (const threshold of this.#compiled.policy.thresholds) if (points >= threshold.from) return threshold;
    return undefined;
  }

  #obligations(outcome: Outcome, fired: readonly number[], reached: Obligations | undefined): readonly Obligation[] {
    const { rules, obligations } = this.#compiled.policy;
    if (!this.#hasObligations && reached === undefined && (outcome === 'allow' || outcome === 'observe'))
      return nothing;
    const all: Obligations[] = [];
    for (const place of fired) {
      const own = rules[place]?.obligations ?? none;
      if (own !== none) all.push(own);
    }
    if (reached !== undefined) all.push(reached);
    return gatherObligations(outcome, all, obligations);
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
  readonly state: 'fired' | 'not-fired' | 'other-scene' | 'other-time' | 'not-reached';
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

const stateOf = (rule: PolicyRule, scene: string, atMs: number, holds: boolean, isOver: boolean): RuleTold['state'] => {
  if (isOver) return 'not-reached';
  if (!isAsked(rule, scene)) return 'other-scene';
  if (!isOn(rule, atMs)) return 'other-time';
  return holds ? 'fired' : 'not-fired';
};

/** Tells of every rule why it fired or did not, condition by condition. */
export const explain = (
  compiled: CompiledPolicy,
  scene: string,
  facts: Facts,
  lists: Lists,
  atMs: number,
): readonly RuleTold[] => {
  const { policy, schema } = compiled;
  let isOver = false;
  return policy.rules.map((rule) => {
    const conditions = partsOf(rule.when).map((part) => tellCondition(schema, part, facts, lists));
    const holds = interpret(schema, rule.when, facts, lists) === true;
    const state = stateOf(rule, scene, atMs, holds, isOver);
    isOver ||= state === 'fired' && rule.isFinal;
    return { rule: rule.id, reason: rule.reason, state, conditions };
  });
};
