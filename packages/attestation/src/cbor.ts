/**
 * A CBOR reader (RFC 8949) for hostile bytes: definite lengths and shortest forms only, unique keys, bounded depth and count, and
 * none of the types that no attestation uses (tags, floats, `undefined`). CTAP2's key order is asked for where keys are signed;
 * attestation objects and extensions of genuine authenticators come in other orders, and unique keys keep those unambiguous.
 */
import { accept, type Bytes, fromUtf8, type Result, refuse } from '@hauberk/primitives';

/** Why bytes were refused. */
export type CborCode =
  | 'cbor.truncated'
  | 'cbor.trailing'
  | 'cbor.not-shortest'
  | 'cbor.indefinite'
  | 'cbor.unsupported'
  | 'cbor.text'
  | 'cbor.key'
  | 'cbor.duplicate-key'
  | 'cbor.key-order'
  | 'cbor.too-deep'
  | 'cbor.too-many'
  | 'cbor.too-long';

/** What a map may be keyed with. */
export type CborKey = number | string;
/** A map; integer and text keys never collide. */
export type CborMap = ReadonlyMap<CborKey, CborValue>;
/** Integers are safe integers. */
export type CborValue = number | string | boolean | null | Bytes | readonly CborValue[] | CborMap;

/** Bounds and the order of keys. */
export interface CborLimits {
  /** Nested arrays and maps; 6 when absent. */
  readonly maxDepth?: number;
  /** Elements and keys of everything together; 512 when absent. */
  readonly maxItems?: number;
  /** Bytes of the whole input; 65,536 when absent. */
  readonly maxLength?: number;
  /** `ctap2`: shorter keys first, then bytewise (CTAP 2.1 section 8). `any` when absent. */
  readonly keyOrder?: 'ctap2' | 'any';
}

interface Reader {
  readonly bytes: Uint8Array;
  position: number;
  itemsLeft: number;
  readonly maxDepth: number;
  readonly isOrdered: boolean;
  refusal: CborCode | undefined;
}

const fail = (reader: Reader, code: CborCode): undefined => {
  reader.refusal ??= code;
  return undefined;
};

/** The least argument that needs each extra length, by the low five bits 24 to 27. */
const smallest = [24, 0x100, 0x1_0000, 0x1_0000_0000];

const readLongArgument = (reader: Reader, form: number): number | undefined => {
  if (form === 31) return fail(reader, 'cbor.indefinite');
  if (form > 27) return fail(reader, 'cbor.unsupported');
  const length = 1 << (form - 24);
  if (reader.bytes.length - reader.position < length) return fail(reader, 'cbor.truncated');
  let argument = 0;
  for (let index = 0; index < length; index += 1)
    argument = argument * 256 + (reader.bytes[reader.position + index] ?? 0);
  reader.position += length;
  if (argument < (smallest[form - 24] ?? 0)) return fail(reader, 'cbor.not-shortest');
  // -1 - argument must be safe too.
  return argument < Number.MAX_SAFE_INTEGER ? argument : fail(reader, 'cbor.unsupported');
};

const readString = (reader: Reader, length: number): Bytes | undefined => {
  if (reader.bytes.length - reader.position < length) return fail(reader, 'cbor.truncated');
  const start = reader.position;
  reader.position += length;
  return Uint8Array.from(reader.bytes.subarray(start, start + length));
};

const readText = (reader: Reader, length: number): string | undefined => {
  const bytes = readString(reader, length);
  if (bytes === undefined) return undefined;
  return fromUtf8(bytes) ?? fail(reader, 'cbor.text');
};

const countItem = (reader: Reader): boolean => {
  reader.itemsLeft -= 1;
  return reader.itemsLeft >= 0 || fail(reader, 'cbor.too-many') !== undefined;
};

const readArray = (reader: Reader, length: number, depth: number): readonly CborValue[] | undefined => {
  const elements: CborValue[] = [];
  for (let index = 0; index < length; index += 1) {
    const element = countItem(reader) ? readValue(reader, depth) : undefined;
    if (element === undefined) return undefined;
    elements.push(element);
  }
  return elements;
};

/** Negative when `left` stands before `right`: shorter first, then bytewise. */
const compareKeys = (left: Uint8Array, right: Uint8Array): number => {
  if (left.length !== right.length) return left.length - right.length;
  const index = left.findIndex((byte, at) => byte !== right[at]);
  return index < 0 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
};

const readKey = (reader: Reader, depth: number, previous: Uint8Array): CborKey | undefined => {
  const start = reader.position;
  const key = countItem(reader) ? readValue(reader, depth) : undefined;
  if (key === undefined) return undefined;
  if (typeof key !== 'number' && typeof key !== 'string') return fail(reader, 'cbor.key');
  const spelling = reader.bytes.subarray(start, reader.position);
  if (reader.isOrdered && compareKeys(previous, spelling) > 0) return fail(reader, 'cbor.key-order');
  return key;
};

const readMap = (reader: Reader, length: number, depth: number): CborMap | undefined => {
  const map = new Map<CborKey, CborValue>();
  let previous: Uint8Array = new Uint8Array(0);
  for (let index = 0; index < length; index += 1) {
    const start = reader.position;
    const key = readKey(reader, depth, previous);
    if (key === undefined) return undefined;
    if (map.has(key)) return fail(reader, 'cbor.duplicate-key');
    previous = reader.bytes.subarray(start, reader.position);
    const value = readValue(reader, depth);
    if (value === undefined) return undefined;
    map.set(key, value);
  }
  return map;
};

const simpleValues: ReadonlyMap<number, CborValue> = new Map<number, CborValue>([
  [20, false],
  [21, true],
  [22, null],
]);

const readSimple = (reader: Reader, form: number): CborValue | undefined => {
  const value = simpleValues.get(form);
  return value === undefined ? fail(reader, 'cbor.unsupported') : value;
};

const readNested = (reader: Reader, major: number, length: number, depth: number): CborValue | undefined => {
  if (depth >= reader.maxDepth) return fail(reader, 'cbor.too-deep');
  return major === 4 ? readArray(reader, length, depth + 1) : readMap(reader, length, depth + 1);
};

const readValue = (reader: Reader, depth: number): CborValue | undefined => {
  const head = reader.bytes[reader.position];
  if (head === undefined) return fail(reader, 'cbor.truncated');
  reader.position += 1;
  const major = head >> 5;
  const form = head & 31;
  if (major === 7) return readSimple(reader, form);
  const argument = form < 24 ? form : readLongArgument(reader, form);
  if (argument === undefined) return undefined;
  if (major === 0) return argument;
  if (major === 1) return -1 - argument;
  if (major === 2) return readString(reader, argument);
  if (major === 3) return readText(reader, argument);
  return major === 6 ? fail(reader, 'cbor.unsupported') : readNested(reader, major, argument, depth);
};

/** A value and where the bytes after it begin. */
export interface CborPrefix {
  readonly value: CborValue;
  readonly end: number;
}

/** Reads the value that begins at `start`; more bytes may follow it. */
export const readCborPrefix = (
  bytes: Uint8Array,
  start: number,
  limits: CborLimits = {},
): Result<CborPrefix, CborCode> => {
  const { maxDepth = 6, maxItems = 512, maxLength = 65_536, keyOrder = 'any' } = limits;
  if (bytes.length > maxLength) return refuse('cbor.too-long', `over ${maxLength} bytes`);
  const isOrdered = keyOrder === 'ctap2';
  const reader: Reader = { bytes, position: start, itemsLeft: maxItems, maxDepth, isOrdered, refusal: undefined };
  const value = readValue(reader, 0);
  if (value === undefined) return refuse(reader.refusal ?? 'cbor.truncated', `at byte ${reader.position}`);
  return accept({ value, end: reader.position });
};

/** Reads one value that fills all the bytes. */
export const readCbor = (bytes: Uint8Array, limits: CborLimits = {}): Result<CborValue, CborCode> => {
  const prefix = readCborPrefix(bytes, 0, limits);
  if (!prefix.ok) return prefix;
  return prefix.value.end === bytes.length
    ? accept(prefix.value.value)
    : refuse('cbor.trailing', `at byte ${prefix.value.end}`);
};

/** The map, or undefined for another type. */
export const asCborMap = (value: CborValue | undefined): CborMap | undefined =>
  value instanceof Map ? value : undefined;
/** The byte string, or undefined for another type. */
export const asCborBytes = (value: CborValue | undefined): Bytes | undefined =>
  value instanceof Uint8Array ? value : undefined;
/** The array's byte strings, or undefined when it is none or holds anything else. */
export const asCborByteStrings = (value: CborValue | undefined): readonly Bytes[] | undefined => {
  if (!Array.isArray(value)) return undefined;
  const strings = (value as readonly CborValue[]).filter((element) => element instanceof Uint8Array);
  return strings.length === value.length ? strings : undefined;
};
