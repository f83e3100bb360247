/**
 * The online engine's memory: profiles of all entities, the labels that are due, and the feature vector of an event as of its instant. Training, back-test
 * and decision read the same code, so that a model never sees in training what it will not see when it decides.
 */
import { createKeyedHash, type HashValue, type KeyedHash } from '@hauberk/primitives';
import type { RiskEvent } from '../event.ts';
import { Profile } from '../windows/profile.ts';
import { compileLayout, type ProfileLayout } from '../windows/profile-layout.ts';
import { ProfileTable, reserveProfiles } from '../windows/profile-table.ts';
import { defaultProfile, EntityFeatureReader } from './entity-features.ts';
import { entityIdOf, type FeaturePlan, featureNames } from './feature-plan.ts';
import { LabelBook } from './label-book.ts';

/** What a memory is made with. */
export interface MemoryOptions {
  readonly plan: FeaturePlan;
  /** How long labels take, in milliseconds. */
  readonly labelDelay: number;
  /** Most entities; one more is refused and has no profile. */
  readonly capacity: number;
  /** 16 bytes that nobody outside knows; ids meet the table only as hashes under it. */
  readonly key: Uint8Array;
}

const dayMs = 86_400_000;
/** How long after an event its label may still come. */
const labelMemory = 60 * dayMs;
/** How the share of frauds in general begins: one in a hundred. */
const prior = { frauds: 1, settled: 100 };

/** UTF-16 text in which every character is a byte, so that a hash of bytes sees all of it. */
export const asBytes = (text: string): string => {
  for (let index = 0; index < text.length; index += 1)
    if (text.charCodeAt(index) > 0x7f)
      return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
  return text;
};

/** See the top of the file. */
export class RiskMemory {
  /** Features of a vector. */
  readonly width: number;
  readonly #plan: FeaturePlan;
  readonly #table: ProfileTable;
  readonly #profile: Profile;
  readonly #reader: EntityFeatureReader;
  readonly #labels: LabelBook;
  readonly #hash: KeyedHash;
  readonly #value: HashValue = { low: 0, high: 0 };
  #frauds = prior.frauds;
  #settled = prior.settled;

  constructor({ plan, labelDelay, capacity, key }: MemoryOptions) {
    const layout: ProfileLayout = compileLayout(defaultProfile);
    this.width = featureNames(plan).length;
    this.#plan = plan;
    this.#table = new ProfileTable(layout, reserveProfiles(layout, capacity));
    this.#profile = new Profile(this.#table);
    this.#reader = new EntityFeatureReader(layout, Math.ceil(labelDelay / dayMs));
    this.#hash = createKeyedHash(key);
    this.#labels = new LabelBook(labelDelay, labelMemory, ({ rows, at }, isFraud, wasHonest) => {
      for (const row of rows) if (row >= 0) this.#profile.open(row).settle(at, isFraud, wasHonest);
      if (!wasHonest) this.#settled += 1;
      if (isFraud) this.#frauds += 1;
    });
  }

  /** Entities with a profile. */
  get entities(): number {
    return this.#table.size;
  }

  /** Entities that found no room. */
  get refused(): number {
    return this.#table.refused;
  }

  /** Rows of the event's entities in the order of the plan; −1 where there is none. */
  rowsOf(event: RiskEvent): Int32Array {
    return Int32Array.from(this.#plan.kinds, (kind) => {
      const id = entityIdOf(event, kind);
      if (id === undefined) return -1;
      this.#hash(asBytes(`${kind}\n${id}`), this.#value);
      return this.#table.claim(this.#value.low, this.#value.high);
    });
  }

  /** Settles what is known at this instant. Call before the event that happens at it. */
  advance(now: number): void {
    this.#labels.advance(now);
  }

  /** Takes a label that is known now; false when its event is not remembered. */
  label(eventId: string, isFraud: boolean): boolean {
    return this.#labels.label(eventId, isFraud);
  }

  /** Writes the event's features as of its instant, without the event itself. */
  view(event: RiskEvent, rows: Int32Array, into: Float64Array): void {
    const { atMs, amountMinor } = event;
    const rate = this.#frauds / this.#settled;
    into[0] = amountMinor;
    into[1] = Math.floor(atMs / 3_600_000) % 24;
    into[2] = (Math.floor(atMs / dayMs) + 4) % 7;
    let place = 3;
    for (const name of this.#plan.numbers) {
      const value = event.attributes[name];
      into[place] = typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : Number.NaN;
      place += 1;
    }
    const amount = Number.isNaN(amountMinor) ? 0 : amountMinor;
    for (const row of rows) {
      if (row >= 0) place = this.#reader.write(this.#profile.open(row), atMs, amount, rate, into, place);
      else for (const end = place + this.#reader.width; place < end; place += 1) into[place] = Number.NaN;
    }
  }

  /** Takes the event into its entities' profiles and waits for its label. */
  take(event: RiskEvent, rows: Int32Array): void {
    const amount = Number.isNaN(event.amountMinor) ? 0 : event.amountMinor;
    for (const row of rows) if (row >= 0) this.#profile.open(row).add(event.atMs, amount);
    this.#labels.expect(event.id, event.atMs, rows);
  }
}
