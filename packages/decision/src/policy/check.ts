/** Types and names of an expression: everything that can be wrong before there is an event. */
import { accept, type Result } from '@hauberk/primitives';
import { problemAt, type Refused } from './lexer.ts';
import type { PolicySchema } from './schema.ts';
import { type Expression, functions, type PolicyProblem, type PolicyType } from './syntax.ts';

type Checked = Result<PolicyType, PolicyProblem['code']> | Refused;

/** Edits from one text to another, for hints; texts are short. */
const distance = (left: string, right: string): number => {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1)
      next.push(
        Math.min(
          (row[j] as number) + 1,
          (next[j - 1] as number) + 1,
          (row[j - 1] as number) + (left[i - 1] === right[j - 1] ? 0 : 1),
        ),
      );
    row = next;
  }
  return row[right.length] as number;
};

/** What may have been meant, among the names that there are. */
export const nearest = (name: string, names: Iterable<string>): string | undefined => {
  let best: { readonly name: string; readonly edits: number } | undefined;
  if (name.length > 64) return undefined;
  for (const each of names) {
    const edits = each.length > 64 ? 99 : distance(name, each);
    if (edits <= Math.max(2, name.length / 4) && edits < (best?.edits ?? 99)) best = { name: each, edits };
  }
  return best === undefined ? undefined : `is ${best.name} meant?`;
};

const words: Readonly<Record<PolicyType, string>> = {
  number: 'a number',
  text: 'a text',
  truth: 'a truth value',
  texts: 'a list of texts',
};

const expectType = (schema: PolicySchema, expression: Expression, wanted: PolicyType): Checked => {
  const found = typeOf(schema, expression);
  if (!found.ok || found.value === wanted) return found;
  return problemAt('policy.type', expression.at, `${words[wanted]} is needed here, and this is ${words[found.value]}`);
};

const allOf = (checks: readonly (() => Checked)[], gives: PolicyType): Checked => {
  for (const check of checks) {
    const checked = check();
    if (!checked.ok) return checked;
  }
  return accept(gives);
};

const fieldType = (schema: PolicySchema, path: string, at: number): Checked => {
  const field = schema.fields.get(path);
  return field === undefined
    ? problemAt('policy.unknown-field', at, `no field ${path}`, nearest(path, schema.fields.keys()))
    : accept(field.type);
};

const sameTypes = (schema: PolicySchema, left: Expression, right: Expression): Checked => {
  const type = typeOf(schema, left);
  if (!type.ok) return type;
  if (type.value === 'texts') return problemAt('policy.type', left.at, 'lists are not compared', 'ask with in');
  return allOf([() => expectType(schema, right, type.value)], 'truth');
};

const typeOfBinary = (schema: PolicySchema, expression: Expression & { readonly kind: 'binary' }): Checked => {
  const { operator, left, right } = expression;
  const both = (wanted: PolicyType, gives: PolicyType): Checked =>
    allOf([() => expectType(schema, left, wanted), () => expectType(schema, right, wanted)], gives);
  if (operator === '&&' || operator === '||') return both('truth', 'truth');
  if (operator === '==' || operator === '!=') return sameTypes(schema, left, right);
  if (operator === 'in')
    return allOf([() => expectType(schema, left, 'text'), () => expectType(schema, right, 'texts')], 'truth');
  return both('number', operator.startsWith('<') || operator.startsWith('>') ? 'truth' : 'number');
};

const typeOfChoice = (schema: PolicySchema, { test, yes, no }: Expression & { readonly kind: 'choice' }): Checked => {
  const tested = expectType(schema, test, 'truth');
  if (!tested.ok) return tested;
  const type = typeOf(schema, yes);
  return type.ok ? allOf([() => expectType(schema, no, type.value)], type.value) : type;
};

const typeOfCall = (schema: PolicySchema, { name, takes, at }: Expression & { readonly kind: 'call' }): Checked => {
  const wanted: readonly PolicyType[] = functions[name].takes;
  if (takes.length !== wanted.length)
    return problemAt('policy.type', at, `${name} takes ${wanted.length} values, not ${takes.length}`);
  return allOf(
    takes.map((each, place) => () => expectType(schema, each, wanted[place] as PolicyType)),
    functions[name].gives,
  );
};

/** The type of an expression, or the first thing that is wrong with it. */
export const typeOf = (schema: PolicySchema, expression: Expression): Checked => {
  switch (expression.kind) {
    case 'number':
    case 'text':
    case 'truth':
    case 'texts':
      return accept(expression.kind);
    case 'field':
      return fieldType(schema, expression.path, expression.at);
    case 'has':
      return allOf([() => fieldType(schema, expression.path, expression.at)], 'truth');
    case 'list':
      return schema.lists.includes(expression.name)
        ? accept('texts')
        : problemAt(
            'policy.unknown-list',
            expression.at,
            `no list ${expression.name}`,
            nearest(expression.name, schema.lists),
          );
    case 'not':
      return expectType(schema, expression.of, 'truth');
    case 'negate':
      return expectType(schema, expression.of, 'number');
    case 'binary':
      return typeOfBinary(schema, expression);
    case 'choice':
      return typeOfChoice(schema, expression);
    case 'call':
      return typeOfCall(schema, expression);
  }
};

/** Checks a condition: it is well typed and a truth value. */
export const checkCondition = (schema: PolicySchema, expression: Expression): Checked =>
  expectType(schema, expression, 'truth');
