/** RFC 8785 (JSON Canonicalization Scheme): one value has exactly one text, so that it can be hashed and signed. */

/** A JSON value as a reader answers it. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Deepest nesting that is written; anything deeper is taken for a cycle. */
const maxDepth = 128;

/** A value that has no canonical form: a programming error of whoever built it. */
export class CanonicalJsonError extends Error {
  override readonly name = 'CanonicalJsonError';
}

const scalarText = (value: unknown): string => {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new CanonicalJsonError('number is not finite');
  // RFC 8785 section 3.2.2.2: a lone surrogate has no UTF-8 form, so two engines would write different bytes.
  if (typeof value === 'string' && !value.isWellFormed()) throw new CanonicalJsonError('string has a lone surrogate');
  if (value === null || ['boolean', 'number', 'string'].includes(typeof value)) return JSON.stringify(value);
  throw new CanonicalJsonError(`a ${typeof value} is no JSON value`);
};

const objectText = (value: object, depth: number): string => {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new CanonicalJsonError('object is not plain');
  // Section 3.2.3: sorted by UTF-16 code units, which is what the default order of sort compares.
  const members = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${members.map(([name, member]) => `${scalarText(name)}:${textOf(member, depth)}`).join(',')}}`;
};

const textOf = (value: unknown, depth: number): string => {
  if (typeof value !== 'object' || value === null) return scalarText(value);
  if (depth >= maxDepth) throw new CanonicalJsonError(`nested deeper than ${maxDepth}`);
  return Array.isArray(value)
    ? `[${Array.from(value, (member: unknown) => textOf(member, depth + 1)).join(',')}]`
    : objectText(value, depth + 1);
};

/**
 * The canonical text of a JSON value.
 * @throws CanonicalJsonError for numbers that are not finite, lone surrogates, undefined members, cycles and foreign objects.
 */
export const canonicalJson = (value: unknown): string => textOf(value, 0);
