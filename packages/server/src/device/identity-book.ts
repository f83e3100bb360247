/**
 * Identities of all apps: who a device is taken for (docs/identity.md), and what people change of it. Rows are in the record; the attributes are in memory as well, for the
 * link. Changes of one row by two at once end as if one had come after the other.
 */
import { randomBytes } from 'node:crypto';
import {
  type AliasName,
  type AliasRecord,
  type AttributeVerdict,
  aliasRowId,
  type ChangeBy,
  type IdentityChange,
  type IdentityEvent,
  type IdentityRecord,
  type MergeCode,
  mergeIdentities,
  type Observation,
  type Resolution,
  resolveIdentity,
  type SourceRecord,
  splitIdentity,
  undoChange,
  usualLinkModel,
} from '@hauberk/device';
import { accept, type EpochMs, type Result, refuse, toBase64Url } from '@hauberk/primitives';
import type { AuditRecord } from '../audit/audit-log.ts';
import { type Scope, scopeKey } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import { IdentityNews, type IdentityNewsParts } from './identity-news.ts';
import { IdentityReading } from './identity-reading.ts';
import type { IdentityPut, IdentityStore } from './identity-store.ts';
import { LinkRoom } from './link-room.ts';

/** What the book stands on. */
export interface IdentityBookParts {
  readonly store: IdentityStore;
  /** 8 bytes or more: attributes meet the index as hashes under it. */
  readonly linkKey: Uint8Array;
  readonly now: () => EpochMs;
  /** Identities of one app that are linked by attributes; 262,144 when absent, some 0.5 kB each. */
  readonly mostLinked?: number;
  /** Where it is told what decisions may know of a device; undefined where nothing decides. */
  readonly news?: Pick<IdentityNewsParts, 'tell' | 'failed'> | undefined;
}

/** Why nothing was changed. */
export type IdentityRefusal = 'identity-unknown' | 'identity-conflict' | MergeCode | StorageRefusal;

/** Who asks and why. */
export interface IdentityWord {
  readonly actor: string;
  readonly reason: string;
}

/** An identity with everything about it. */
export interface IdentityShown {
  readonly identity: IdentityRecord;
  readonly aliases: readonly AliasRecord[];
  readonly events: readonly IdentityEvent[];
}

const usualMost = 262_144;
const pageRows = 500;
const attempts = 4;
/** Milliseconds after which a row that nobody touched is dropped: 400 days. */
const keptFor = 400 * 86_400_000;

const newId = (): string => toBase64Url(new Uint8Array(randomBytes(16)));

/** See the top of the file. */
export class IdentityBook {
  readonly #parts: IdentityBookParts;
  readonly #rooms = new Map<string, LinkRoom>();
  readonly #news: IdentityNews | undefined;

  constructor(parts: IdentityBookParts) {
    this.#parts = parts;
    const { store, now, news } = parts;
    this.#news = news === undefined ? undefined : new IdentityNews({ ...news, store, now });
  }

  /** Reads the attributes of an app's identities into memory, and tells decisions of them; without it nobody is linked by attributes. */
  async open(scope: Scope): Promise<void> {
    const room = this.#room(scope);
    for (let after = ''; ; ) {
      const page = await this.#parts.store.list(scope, 'identity', { after, limit: pageRows });
      for (const { value } of page)
        if (value !== undefined && value.mergedInto === null) room.put(value.id, value.attributes);
      await this.#news?.opened(
        scope,
        page.flatMap(({ value }) => value ?? []),
      );
      if (page.length < pageRows) return;
      after = page.at(-1)?.key.id ?? '';
    }
  }

  #room(scope: Scope): LinkRoom {
    const { linkKey, mostLinked = usualMost } = this.#parts;
    const room = this.#rooms.get(scopeKey(scope)) ?? new LinkRoom(usualLinkModel, linkKey, mostLinked);
    this.#rooms.set(scopeKey(scope), room);
    return room;
  }

  /** Says who it is, and remembers what was seen. */
  async resolve(
    scope: Scope,
    observation: Observation,
  ): Promise<Result<Resolution, 'identity-conflict' | StorageRefusal>> {
    for (let attempt = 1; ; attempt += 1) {
      const reading = new IdentityReading(this.#parts.store, scope);
      const resolution = await this.#look(scope, observation, reading);
      const written = await this.#write(scope, reading, putsOf(resolution, observation.atMs), []);
      if (written.ok) {
        const { id, attributes } = resolution.identity;
        this.#room(scope).put(id, attributes);
        // Aliases that moved lead no longer to whom they meant before.
        const before = resolution.aliases.flatMap(({ holds }) => holds.slice(-2).map(({ identity }) => identity));
        await this.#news?.changed(scope, [...new Set([id, ...before])]);
        return accept(resolution);
      }
      if (written.code !== 'identity-conflict' || attempt === attempts) return written;
    }
  }

  async #look(scope: Scope, observation: Observation, reading: IdentityReading): Promise<Resolution> {
    const found = this.#room(scope).find(observation);
    const aliases = await reading.load('alias', observation.aliases.map(aliasRowId));
    const names = [...new Set(observation.aliases.map(({ source }) => source))];
    const sources = new Map<string, SourceRecord>();
    for (const name of names) {
      const [source] = await reading.load('source', [name]);
      if (source !== undefined) sources.set(name, source);
    }
    const ids = [
      ...aliases.flatMap(({ holds }) => holds.map(({ identity }) => identity)),
      ...[observation.device, observation.token, found.identity].filter((id) => id !== undefined),
    ];
    const identities = new Map<string, IdentityRecord>();
    for (const id of new Set(ids)) {
      const identity = await reading.canonical(id);
      if (identity !== undefined) identities.set(id, identity);
    }
    const { kind } = found.verdict;
    const link: AttributeVerdict =
      found.identity === undefined || kind === 'none'
        ? { kind: 'none' }
        : { kind, identity: found.identity, bits: found.verdict.bits };
    const fresh = observation.device ?? newId();
    if (observation.device === undefined) await reading.load('identity', [fresh]);
    const byRow = new Map(aliases.map((alias) => [aliasRowId(alias), alias]));
    return resolveIdentity(observation, { aliases: byRow, sources, identities, link, fresh });
  }

  async #write(
    scope: Scope,
    reading: IdentityReading,
    puts: readonly IdentityPut[],
    audit: readonly AuditRecord[],
  ): Promise<Result<true, 'identity-conflict' | StorageRefusal>> {
    const change = { scope, read: reading.read(), puts, audit };
    return this.#parts.store.commit({ changes: [change] }, this.#parts.now());
  }

  /** An identity, its aliases and what was changed of it; one that was merged is shown as itself. */
  async show(scope: Scope, id: string): Promise<IdentityShown | undefined> {
    const reading = new IdentityReading(this.#parts.store, scope);
    const [identity] = await reading.load('identity', [id]);
    if (identity === undefined) return undefined;
    const aliases = await reading.load('alias', identity.aliases);
    return { identity, aliases, events: await reading.load('event', identity.events) };
  }

  /** Merges `gone` into `kept`. */
  merge(scope: Scope, kept: string, gone: string, word: IdentityWord): Promise<Result<IdentityEvent, IdentityRefusal>> {
    return this.#change(scope, word, async (reading, by) => {
      const [[into], [from]] = [await reading.load('identity', [kept]), await reading.load('identity', [gone])];
      if (into === undefined || from === undefined) return refuse('identity-unknown');
      return mergeIdentities(into, from, await reading.load('alias', from.aliases), by);
    });
  }

  /** Takes aliases of an identity out into a new one. */
  split(
    scope: Scope,
    id: string,
    names: readonly AliasName[],
    word: IdentityWord,
  ): Promise<Result<IdentityEvent, IdentityRefusal>> {
    return this.#change(scope, word, async (reading, by) => {
      const [from] = await reading.load('identity', [id]);
      if (from === undefined) return refuse('identity-unknown');
      const aliases = await reading.load('alias', names.map(aliasRowId));
      if (aliases.length < new Set(names.map(aliasRowId)).size) return refuse('identity-alias');
      const other = newId();
      await reading.load('identity', [other]);
      return splitIdentity(from, other, aliases, by);
    });
  }

  /** Undoes a merge or a split of an identity. */
  undo(scope: Scope, id: string, event: string, word: IdentityWord): Promise<Result<IdentityEvent, IdentityRefusal>> {
    return this.#change(scope, word, async (reading, by) => {
      const [undone] = await reading.load('event', [event]);
      if (undone === undefined || (undone.kept !== id && undone.other !== id)) return refuse('identity-unknown');
      const [[kept], [other]] = [
        await reading.load('identity', [undone.kept]),
        await reading.load('identity', [undone.other]),
      ];
      if (kept === undefined || other === undefined) return refuse('identity-unknown');
      return undoChange(undone, kept, other, await reading.load('alias', undone.aliases), by);
    });
  }

  async #change(
    scope: Scope,
    { actor, reason }: IdentityWord,
    make: (reading: IdentityReading, by: ChangeBy) => Promise<Result<IdentityChange, 'identity-unknown' | MergeCode>>,
  ): Promise<Result<IdentityEvent, IdentityRefusal>> {
    const atMs = this.#parts.now();
    const event = newId();
    for (let attempt = 1; ; attempt += 1) {
      const reading = new IdentityReading(this.#parts.store, scope);
      await reading.load('event', [event]);
      const made = await make(reading, { event, actor, reason, atMs });
      if (!made.ok) return made;
      const [happened] = made.value.events;
      if (happened === undefined) throw new Error('a change without its event');
      const written = await this.#write(scope, reading, changePuts(made.value, atMs), [auditOf(happened)]);
      if (written.ok) {
        this.#follow(scope, made.value);
        await this.#news?.changed(
          scope,
          made.value.identities.map(({ id }) => id),
        );
        return accept(happened);
      }
      if (written.code !== 'identity-conflict' || attempt === attempts) return written;
    }
  }

  #follow(scope: Scope, { identities }: IdentityChange): void {
    const room = this.#room(scope);
    for (const { id, attributes, mergedInto } of identities)
      if (mergedInto === null) room.put(id, attributes);
      else room.drop(id);
  }

  /** Drops rows that nobody touched for 400 days, some at a time. */
  async upkeep(limit = 500): Promise<void> {
    const before = (this.#parts.now() - keptFor) as EpochMs;
    for (const kind of ['identity', 'alias', 'event'] as const) await this.#parts.store.purge(kind, before, limit);
  }
}

const putsOf = ({ identity, aliases, sources }: Resolution, atMs: number): readonly IdentityPut[] => [
  { kind: 'identity', id: identity.id, value: identity, atMs },
  ...aliases.map((alias): IdentityPut => ({ kind: 'alias', id: aliasRowId(alias), value: alias, atMs })),
  ...[...sources].map(([id, value]): IdentityPut => ({ kind: 'source', id, value, atMs })),
];

const changePuts = ({ identities, aliases, events }: IdentityChange, atMs: number): readonly IdentityPut[] => [
  ...identities.map((value): IdentityPut => ({ kind: 'identity', id: value.id, value, atMs })),
  ...aliases.map((value): IdentityPut => ({ kind: 'alias', id: aliasRowId(value), value, atMs })),
  ...events.map((value): IdentityPut => ({ kind: 'event', id: value.id, value, atMs })),
];

const pastOf: Readonly<Record<IdentityEvent['kind'], string>> = {
  merge: 'identity.merged',
  split: 'identity.split',
  undo: 'identity.undone',
};

const auditOf = ({ id, kind, kept, other, aliases, actor, reason, undoes }: IdentityEvent): AuditRecord => ({
  actor,
  action: pastOf[kind],
  subject: `${kept} ${other}`,
  facts: { event: id, aliases: aliases.length, reason, ...(undoes === null ? {} : { undoes }) },
});
