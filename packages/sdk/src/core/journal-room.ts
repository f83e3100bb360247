/** How much the journal holds, and what gives way. */
import type { StoredEntry } from './storage.ts';

/** The bounds. */
export interface JournalBounds {
  readonly maxRequests: number;
  /** Characters of all sealed entries. */
  readonly maxSize: number;
}

const sizeOf = (entries: readonly StoredEntry[]): number => entries.reduce((sum, { sealed }) => sum + sealed.length, 0);

/** The list with one more entry; undefined when there is no room. Reports that should be kept give way, oldest first, to what must be. */
export const withEntry = (
  held: readonly StoredEntry[],
  entry: StoredEntry,
  { maxRequests, maxSize }: JournalBounds,
): { readonly entries: readonly StoredEntry[]; readonly dropped: readonly StoredEntry[] } | undefined => {
  const requests = held.filter(({ rank }) => rank === 'request').length;
  if (entry.rank === 'request' && requests >= maxRequests) return undefined;
  const dropped: StoredEntry[] = [];
  const cheap = held.filter(({ rank }) => rank === 'should-keep');
  let size = sizeOf(held) + entry.sealed.length;
  while (size > maxSize) {
    const oldest = entry.rank === 'should-keep' ? undefined : cheap.shift();
    if (oldest === undefined) return undefined;
    dropped.push(oldest);
    size -= oldest.sealed.length;
  }
  return { entries: [...held.filter((other) => !dropped.includes(other)), entry], dropped };
};
