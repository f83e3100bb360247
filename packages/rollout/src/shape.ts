/** Readers for JSON of unknown origin, small enough for clients. Each answers undefined for anything else than asked. */

/** A JSON object whose members are not looked at yet. */
export type JsonObject = { readonly [name: string]: unknown };

/** Whether a value is a JSON object with no member beyond the allowed ones. */
export const isShape = (value: unknown, allowed: readonly string[]): value is JsonObject =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.keys(value).every((name) => allowed.includes(name));

/** A string of printable ASCII without spaces, of 1 to `most` characters. */
export const wordOf = (value: unknown, most = 64): string | undefined =>
  typeof value === 'string' && value.length <= most && /^[\x21-\x7e]+$/.test(value) ? value : undefined;

/** A whole number from `least` to `most`. */
export const countOf = (value: unknown, most: number, least = 0): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most ? value : undefined;

/** A list of at most `most` entries, each read by `read`; undefined when one of them is not readable. */
export const listOf = <Entry>(
  value: unknown,
  most: number,
  read: (entry: unknown) => Entry | undefined,
): readonly Entry[] | undefined => {
  if (!Array.isArray(value) || value.length > most) return undefined;
  const entries: Entry[] = [];
  for (const each of value) {
    const entry = read(each);
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return entries;
};
