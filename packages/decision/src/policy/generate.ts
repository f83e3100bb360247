/**
 * The third back end: source text, made only of the checked tree: places of fields, JSON of literals, fixed names. A rule only asks whether its condition is
 * true, so truth is written two ways, "is true" and "is false"; missing is neither. A number that is missing is NaN or undefined, both of which every comparison denies.
 */
import type { Facts, Lists, PolicySchema } from './schema.ts';
import { type Expression, functions, type PolicyType } from './syntax.ts';
import { applyFunction } from './values.ts';

/** Longest source of all conditions together; `isTrue` and `isFalse` of nested choices write their test twice. */
export const maxSource = 262_144;

class TooLong extends Error {}

class Generator {
  readonly #schema: PolicySchema;
  /** Sets of written-out lists, by place. */
  readonly sets: ReadonlySet<string>[] = [];
  #length = 0;

  constructor(schema: PolicySchema) {
    this.#schema = schema;
  }

  #write(text: string): string {
    this.#length += text.length;
    if (this.#length > maxSource * 8) throw new TooLong();
    return text;
  }

  #field(path: string): string {
    return `f[${this.#schema.fields.get(path)?.place ?? -1}]`;
  }

  #type(expression: Expression): PolicyType {
    switch (expression.kind) {
      case 'field':
        return this.#schema.fields.get(expression.path)?.type ?? 'truth';
      case 'number':
      case 'text':
      case 'texts':
        return expression.kind;
      case 'list':
        return 'texts';
      case 'negate':
        return 'number';
      case 'choice':
        return this.#type(expression.yes);
      case 'call':
        return functions[expression.name].gives;
      case 'binary':
        return ['+', '-', '*', '/', '%'].includes(expression.operator) ? 'number' : 'truth';
      case 'truth':
      case 'has':
      case 'not':
        return 'truth';
    }
  }

  /** A number: NaN or undefined when missing. */
  #number(expression: Expression): string {
    switch (expression.kind) {
      case 'number':
        return this.#write(`(${expression.value})`);
      case 'field':
        return this.#field(expression.path);
      case 'negate':
        return this.#write(`(-${this.#number(expression.of)})`);
      case 'binary':
        return this.#write(
          `finite(${this.#number(expression.left)}${expression.operator}${this.#number(expression.right)})`,
        );
      case 'choice':
        return this.#pick(expression, (each) => this.#number(each), 'NaN');
      case 'call':
      case 'has':
      case 'list':
      case 'not':
      case 'text':
      case 'texts':
      case 'truth':
        return this.#call(expression);
    }
  }

  #pick(
    expression: Expression & { readonly kind: 'choice' },
    write: (each: Expression) => string,
    missing: string,
  ): string {
    const { test, yes, no } = expression;
    return this.#write(`(${this.isTrue(test)}?${write(yes)}:${this.isFalse(test)}?${write(no)}:${missing})`);
  }

  /** A value of any type but number: undefined when missing. */
  #value(expression: Expression): string {
    if (this.#type(expression) === 'number') return this.#write(`known(${this.#number(expression)})`);
    switch (expression.kind) {
      case 'text':
        return this.#write(JSON.stringify(expression.value));
      case 'field':
        return this.#field(expression.path);
      case 'texts':
        return this.#write(JSON.stringify(expression.values));
      case 'list':
        return this.#write(`[...l[${this.#schema.lists.indexOf(expression.name)}]]`);
      case 'choice':
        return this.#pick(expression, (each) => this.#value(each), 'undefined');
      case 'call':
        return this.#call(expression);
      case 'binary':
      case 'has':
      case 'negate':
      case 'not':
      case 'number':
      case 'truth':
        return this.#write(`(${this.isTrue(expression)}?true:${this.isFalse(expression)}?false:undefined)`);
    }
  }

  #call(expression: Expression): string {
    if (expression.kind !== 'call') return 'undefined';
    return this.#write(
      `call(${JSON.stringify(expression.name)},[${expression.takes.map((each) => this.#value(each)).join(',')}])`,
    );
  }

  #isIn(left: Expression, right: Expression, isTrue: boolean): string {
    const value = this.#value(left);
    if (right.kind === 'list' || right.kind === 'texts') {
      const set = right.kind === 'list' ? `l[${this.#schema.lists.indexOf(right.name)}]` : this.#set(right.values);
      return this.#write(isTrue ? `${set}.has(${value})` : `(${value}!==undefined&&!${set}.has(${value}))`);
    }
    return this.#write(`(isIn(${value},${this.#value(right)})===${isTrue})`);
  }

  #set(values: readonly string[]): string {
    this.sets.push(new Set(values));
    return `s[${this.sets.length - 1}]`;
  }

  #equal(left: Expression, right: Expression, isEqual: boolean): string {
    if (this.#type(left) === 'number') {
      const [first, second] = [this.#number(left), this.#number(right)];
      return this.#write(
        isEqual ? `(${first}<=${second}&&${first}>=${second})` : `(${first}<${second}||${first}>${second})`,
      );
    }
    const [first, second] = [this.#value(left), this.#value(right)];
    return this.#write(
      isEqual
        ? `(${first}!==undefined&&${first}===${second})`
        : `(${first}!==undefined&&${second}!==undefined&&${first}!==${second})`,
    );
  }

  #compare(expression: Expression & { readonly kind: 'binary' }, isTrue: boolean): string {
    const { operator, left, right } = expression;
    const against = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' }[operator as '<' | '<=' | '>' | '>='];
    return this.#write(`(${this.#number(left)}${isTrue ? operator : against}${this.#number(right)})`);
  }

  #binary(expression: Expression & { readonly kind: 'binary' }, isTrue: boolean): string {
    const { operator, left, right } = expression;
    const side = (each: Expression): string => (isTrue ? this.isTrue(each) : this.isFalse(each));
    if (operator === '&&' || operator === '||') {
      const joined = (operator === '&&') === isTrue ? '&&' : '||';
      return this.#write(`(${side(left)}${joined}${side(right)})`);
    }
    if (operator === 'in') return this.#isIn(left, right, isTrue);
    if (operator === '==' || operator === '!=') return this.#equal(left, right, (operator === '==') === isTrue);
    return this.#compare(expression, isTrue);
  }

  #truth(expression: Expression, isTrue: boolean): string {
    switch (expression.kind) {
      case 'truth':
        return String(expression.value === isTrue);
      case 'field':
        return `(${this.#field(expression.path)}===${isTrue})`;
      case 'has':
        return `(${this.#field(expression.path)}${isTrue ? '!==' : '==='}undefined)`;
      case 'not':
        return isTrue ? this.isFalse(expression.of) : this.isTrue(expression.of);
      case 'choice':
        return this.#pick(expression, (each) => this.#truth(each, isTrue), 'false');
      case 'binary':
        return this.#binary(expression, isTrue);
      case 'call':
      case 'list':
      case 'negate':
      case 'number':
      case 'text':
      case 'texts':
        return this.#write(`(${this.#call(expression)}===${isTrue})`);
    }
  }

  /** Source that is true when the expression is true. */
  isTrue(expression: Expression): string {
    return this.#truth(expression, true);
  }

  /** Source that is true when the expression is false. */
  isFalse(expression: Expression): string {
    return this.#truth(expression, false);
  }
}

/** Conditions → one function that writes 1 or 0 for each into `out`. */
export type FiredFunction = (facts: Facts, lists: Lists, out: Uint8Array) => void;

const names = ['s', 'finite', 'known', 'call', 'isIn'] as const;

const finite = (value: number): number => (value - value === 0 ? value : Number.NaN);
const known = (value: number | undefined): number | undefined =>
  value !== undefined && value - value === 0 ? value : undefined;
const isIn = (value: string | undefined, values: readonly string[] | undefined): boolean | undefined =>
  value === undefined || values === undefined ? undefined : values.includes(value);

/** Generates code for checked conditions. Undefined where code from text is forbidden, or where it would be too long: closures serve then. */
export const generateConditions = (
  schema: PolicySchema,
  conditions: readonly Expression[],
): FiredFunction | undefined => {
  const generator = new Generator(schema);
  try {
    const lines = conditions.map((condition, place) => `o[${place}]=${generator.isTrue(condition)}?1:0;`);
    const source = `return function(f,l,o){${lines.join('\n')}}`;
    if (source.length > maxSource) return undefined;
    // oxlint-disable-next-line typescript/no-implied-eval -- the source is made of the checked tree alone; see the top of the file
    const make = new Function(...names, source) as (...values: readonly unknown[]) => FiredFunction;
    return make(generator.sets, finite, known, applyFunction, isIn);
  } catch (error) {
    if (error instanceof TooLong || error instanceof EvalError) return undefined;
    throw error;
  }
};
