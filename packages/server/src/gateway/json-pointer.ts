/** Reading declared values out of JSON bodies: RFC 6901 pointers as reference tokens, with `*` for every element of an array. */
import type { JsonPointer } from './route.ts';

const step = (value: unknown, token: string): readonly unknown[] => {
  if (Array.isArray(value)) {
    if (token === '*') return value;
    return /^(0|[1-9]\d*)$/.test(token) && Number(token) < value.length ? [value[Number(token)]] : [];
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, token)) return [];
  return [(value as Record<string, unknown>)[token]];
};

/** Every value that a pointer names. */
export const valuesAt = (root: unknown, pointer: JsonPointer): readonly unknown[] =>
  pointer.reduce<readonly unknown[]>((values, token) => values.flatMap((value) => step(value, token)), [root]);

/** Every value as an id: strings as they are, safe integers in decimal; anything else answers undefined for the whole. */
export const idsAt = (root: unknown, pointer: JsonPointer): readonly string[] | undefined => {
  const ids: string[] = [];
  for (const value of valuesAt(root, pointer)) {
    if (typeof value === 'string') ids.push(value);
    else if (typeof value === 'number' && Number.isSafeInteger(value)) ids.push(String(value));
    else return undefined;
  }
  return ids;
};
