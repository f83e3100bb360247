/**
 * The common event, read with the engine's own JSON reader and checked afterwards. It takes only what the strict reader would take, and as the same event; whatever is odd, an escape
 * among it, is left to that one, which also says what is wrong.
 */
import type { AttributeValue, RiskEvent } from './event.ts';

/** Longest line in characters. */
export const maxEventText = 16_384;
/** Most entities of an event. */
export const maxEntities = 16;
/** Most attributes of an event. */
export const maxAttributes = 64;
/** Longest id, name or text in characters. */
export const maxText = 256;
/** First and last instant that an event may tell: 2000-01-01 and 2100-01-01, UTC. */
const earliest = 946_684_800_000;
const latest = 4_102_444_800_000;

/** Whether a value is an instant that an event may tell. */
export const isInstant = (value: unknown): value is number =>
  typeof value === 'number' && value >= earliest && value < latest;

/** What a name may hold after its first character, by code; letters, which it may begin with, are 2. */
const nameUnits = Uint8Array.from({ length: 128 }, (_, unit) => {
  const character = String.fromCharCode(unit);
  return /[A-Za-z]/.test(character) ? 2 : /[0-9_.-]/.test(character) ? 1 : 0;
});

/** Whether a text may name an entity or an attribute. */
export const isName = (name: string): boolean => {
  const { length } = name;
  if (length === 0 || length > 64 || nameUnits[name.charCodeAt(0)] !== 2) return false;
  for (let index = 1; index < length; index += 1) {
    // A code beyond the table is undefined, which is no name either.
    if (!nameUnits[name.charCodeAt(index)]) return false;
  }
  return true;
};

type Parsed = Readonly<Record<string, unknown>>;

const isParsed = (value: unknown): value is Parsed =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Quotes of a text; −1 when it holds an escape, and then a quote may be part of a string. */
const quotesOf = (text: string): number => {
  let quotes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit === 0x22) quotes += 1;
    else if (unit === 0x5c) return -1;
  }
  return quotes;
};

/** Strings that were seen: one for each member's name, one for each value that is a text. Where a name comes twice the text has more. */
interface Seen {
  strings: number;
}

const isId = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= maxText;

const areEntities = (value: unknown, seen: Seen): value is Readonly<Record<string, string>> => {
  if (!isParsed(value)) return false;
  let count = 0;
  for (const name in value) {
    if (!isName(name) || !isId(value[name])) return false;
    count += 1;
  }
  seen.strings += count * 2;
  return count <= maxEntities;
};

/** Whole numbers beyond 2^53 mean different things to different readers. */
const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value));

const areAttributes = (value: unknown, seen: Seen): value is Readonly<Record<string, AttributeValue>> => {
  if (!isParsed(value)) return false;
  let count = 0;
  for (const name in value) {
    if (!isName(name)) return false;
    const each = value[name];
    if (typeof each === 'string') {
      if (each.length > maxText) return false;
      seen.strings += 1;
    } else if (typeof each !== 'boolean' && !isNumber(each)) return false;
    count += 1;
  }
  seen.strings += count;
  return count <= maxAttributes;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const membersOf = (value: Parsed): number => {
  let count = 0;
  for (const _ in value) count += 1;
  return count;
};

const isAmount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Reads an event whose every member is there (the amount may be left out) and simple; undefined for any other text. */
export const readQuickly = (text: string): RiskEvent | undefined => {
  if (text.length > maxEventText) return undefined;
  const quotes = quotesOf(text);
  if (quotes < 0 || !text.isWellFormed()) return undefined;
  const value = parse(text);
  if (!isParsed(value)) return undefined;
  const { id, type, atMs, entities, amountMinor = Number.NaN, attributes } = value;
  const members = Object.hasOwn(value, 'amountMinor') ? 6 : 5;
  const seen: Seen = { strings: members + 2 };
  const isRight =
    isId(id) &&
    isId(type) &&
    isInstant(atMs) &&
    isNumber(atMs) &&
    membersOf(value) === members &&
    (members === 5 || isAmount(amountMinor)) &&
    areEntities(entities, seen) &&
    areAttributes(attributes, seen);
  return isRight && seen.strings * 2 === quotes
    ? { id, type, atMs, entities, amountMinor: amountMinor as number, attributes }
    : undefined;
};
