/** A writer of CBOR (RFC 8949): shortest heads, definite lengths, maps in the order given. */
import { type Bytes, concat, utf8 } from '@hauberk/primitives';

/** What can be written; integers are safe integers. */
export type Writable =
  | number
  | string
  | boolean
  | Uint8Array
  | readonly Writable[]
  | ReadonlyMap<number | string, Writable>;

const head = (major: number, argument: number): Bytes => {
  const size = argument < 24 ? 0 : argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : argument < 0x1_0000_0000 ? 4 : 8;
  const bytes = new Uint8Array(1 + size);
  const form = { 0: argument, 1: 24, 2: 25, 4: 26, 8: 27 }[size] ?? 0;
  bytes[0] = (major << 5) | form;
  let left = argument;
  for (let index = size; index > 0; index -= 1) {
    bytes[index] = left % 256;
    left = Math.floor(left / 256);
  }
  return bytes;
};

const isList = (value: Writable): value is readonly Writable[] => Array.isArray(value);

/** The bytes of a value. */
export const cbor = (value: Writable): Bytes => {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xf5 : 0xf4);
  if (typeof value === 'string') {
    const text = utf8(value);
    return concat(head(3, text.length), text);
  }
  if (value instanceof Uint8Array) return concat(head(2, value.length), value);
  if (isList(value)) return concat(head(4, value.length), ...value.map(cbor));
  const entries = [...value].flatMap(([key, member]) => [cbor(key), cbor(member)]);
  return concat(head(5, value.size), ...entries);
};

/** A map from its entries. */
export const cborMap = (entries: readonly (readonly [number | string, Writable])[]): Bytes => cbor(new Map(entries));
