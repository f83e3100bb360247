/**
 * The corpus of the HTTP working group for RFC 9651 (github.com/httpwg/structured-field-tests): parse records carry `raw`, records
 * for serialisation only carry `expected` and `canonical`.
 */
import { fromUtf8, toBase64 } from '@hauberk/primitives';
import {
  type BareItem,
  combineLines,
  type Dictionary,
  type Item,
  innerList,
  item,
  type List,
  type Member,
  type Parameters,
  parseDictionary,
  parseItem,
  parseList,
  serialiseDictionary,
  serialiseItem,
  serialiseList,
} from '@hauberk/primitives/structured-fields';
import type { VectorCounts, VectorFile, VectorRunner } from './vector-runner.ts';

export type { VectorCounts, VectorFile, VectorRunner } from './vector-runner.ts';

type HeaderType = 'item' | 'list' | 'dictionary';

interface Case {
  readonly name: string;
  readonly headerType: HeaderType;
  readonly raw: readonly string[] | undefined;
  readonly expected: unknown;
  readonly canonical: readonly string[] | undefined;
  readonly mustFail: boolean;
  readonly canFail: boolean;
}

type Field = { readonly ok: true; readonly value: unknown; readonly text: string | undefined } | { readonly ok: false };

/** A number of the corpus that was written with a point: JSON.parse alone makes `1.0` and `1` the same. */
class DecimalNumber {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

const numberMarker = (_name: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === 'number' && /[.eE]/.test(context?.source ?? '') ? new DecimalNumber(value) : value;

const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 section 6, which is how the corpus writes byte sequences. */
const fromBase32 = (text: string): Uint8Array<ArrayBuffer> => {
  const bytes: number[] = [];
  let buffer = 0;
  let bits = 0;
  for (const digit of text.replace(/=+$/, '')) {
    const value = base32Alphabet.indexOf(digit);
    if (value < 0) throw new Error(`no base32 digit: ${digit}`);
    buffer = ((buffer << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((buffer >> bits) & 0xff);
    }
  }
  return Uint8Array.from(bytes);
};

const typedItem = (type: unknown, value: unknown): BareItem => {
  if (type === 'token' && typeof value === 'string') return { kind: 'token', value };
  if (type === 'binary' && typeof value === 'string') return { kind: 'bytes', value: fromBase32(value) };
  if (type === 'date' && typeof value === 'number') return { kind: 'date', value };
  if (type === 'date' && value instanceof DecimalNumber) return { kind: 'date', value: value.value };
  if (type === 'displaystring' && typeof value === 'string') return { kind: 'display-string', value };
  throw new Error(`unknown type ${String(type)}`);
};

const bareOf = (expected: unknown): BareItem => {
  if (typeof expected === 'boolean') return { kind: 'boolean', value: expected };
  if (typeof expected === 'number') return { kind: 'integer', value: expected };
  if (expected instanceof DecimalNumber) return { kind: 'decimal', value: expected.value };
  if (typeof expected === 'string') return { kind: 'string', value: expected };
  if (typeof expected !== 'object' || expected === null || !('__type' in expected) || !('value' in expected))
    throw new Error(`no bare item: ${JSON.stringify(expected)}`);
  return typedItem(expected.__type, expected.value);
};

const pairs = (expected: unknown): [unknown, unknown][] => {
  if (!Array.isArray(expected)) throw new Error(`no list: ${JSON.stringify(expected)}`);
  return expected.map((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new Error(`no pair: ${JSON.stringify(pair)}`);
    return [pair[0] as unknown, pair[1] as unknown];
  });
};

const parametersOf = (expected: unknown): Parameters =>
  new Map(pairs(expected).map(([key, value]) => [String(key), bareOf(value)]));

const itemOf = ([value, parameters]: [unknown, unknown]): Item => item(bareOf(value), parametersOf(parameters));

const memberOf = ([value, parameters]: [unknown, unknown]): Member =>
  Array.isArray(value)
    ? innerList(
        pairs(value).map((pair) => itemOf(pair)),
        parametersOf(parameters),
      )
    : itemOf([value, parameters]);

const single = (expected: unknown): [unknown, unknown] => {
  const [pair] = pairs([expected]);
  if (pair === undefined) throw new Error('no item');
  return pair;
};

const listOf = (expected: unknown): List => pairs(expected).map((pair) => memberOf(pair));
const dictionaryOf = (expected: unknown): Dictionary =>
  new Map(pairs(expected).map(([key, member]) => [String(key), memberOf(single(member))]));

/** A form of any value in which two equal values, and no others, are equal texts. */
const plain = (value: unknown): string =>
  JSON.stringify(value, (_name, member: unknown) => {
    if (member instanceof Map) return [...(member as ReadonlyMap<unknown, unknown>)];
    return member instanceof Uint8Array ? `:${toBase64(member)}:` : member;
  });

const serialised = (answer: ReturnType<typeof serialiseItem>): string | undefined =>
  answer.ok ? answer.value : undefined;

const expectedOf = (one: Case): { value: unknown; text: string | undefined } => {
  if (one.headerType === 'item') {
    const value = itemOf(single(one.expected));
    return { value, text: serialised(serialiseItem(value)) };
  }
  if (one.headerType === 'list') {
    const value = listOf(one.expected);
    return { value, text: serialised(serialiseList(value)) };
  }
  const value = dictionaryOf(one.expected);
  return { value, text: serialised(serialiseDictionary(value)) };
};

const parseAndSerialise = (headerType: HeaderType, text: string): Field => {
  if (headerType === 'item') {
    const parsed = parseItem(text);
    return parsed.ok ? { ok: true, value: parsed.value, text: serialised(serialiseItem(parsed.value)) } : { ok: false };
  }
  if (headerType === 'list') {
    const parsed = parseList(text);
    return parsed.ok ? { ok: true, value: parsed.value, text: serialised(serialiseList(parsed.value)) } : { ok: false };
  }
  const parsed = parseDictionary(text);
  return parsed.ok
    ? { ok: true, value: parsed.value, text: serialised(serialiseDictionary(parsed.value)) }
    : { ok: false };
};

/** What is wrong with our answer to a parse record, or undefined. */
const judgeParse = (one: Case, raw: readonly string[]): string | undefined => {
  const field = parseAndSerialise(one.headerType, combineLines(raw));
  if (!field.ok) return one.mustFail || one.canFail ? undefined : 'was refused';
  if (one.mustFail) return 'was accepted';
  if (plain(field.value) !== plain(expectedOf(one).value)) return `was read as ${plain(field.value)}`;
  if (field.text === undefined) return 'was read and cannot be written';
  // The corpus leaves out the canonical form where it is the one that was received, and where a reader may refuse.
  const canonical = one.canonical ?? (one.canFail ? undefined : raw);
  if (canonical !== undefined)
    return field.text === combineLines(canonical) ? undefined : `was written as ${field.text}`;
  const again = parseAndSerialise(one.headerType, field.text);
  return again.ok && plain(again.value) === plain(field.value) ? undefined : `does not survive as ${field.text}`;
};

/** The same for a record of serialisation only. */
const judgeSerialise = (one: Case): string | undefined => {
  const { text } = expectedOf(one);
  if (one.mustFail || text === undefined)
    return one.mustFail === (text === undefined) || (one.canFail && text === undefined)
      ? undefined
      : `was ${text === undefined ? 'refused' : `written as ${text}`}`;
  return one.canonical === undefined || text === combineLines(one.canonical) ? undefined : `was written as ${text}`;
};

const linesOf = (value: unknown): readonly string[] | undefined => {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((line) => typeof line === 'string')) return value as string[];
  throw new Error('field lines are no array of strings');
};

const flagOf = (value: unknown): boolean => value === true;

const caseOf = (value: unknown): Case => {
  if (typeof value !== 'object' || value === null) throw new Error('a record is no object');
  const members = value as { readonly [name: string]: unknown };
  const headerType = members['header_type'];
  if (headerType !== 'item' && headerType !== 'list' && headerType !== 'dictionary')
    throw new Error(`unknown header_type ${String(headerType)}`);
  const raw = linesOf(members['raw']);
  const one = {
    name: String(members['name']),
    headerType,
    raw,
    expected: members['expected'],
    canonical: linesOf(members['canonical']),
    mustFail: flagOf(members['must_fail']),
    canFail: flagOf(members['can_fail']),
  } as const;
  if (one.expected === undefined && (raw === undefined || !one.mustFail))
    throw new Error(`${one.name}: no expectation`);
  return one;
};

const casesOf = (file: VectorFile): readonly Case[] => {
  const parsed: unknown = JSON.parse(fromUtf8(file.bytes) ?? '', numberMarker);
  if (!Array.isArray(parsed) || parsed.length === 0) throw new Error('no array of records');
  return parsed.map(caseOf);
};

const judge = (one: Case): string | undefined =>
  one.raw === undefined ? judgeSerialise(one) : judgeParse(one, one.raw);

const runFile = (file: VectorFile): { readonly passed: number; readonly failures: readonly string[] } => {
  const cases = casesOf(file);
  const failures = cases.flatMap((one) => {
    const fault = judge(one);
    return fault === undefined ? [] : [`${file.path}: ${one.name}: ${fault}`];
  });
  return { passed: cases.length - failures.length, failures };
};

const run = (files: readonly VectorFile[]): VectorCounts => {
  let passed = 0;
  const failures: string[] = [];
  const unreadable: string[] = [];
  for (const file of files) {
    try {
      const outcome = runFile(file);
      passed += outcome.passed;
      failures.push(...outcome.failures);
    } catch (error) {
      unreadable.push(`${file.path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { passed, failed: failures.length, skipped: 0, failures, unreadable };
};

/** Runs the corpus against our parser and serialiser. */
export const structuredFieldsRunner: VectorRunner = {
  folder: 'structured-fields',
  run: async (files) => run(files),
};
