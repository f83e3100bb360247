/** Strict reading of vector files: what is not as its schema says makes the file unreadable, never a passed case. */
import { type Bytes, fromHex } from '@hauberk/primitives';

/** A file that is no vector file of its kind. */
export class VectorFormatError extends Error {
  override readonly name = 'VectorFormatError';
}

/** An object of a vector file. */
export type Members = { readonly [name: string]: unknown };

/** The members of an object. */
export const membersOf = (value: unknown): Members => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new VectorFormatError('no object');
  return value as Members;
};

/** An array of objects. */
export const arrayOf = (members: Members, name: string): readonly Members[] => {
  const value = members[name];
  if (!Array.isArray(value)) throw new VectorFormatError(`${name} is no array`);
  return value.map(membersOf);
};

/** A text. */
export const textOf = (members: Members, name: string): string => {
  const value = members[name];
  if (typeof value !== 'string') throw new VectorFormatError(`${name} is no text`);
  return value;
};

/** A whole number. */
export const countOf = (members: Members, name: string): number => {
  const value = members[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new VectorFormatError(`${name} is no count`);
  return value;
};

/** Bytes in hexadecimal. */
export const hexOf = (members: Members, name: string): Bytes => {
  const bytes = fromHex(textOf(members, name));
  if (bytes === undefined) throw new VectorFormatError(`${name} is not hexadecimal`);
  return bytes;
};

/** Bytes in hexadecimal, none when absent. */
export const optionalHexOf = (members: Members, name: string): Bytes =>
  members[name] === undefined || members[name] === null ? new Uint8Array(0) : hexOf(members, name);

/** A whole number in hexadecimal, as that many bytes; leading zeros come and go in the files. */
export const integerOf = (members: Members, name: string, length: number): Bytes => {
  const digits = textOf(members, name).replace(/^0+/, '');
  const bytes = fromHex(digits.padStart(Math.max(length * 2, digits.length + (digits.length % 2)), '0'));
  if (bytes === undefined) throw new VectorFormatError(`${name} is not hexadecimal`);
  return bytes;
};
