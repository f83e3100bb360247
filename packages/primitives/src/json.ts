/**
 * A JSON reader for signed and hostile documents (RFC 8259 within RFC 7493, I-JSON). Unlike JSON.parse it refuses what two
 * readers may understand differently: duplicate names, `__proto__`, lone surrogates, numbers beyond a double; and it is bounded.
 */
import type { JsonValue } from './canonical-json.ts';
import { accept, type Result, refuse } from './result.ts';

/** Why a text was refused. */
export type JsonCode =
  | 'json.syntax'
  | 'json.too-long'
  | 'json.too-deep'
  | 'json.too-many'
  | 'json.duplicate-name'
  | 'json.forbidden-name'
  | 'json.number'
  | 'json.string';

/** Bounds of a document. */
export interface JsonLimits {
  /** Nested arrays and objects; 32 when absent. */
  readonly maxDepth?: number;
  /** Members of all objects and elements of all arrays together; 4096 when absent. */
  readonly maxKeys?: number;
  /** Characters of the text; 1,048,576 when absent. */
  readonly maxLength?: number;
}

interface Reader {
  readonly text: string;
  position: number;
  keysLeft: number;
  readonly maxDepth: number;
  refusal: JsonCode | undefined;
}

// Sticky patterns read one token at `position` and never look elsewhere, so reading stays linear.
const space = /[ \t\n\r]*/y;
const numberToken = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const literals: readonly (readonly [string, JsonValue])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

const fail = (reader: Reader, code: JsonCode): undefined => {
  reader.refusal ??= code;
  return undefined;
};

const take = (reader: Reader, pattern: RegExp): string | undefined => {
  pattern.lastIndex = reader.position;
  const token = pattern.exec(reader.text)?.[0];
  if (token !== undefined) reader.position += token.length;
  return token;
};

/** Takes one character after optional space. */
const takeMark = (reader: Reader, mark: string): boolean => {
  take(reader, space);
  if (reader.text[reader.position] !== mark) return false;
  reader.position += 1;
  return true;
};

/** Where the string that opens at `position` ends, past its closing quote; -1 when it does not. */
const endOfString = (text: string, position: number): number => {
  for (let index = position + 1; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit === 0x22) return index + 1;
    if (unit === 0x5c) index += 1;
    else if (unit < 0x20) return -1;
  }
  return -1;
};

const unescape = (token: string): string | undefined => {
  try {
    return JSON.parse(token) as string;
  } catch {
    return undefined;
  }
};

const readString = (reader: Reader): string | undefined => {
  const end = reader.text[reader.position] === '"' ? endOfString(reader.text, reader.position) : -1;
  if (end < 0) return fail(reader, 'json.syntax');
  const token = reader.text.slice(reader.position, end);
  reader.position = end;
  const value = token.includes('\\') ? unescape(token) : token.slice(1, -1);
  if (value === undefined) return fail(reader, 'json.syntax');
  return value.isWellFormed() ? value : fail(reader, 'json.string');
};

const readNumber = (reader: Reader): number | undefined => {
  const token = take(reader, numberToken);
  if (token === undefined) return fail(reader, 'json.syntax');
  const value = Number(token);
  // I-JSON section 2.2: an integer that a double cannot hold means different things to different readers.
  const isExact = Number.isSafeInteger(value) || /[.eE]/.test(token);
  return Number.isFinite(value) && isExact ? value : fail(reader, 'json.number');
};

const readLiteral = (reader: Reader): JsonValue | undefined => {
  for (const [word, value] of literals)
    if (reader.text.startsWith(word, reader.position)) {
      reader.position += word.length;
      return value;
    }
  return fail(reader, 'json.syntax');
};

const countKey = (reader: Reader): boolean => {
  reader.keysLeft -= 1;
  return reader.keysLeft >= 0 || fail(reader, 'json.too-many') !== undefined;
};

const readArray = (reader: Reader, depth: number): JsonValue | undefined => {
  const elements: JsonValue[] = [];
  if (takeMark(reader, ']')) return elements;
  do {
    if (!countKey(reader)) return undefined;
    const element = readValue(reader, depth);
    if (element === undefined) return undefined;
    elements.push(element);
  } while (takeMark(reader, ','));
  return takeMark(reader, ']') ? elements : fail(reader, 'json.syntax');
};

const readName = (reader: Reader, members: object): string | undefined => {
  take(reader, space);
  const name = readString(reader);
  if (name === undefined || !countKey(reader)) return undefined;
  // Assigning `__proto__` would change what the object inherits instead of adding a member.
  if (name === '__proto__') return fail(reader, 'json.forbidden-name');
  if (Object.hasOwn(members, name)) return fail(reader, 'json.duplicate-name');
  return takeMark(reader, ':') ? name : fail(reader, 'json.syntax');
};

const readObject = (reader: Reader, depth: number): JsonValue | undefined => {
  const members: { [name: string]: JsonValue } = {};
  if (takeMark(reader, '}')) return members;
  do {
    const name = readName(reader, members);
    if (name === undefined) return undefined;
    const member = readValue(reader, depth);
    if (member === undefined) return undefined;
    members[name] = member;
  } while (takeMark(reader, ','));
  return takeMark(reader, '}') ? members : fail(reader, 'json.syntax');
};

const readValue = (reader: Reader, depth: number): JsonValue | undefined => {
  take(reader, space);
  const first = reader.text[reader.position] ?? '';
  if (first === '"') return readString(reader);
  if (first === '-' || (first >= '0' && first <= '9')) return readNumber(reader);
  if (first !== '{' && first !== '[') return readLiteral(reader);
  if (depth >= reader.maxDepth) return fail(reader, 'json.too-deep');
  reader.position += 1;
  return first === '{' ? readObject(reader, depth + 1) : readArray(reader, depth + 1);
};

/** Reads one JSON value that fills the whole text. */
export const parseJson = (text: string, limits: JsonLimits = {}): Result<JsonValue, JsonCode> => {
  const { maxDepth = 32, maxKeys = 4096, maxLength = 1_048_576 } = limits;
  if (text.length > maxLength) return refuse('json.too-long', `over ${maxLength} characters`);
  const reader: Reader = { text, position: 0, keysLeft: maxKeys, maxDepth, refusal: undefined };
  const value = readValue(reader, 0);
  take(reader, space);
  if (value === undefined || reader.position < text.length)
    return refuse(reader.refusal ?? 'json.syntax', `at character ${reader.position}`);
  return accept(value);
};
