/**
 * The memory of an engine: a table of profiles for each kind of entity and the book of events, in shared memory that every thread opens. State changes of all
 * threads take turns under one lock, so that there is one order in which everything happened, and a rebuild in that order finds the same facts.
 */
import { type DurationMs, days, hours } from '@hauberk/primitives';
import { DistinctView } from '../windows/distinct.ts';
import type { JournalBuffer } from '../windows/journal-format.ts';
import { MintQuota, type MintShape, reserveMintQuota } from '../windows/mint-quota.ts';
import { busy, joinOwners, Owner, reserveOwners } from '../windows/owners.ts';
import { Profile } from '../windows/profile.ts';
import { compileLayout, type ProfileLayout, type ProfileSpec } from '../windows/profile-layout.ts';
import { fullProfile } from '../windows/profile-specs.ts';
import { type ProfileMemory, ProfileTable, profileBytes, reserveProfiles } from '../windows/profile-table.ts';
import { type BookShape, EventBook, reserveBook } from './event-book.ts';
import type { FactSchema } from './fact-schema.ts';

/** What is remembered of one kind of entity. */
export interface KindMemory {
  /** Most entities; one more is refused and has no profile. */
  readonly capacity: number;
  /** `fullProfile` without distinct counts when absent. Names of distinct counts are kinds of entities. */
  readonly spec?: ProfileSpec;
  /** Sketches for distinct counts that outgrow their exact places. */
  readonly sketches?: number;
}

/** What a memory is reserved for. */
export interface MemoryDeclaration {
  /** Kinds that are left out get `usual`. */
  readonly kinds: Readonly<Record<string, KindMemory>>;
  readonly usual: KindMemory;
  /** Events that are remembered for duplicates and labels. */
  readonly events: number;
  /** New rows that one source (the event's device, else its address) may bring in an hour, so that nobody fills tables with ids that he invents; no bound when absent. */
  readonly mints?: number;
  /** How long labels take; 7 days when absent. An event without one counts as honest after that. */
  readonly labelDelay?: DurationMs;
}

/** A memory; sent to every thread that opens it. */
export interface EngineMemory {
  readonly kinds: readonly {
    readonly kind: string;
    readonly spec: ProfileSpec;
    readonly profiles: ProfileMemory;
  }[];
  readonly owners: SharedArrayBuffer;
  readonly lock: SharedArrayBuffer;
  readonly book: SharedArrayBuffer;
  readonly bookShape: BookShape;
  readonly labelDelay: number;
  /** New rows by source; undefined without a bound. */
  readonly mints: { readonly shape: MintShape; readonly counts: SharedArrayBuffer } | undefined;
}

/** Sources whose new rows are counted one by one. */
const mintSources = 16_384;

const reserveMints = (most: number | undefined): EngineMemory['mints'] => {
  if (most === undefined) return undefined;
  const shape = { sources: mintSources, most, period: hours(1) };
  return { shape, counts: reserveMintQuota(shape) };
};

/** Reserves a memory for the kinds of a schema. Throws RangeError for what cannot be. */
export const reserveMemory = (schema: FactSchema, declaration: MemoryDeclaration): EngineMemory => {
  const owners = reserveOwners();
  const bookShape = { events: declaration.events, kinds: schema.kinds.length };
  return {
    owners,
    kinds: schema.kinds.map((kind) => {
      const declared = Object.hasOwn(declaration.kinds, kind) ? declaration.kinds[kind] : undefined;
      const { capacity, spec = fullProfile([]), sketches = 0 } = declared ?? declaration.usual;
      return { kind, spec, profiles: reserveProfiles(compileLayout(spec), capacity, { owners, sketches }) };
    }),
    lock: new SharedArrayBuffer(8),
    book: reserveBook(bookShape),
    bookShape,
    labelDelay: declaration.labelDelay ?? days(7),
    mints: reserveMints(declaration.mints),
  };
};

/**
 * What a restart leaves of a memory: its profiles, and nothing of the events that were remembered for duplicates and labels; steps count from 1 again. A rebuild over several runs goes
 * on with this where a run began with kept profiles.
 */
export const nextRun = (memory: EngineMemory): EngineMemory => ({
  ...memory,
  lock: new SharedArrayBuffer(memory.lock.byteLength),
  book: reserveBook(memory.bookShape),
  mints: reserveMints(memory.mints?.shape.most),
});

/** Bytes that a memory takes, by kind and in all. */
export const memoryBytes = ({
  kinds,
  book,
}: EngineMemory): { readonly all: number; readonly byKind: Readonly<Record<string, number>> } => {
  const byKind = Object.fromEntries(kinds.map(({ kind, profiles }) => [kind, profileBytes(profiles)]));
  return { byKind, all: Object.values(byKind).reduce((sum, bytes) => sum + bytes, book.byteLength) };
};

/** The memory stayed locked for two seconds: a thread holds it and does not go on. */
export class EngineBusy extends Error {
  override readonly name = 'EngineBusy';
}

/** The table of one kind as one thread has it. */
export interface KindTable {
  readonly kind: string;
  readonly layout: ProfileLayout;
  readonly table: ProfileTable;
  readonly profile: Profile;
  readonly distinct: DistinctView;
  /** Whether late labels change its rows. */
  readonly hasLabels: boolean;
}

/** One thread's hand on a memory. */
export interface OpenedMemory {
  readonly kinds: readonly KindTable[];
  readonly book: EventBook;
  readonly labelDelay: number;
  /** Says whether a source may bring one more row; undefined without a bound. */
  readonly mints: MintQuota | undefined;
  /** Does something while no other thread changes the memory. Throws `EngineBusy`. */
  exclusively<Value>(act: () => Value): Value;
}

/**
 * Opens a memory for this thread. `token` is from `joinOwners(memory.owners)`; without one a new place is taken, which only a thread that never ends before the memory should do. Changes
 * are noted in `journal`, the tables by their place among the kinds.
 */
export const openMemory = (
  memory: EngineMemory,
  token: number = joinOwners(memory.owners),
  journal?: JournalBuffer,
): OpenedMemory => {
  const owner = new Owner(memory.owners, token);
  const lock = new Int32Array(memory.lock);
  const kinds = memory.kinds.map(({ kind, spec, profiles }, place): KindTable => {
    const layout = compileLayout(spec);
    const noted = journal === undefined ? undefined : { buffer: journal, table: place };
    const table = new ProfileTable(layout, profiles, token, noted);
    const hasLabels = layout.episodesAt >= 0 || layout.rings.some((ring) => ring.hasLabels);
    return { kind, layout, table, profile: new Profile(table), distinct: new DistinctView(table), hasLabels };
  });
  return {
    kinds,
    book: new EventBook(memory.bookShape, memory.book),
    labelDelay: memory.labelDelay,
    mints:
      memory.mints === undefined
        ? undefined
        : new MintQuota(memory.mints.shape, memory.mints.counts, memory.owners, token),
    exclusively(act) {
      const version = owner.take(lock, 0);
      if (version === busy) throw new EngineBusy('the memory of the engine stayed locked');
      try {
        return act();
      } finally {
        owner.release(lock, 0, version);
      }
    },
  };
};
