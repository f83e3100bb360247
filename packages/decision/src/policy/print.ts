/** Syntax tree → the one text of it, with as few parentheses as its meaning allows. */
import { type Expression, precedence } from './syntax.ts';

const level = (expression: Expression): number => {
  if (expression.kind === 'choice') return 0;
  if (expression.kind === 'not' || expression.kind === 'negate') return 7;
  if (expression.kind === 'number') return expression.value < 0 ? 7 : 8;
  if (expression.kind !== 'binary') return 8;
  return precedence[expression.operator];
};

const quoted = (text: string): string =>
  `"${text
    .replace(/["\\]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\t/g, '\\t')
    .replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;

const numberText = (value: number): string => String(value).replace('e+', 'e');

const inside = (expression: Expression, least: number): string =>
  level(expression) < least ? `(${printExpression(expression)})` : printExpression(expression);

const printBinary = (expression: Expression & { readonly kind: 'binary' }): string => {
  const own = level(expression);
  const isComparison = own === 3 || own === 4;
  return `${inside(expression.left, isComparison ? own + 1 : own)} ${expression.operator} ${inside(expression.right, own + 1)}`;
};

/** The text; reading it gives the same tree. */
export const printExpression = (expression: Expression): string => {
  switch (expression.kind) {
    case 'number':
      return numberText(expression.value);
    case 'text':
      return quoted(expression.value);
    case 'truth':
      return String(expression.value);
    case 'texts':
      return `[${expression.values.map(quoted).join(', ')}]`;
    case 'field':
      return expression.path;
    case 'has':
      return `has(${expression.path})`;
    case 'list':
      return `list(${quoted(expression.name)})`;
    case 'not':
      return `!${inside(expression.of, 7)}`;
    case 'negate':
      return `-${inside(expression.of, expression.of.kind === 'number' ? 9 : 7)}`;
    case 'choice':
      return `${inside(expression.test, 1)} ? ${printExpression(expression.yes)} : ${printExpression(expression.no)}`;
    case 'call':
      return `${expression.name}(${expression.takes.map(printExpression).join(', ')})`;
    case 'binary':
      return printBinary(expression);
  }
};
