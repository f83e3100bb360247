/**
 * The facts of a record: which places they are of, as runs, then their values. A value begins with a byte that says what it is; small whole numbers are that byte. Every value
 * has one form, and a reader refuses the others.
 */
import type { Facts } from '../policy/schema.ts';
import type { PolicyValue } from '../policy/syntax.ts';
import type { BytesReader } from './bytes-reader.ts';
import type { BytesWriter } from './bytes-writer.ts';

const tag = {
  missing: 0,
  no: 1,
  yes: 2,
  double: 3,
  text: 4,
  texts: 5,
  /** A whole number that no small form holds; a negative one, as what it is below −1. */
  whole: 6,
  negative: 7,
  /** So many missing ones in a row, two or more. */
  missingRun: 8,
  /** This and above: the whole number from 0 on. */
  small: 16,
} as const;

const maxSmall = 255 - tag.small;
/** Longest text in bytes, and most of a list. */
export const maxFactText = 1024;
export const maxFactTexts = 256;
/** Most places of facts. */
export const maxFactPlaces = 8192;

const writeNumber = (writer: BytesWriter, value: number): void => {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    if (value >= 0 && value <= maxSmall) writer.byte(tag.small + value);
    else {
      writer.byte(value < 0 ? tag.negative : tag.whole);
      writer.count(value < 0 ? -1 - value : value);
    }
    return;
  }
  writer.byte(tag.double);
  writer.double(value);
};

const writeTexts = (writer: BytesWriter, texts: readonly string[]): void => {
  writer.byte(tag.texts);
  writer.count(texts.length);
  for (const text of texts) writer.text(text);
};

const writeValue = (writer: BytesWriter, value: Exclude<PolicyValue, undefined>): void => {
  if (typeof value === 'number') writeNumber(writer, value);
  else if (typeof value === 'boolean') writer.byte(value ? tag.yes : tag.no);
  else if (typeof value === 'string') {
    writer.byte(tag.text);
    writer.text(value);
  } else writeTexts(writer, value);
};

/** Places as runs: how many were left out, how many follow one another. `places` rise. */
export const packPlaces = (writer: BytesWriter, places: ArrayLike<number>): void => {
  const runs: number[] = [];
  let end = 0;
  for (let at = 0; at < places.length; ) {
    const from = places[at] as number;
    let length = 1;
    while (at + length < places.length && places[at + length] === from + length) length += 1;
    runs.push(from - end, length);
    end = from + length;
    at += length;
  }
  writer.count(runs.length / 2);
  for (const each of runs) writer.count(each);
};

/** Writes the values at these places. */
export const writeValues = (writer: BytesWriter, facts: Facts, places: ArrayLike<number>): void => {
  for (let at = 0; at < places.length; at += 1) {
    const value = facts[places[at] as number];
    if (value !== undefined) {
      writeValue(writer, value);
      continue;
    }
    let end = at + 1;
    while (end < places.length && facts[places[end] as number] === undefined) end += 1;
    if (end - at === 1) writer.byte(tag.missing);
    else {
      writer.byte(tag.missingRun);
      writer.count(end - at);
    }
    at = end - 1;
  }
};

/** Tells of each run of places: its first, and how many. */
const eachRun = (reader: BytesReader, tell: (from: number, length: number) => void): void => {
  const runs = reader.count(maxFactPlaces);
  let end = 0;
  for (let run = 0; run < runs; run += 1) {
    const gap = reader.count(maxFactPlaces);
    const length = reader.count(maxFactPlaces);
    if (length === 0 || (gap === 0 && run > 0)) reader.fail('runs that are not the longest');
    tell(end + gap, length);
    end += gap + length;
    if (end > maxFactPlaces) reader.fail('too many facts');
  }
};

/** Reads places. */
export const readPlaces = (reader: BytesReader): Int32Array => {
  const places: number[] = [];
  eachRun(reader, (from, length) => {
    for (let each = 0; each < length; each += 1) places.push(from + each);
  });
  return Int32Array.from(places);
};

const readWhole = (reader: BytesReader): number => {
  const value = reader.count();
  return value > maxSmall ? value : reader.fail('a small number in a long form');
};

const readDouble = (reader: BytesReader): number => {
  const value = reader.double();
  const isWhole = Number.isSafeInteger(value) && !Object.is(value, -0);
  return isWhole ? reader.fail('a whole number as a fraction') : value;
};

const readTexts = (reader: BytesReader): readonly string[] =>
  Array.from({ length: reader.count(maxFactTexts) }, () => reader.text(maxFactText));

const readNegative = (reader: BytesReader): number => -1 - reader.count(Number.MAX_SAFE_INTEGER - 1);

const readValue = (reader: BytesReader): PolicyValue => {
  const kind = reader.byte();
  if (kind >= tag.small) return kind - tag.small;
  switch (kind) {
    case tag.no:
      return false;
    case tag.yes:
      return true;
    case tag.double:
      return readDouble(reader);
    case tag.text:
      return reader.text(maxFactText);
    case tag.texts:
      return readTexts(reader);
    case tag.whole:
      return readWhole(reader);
    case tag.negative:
      return readNegative(reader);
    default:
      return reader.fail('no value');
  }
};

/** Reads the values at these places into an array in which all others are missing. */
export const readValues = (reader: BytesReader, places: Int32Array): Facts => {
  // Holes read as undefined, and filling thousands of places for each record would cost more than reading it.
  const facts: PolicyValue[] = [];
  facts.length = (places.at(-1) ?? -1) + 1;
  let isAfterMissing = false;
  for (let at = 0; at < places.length; at += 1) {
    const missing = readMissing(reader, places.length - at);
    if (missing > 0 && isAfterMissing) reader.fail('two runs of what is missing');
    isAfterMissing = missing > 0;
    if (missing === 0) facts[places[at] as number] = readValue(reader);
    else at += missing - 1;
  }
  return facts;
};

/** Passes over places and their values, which it makes nothing of; of a text not even whether it is one. */
export const skipFacts = (reader: BytesReader): void => {
  let left = 0;
  eachRun(reader, (_from, length) => {
    left += length;
  });
  for (; left > 0; left -= 1) {
    const missing = readMissing(reader, left);
    if (missing > 0) left -= missing - 1;
    else if (reader.peek() === tag.text) {
      reader.byte();
      reader.skip(reader.count(maxFactText));
    } else readValue(reader);
  }
};

/** How many missing values come next; 0 when the next one is there. */
const readMissing = (reader: BytesReader, most: number): number => {
  const kind = reader.peek();
  if (kind !== tag.missing && kind !== tag.missingRun) return 0;
  reader.byte();
  if (kind === tag.missing) return 1;
  const count = reader.count(most);
  return count < 2 ? reader.fail('a run of less than two') : count;
};
