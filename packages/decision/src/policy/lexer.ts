/** Text → tokens of the policy language, in one pass. */
import { accept, type Result } from '@hauberk/primitives';
import { maxExpressionText, type PolicyProblem } from './syntax.ts';

/** A token. `text` of a text is its value. */
export interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'mark' | 'end';
  readonly text: string;
  readonly at: number;
}

/** A refusal that says where. */
export type Refused = { readonly ok: false; readonly code: PolicyProblem['code']; readonly problem: PolicyProblem };

/** Builds it. */
export const problemAt = (code: PolicyProblem['code'], at: number, message: string, hint?: string): Refused => ({
  ok: false,
  code,
  problem: hint === undefined ? { code, at, message } : { code, at, message, hint },
});

const spaces = /[ \t\r\n]*/y;
const number = /(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,3})?/y;
const name = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*/y;
const mark = /\|\||&&|==|!=|<=|>=|[<>!+\-*/%()[\],?:]/y;
const text = /"(?:[^"\\\n\r]|\\["\\nt]|\\u[0-9a-fA-F]{4})*"|'(?:[^'\\\n\r]|\\['\\nt]|\\u[0-9a-fA-F]{4})*'/y;

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '"': '"', "'": "'", '\\': '\\' };

const unescape = (written: string): string =>
  written
    .slice(1, -1)
    .replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code: string | undefined, letter: string) =>
      code === undefined ? (escapes[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16)),
    );

const kinds: readonly (readonly [Token['kind'], RegExp])[] = [
  ['number', number],
  ['text', text],
  ['name', name],
  ['mark', mark],
];

/** Reads all tokens; the last is the end. */
export const readTokens = (input: string): Result<readonly Token[], PolicyProblem['code']> | Refused => {
  if (input.length > maxExpressionText) return problemAt('policy.too-long', 0, `over ${maxExpressionText} characters`);
  const tokens: Token[] = [];
  for (let at = 0; ; ) {
    spaces.lastIndex = at;
    at += spaces.exec(input)?.[0].length ?? 0;
    if (at >= input.length) return accept([...tokens, { kind: 'end', text: '', at }]);
    const found = readOne(input, at);
    if (found === undefined)
      return problemAt(
        'policy.syntax',
        at,
        `nothing begins with ${JSON.stringify(input[at])}`,
        unclosedHint(input[at]),
      );
    tokens.push({ kind: found.kind, text: found.kind === 'text' ? unescape(found.text) : found.text, at });
    at += found.text.length;
  }
};

const unclosedHint = (letter: string | undefined): string | undefined =>
  letter === '"' || letter === "'"
    ? 'the text is not closed on its line, or has an escape other than \\" \\\\ \\n \\t \\uXXXX'
    : undefined;

const readOne = (input: string, at: number): { readonly kind: Token['kind']; readonly text: string } | undefined => {
  for (const [kind, pattern] of kinds) {
    pattern.lastIndex = at;
    const found = pattern.exec(input)?.[0];
    if (found !== undefined) return { kind, text: found };
  }
  return undefined;
};
