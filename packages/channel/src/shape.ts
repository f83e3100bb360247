/** Hand-written readers for untrusted JSON: the schema library never enters a client. Each answers undefined for anything else than asked. */
import { type Bytes, fromBase64Url, fromUtf8 } from '@hauberk/primitives';

/** A JSON object whose members are not looked at yet. */
export type JsonObject = { readonly [name: string]: unknown };

/** Longest JSON text that a document may have, in bytes; checked before JSON.parse sees it. */
const maxDocumentBytes = 262_144;

/** Parses UTF-8 JSON text into an object; undefined for arrays, scalars, over-long or malformed text. */
export const readJsonObject = (bytes: Uint8Array): JsonObject | undefined => {
  if (bytes.length > maxDocumentBytes) return undefined;
  const text = fromUtf8(bytes);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** Whether a value is a plain JSON object. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether an object has no member beyond the allowed ones. */
export const hasOnly = (object: JsonObject, allowed: readonly string[]): boolean =>
  Object.keys(object).every((name) => allowed.includes(name));

/** A string of 1 to `most` characters. */
export const textOf = (object: JsonObject, name: string, most = 256): string | undefined => {
  const value = object[name];
  return typeof value === 'string' && value.length > 0 && value.length <= most ? value : undefined;
};

/** A safe integer that is not negative. */
export const countOf = (object: JsonObject, name: string): number | undefined => {
  const value = object[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
};

/** A boolean. */
export const booleanOf = (object: JsonObject, name: string): boolean | undefined => {
  const value = object[name];
  return typeof value === 'boolean' ? value : undefined;
};

/** Bytes spelled as strict base64url; of exactly `length` bytes when given. */
export const bytesOf = (object: JsonObject, name: string, length?: number): Bytes | undefined => {
  const text = textOf(object, name, 8192);
  const bytes = text === undefined ? undefined : fromBase64Url(text);
  return bytes !== undefined && (length === undefined || bytes.length === length) ? bytes : undefined;
};

/** A list of at most `most` entries, each read by `read`; undefined when one entry is not readable. */
export const listOf = <Entry>(
  object: JsonObject,
  name: string,
  read: (value: unknown) => Entry | undefined,
  most = 1024,
): readonly Entry[] | undefined => {
  const value = object[name];
  if (!Array.isArray(value) || value.length > most) return undefined;
  const entries: Entry[] = [];
  for (const item of value) {
    const entry = read(item);
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return entries;
};

/** A non-empty string entry, for `listOf`. */
export const textEntry = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length > 0 && value.length <= 1024 ? value : undefined;
