/** Words of a STIX pattern (STIX 2.1, section 9). Sticky expressions, each linear: no word is tried twice. */
import { accept, type Result, refuse } from '@hauberk/primitives';

/** A word. `at` is its first character. */
export interface PatternWord {
  readonly kind: 'keyword' | 'name' | 'text' | 'integer' | 'float' | 'hex' | 'binary' | 'time' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
}

/** Why a text is no pattern. */
export type PatternCode = 'pattern.syntax' | 'pattern.too-long' | 'pattern.too-deep' | 'pattern.types';

/** Longest pattern in characters. */
export const maxPatternText = 16_384;

const keywords: ReadonlySet<string> = new Set(
  'AND OR NOT FOLLOWEDBY LIKE MATCHES ISSUPERSET ISSUBSET EXISTS IN START STOP SECONDS WITHIN REPEATS TIMES true false'.split(
    ' ',
  ),
);

const space = /(?:\s|\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*\*\/)*/y;
const forms: readonly (readonly [PatternWord['kind'], RegExp])[] = [
  ['time', /t'([^'\\\n]{0,64})'/y],
  ['hex', /h'((?:[0-9a-fA-F]{2})*)'/y],
  ['binary', /b'([A-Za-z0-9+/]*={0,2})'/y],
  ['text', /'((?:[^'\\]|\\['\\])*)'/y],
  ['float', /([+-]?[0-9]*\.[0-9]+)/y],
  ['integer', /([+-]?(?:0|[1-9][0-9]*))(?![0-9])/y],
  ['name', /([A-Za-z_][A-Za-z0-9_-]*)/y],
  ['sign', /(==|!=|<>|<=|>=|[=<>[\]().,:*])/y],
];

const lexAt = (text: string, at: number): (PatternWord & { readonly end: number }) | undefined => {
  for (const [kind, form] of forms) {
    form.lastIndex = at;
    const found = form.exec(text);
    if (found === null) continue;
    const word = found[1] ?? '';
    const end = form.lastIndex;
    if (kind === 'name' && keywords.has(word)) return { kind: 'keyword', text: word, at, end };
    return { kind, text: kind === 'text' ? word.replace(/\\(['\\])/g, '$1') : word, at, end };
  }
  return undefined;
};

/** The words of a pattern, with an `end` behind the last. */
export const lexPattern = (text: string): Result<readonly PatternWord[], PatternCode> => {
  if (text.length > maxPatternText) return refuse('pattern.too-long', `over ${maxPatternText} characters`);
  const words: PatternWord[] = [];
  for (let at = 0; ; ) {
    space.lastIndex = at;
    space.exec(text);
    at = space.lastIndex;
    if (at >= text.length) break;
    const word = lexAt(text, at);
    if (word === undefined) return refuse('pattern.syntax', `no word at ${at}`);
    words.push({ kind: word.kind, text: word.text, at });
    at = word.end;
  }
  words.push({ kind: 'end', text: '', at: text.length });
  return accept(words);
};
