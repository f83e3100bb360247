/** STIX patterns: text → tree (STIX 2.1, section 9). Reading is recursive descent over words, bounded in length and depth. */
import { accept, type Result, refuse } from '@hauberk/primitives';
import { lexPattern, type PatternCode, type PatternWord } from './pattern-lexer.ts';
import { instantOf } from './stix-time.ts';

export type { PatternCode } from './pattern-lexer.ts';

/** A constant. Binary and hexadecimal ones are hexadecimal text in small letters or base64 as written. */
export type PatternValue = string | number | boolean;

/** A step of an object path: a member, an element, or every element (`*`, which no member is called). */
export type PathStep = string | number;

/** A path: the type of object, then steps. */
export interface ObjectPath {
  readonly type: string;
  readonly steps: readonly PathStep[];
}

/** How a value is compared. */
export type PatternOperator =
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'IN'
  | 'LIKE'
  | 'MATCHES'
  | 'ISSUBSET'
  | 'ISSUPERSET'
  | 'EXISTS';

/** What one observation must show. */
export type Comparison =
  | {
      readonly kind: 'test';
      readonly path: ObjectPath;
      readonly isNegated: boolean;
      readonly operator: PatternOperator;
      readonly values: readonly PatternValue[];
    }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Comparison[] };

/** What observations must show together. */
export type Observations =
  | { readonly kind: 'observation'; readonly comparison: Comparison }
  | { readonly kind: 'and' | 'or' | 'followed-by'; readonly parts: readonly Observations[] }
  | { readonly kind: 'within'; readonly of: Observations; readonly seconds: number }
  | { readonly kind: 'repeats'; readonly of: Observations; readonly times: number }
  | { readonly kind: 'between'; readonly of: Observations; readonly startMs: number; readonly stopMs: number };

const maxDepth = 48;

class PatternProblem extends Error {
  readonly code: PatternCode;
  constructor(code: PatternCode, message: string) {
    super(message);
    this.code = code;
  }
}

const typesOf = (comparison: Comparison): ReadonlySet<string> =>
  comparison.kind === 'test'
    ? new Set([comparison.path.type])
    : new Set(comparison.parts.flatMap((part) => [...typesOf(part)]));

class PatternParser {
  readonly #words: readonly PatternWord[];
  #at = 0;
  #depth = 0;

  constructor(words: readonly PatternWord[]) {
    this.#words = words;
  }

  read(): Observations {
    const read = this.#followed();
    if (this.#word.kind !== 'end') throw this.#unexpected('the end');
    return read;
  }

  get #word(): PatternWord {
    return this.#words[this.#at] as PatternWord;
  }

  #unexpected(wanted: string): PatternProblem {
    const { text, at } = this.#word;
    return new PatternProblem('pattern.syntax', `${wanted} at ${at}, not ${text.slice(0, 32) || 'the end'}`);
  }

  #takes(text: string, kind: PatternWord['kind'] = 'sign'): boolean {
    const word = this.#word;
    if (word.kind !== kind || word.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #needs(text: string, kind: PatternWord['kind'] = 'sign'): void {
    if (!this.#takes(text, kind)) throw this.#unexpected(text);
  }

  #inside<Read>(read: () => Read): Read {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw new PatternProblem('pattern.too-deep', `over ${maxDepth} levels`);
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #joined<Part>(word: string, read: () => Part, join: (parts: readonly Part[]) => Part): Part {
    const first = read();
    const parts = [first];
    while (this.#takes(word, 'keyword')) parts.push(read());
    return parts.length === 1 ? first : join(parts);
  }

  #followed(): Observations {
    return this.#joined(
      'FOLLOWEDBY',
      () => this.#either(),
      (parts) => ({ kind: 'followed-by', parts }),
    );
  }

  #either(): Observations {
    return this.#joined(
      'OR',
      () => this.#both(),
      (parts) => ({ kind: 'or', parts }),
    );
  }

  #both(): Observations {
    return this.#joined(
      'AND',
      () => this.#qualified(),
      (parts) => ({ kind: 'and', parts }),
    );
  }

  #qualified(): Observations {
    let read = this.#observation();
    for (;;) {
      if (this.#takes('WITHIN', 'keyword')) {
        read = { kind: 'within', of: read, seconds: this.#positive('seconds', true) };
        this.#needs('SECONDS', 'keyword');
      } else if (this.#takes('REPEATS', 'keyword')) {
        read = { kind: 'repeats', of: read, times: this.#positive('times', false) };
        this.#needs('TIMES', 'keyword');
      } else if (this.#takes('START', 'keyword')) {
        const startMs = this.#instant();
        this.#needs('STOP', 'keyword');
        const stopMs = this.#instant();
        if (stopMs <= startMs) throw new PatternProblem('pattern.syntax', 'STOP is after START');
        read = { kind: 'between', of: read, startMs, stopMs };
      } else return read;
    }
  }

  #positive(wanted: string, mayBeFraction: boolean): number {
    const { kind, text } = this.#word;
    const value = Number(text);
    const isRight = (kind === 'integer' || (mayBeFraction && kind === 'float')) && value > 0 && value <= 1e9;
    if (!isRight) throw this.#unexpected(`a number of ${wanted} above 0`);
    this.#at += 1;
    return value;
  }

  #instant(): number {
    const { kind, text } = this.#word;
    const at = kind === 'time' ? instantOf(text) : undefined;
    if (at === undefined) throw this.#unexpected('an instant');
    this.#at += 1;
    return at;
  }

  #observation(): Observations {
    if (this.#takes('(')) {
      const read = this.#inside(() => this.#followed());
      this.#needs(')');
      return read;
    }
    this.#needs('[');
    const comparison = this.#inside(() => this.#anyTest());
    this.#needs(']');
    return { kind: 'observation', comparison };
  }

  #anyTest(): Comparison {
    return this.#joined<Comparison>(
      'OR',
      () => this.#allTests(),
      (parts) => ({ kind: 'or', parts }),
    );
  }

  #allTests(): Comparison {
    const read = this.#joined<Comparison>(
      'AND',
      () => this.#test(),
      (parts) => ({ kind: 'and', parts }),
    );
    // One object shows all of it, and an object has one type.
    if (read.kind === 'and' && !hasCommonType(read.parts))
      throw new PatternProblem('pattern.types', 'AND joins tests of one type of object');
    return read;
  }

  #test(): Comparison {
    if (this.#takes('(')) {
      const read = this.#inside(() => this.#anyTest());
      this.#needs(')');
      return read;
    }
    if (this.#takes('EXISTS', 'keyword'))
      return { kind: 'test', path: this.#path(), isNegated: false, operator: 'EXISTS', values: [] };
    const path = this.#path();
    const isNegated = this.#takes('NOT', 'keyword');
    const { operator, values } = this.#compared();
    return { kind: 'test', path, isNegated, operator, values };
  }

  #compared(): { readonly operator: PatternOperator; readonly values: readonly PatternValue[] } {
    const { kind, text } = this.#word;
    this.#at += 1;
    if (kind === 'keyword' && text === 'IN') return { operator: 'IN', values: this.#set() };
    if (kind === 'keyword' && (text === 'LIKE' || text === 'MATCHES' || text === 'ISSUBSET' || text === 'ISSUPERSET')) {
      if (this.#word.kind !== 'text') throw this.#unexpected('a text');
      return { operator: text, values: [this.#value()] };
    }
    if (kind === 'sign') {
      if (text === '=' || text === '==') return { operator: '=', values: [this.#value()] };
      if (text === '!=' || text === '<>') return { operator: '!=', values: [this.#value()] };
      if (text === '<' || text === '<=' || text === '>' || text === '>=') {
        if (this.#word.kind === 'keyword') throw this.#unexpected('a value that has an order');
        return { operator: text, values: [this.#value()] };
      }
    }
    this.#at -= 1;
    throw this.#unexpected('an operator');
  }

  #set(): readonly PatternValue[] {
    this.#needs('(');
    const values = [this.#value()];
    while (this.#takes(',')) values.push(this.#value());
    this.#needs(')');
    return values;
  }

  #value(): PatternValue {
    const { kind, text } = this.#word;
    const value = this.#constant(kind, text);
    if (value === undefined) throw this.#unexpected('a value');
    this.#at += 1;
    return value;
  }

  #constant(kind: PatternWord['kind'], text: string): PatternValue | undefined {
    if (kind === 'text' || kind === 'binary') return text;
    if (kind === 'hex') return text.toLowerCase();
    if (kind === 'integer' || kind === 'float') return Number.isFinite(Number(text)) ? Number(text) : undefined;
    if (kind === 'time') return instantOf(text) === undefined ? undefined : text;
    return kind === 'keyword' && (text === 'true' || text === 'false') ? text === 'true' : undefined;
  }

  #path(): ObjectPath {
    const { kind, text } = this.#word;
    if (kind !== 'name' && kind !== 'text') throw this.#unexpected('a type of object');
    this.#at += 1;
    this.#needs(':');
    const steps: PathStep[] = [this.#member()];
    for (;;) {
      if (this.#takes('.')) steps.push(this.#member());
      else if (this.#takes('[')) {
        steps.push(this.#element());
        this.#needs(']');
      } else return { type: text, steps };
    }
  }

  #member(): string {
    const { kind, text } = this.#word;
    if ((kind !== 'name' && kind !== 'text') || (kind === 'name' && text.includes('-')))
      throw this.#unexpected('a member');
    this.#at += 1;
    return text;
  }

  #element(): PathStep {
    if (this.#takes('*')) return '*';
    const { kind, text } = this.#word;
    const index = Number(text);
    if (kind !== 'integer' || index < 0 || index > 1e6) throw this.#unexpected('an index or *');
    this.#at += 1;
    return index;
  }
}

/** Whether some type of object could show all parts. */
const hasCommonType = (parts: readonly Comparison[]): boolean => {
  const [first, ...others] = parts.map(typesOf);
  return [...(first ?? [])].some((type) => others.every((each) => each.has(type)));
};

/** Reads a pattern. */
export const readPattern = (text: string): Result<Observations, PatternCode> => {
  const words = lexPattern(text);
  if (!words.ok) return words;
  try {
    return accept(new PatternParser(words.value).read());
  } catch (error) {
    if (error instanceof PatternProblem) return refuse(error.code, error.message);
    throw error;
  }
};
