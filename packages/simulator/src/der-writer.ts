/** A writer of DER (X.690): shortest lengths, shortest integers, sets in the order given (a broken order is somebody's test). */
import { type Bytes, concat, utf8 } from '@hauberk/primitives';

const lengthBytes = (length: number): readonly number[] => {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return [0x80 | bytes.length, ...bytes];
};

const tagBytes = (form: number, tag: number): readonly number[] => {
  if (tag < 31) return [form | tag];
  const digits = [tag & 127];
  for (let left = tag >> 7; left > 0; left >>= 7) digits.unshift(0x80 | (left & 127));
  return [form | 31, ...digits];
};

/** One element: class and constructed bits (0x00, 0x20, 0x80, 0xa0), tag number, contents. */
export const element = (form: number, tag: number, ...parts: readonly Uint8Array[]): Bytes => {
  const contents = concat(...parts);
  return concat(Uint8Array.from([...tagBytes(form, tag), ...lengthBytes(contents.length)]), contents);
};

/** Bytes by their values. */
export const bytes = (...values: readonly number[]): Bytes => Uint8Array.from(values);
/** SEQUENCE. */
export const sequence = (...parts: readonly Uint8Array[]): Bytes => element(0x20, 16, ...parts);
/** SET. */
export const set = (...parts: readonly Uint8Array[]): Bytes => element(0x20, 17, ...parts);
/** OCTET STRING. */
export const octetString = (...parts: readonly Uint8Array[]): Bytes => element(0, 4, ...parts);
/** BIT STRING without unused bits. */
export const bitString = (contents: Uint8Array): Bytes => element(0, 3, bytes(0), contents);
/** NULL. */
export const nothing: Bytes = bytes(5, 0);
/** BOOLEAN. */
export const boolean = (value: boolean): Bytes => bytes(1, 1, value ? 0xff : 0);
/** UTF8String. */
export const utf8String = (text: string): Bytes => element(0, 12, utf8(text));
/** `[tag]` EXPLICIT. */
export const explicit = (tag: number, ...parts: readonly Uint8Array[]): Bytes => element(0xa0, tag, ...parts);

const integerBytes = (value: bigint): Bytes => {
  const digits: number[] = [];
  let left = value;
  do {
    digits.unshift(Number(left & 0xffn));
    left >>= 8n;
  } while (left !== 0n && left !== -1n);
  const top = digits[0] ?? 0;
  if (value >= 0n && top >= 0x80) digits.unshift(0);
  if (value < 0n && top < 0x80) digits.unshift(0xff);
  return Uint8Array.from(digits);
};

/** INTEGER. */
export const integer = (value: bigint | number): Bytes => element(0, 2, integerBytes(BigInt(value)));
/** ENUMERATED. */
export const enumerated = (value: number): Bytes => element(0, 10, integerBytes(BigInt(value)));
/** INTEGER of unsigned bytes, most significant first. */
export const unsignedInteger = (value: Uint8Array): Bytes => {
  const start = value.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? bytes(0) : value.subarray(start);
  return element(0, 2, (digits[0] ?? 0) >= 0x80 ? concat(bytes(0), digits) : digits);
};

/** OBJECT IDENTIFIER from its dotted form. */
export const oid = (dotted: string): Bytes => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const arcs = [first * 40 + second, ...rest].map((arc) => {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift(128 + (left % 128));
    return Uint8Array.from(digits);
  });
  return element(0, 6, ...arcs);
};

/** A time as certificates hold it: UTCTime until 2049, GeneralizedTime beyond (RFC 5280 section 4.1.2.5). */
export const time = (epochMs: number): Bytes => {
  const text = new Date(epochMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  const year = Number(text.slice(0, 4));
  return year >= 1950 && year < 2050 ? element(0, 23, utf8(text.slice(2))) : element(0, 24, utf8(text));
};
