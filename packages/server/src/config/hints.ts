/** What to do about a mistake: the nearest name for a misspelt one, else what the member is for. */
import type { ConfigPath } from './config-issue.ts';
import { namesAt, schemaAt } from './json-schema.ts';
import type { Tree } from './secrets.ts';

/** Edits (insert, delete, replace) from one word to the other. */
const distance = (left: string, right: string): number => {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [at, letter] of left.split('').entries()) {
    const next = [at + 1];
    for (const [column, other] of right.split('').entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
};

/** The member that was probably meant. */
export const nearestName = (written: string, known: readonly string[]): string | undefined => {
  const ranked = known
    .map((name) => ({ name, edits: distance(written.toLowerCase(), name.toLowerCase()) }))
    .toSorted((left, right) => left.edits - right.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= Math.max(2, Math.floor(written.length / 3)) ? best.name : undefined;
};

/** Hint for a member that does not exist. */
export const unknownNameHint = (schema: Tree, path: ConfigPath, written: string): string => {
  const known = namesAt(schema, path);
  const nearest = nearestName(written, known);
  if (nearest !== undefined) return `did you mean ${nearest}?`;
  return known.length === 0 ? 'remove it' : `known here: ${known.join(', ')}`;
};

/** Hint for a value that does not fit: the member's description. */
export const valueHint = (schema: Tree, path: ConfigPath): string => {
  const description = schemaAt(schema, path)?.['description'];
  return typeof description === 'string' ? description : 'see docs/configuration.md';
};
