/**
 * Lists: named sets of entities by their keyed hash, each entry with its source, its reason and its end. What is imported is hashed at once and waits as a
 * staged change; two people agree on exactly that change, by its hash, and then it takes effect as a whole.
 */
import { accept, canonicalJson, type EpochMs, type JsonValue, type Result, refuse } from '@hauberk/primitives';
import type { Scope } from '../storage/scope.ts';
import { type BookRefusal, documentHash, type PolicyBook } from './policy-book.ts';
import { entriesOf, entryRowId, maxLists } from './policy-entries.ts';
import type { KeptList, ListChange, ListEntry, StagedList } from './policy-rows.ts';
import type { DecisionPut, DecisionStore } from './record-rows.ts';

/** Exactly what two people agree on. */
export interface ListContent {
  readonly list: string;
  /** Names the staged change: the hash of what it does. */
  readonly change: string;
  readonly adds: number;
  readonly removes: number;
  readonly reason: string;
}

/** Why a list does not take a change. */
export type ListRefusal = 'list-kind' | 'lists-full' | 'list-full' | 'change-unknown' | BookRefusal;

/** Entries of all lists of an app. */
export const maxEntries = 100_000;
/** Entries that one change adds and removes. */
export const maxChanged = 10_000;

/** The hash that names a change. */
export const listChangeHash = ({ list, kind, add, remove }: ListChange): string =>
  documentHash(canonicalJson({ list, kind, add, remove } as unknown as JsonValue));

/** Lists of any app. */
export class DecisionLists {
  readonly #store: DecisionStore;
  readonly #book: PolicyBook;
  readonly #now: () => EpochMs;

  constructor(store: DecisionStore, book: PolicyBook, now: () => EpochMs) {
    this.#store = store;
    this.#book = book;
    this.#now = now;
  }

  /** Every list with the number of its entries. */
  async lists(scope: Scope): Promise<readonly (KeptList & { readonly entries: number })[]> {
    const rows = await this.#store.list(scope, 'list', { limit: maxLists });
    const lists = rows.flatMap(({ value }) => value ?? []);
    return Promise.all(
      lists.map(async (list) => ({ ...list, entries: await this.#store.count(scope, 'entry', `${list.name}\n`) })),
    );
  }

  async exists(scope: Scope, list: string): Promise<boolean> {
    const [row] = await this.#store.load(scope, [{ kind: 'list', id: list }]);
    return row?.value !== undefined;
  }

  /** Entries of a list in the order of their members. */
  async entries(
    scope: Scope,
    list: string,
    { after = '', limit }: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly (ListEntry & { readonly member: string })[]> {
    const prefix = `${list}\n`;
    const page = await this.#store.list(scope, 'entry', { prefix, after: prefix + after, limit });
    return page.flatMap(({ key, value }) =>
      value === undefined ? [] : [{ member: key.id.slice(prefix.length), ...value }],
    );
  }

  /** Lists that hold a member. */
  async holding(scope: Scope, member: string): Promise<readonly string[]> {
    const lists = await this.#store.list(scope, 'list', { limit: maxLists });
    const keys = lists.map(({ key }) => ({ kind: 'entry', id: entryRowId(key.id, member) }) as const);
    const rows = await this.#store.load(scope, keys);
    return rows.flatMap(({ key, value }) => (value === undefined ? [] : [key.id.slice(0, key.id.indexOf('\n'))]));
  }

  async staged(scope: Scope, change: string): Promise<StagedList | undefined> {
    const [row] = await this.#store.load(scope, [{ kind: 'staged', id: change }]);
    return row?.value;
  }

  /** Keeps a change until somebody else agrees; answers its name. */
  async stage(
    scope: Scope,
    change: ListChange,
    by: string,
  ): Promise<Result<string, 'list-kind' | 'lists-full' | BookRefusal>> {
    const lists = await this.lists(scope);
    const held = lists.find(({ name }) => name === change.list);
    if (held === undefined && lists.length >= maxLists) return refuse('lists-full');
    if (held !== undefined && held.kind !== change.kind) return refuse('list-kind', `it holds ${held.kind}`);
    const at = this.#now();
    const id = listChangeHash(change);
    const put: DecisionPut = { kind: 'staged', id, value: { ...change, by, atMs: at }, atMs: at };
    const written = await this.#store.commit({ changes: [{ scope, read: [], puts: [put], audit: [] }] }, at);
    return written.ok ? accept(id) : written;
  }

  /** Carries a staged change out, whole. Said again, it changes nothing. */
  async apply(scope: Scope, { list, change, reason }: ListContent, actor: string): Promise<Result<true, ListRefusal>> {
    const revision = await this.#book.revision(scope);
    const [held] = await this.#store.load(scope, [{ kind: 'list', id: list }]);
    if (held?.value?.changed === change) return accept(true);
    const staged = await this.staged(scope, change);
    // Whoever can write rows but not sign approvals must not put entries under an approved name.
    if (staged === undefined || staged.list !== list || listChangeHash(staged) !== change)
      return refuse('change-unknown');
    if (held?.value !== undefined && held.value.kind !== staged.kind) return refuse('list-kind');
    if ((await this.#store.count(scope, 'entry')) + staged.add.length > maxEntries) return refuse('list-full');
    const at = this.#now();
    const changed: KeptList = {
      name: list,
      kind: staged.kind,
      changed: change,
      changedBy: actor,
      createdAtMs: held?.value?.createdAtMs ?? at,
      changedAtMs: at,
    };
    const puts: readonly DecisionPut[] = [
      { kind: 'list', id: list, value: changed, atMs: at },
      { kind: 'staged', id: change, value: undefined, atMs: at },
      ...staged.remove.map(
        (member): DecisionPut => ({ kind: 'entry', id: entryRowId(list, member), value: undefined, atMs: at }),
      ),
      ...staged.add.map(({ member, source, reason: why, expiresAtMs }): DecisionPut => {
        const value: ListEntry = { source, reason: why, expiresAtMs, addedAtMs: at, addedBy: staged.by };
        return { kind: 'entry', id: entryRowId(list, member), value, atMs: at };
      }),
    ];
    const facts = { change, kind: staged.kind, adds: staged.add.length, removes: staged.remove.length, reason };
    return this.#book.change(scope, revision, puts, [{ actor, action: 'list.changed', subject: list, facts }]);
  }

  /** Adds entries at once, for what two people agreed on before: a response rule. */
  async add(
    scope: Scope,
    change: ListChange,
    by: { readonly actor: string; readonly reason: string },
  ): Promise<Result<true, ListRefusal>> {
    const staged = await this.stage(scope, change, by.actor);
    if (!staged.ok) return staged;
    const { list, add, remove } = change;
    const content = { list, change: staged.value, adds: add.length, removes: remove.length, reason: by.reason };
    return this.apply(scope, content, by.actor);
  }

  /** Drops entries whose time is over; answers how many. */
  async expire(scope: Scope): Promise<Result<number, BookRefusal>> {
    const revision = await this.#book.revision(scope);
    const at = this.#now();
    const over: DecisionPut[] = [];
    for await (const { list, member, entry } of entriesOf(this.#store, scope)) {
      if (entry.expiresAtMs === null || entry.expiresAtMs > at || over.length >= maxChanged) continue;
      over.push({ kind: 'entry', id: entryRowId(list, member), value: undefined, atMs: at });
    }
    if (over.length === 0) return accept(0);
    const audit = { actor: 'gateway', action: 'list.expired', subject: 'entries', facts: { entries: over.length } };
    const written = await this.#book.change(scope, revision, over, [audit]);
    return written.ok ? accept(over.length) : written;
  }
}
