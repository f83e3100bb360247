/** Syntax tree ↔ JSON, for editors that build conditions without text. The same tree either way. */
import { accept, type JsonValue, type Result } from '@hauberk/primitives';
import { problemAt, type Refused } from './lexer.ts';
import {
  type BinaryOperator,
  binaryOperators,
  type Expression,
  isFunctionName,
  maxDepth,
  maxListed,
  type PolicyProblem,
} from './syntax.ts';

/** The JSON of an expression: literals as they are, everything else an array that begins with what it is. */
export const toJsonForm = (expression: Expression): JsonValue => {
  switch (expression.kind) {
    case 'number':
    case 'text':
    case 'truth':
      return expression.value;
    case 'texts':
      return ['texts', ...expression.values];
    case 'field':
    case 'has':
      return [expression.kind, expression.path];
    case 'list':
      return ['list', expression.name];
    case 'not':
    case 'negate':
      return [expression.kind, toJsonForm(expression.of)];
    case 'binary':
      return [expression.operator, toJsonForm(expression.left), toJsonForm(expression.right)];
    case 'choice':
      return ['choice', toJsonForm(expression.test), toJsonForm(expression.yes), toJsonForm(expression.no)];
    case 'call':
      return ['call', expression.name, ...expression.takes.map(toJsonForm)];
  }
};

type Read = Result<Expression, PolicyProblem['code']> | Refused;

const wrong = (message: string): Refused => problemAt('policy.malformed', 0, message);

const fieldPath = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/;

const isOperator = (head: JsonValue | undefined): head is BinaryOperator =>
  binaryOperators.some((each) => each === head);

const isTexts = (values: readonly JsonValue[]): values is readonly string[] =>
  values.length <= maxListed && values.every((value) => typeof value === 'string');

const readAll = (
  parts: readonly JsonValue[],
  depth: number,
  build: (read: readonly Expression[]) => Expression,
): Read => {
  const read: Expression[] = [];
  for (const part of parts) {
    const found = readAt(part, depth + 1);
    if (!found.ok) return found;
    read.push(found.value);
  }
  return accept(build(read));
};

const readNamed = (head: string, rest: readonly JsonValue[]): Read | undefined => {
  const [name] = rest;
  if (head === 'texts')
    return isTexts(rest) ? accept({ kind: 'texts', values: rest, at: 0 }) : wrong('texts are texts');
  if (head !== 'field' && head !== 'has' && head !== 'list') return undefined;
  if (typeof name !== 'string' || rest.length !== 1) return wrong(`${head} takes a name`);
  if (head === 'list') return accept({ kind: 'list', name, at: 0 });
  return fieldPath.test(name) ? accept({ kind: head, path: name, at: 0 }) : wrong('no path of a field');
};

const readCompound = (head: JsonValue | undefined, rest: readonly JsonValue[], depth: number): Read => {
  if (isOperator(head) && rest.length === 2)
    return readAll(rest, depth, ([left, right]) => ({
      kind: 'binary',
      operator: head,
      left: left as Expression,
      right: right as Expression,
      at: 0,
    }));
  if ((head === 'not' || head === 'negate') && rest.length === 1)
    return readAll(rest, depth, ([of]) => ({ kind: head, of: of as Expression, at: 0 }));
  if (head === 'choice' && rest.length === 3)
    return readAll(rest, depth, ([test, yes, no]) => ({
      kind: 'choice',
      test: test as Expression,
      yes: yes as Expression,
      no: no as Expression,
      at: 0,
    }));
  const [name, ...takes] = rest;
  if (head === 'call' && typeof name === 'string' && isFunctionName(name) && takes.length <= 8)
    return readAll(takes, depth, (read) => ({ kind: 'call', name, takes: read, at: 0 }));
  return wrong(
    'an array begins with an operator, texts, field, has, list, not, negate, choice or call, and what that takes',
  );
};

const readAt = (value: JsonValue, depth: number): Read => {
  if (depth > maxDepth) return problemAt('policy.too-deep', 0, `nested over ${maxDepth} deep`);
  if (typeof value === 'number')
    return Number.isFinite(value) ? accept({ kind: 'number', value, at: 0 }) : wrong('no number');
  if (typeof value === 'string') return accept({ kind: 'text', value, at: 0 });
  if (typeof value === 'boolean') return accept({ kind: 'truth', value, at: 0 });
  if (!Array.isArray(value)) return wrong('an expression is a literal or an array');
  const [head, ...rest] = value as readonly JsonValue[];
  return (typeof head === 'string' ? readNamed(head, rest) : undefined) ?? readCompound(head, rest, depth);
};

/** Reads the JSON of an expression; types and names are not looked at yet. */
export const fromJsonForm = (value: JsonValue): Read => readAt(value, 0);
