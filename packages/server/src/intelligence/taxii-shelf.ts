/**
 * The objects of collections in the record: each version a row, in the order in which they were added, and for each id a row that names its versions. All of
 * what comes at once is one commit.
 */
import type { StixObject } from '@hauberk/decision';
import { instantOf } from '@hauberk/decision';
import { accept, type EpochMs, type JsonValue, parseJson, type Result, refuse } from '@hauberk/primitives';
import type { DecisionPut, DecisionStore } from '../decision/record-rows.ts';
import type { Scope } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import type { Micros, TaxiiFilter } from './taxii-protocol.ts';

/** A version on the shelf. */
export interface ShelvedObject {
  readonly id: string;
  readonly type: string;
  readonly specVersion: string;
  /** `modified`, or `created`, or the instant of adding for objects that have neither. */
  readonly version: string;
  readonly addedMicros: Micros;
  /** The object as JSON. */
  readonly text: string;
  /** Who added it. */
  readonly by: string;
}

/** The versions of an id: version and when it was added, oldest version first. */
export interface ShelvedVersions {
  readonly versions: readonly (readonly [version: string, addedMicros: Micros])[];
}

/** Why nothing was put. */
export type ShelfRefusal = 'decision-conflict' | 'shelf-full' | StorageRefusal;

/** A page of a collection. */
export interface ShelfPage {
  readonly objects: readonly ShelvedObject[];
  readonly hasMore: boolean;
}

const readPage = 256;
/** Rows that one question looks at; further ones are a page later. */
const maxLooked = 20_000;
const maxVersions = 64;

const microsKey = (at: Micros): string => String(at).padStart(17, '0');
const objectRowId = (collection: string, addedMicros: Micros): string => `${collection} ${microsKey(addedMicros)}`;
const versionsRowId = (collection: string, id: string): string => `${collection} ${id}`;

const versionOf = (object: StixObject, addedMicros: Micros): string => {
  const { modified, created } = object;
  if (typeof modified === 'string') return modified;
  return typeof created === 'string' ? created : new Date(Math.floor(addedMicros / 1000)).toISOString();
};

/** Parses what a shelf keeps. */
export const shelvedObject = ({ text }: ShelvedObject): StixObject => {
  const read = parseJson(text, { maxDepth: 32, maxKeys: 200_000 });
  if (!read.ok) throw new Error(`an object of a collection cannot be read: ${read.code}`);
  return read.value as { readonly [member: string]: JsonValue } as StixObject;
};

/** What a shelf stands on. */
export interface ShelfParts {
  readonly store: Pick<DecisionStore, 'load' | 'list' | 'commit' | 'count'>;
  readonly scope: Scope;
  readonly now: () => EpochMs;
  /** Most versions of one collection. */
  readonly most: number;
}

/** See the top of the file. */
export class TaxiiShelf {
  readonly #parts: ShelfParts;
  #lastMicros: Micros = 0;
  /** Changes of all collections follow one another. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: ShelfParts) {
    this.#parts = parts;
  }

  /** Adds versions; those that are there already count as added. Durable once it is answered. */
  add(collection: string, objects: readonly StixObject[], by: string): Promise<Result<true, ShelfRefusal>> {
    const next = this.#turn.then(() => this.#add(collection, objects, by));
    this.#turn = next.catch(() => undefined);
    return next;
  }

  /** Takes every version of an object away, or one; false when there was none. */
  remove(
    collection: string,
    id: string,
    version: string | undefined,
    by: string,
  ): Promise<Result<boolean, ShelfRefusal>> {
    const next = this.#turn.then(() => this.#remove(collection, id, version, by));
    this.#turn = next.catch(() => undefined);
    return next;
  }

  #nextMicros(): Micros {
    this.#lastMicros = Math.max(this.#parts.now() * 1000, this.#lastMicros + 1);
    return this.#lastMicros;
  }

  async #add(collection: string, objects: readonly StixObject[], by: string): Promise<Result<true, ShelfRefusal>> {
    const { store, scope, now, most } = this.#parts;
    if ((await store.count(scope, 'stix', `${collection} `)) + objects.length > most) return refuse('shelf-full');
    const keys = [...new Set(objects.map(({ id }) => id))].map((id) => ({
      kind: 'stix-versions' as const,
      id: versionsRowId(collection, id),
    }));
    const rows = await store.load(scope, keys);
    const versions = new Map(rows.map(({ key, value }) => [key.id, [...(value?.versions ?? [])]]));
    const puts: DecisionPut[] = [];
    const atMs = now();
    for (const object of objects) {
      const addedMicros = this.#nextMicros();
      const version = versionOf(object, addedMicros);
      const held = versions.get(versionsRowId(collection, object.id)) ?? [];
      const isVersioned = object['modified'] !== undefined || object['created'] !== undefined;
      if (held.some(([each]) => each === version) || (!isVersioned && held.length > 0)) continue;
      if (held.length >= maxVersions) held.shift();
      held.push([version, addedMicros]);
      held.sort(([left], [right]) => (instantOf(left) ?? 0) - (instantOf(right) ?? 0));
      versions.set(versionsRowId(collection, object.id), held);
      const value: ShelvedObject = {
        id: object.id,
        type: object.type,
        specVersion: typeof object['spec_version'] === 'string' ? object['spec_version'] : '2.1',
        version,
        addedMicros,
        text: JSON.stringify(object),
        by,
      };
      puts.push({ kind: 'stix', id: objectRowId(collection, addedMicros), value, atMs });
    }
    if (puts.length === 0) return accept(true);
    for (const [id, held] of versions) puts.push({ kind: 'stix-versions', id, value: { versions: held }, atMs });
    const facts = { collection, objects: objects.length };
    const audit = [{ actor: by, action: 'intelligence.added', subject: collection, facts }];
    return store.commit(
      { changes: [{ scope, read: rows.map(({ key, version }) => ({ key, version })), puts, audit }] },
      atMs,
    );
  }

  async #remove(
    collection: string,
    id: string,
    version: string | undefined,
    by: string,
  ): Promise<Result<boolean, ShelfRefusal>> {
    const { store, scope, now } = this.#parts;
    const key = { kind: 'stix-versions' as const, id: versionsRowId(collection, id) };
    const [row] = await store.load(scope, [key]);
    const held = row?.value?.versions ?? [];
    const gone = held.filter(([each]) => version === undefined || each === version);
    if (gone.length === 0) return accept(false);
    const left = held.filter((each) => !gone.includes(each));
    const atMs = now();
    const puts: DecisionPut[] = gone.map(([, added]) => ({
      kind: 'stix',
      id: objectRowId(collection, added),
      value: undefined,
      atMs,
    }));
    puts.push({ ...key, value: left.length === 0 ? undefined : { versions: left }, atMs });
    const audit = [
      { actor: by, action: 'intelligence.removed', subject: id, facts: { collection, versions: gone.length } },
    ];
    const read = [{ key, version: row?.version ?? 0 }];
    const written = await store.commit({ changes: [{ scope, read, puts, audit }] }, atMs);
    return written.ok ? accept(true) : written;
  }

  /** The versions of an id, newest first. */
  async versionsOf(collection: string, id: string): Promise<ShelvedVersions['versions']> {
    const { store, scope } = this.#parts;
    const [row] = await store.load(scope, [{ kind: 'stix-versions', id: versionsRowId(collection, id) }]);
    return [...(row?.value?.versions ?? [])].reverse();
  }

  /** Objects in the order of adding. */
  async page(collection: string, filter: TaxiiFilter): Promise<ShelfPage> {
    const { store, scope } = this.#parts;
    const found: ShelvedObject[] = [];
    const from = Math.max(Number(filter.next ?? -1), filter.addedAfter ?? -1);
    let after = from < 0 ? `${collection} ` : objectRowId(collection, from);
    for (let looked = 0; looked < maxLooked; looked += readPage) {
      const rows = await store.list(scope, 'stix', { prefix: `${collection} `, after, limit: readPage });
      const values = rows.flatMap(({ value }) => value ?? []).filter((value) => isAsked(value, filter));
      for (const value of await this.#ofVersions(collection, values, filter)) {
        if (found.length === filter.limit) return { objects: found, hasMore: true };
        found.push(value);
      }
      if (rows.length < readPage) return { objects: found, hasMore: false };
      after = rows.at(-1)?.key.id ?? after;
    }
    return { objects: found, hasMore: found.length > 0 };
  }

  async #ofVersions(
    collection: string,
    values: readonly ShelvedObject[],
    { versions }: TaxiiFilter,
  ): Promise<readonly ShelvedObject[]> {
    if (versions.includes('all') || values.length === 0) return values;
    const { store, scope } = this.#parts;
    const ids = [...new Set(values.map(({ id }) => id))];
    const rows = await store.load(
      scope,
      ids.map((id) => ({ kind: 'stix-versions' as const, id: versionsRowId(collection, id) })),
    );
    const held = new Map(rows.map(({ value }, index) => [ids[index], value?.versions ?? []]));
    return values.filter(({ id, version }) => {
      const all = held.get(id) ?? [];
      if (versions.includes('last') && all.at(-1)?.[0] === version) return true;
      if (versions.includes('first') && all[0]?.[0] === version) return true;
      return versions.some((each) => instantOf(each) !== undefined && instantOf(each) === instantOf(version));
    });
  }
}

const isAsked = ({ id, type, specVersion }: ShelvedObject, { ids, types, specVersions }: TaxiiFilter): boolean =>
  (ids.length === 0 || ids.includes(id)) &&
  (types.length === 0 || types.includes(type)) &&
  (specVersions.length === 0 || specVersions.includes(specVersion));
