/** Tokens → syntax tree: precedence climbing over the operators, with a position in every complaint. */
import { accept, type Result } from '@hauberk/primitives';
import { problemAt, type Refused, readTokens, type Token } from './lexer.ts';
import {
  type BinaryOperator,
  type Expression,
  functions,
  isFunctionName,
  maxDepth,
  maxListed,
  type PolicyProblem,
  precedence,
} from './syntax.ts';

const isOperator = (text: string): text is BinaryOperator => Object.hasOwn(precedence, text);

class ParseError extends Error {
  readonly refused: Refused;
  constructor(refused: Refused) {
    super(refused.problem.message);
    this.refused = refused;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#choice();
    if (this.#peek().kind !== 'end') this.#fail(`unexpected ${JSON.stringify(this.#peek().text)}`);
    return expression;
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#next += 1;
    return token;
  }

  #fail(message: string, at: number = this.#peek().at, hint?: string): never {
    throw new ParseError(problemAt('policy.syntax', at, message, hint));
  }

  #isMark(text: string): boolean {
    const token = this.#peek();
    return token.kind === 'mark' && token.text === text;
  }

  #expect(text: string): void {
    if (!this.#isMark(text)) this.#fail(`${JSON.stringify(text)} expected`);
    this.#take();
  }

  #deeper<Value>(read: () => Value): Value {
    this.#depth += 1;
    if (this.#depth > maxDepth)
      throw new ParseError(problemAt('policy.too-deep', this.#peek().at, `nested over ${maxDepth} deep`));
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #choice(): Expression {
    return this.#deeper(() => {
      const test = this.#binary(1);
      if (!this.#isMark('?')) return test;
      this.#take();
      const yes = this.#choice();
      this.#expect(':');
      return { kind: 'choice', test, yes, no: this.#choice(), at: test.at };
    });
  }

  #operator(): BinaryOperator | undefined {
    const { kind, text } = this.#peek();
    return (kind === 'mark' || text === 'in') && kind !== 'text' && isOperator(text) ? text : undefined;
  }

  #binary(least: number): Expression {
    let left = this.#unary();
    let grown = 0;
    for (let operator = this.#operator(); operator !== undefined; operator = this.#operator()) {
      const level = precedence[operator];
      if (level < least) break;
      const { at } = this.#take();
      const right = this.#binary(level + 1);
      left = { kind: 'binary', operator, left, right, at: left.at };
      grown += 1;
      if (grown > maxDepth * 4) throw new ParseError(problemAt('policy.too-deep', at, 'too many operators in a row'));
      const next = this.#operator();
      if ((level === 3 || level === 4) && next !== undefined && precedence[next] === level)
        this.#fail('comparisons do not chain', this.#peek().at, 'join them with &&');
    }
    return left;
  }

  #unary(): Expression {
    const { at } = this.#peek();
    if (this.#isMark('!')) {
      this.#take();
      return { kind: 'not', of: this.#deeper(() => this.#unary()), at };
    }
    if (!this.#isMark('-')) return this.#primary();
    this.#take();
    const of = this.#deeper(() => this.#unary());
    // JSON has no minus zero, and no operator tells it from zero.
    return of.kind === 'number' ? { ...of, value: 0 - of.value, at } : { kind: 'negate', of, at };
  }

  #primary(): Expression {
    const token = this.#take();
    const { kind, text, at } = token;
    if (kind === 'number') return this.#number(text, at);
    if (kind === 'text') return { kind: 'text', value: text, at };
    if (kind === 'name') return this.#name(text, at);
    if (kind === 'mark' && text === '(') {
      const inner = this.#choice();
      this.#expect(')');
      return inner;
    }
    if (kind === 'mark' && text === '[') return this.#texts(at);
    return this.#fail(kind === 'end' ? 'something is missing at the end' : `unexpected ${JSON.stringify(text)}`, at);
  }

  #number(text: string, at: number): Expression {
    const value = Number(text);
    return Number.isFinite(value) ? { kind: 'number', value, at } : this.#fail('a number beyond what counts', at);
  }

  #name(text: string, at: number): Expression {
    if (text === 'true' || text === 'false') return { kind: 'truth', value: text === 'true', at };
    if (!this.#isMark('(')) return { kind: 'field', path: text, at };
    this.#take();
    if (text === 'has') return this.#path(at);
    if (text === 'list') return this.#list(at);
    if (!isFunctionName(text))
      throw new ParseError(
        problemAt(
          'policy.unknown-function',
          at,
          `no function ${text}`,
          `there are has, list, ${Object.keys(functions).join(', ')}`,
        ),
      );
    const takes = this.#arguments();
    return { kind: 'call', name: text, takes, at };
  }

  #path(at: number): Expression {
    const { kind, text, at: place } = this.#take();
    if (kind !== 'name') this.#fail('has() takes the name of a field', place);
    this.#expect(')');
    return { kind: 'has', path: text, at };
  }

  #list(at: number): Expression {
    const { kind, text, at: place } = this.#take();
    if (kind !== 'text') this.#fail('list() takes the name of a list as a text', place);
    this.#expect(')');
    return { kind: 'list', name: text, at };
  }

  #arguments(): readonly Expression[] {
    const takes: Expression[] = [];
    if (!this.#isMark(')')) {
      takes.push(this.#choice());
      while (this.#isMark(',') && takes.length < 8) {
        this.#take();
        takes.push(this.#choice());
      }
    }
    this.#expect(')');
    return takes;
  }

  #texts(at: number): Expression {
    const values: string[] = [];
    while (!this.#isMark(']')) {
      if (values.length > 0) this.#expect(',');
      const { kind, text, at: place } = this.#take();
      if (kind !== 'text') this.#fail('a list holds texts', place);
      values.push(text);
      if (values.length > maxListed)
        this.#fail(`a list of over ${maxListed} texts`, place, 'put them into a named list');
    }
    this.#take();
    return { kind: 'texts', values, at };
  }
}

/** Reads an expression; types and names are not looked at yet. */
export const parseExpression = (text: string): Result<Expression, PolicyProblem['code']> | Refused => {
  const tokens = readTokens(text);
  if (!tokens.ok) return tokens;
  try {
    return accept(new Parser(tokens.value).whole());
  } catch (error) {
    if (error instanceof ParseError) return error.refused;
    throw error;
  }
};
