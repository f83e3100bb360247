/** What a policy asks: which facts, and which lists about which facts. A decision records both, so that a replay needs neither today's windows nor today's lists. */
import type { CompiledPolicy, Policy } from '../policy/policy.ts';
import type { PolicyFault } from '../policy/read-policy.ts';
import type { PolicySchema } from '../policy/schema.ts';
import type { Expression } from '../policy/syntax.ts';

/** A question to a list: is the value of this fact on it? */
export interface ListQuestion {
  /** Place of the fact. */
  readonly fact: number;
  /** Place of the list in the schema. */
  readonly list: number;
}

/** The expressions that an expression is made of. */
const partsOf = (expression: Expression): readonly Expression[] => {
  switch (expression.kind) {
    case 'not':
    case 'negate':
      return [expression.of];
    case 'binary':
      return [expression.left, expression.right];
    case 'choice':
      return [expression.test, expression.yes, expression.no];
    case 'call':
      return expression.takes;
    case 'field':
    case 'has':
    case 'list':
    case 'number':
    case 'text':
    case 'texts':
    case 'truth':
      return [];
  }
};

const isListQuestion = (expression: Expression): expression is Expression & { readonly kind: 'binary' } =>
  expression.kind === 'binary' && expression.operator === 'in' && expression.right.kind === 'list';

/** Facts whose value a text can be; undefined when it can be anything else. */
const factsOfText = (expression: Expression): readonly string[] | undefined => {
  if (expression.kind === 'field') return [expression.path];
  if (expression.kind !== 'choice') return undefined;
  const [yes, no] = [factsOfText(expression.yes), factsOfText(expression.no)];
  return yes === undefined || no === undefined ? undefined : [...yes, ...no];
};

const walk = (expression: Expression, visit: (each: Expression) => boolean): void => {
  if (visit(expression)) for (const part of partsOf(expression)) walk(part, visit);
};

/** Names of the facts that a policy reads. */
export const factsAsked = ({ rules }: Policy): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const { when } of rules)
    walk(when, (each) => {
      if (each.kind === 'field' || each.kind === 'has') names.add(each.path);
      return true;
    });
  return names;
};

/** Rules that ask a list in a way that no record could answer later: only the value of a fact can be looked for in a named list. */
export const listFaults = ({ rules }: Policy): readonly PolicyFault[] =>
  rules.flatMap((rule) => {
    const faults: PolicyFault[] = [];
    walk(rule.when, (each) => {
      if (isListQuestion(each)) {
        if (factsOfText(each.left) === undefined)
          faults.push(fault(rule.id, each.left.at, 'only the value of a field is looked for in a named list'));
        return false;
      }
      if (each.kind === 'list') faults.push(fault(rule.id, each.at, 'a named list is only asked with in'));
      return true;
    });
    return faults;
  });

const fault = (rule: string, at: number, message: string): PolicyFault => ({ code: 'policy.type', at, message, rule });

/** The questions to lists, each once, by fact and list. */
export const listQuestions = (policy: Policy, schema: PolicySchema): readonly ListQuestion[] => {
  const found = new Map<string, ListQuestion>();
  for (const { when } of policy.rules)
    walk(when, (each) => {
      if (!isListQuestion(each) || each.right.kind !== 'list') return true;
      const list = schema.lists.indexOf(each.right.name);
      for (const path of factsOfText(each.left) ?? []) {
        const fact = schema.fields.get(path)?.place ?? -1;
        found.set(`${fact} ${list}`, { fact, list });
      }
      return true;
    });
  return [...found.values()].sort((left, right) => left.fact - right.fact || left.list - right.list);
};

/** The places of the facts that some policies and a model need, with those that are always kept; rising. */
export const placesNeeded = (
  schema: PolicySchema,
  policies: readonly CompiledPolicy[],
  names: Iterable<string>,
  always: readonly number[],
): Int32Array => {
  const places = new Set(always);
  const add = (name: string): void => {
    const place = schema.fields.get(name)?.place;
    if (place !== undefined) places.add(place);
  };
  for (const { policy } of policies) for (const name of factsAsked(policy)) add(name);
  for (const name of names) add(name);
  return Int32Array.from(places).sort();
};
