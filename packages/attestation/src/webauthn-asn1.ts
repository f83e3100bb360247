/** Elements of DER, and of BER where a genuine signer writes indefinite lengths (Apple's receipts): bounded, with known ends. */
import { type Bytes, concat } from '@hauberk/primitives';

/** One element. */
export interface Asn1Element {
  /** Class and constructed bits of the first byte. */
  readonly form: number;
  /** Tag number. */
  readonly tag: number;
  /** Everything between header and end. */
  readonly contents: Bytes;
  /** Header and contents. */
  readonly whole: Bytes;
  /** Of constructed elements, else empty. */
  readonly children: readonly Asn1Element[];
}

interface Reader {
  readonly bytes: Bytes;
  readonly isBer: boolean;
  position: number;
  elementsLeft: number;
}

const maxDepth = 24;
const maxElements = 4096;

const takeByte = (reader: Reader, end: number): number | undefined =>
  reader.position < end ? reader.bytes[reader.position++] : undefined;

/** The tag number; undefined unless it is written in the shortest way and below 2^21. */
const readTag = (reader: Reader, first: number, end: number): number | undefined => {
  if ((first & 31) !== 31) return first & 31;
  let tag = 0;
  for (let index = 0; index < 3; index += 1) {
    const byte = takeByte(reader, end);
    if (byte === undefined || (index === 0 && byte === 0x80)) return undefined;
    tag = (tag << 7) | (byte & 127);
    if (byte < 0x80) return tag < 31 ? undefined : tag;
  }
  return undefined;
};

/** The length, -1 for indefinite, undefined for anything not minimal. */
const readLength = (reader: Reader, end: number): number | undefined => {
  const first = takeByte(reader, end);
  if (first === undefined || first < 0x80) return first;
  if (first === 0x80) return reader.isBer ? -1 : undefined;
  if (first > 0x83) return undefined;
  let length = 0;
  for (let index = 0x80; index < first; index += 1) {
    const byte = takeByte(reader, end);
    if (byte === undefined) return undefined;
    length = length * 256 + byte;
  }
  const isMinimal = length >= 0x80 && length >= 256 ** (first - 0x81);
  return isMinimal || reader.isBer ? length : undefined;
};

/** Children up to `end`, or up to the end-of-contents bytes when the length is indefinite. */
const readChildren = (
  reader: Reader,
  end: number,
  isIndefinite: boolean,
  depth: number,
): readonly Asn1Element[] | undefined => {
  const children: Asn1Element[] = [];
  while (reader.position < end) {
    const isEndOfContents = reader.bytes[reader.position] === 0 && reader.bytes[reader.position + 1] === 0;
    if (isIndefinite && isEndOfContents) return children;
    const child = readOne(reader, end, depth);
    if (child === undefined) return undefined;
    children.push(child);
  }
  return isIndefinite ? undefined : children;
};

const readOne = (reader: Reader, end: number, depth: number): Asn1Element | undefined => {
  const start = reader.position;
  reader.elementsLeft -= 1;
  const first = takeByte(reader, end);
  if (first === undefined || depth > maxDepth || reader.elementsLeft < 0) return undefined;
  const tag = readTag(reader, first, end);
  const length = tag === undefined ? undefined : readLength(reader, end);
  const isConstructed = (first & 0x20) !== 0;
  if (tag === undefined || length === undefined || (length < 0 && !isConstructed)) return undefined;
  const from = reader.position;
  const to = length < 0 ? end : from + length;
  if (to > end) return undefined;
  const children = isConstructed ? readChildren(reader, to, length < 0, depth + 1) : [];
  if (children === undefined) return undefined;
  const contentsEnd = length < 0 ? reader.position : to;
  reader.position = length < 0 ? contentsEnd + 2 : to;
  const contents = reader.bytes.subarray(from, contentsEnd);
  return { form: first & 0xe0, tag, contents, whole: reader.bytes.subarray(start, reader.position), children };
};

/** Reads one element that fills all the bytes; undefined for anything else. */
export const readAsn1 = (bytes: Bytes, form: 'der' | 'ber' = 'der'): Asn1Element | undefined => {
  const reader: Reader = { bytes, isBer: form === 'ber', position: 0, elementsLeft: maxElements };
  const element = readOne(reader, bytes.length, 0);
  return reader.position === bytes.length ? element : undefined;
};

/** The element, when it has this first byte (tags below 31). */
export const withTag = (element: Asn1Element | undefined, identifier: number): Asn1Element | undefined =>
  element !== undefined && (element.form | element.tag) === identifier ? element : undefined;

/** The octets of an OCTET STRING, whose BER form may be a constructed one. */
export const octetsOf = (element: Asn1Element | undefined): Bytes | undefined => {
  if (element === undefined || element.tag !== 4 || (element.form & 0xc0) !== 0) return undefined;
  if ((element.form & 0x20) === 0) return element.contents;
  const parts = element.children.map((child) => octetsOf(child));
  return parts.some((part) => part === undefined) ? undefined : concat(...parts.filter((part) => part !== undefined));
};

/** A non-negative INTEGER below 2^48; undefined for anything else. */
export const unsignedOf = (element: Asn1Element | undefined): number | undefined => {
  const contents = element?.contents;
  if (contents === undefined || contents.length === 0 || contents.length > 6 || (contents[0] ?? 0) >= 0x80)
    return undefined;
  return contents.reduce((number, byte) => number * 256 + byte, 0);
};

const derived = new Map<string, string>();

/** The contents of an OBJECT IDENTIFIER in hexadecimal, from its dotted form. */
export const oidHex = (dotted: string): string => {
  const known = derived.get(dotted);
  if (known !== undefined) return known;
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift(128 + (left % 128));
    return digits;
  });
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  derived.set(dotted, hex);
  return hex;
};
