/**
 * The policy language (docs/policy-language.md): a typed subset of CEL's expressions. One syntax tree for text and JSON; values are numbers, texts, truth
 * values and lists of texts, and any field may be missing. A missing value makes what hangs on it missing too, save where `&&` and `||` are
 * settled by their other side.
 */

/** Types of expressions. */
export type PolicyType = 'number' | 'text' | 'truth' | 'texts';

/** A value; undefined is missing. */
export type PolicyValue = number | string | boolean | readonly string[] | undefined;

/** Operators on two sides. */
export const binaryOperators = ['||', '&&', '==', '!=', '<', '<=', '>', '>=', 'in', '+', '-', '*', '/', '%'] as const;
/** One of them. */
export type BinaryOperator = (typeof binaryOperators)[number];

/** How tightly operators bind: tighter the higher. Comparisons do not chain. */
export const precedence: Readonly<Record<BinaryOperator, number>> = {
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  in: 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
};

/** The name of a function. */
export type FunctionName = 'size' | 'count' | 'startsWith' | 'endsWith' | 'contains' | 'abs' | 'floor' | 'min' | 'max';

/** Functions by name, with the types that they take and give. */
export const functions: Readonly<
  Record<FunctionName, { readonly takes: readonly PolicyType[]; readonly gives: PolicyType }>
> = {
  size: { takes: ['text'], gives: 'number' },
  count: { takes: ['texts'], gives: 'number' },
  startsWith: { takes: ['text', 'text'], gives: 'truth' },
  endsWith: { takes: ['text', 'text'], gives: 'truth' },
  contains: { takes: ['text', 'text'], gives: 'truth' },
  abs: { takes: ['number'], gives: 'number' },
  floor: { takes: ['number'], gives: 'number' },
  min: { takes: ['number', 'number'], gives: 'number' },
  max: { takes: ['number', 'number'], gives: 'number' },
};

/** Whether a text names a function. */
export const isFunctionName = (name: string): name is FunctionName => Object.hasOwn(functions, name);

/** An expression. `at` is where it begins in its text, in characters; 0 when it came as JSON. */
export type Expression =
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  | { readonly kind: 'text'; readonly value: string; readonly at: number }
  | { readonly kind: 'truth'; readonly value: boolean; readonly at: number }
  | { readonly kind: 'texts'; readonly values: readonly string[]; readonly at: number }
  | { readonly kind: 'field'; readonly path: string; readonly at: number }
  | { readonly kind: 'has'; readonly path: string; readonly at: number }
  | { readonly kind: 'list'; readonly name: string; readonly at: number }
  | { readonly kind: 'not'; readonly of: Expression; readonly at: number }
  | { readonly kind: 'negate'; readonly of: Expression; readonly at: number }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly at: number;
    }
  | {
      readonly kind: 'choice';
      readonly test: Expression;
      readonly yes: Expression;
      readonly no: Expression;
      readonly at: number;
    }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly takes: readonly Expression[]; readonly at: number };

/** Why an expression is refused. */
export type PolicyCode =
  | 'policy.too-long'
  | 'policy.too-deep'
  | 'policy.syntax'
  | 'policy.unknown-field'
  | 'policy.unknown-function'
  | 'policy.unknown-list'
  | 'policy.type'
  | 'policy.malformed';

/** What is wrong where. `hint` says what may have been meant. */
export interface PolicyProblem {
  readonly code: PolicyCode;
  readonly at: number;
  readonly message: string;
  readonly hint?: string;
}

/** Longest text of an expression in characters. */
export const maxExpressionText = 8192;
/** Deepest nesting. */
export const maxDepth = 48;
/** Most values of a list that is written out. */
export const maxListed = 256;
