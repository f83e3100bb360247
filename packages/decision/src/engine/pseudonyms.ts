/** Ids → keyed hashes: keys of tables and, as text, what stands for them in records and lists. A kind has its own key, so that one id in two kinds is two things. */
import { createKeyedHash, type HashValue, type KeyedHash, utf8 } from '@hauberk/primitives';

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const hexOf = (word: number): string =>
  (digits[word >>> 24] as string) +
  (digits[(word >>> 16) & 0xff] as string) +
  (digits[(word >>> 8) & 0xff] as string) +
  (digits[word & 0xff] as string);

/** The text of a hash: 16 hexadecimal digits. */
export const pseudonymOf = (low: number, high: number): string => hexOf(high) + hexOf(low);

/** Text whose characters are bytes, so that a hash of bytes sees all of it. */
const asBytes = (text: string): string => {
  for (let index = 0; index < text.length; index += 1)
    if (text.charCodeAt(index) > 0x7f) return Array.from(utf8(text), (byte) => String.fromCharCode(byte)).join('');
  return text;
};

/** Hashes under one key. */
export type IdHash = (id: string, into: HashValue) => void;

/** The hash of ids of one kind, under a key of its own that is derived from the engine's. `event` is for ids of events. */
export const idHash = (key: Uint8Array, kind: string): IdHash => {
  const derived: HashValue = { low: 0, high: 0 };
  createKeyedHash(key)(asBytes(kind), derived);
  const own = new DataView(new ArrayBuffer(8));
  own.setInt32(0, derived.low, true);
  own.setInt32(4, derived.high, true);
  const hash: KeyedHash = createKeyedHash(new Uint8Array(own.buffer));
  return (id, into) => hash(asBytes(id), into);
};

/** Reads a pseudonym back into its hash: for what was recorded, and has no ids any more. */
export const readPseudonym: IdHash = (pseudonym, into) => {
  into.high = Number.parseInt(pseudonym.slice(0, 8), 16) | 0;
  into.low = Number.parseInt(pseudonym.slice(8, 16), 16) | 0;
};
