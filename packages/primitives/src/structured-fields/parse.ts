/** RFC 9651 section 4.2: text to values. Steps follow the RFC; refusals are recorded once and travel up as undefined. */
import { type Bytes, fromBase64, fromHex, fromUtf8, utf8 } from '../bytes.ts';
import { accept, type Result, refuse } from '../result.ts';
import {
  type BareItem,
  type Dictionary,
  type InnerList,
  type Item,
  keyPattern,
  type List,
  type Member,
  type Parameters,
  type StructuredFieldCode,
  type StructuredFieldLimits,
  tokenPattern,
} from './value.ts';

interface Cursor {
  readonly text: string;
  position: number;
  valuesLeft: number;
  refusal: StructuredFieldCode | undefined;
}

const spaces = / */y;
const optionalWhitespace = /[ \t]*/y;
const numberPattern = /-?[0-9]+(?:\.[0-9]*)?/y;
const stringPattern = /"(?:[ !#-[\]-~]|\\["\\])*"/y;
const bytesPattern = /:[A-Za-z0-9+/=]*:/y;
const booleanPattern = /\?[01]/y;
const datePattern = /@-?[0-9]+(?:\.[0-9]*)?/y;
const displayPattern = /%"(?:[ !#$&-~]|%[0-9a-f]{2})*"/y;

const fail = (cursor: Cursor, code: StructuredFieldCode): undefined => {
  cursor.refusal ??= code;
  return undefined;
};

const take = (cursor: Cursor, pattern: RegExp): string | undefined => {
  pattern.lastIndex = cursor.position;
  if (!pattern.test(cursor.text)) return undefined;
  const token = cursor.text.slice(cursor.position, pattern.lastIndex);
  cursor.position = pattern.lastIndex;
  return token;
};

const takeMark = (cursor: Cursor, mark: string): boolean => {
  if (cursor.text[cursor.position] !== mark) return false;
  cursor.position += 1;
  return true;
};

const isAtEnd = (cursor: Cursor): boolean => cursor.position >= cursor.text.length;

/** Section 4.2.4: at most 15 digits, or 12 before and 1 to 3 after the point. */
const readNumber = (cursor: Cursor): BareItem | undefined => {
  const token = take(cursor, numberPattern);
  if (token === undefined) return fail(cursor, 'structured-field.integer');
  const [whole = '', fraction] = token.replace('-', '').split('.');
  // `+ 0` turns -0 into 0: they are one value.
  const value = Number(token) + 0;
  if (fraction === undefined)
    return whole.length <= 15 ? { kind: 'integer', value } : fail(cursor, 'structured-field.integer');
  const isShort = whole.length <= 12 && fraction.length >= 1 && fraction.length <= 3;
  return isShort ? { kind: 'decimal', value } : fail(cursor, 'structured-field.decimal');
};

const readString = (cursor: Cursor): BareItem | undefined => {
  const token = take(cursor, stringPattern);
  if (token === undefined) return fail(cursor, 'structured-field.string');
  return { kind: 'string', value: token.slice(1, -1).replace(/\\(.)/g, '$1') };
};

const readToken = (cursor: Cursor): BareItem | undefined => {
  const token = take(cursor, tokenPattern);
  return token === undefined ? fail(cursor, 'structured-field.token') : { kind: 'token', value: token };
};

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Section 4.2.7: padding may be absent as a whole and left-over bits may be set; both are mended before the strict decoder sees them. */
const decodeLeniently = (content: string): Bytes | undefined => {
  const digits = content.replace(/=+$/, '');
  const rest = digits.length % 4;
  const padding = '='.repeat((4 - rest) % 4);
  // Padding that is there must be right: more or less of it would be a third spelling.
  if (digits !== content && digits + padding !== content) return undefined;
  if (rest === 0 || digits.includes('=')) return fromBase64(digits);
  const last = alphabet.indexOf(digits.slice(-1)) & (rest === 2 ? 0b11_0000 : 0b11_1100);
  return fromBase64(digits.slice(0, -1) + alphabet.charAt(last) + padding);
};

const readBytes = (cursor: Cursor): BareItem | undefined => {
  const token = take(cursor, bytesPattern);
  const value = token === undefined ? undefined : decodeLeniently(token.slice(1, -1));
  return value === undefined ? fail(cursor, 'structured-field.bytes') : { kind: 'bytes', value };
};

const readBoolean = (cursor: Cursor): BareItem | undefined => {
  const token = take(cursor, booleanPattern);
  return token === undefined ? fail(cursor, 'structured-field.boolean') : { kind: 'boolean', value: token === '?1' };
};

const readDate = (cursor: Cursor): BareItem | undefined => {
  const token = take(cursor, datePattern);
  const isWhole = token !== undefined && !token.includes('.') && token.replace(/^@-?/, '').length <= 15;
  return isWhole ? { kind: 'date', value: Number(token.slice(1)) + 0 } : fail(cursor, 'structured-field.date');
};

/** Section 4.2.10: percent-decoded octets must be well-formed UTF-8. */
const readDisplayString = (cursor: Cursor): BareItem | undefined => {
  const content = take(cursor, displayPattern)?.slice(2, -1);
  if (content === undefined) return fail(cursor, 'structured-field.display-string');
  const octets = content.replace(/[^%]|%../g, (octet) =>
    octet.length === 3 ? octet.slice(1) : octet.charCodeAt(0).toString(16),
  );
  const value = fromUtf8(fromHex(octets) ?? utf8(''));
  return value === undefined ? fail(cursor, 'structured-field.display-string') : { kind: 'display-string', value };
};

/** Section 4.2.3.1: the first character tells the kind. */
const readerOf = (first: string): ((cursor: Cursor) => BareItem | undefined) | undefined => {
  if (first === '"') return readString;
  if (first === '-' || (first >= '0' && first <= '9')) return readNumber;
  if (first === '*' || (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z')) return readToken;
  if (first === ':') return readBytes;
  if (first === '?') return readBoolean;
  if (first === '@') return readDate;
  return first === '%' ? readDisplayString : undefined;
};

const readBareItem = (cursor: Cursor): BareItem | undefined => {
  cursor.valuesLeft -= 1;
  if (cursor.valuesLeft < 0) return fail(cursor, 'structured-field.too-many');
  const reader = readerOf(cursor.text[cursor.position] ?? '');
  return reader === undefined ? fail(cursor, 'structured-field.value') : reader(cursor);
};

const readKey = (cursor: Cursor): string | undefined =>
  take(cursor, keyPattern) ?? fail(cursor, 'structured-field.key');

const present = { kind: 'boolean', value: true } as const;
const noParameters: Parameters = new Map();

/** Section 4.2.3.2: the last of several values under one key counts, at the place of the first. */
const readParameters = (cursor: Cursor): Parameters | undefined => {
  if (cursor.text[cursor.position] !== ';') return noParameters;
  const parameters = new Map<string, BareItem>();
  while (takeMark(cursor, ';')) {
    take(cursor, spaces);
    const key = readKey(cursor);
    if (key === undefined) return undefined;
    const value = takeMark(cursor, '=') ? readBareItem(cursor) : present;
    if (value === undefined) return undefined;
    parameters.set(key, value);
    if (parameters.size > cursor.valuesLeft) return fail(cursor, 'structured-field.too-many');
  }
  return parameters;
};

const readItem = (cursor: Cursor): Item | undefined => {
  const bare = readBareItem(cursor);
  const parameters = bare === undefined ? undefined : readParameters(cursor);
  return bare === undefined || parameters === undefined ? undefined : { ...bare, parameters };
};

/** Section 4.2.1.2. */
const readInnerList = (cursor: Cursor): InnerList | undefined => {
  const items: Item[] = [];
  cursor.position += 1;
  while (true) {
    take(cursor, spaces);
    if (takeMark(cursor, ')')) break;
    const next = isAtEnd(cursor) ? fail(cursor, 'structured-field.inner-list') : readItem(cursor);
    if (next === undefined) return undefined;
    items.push(next);
    const mark = cursor.text[cursor.position];
    if (mark !== ' ' && mark !== ')') return fail(cursor, 'structured-field.inner-list');
  }
  const parameters = readParameters(cursor);
  return parameters === undefined ? undefined : { kind: 'inner-list', items, parameters };
};

const readMember = (cursor: Cursor): Member | undefined =>
  cursor.text[cursor.position] === '(' ? readInnerList(cursor) : readItem(cursor);

/** Reads members until the end; a comma must stand between two and never after the last. */
const readMembers = (cursor: Cursor, readOne: () => true | undefined): true | undefined => {
  while (!isAtEnd(cursor)) {
    if (readOne() === undefined) return undefined;
    take(cursor, optionalWhitespace);
    if (isAtEnd(cursor)) return true;
    if (!takeMark(cursor, ',')) return fail(cursor, 'structured-field.separator');
    take(cursor, optionalWhitespace);
    if (isAtEnd(cursor)) return fail(cursor, 'structured-field.separator');
  }
  return true;
};

const readList = (cursor: Cursor): List | undefined => {
  const members: Member[] = [];
  const readOne = (): true | undefined => {
    const member = readMember(cursor);
    if (member === undefined) return undefined;
    members.push(member);
    return true;
  };
  return readMembers(cursor, readOne) && members;
};

/** Section 4.2.2: a key alone is a true boolean. */
const readDictionaryValue = (cursor: Cursor): Member | undefined => {
  if (takeMark(cursor, '=')) return readMember(cursor);
  const parameters = readParameters(cursor);
  return parameters === undefined ? undefined : { ...present, parameters };
};

const readDictionary = (cursor: Cursor): Dictionary | undefined => {
  const members = new Map<string, Member>();
  const readOne = (): true | undefined => {
    const key = readKey(cursor);
    const member = key === undefined ? undefined : readDictionaryValue(cursor);
    if (key === undefined || member === undefined) return undefined;
    members.set(key, member);
    return members.size <= cursor.valuesLeft ? true : fail(cursor, 'structured-field.too-many');
  };
  return readMembers(cursor, readOne) && members;
};

const parseWhole = <Value>(
  text: string,
  limits: StructuredFieldLimits,
  read: (cursor: Cursor) => Value | undefined,
): Result<Value, StructuredFieldCode> => {
  const { maxLength = 262_144, maxValues = 16_384 } = limits;
  if (text.length > maxLength) return refuse('structured-field.too-long', `over ${maxLength} characters`);
  const cursor: Cursor = { text, position: 0, valuesLeft: maxValues, refusal: undefined };
  take(cursor, spaces);
  const value = read(cursor);
  if (value === undefined) return refuse(cursor.refusal ?? 'structured-field.value', `at character ${cursor.position}`);
  take(cursor, spaces);
  if (!isAtEnd(cursor)) return refuse('structured-field.trailing', `at character ${cursor.position}`);
  return accept(value);
};

/** Joins the lines of one field as RFC 9110 section 5.3 does; what the parsers below take. */
export const combineLines = (lines: readonly string[]): string => lines.join(', ');

/** Parses a field whose type is item. */
export const parseItem = (text: string, limits: StructuredFieldLimits = {}): Result<Item, StructuredFieldCode> =>
  parseWhole(text, limits, readItem);

/** Parses a field whose type is list. An absent or empty field is an empty list. */
export const parseList = (text: string, limits: StructuredFieldLimits = {}): Result<List, StructuredFieldCode> =>
  parseWhole(text, limits, readList);

/** Parses a field whose type is dictionary. An absent or empty field is an empty dictionary. */
export const parseDictionary = (
  text: string,
  limits: StructuredFieldLimits = {},
): Result<Dictionary, StructuredFieldCode> => parseWhole(text, limits, readDictionary);
