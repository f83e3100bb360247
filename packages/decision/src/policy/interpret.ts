/** The first back end: walks the tree. It is the meaning of the language; the others must agree with it. */
import type { Facts, Lists, PolicySchema } from './schema.ts';
import type { Expression, PolicyValue } from './syntax.ts';
import { applyFunction, applyOperator } from './values.ts';

const and = (left: PolicyValue, right: () => PolicyValue): PolicyValue => {
  if (left === false) return false;
  const other = right();
  if (other === false) return false;
  return left === undefined || other === undefined ? undefined : true;
};

const or = (left: PolicyValue, right: () => PolicyValue): PolicyValue => {
  if (left === true) return true;
  const other = right();
  if (other === true) return true;
  return left === undefined || other === undefined ? undefined : false;
};

const isIn = (schema: PolicySchema, facts: Facts, lists: Lists, left: PolicyValue, right: Expression): PolicyValue => {
  if (left === undefined) return undefined;
  if (right.kind === 'list') return lists[schema.lists.indexOf(right.name)]?.has(left as string) ?? false;
  const values = interpret(schema, right, facts, lists);
  return values === undefined ? undefined : (values as readonly string[]).includes(left as string);
};

const interpretBinary = (
  schema: PolicySchema,
  expression: Expression & { readonly kind: 'binary' },
  facts: Facts,
  lists: Lists,
): PolicyValue => {
  const { operator, right } = expression;
  const left = interpret(schema, expression.left, facts, lists);
  if (operator === '&&') return and(left, () => interpret(schema, right, facts, lists));
  if (operator === '||') return or(left, () => interpret(schema, right, facts, lists));
  if (operator === 'in') return isIn(schema, facts, lists, left, right);
  return applyOperator(operator, left, interpret(schema, right, facts, lists));
};

/** The value of a checked expression. */
export const interpret = (schema: PolicySchema, expression: Expression, facts: Facts, lists: Lists): PolicyValue => {
  switch (expression.kind) {
    case 'number':
    case 'text':
    case 'truth':
      return expression.value;
    case 'texts':
      return expression.values;
    case 'field':
      return facts[schema.fields.get(expression.path)?.place ?? -1];
    case 'has':
      return facts[schema.fields.get(expression.path)?.place ?? -1] !== undefined;
    case 'list':
      return [...(lists[schema.lists.indexOf(expression.name)] ?? [])];
    case 'not': {
      const value = interpret(schema, expression.of, facts, lists);
      return value === undefined ? undefined : value === false;
    }
    case 'negate': {
      const value = interpret(schema, expression.of, facts, lists);
      return value === undefined ? undefined : -(value as number);
    }
    case 'binary':
      return interpretBinary(schema, expression, facts, lists);
    case 'choice': {
      const test = interpret(schema, expression.test, facts, lists);
      if (test === undefined) return undefined;
      return interpret(schema, test === true ? expression.yes : expression.no, facts, lists);
    }
    case 'call':
      return applyFunction(
        expression.name,
        expression.takes.map((each) => interpret(schema, each, facts, lists)),
      );
  }
};
