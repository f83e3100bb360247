/** What operators and functions do with values. Missing on either side is missing; a number that is none, or beyond what counts, is missing too. */
import type { BinaryOperator, FunctionName, PolicyValue } from './syntax.ts';

/** A finite number, or missing. */
export const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);

type Arithmetic = Exclude<BinaryOperator, '&&' | '||' | 'in' | '==' | '!=' | '<' | '<=' | '>' | '>='>;

const arithmetic: Readonly<Record<Arithmetic, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
};

type Ordered = number | string;
type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

const comparisons: Readonly<Record<Comparison, (left: PolicyValue, right: PolicyValue) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => (left as Ordered) < (right as Ordered),
  '<=': (left, right) => (left as Ordered) <= (right as Ordered),
  '>': (left, right) => (left as Ordered) > (right as Ordered),
  '>=': (left, right) => (left as Ordered) >= (right as Ordered),
};

const isComparison = (operator: BinaryOperator): operator is Comparison => Object.hasOwn(comparisons, operator);

const isArithmetic = (operator: BinaryOperator): operator is Arithmetic => Object.hasOwn(arithmetic, operator);

/** Every operator but `&&` and `||`, whose second side may not matter, and `in`, whose second side may be a named list. */
export const applyOperator = (operator: BinaryOperator, left: PolicyValue, right: PolicyValue): PolicyValue => {
  if (left === undefined || right === undefined) return undefined;
  if (isArithmetic(operator)) return finite(arithmetic[operator](left as number, right as number));
  return isComparison(operator) ? comparisons[operator](left, right) : undefined;
};

const bodies: Readonly<Record<FunctionName, (...takes: never[]) => PolicyValue>> = {
  size: (text: string) => text.length,
  count: (texts: readonly string[]) => texts.length,
  startsWith: (text: string, start: string) => text.startsWith(start),
  endsWith: (text: string, end: string) => text.endsWith(end),
  contains: (text: string, part: string) => text.includes(part),
  abs: (value: number) => Math.abs(value),
  floor: (value: number) => Math.floor(value),
  min: (left: number, right: number) => Math.min(left, right),
  max: (left: number, right: number) => Math.max(left, right),
};

/** A function of the language on values of its types. */
export const applyFunction = (name: FunctionName, takes: readonly PolicyValue[]): PolicyValue =>
  takes.includes(undefined) ? undefined : bodies[name](...(takes as never[]));
