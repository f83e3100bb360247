/** The second back end: a tree of closures, for places where code may not be generated from text. */
import type { Facts, Lists, PolicySchema } from './schema.ts';
import type { Expression, PolicyValue } from './syntax.ts';
import { applyFunction, applyOperator } from './values.ts';

/** A compiled expression. */
export type Closure = (facts: Facts, lists: Lists) => PolicyValue;

const andOf =
  (left: Closure, right: Closure): Closure =>
  (facts, lists) => {
    const first = left(facts, lists);
    if (first === false) return false;
    const second = right(facts, lists);
    if (second === false) return false;
    return first === undefined || second === undefined ? undefined : true;
  };

const orOf =
  (left: Closure, right: Closure): Closure =>
  (facts, lists) => {
    const first = left(facts, lists);
    if (first === true) return true;
    const second = right(facts, lists);
    if (second === true) return true;
    return first === undefined || second === undefined ? undefined : false;
  };

const inOf = (schema: PolicySchema, left: Closure, right: Expression): Closure => {
  if (right.kind === 'list') {
    const place = schema.lists.indexOf(right.name);
    return (facts, lists) => {
      const value = left(facts, lists);
      return value === undefined ? undefined : (lists[place]?.has(value as string) ?? false);
    };
  }
  const listed = right.kind === 'texts' ? new Set(right.values) : undefined;
  const values = closureOf(schema, right);
  return (facts, lists) => {
    const value = left(facts, lists);
    if (value === undefined) return undefined;
    if (listed !== undefined) return listed.has(value as string);
    const held = values(facts, lists);
    return held === undefined ? undefined : (held as readonly string[]).includes(value as string);
  };
};

const binaryOf = (
  schema: PolicySchema,
  { operator, left, right }: Expression & { readonly kind: 'binary' },
): Closure => {
  const first = closureOf(schema, left);
  if (operator === 'in') return inOf(schema, first, right);
  const second = closureOf(schema, right);
  if (operator === '&&') return andOf(first, second);
  if (operator === '||') return orOf(first, second);
  return (facts, lists) => applyOperator(operator, first(facts, lists), second(facts, lists));
};

const choiceOf = (schema: PolicySchema, expression: Expression & { readonly kind: 'choice' }): Closure => {
  const test = closureOf(schema, expression.test);
  const [yes, no] = [closureOf(schema, expression.yes), closureOf(schema, expression.no)];
  return (facts, lists) => {
    const value = test(facts, lists);
    return value === undefined ? undefined : value === true ? yes(facts, lists) : no(facts, lists);
  };
};

const mapped =
  (of: Closure, map: (value: PolicyValue) => PolicyValue): Closure =>
  (facts, lists) => {
    const value = of(facts, lists);
    return value === undefined ? undefined : map(value);
  };

/** Compiles a checked expression. */
export const closureOf = (schema: PolicySchema, expression: Expression): Closure => {
  switch (expression.kind) {
    case 'number':
    case 'text':
    case 'truth': {
      const { value } = expression;
      return () => value;
    }
    case 'texts':
      return () => expression.values;
    case 'field': {
      const place = schema.fields.get(expression.path)?.place ?? -1;
      return (facts) => facts[place];
    }
    case 'has': {
      const place = schema.fields.get(expression.path)?.place ?? -1;
      return (facts) => facts[place] !== undefined;
    }
    case 'list': {
      const place = schema.lists.indexOf(expression.name);
      return (_, lists) => [...(lists[place] ?? [])];
    }
    case 'not':
      return mapped(closureOf(schema, expression.of), (value) => value === false);
    case 'negate':
      return mapped(closureOf(schema, expression.of), (value) => -(value as number));
    case 'binary':
      return binaryOf(schema, expression);
    case 'choice':
      return choiceOf(schema, expression);
    case 'call': {
      const takes = expression.takes.map((each) => closureOf(schema, each));
      return (facts, lists) =>
        applyFunction(
          expression.name,
          takes.map((each) => each(facts, lists)),
        );
    }
  }
};
