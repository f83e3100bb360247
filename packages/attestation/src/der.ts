/** Elements of DER, and of BER where a genuine signer writes indefinite lengths (Apple's receipts): bounded, with known ends. */
import { type Bytes, concat, toHex } from '@hauberk/primitives';

/** One element. */
export interface DerElement {
  /** Class and constructed bits of the first byte. */
  readonly form: number;
  /** Tag number. */
  readonly tag: number;
  /** Everything between header and end. */
  readonly contents: Bytes;
  /** Header and contents. */
  readonly whole: Bytes;
  /** Of constructed elements, else empty. */
  readonly children: readonly DerElement[];
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
): readonly DerElement[] | undefined => {
  const children: DerElement[] = [];
  while (reader.position < end) {
    const isEndOfContents = reader.bytes[reader.position] === 0 && reader.bytes[reader.position + 1] === 0;
    if (isIndefinite && isEndOfContents) return children;
    const child = readOne(reader, end, depth);
    if (child === undefined) return undefined;
    children.push(child);
  }
  return isIndefinite ? undefined : children;
};

const readOne = (reader: Reader, end: number, depth: number): DerElement | undefined => {
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

const readWhole = (bytes: Bytes, isBer: boolean): DerElement | undefined => {
  const reader: Reader = { bytes, isBer, position: 0, elementsLeft: maxElements };
  const element = readOne(reader, bytes.length, 0);
  return reader.position === bytes.length ? element : undefined;
};

/** Reads one element that fills all the bytes; undefined for anything else. */
export const readDer = (bytes: Bytes): DerElement | undefined => readWhole(bytes, false);
/** The same, with indefinite and longer lengths allowed. */
export const readBer = (bytes: Bytes): DerElement | undefined => readWhole(bytes, true);

/** The element, when it has this first byte (tags below 31). */
export const withTag = (element: DerElement | undefined, identifier: number): DerElement | undefined =>
  element !== undefined && (element.form | element.tag) === identifier ? element : undefined;

/** The octets of an OCTET STRING, whose BER form may be a constructed one. */
export const octetsOf = (element: DerElement | undefined): Bytes | undefined => {
  if (element === undefined || element.tag !== 4 || (element.form & 0xc0) !== 0) return undefined;
  if ((element.form & 0x20) === 0) return element.contents;
  const parts = element.children.map((child) => octetsOf(child));
  return parts.some((part) => part === undefined) ? undefined : concat(...parts.filter((part) => part !== undefined));
};

/** A non-negative INTEGER below 2^48; undefined for anything else. */
export const unsignedOf = (element: DerElement | undefined): number | undefined => {
  const contents = element?.contents;
  if (contents === undefined || contents.length === 0 || contents.length > 6 || (contents[0] ?? 0) >= 0x80)
    return undefined;
  return contents.reduce((number, byte) => number * 256 + byte, 0);
};

/** An INTEGER (or ENUMERATED, 10) of at most nine bytes in its shortest form. */
export const integerOf = (element: DerElement | undefined, identifier = 2): bigint | undefined => {
  const contents = withTag(element, identifier)?.contents;
  const [first, second = 0] = contents ?? [];
  if (contents === undefined || first === undefined || contents.length > 9) return undefined;
  const isPadded = contents.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  if (isPadded) return undefined;
  return contents.reduce((total, byte) => total * 256n + BigInt(byte), first >= 0x80 ? -1n : 0n);
};

/** DER knows one encoding of each truth value; another one may mean different things to different readers. */
export const booleanOf = (element: DerElement | undefined): boolean | undefined => {
  const contents = withTag(element, 1)?.contents;
  if (contents?.length !== 1) return undefined;
  return contents[0] === 0xff ? true : contents[0] === 0 ? false : undefined;
};

/** Whether this is the OBJECT IDENTIFIER of a dotted form. */
export const isOid = (element: DerElement | undefined, dotted: string): boolean =>
  withTag(element, 6) !== undefined && toHex(element?.contents ?? new Uint8Array(0)) === oidHex(dotted);

const lengthBytes = (length: number): number[] =>
  length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];

/** Writes an element with a one-byte tag and less than 64 KiB of contents. */
export const encodeDer = (identifier: number, ...parts: readonly Uint8Array[]): Bytes => {
  const contents = concat(...parts);
  return concat(Uint8Array.of(identifier, ...lengthBytes(contents.length)), contents);
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
