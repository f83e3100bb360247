/** Entries of lists, read page by page. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Scope } from '../storage/scope.ts';
import type { ListEntry } from './policy-rows.ts';
import type { DecisionStore } from './record-rows.ts';

/** Lists of an app. */
export const maxLists = 64;
const pageRows = 500;

/** Id of the row of an entry. */
export const entryRowId = (list: string, member: string): string => `${list}\n${member}`;

/** Entries of an app, or of one list, page by page; the thread is let go in between. */
export async function* entriesOf(
  store: Pick<DecisionStore, 'list'>,
  scope: Scope,
  list?: string,
): AsyncGenerator<{ readonly list: string; readonly member: string; readonly entry: ListEntry }> {
  const prefix = list === undefined ? '' : `${list}\n`;
  for (let after = prefix; ; ) {
    const page = await store.list(scope, 'entry', { prefix, after, limit: pageRows });
    for (const { key, value } of page) {
      const at = key.id.indexOf('\n');
      if (value !== undefined) yield { list: key.id.slice(0, at), member: key.id.slice(at + 1), entry: value };
    }
    if (page.length < pageRows) return;
    after = page.at(-1)?.key.id ?? '';
    await breathe();
  }
}
