/**
 * Brings rows from a snapshot to where the journal ends. A change counts when it is the next of its row; what the snapshot holds already is passed over; what comes before its
 * predecessor waits for it. A predecessor that never comes was never acknowledged, and is counted as missing.
 */
import { DistinctView } from './distinct.ts';
import type { DuplicateFilter } from './duplicate-filter.ts';
import type { FirstSeen } from './first-seen.ts';
import { entryBytes, entryKind, labelFlag } from './journal-format.ts';
import { Profile } from './profile.ts';
import { field } from './profile-layout.ts';
import type { ProfileTable } from './profile-table.ts';

/** What a journal is replayed into. None of these keeps a journal itself. */
export interface ReplayTarget {
  /** In the order of their numbers. */
  readonly tables: readonly ProfileTable[];
  readonly duplicates?: DuplicateFilter;
  readonly pairs?: FirstSeen;
}

/** What a replay did. */
export interface ReplayReport {
  readonly applied: number;
  /** Changes that the snapshot held. */
  readonly known: number;
  /** Changes that others came after and that are nowhere. */
  readonly missing: number;
  /** Entries of no kind or table, and rows that found no room. */
  readonly refused: number;
}

interface Hand {
  readonly table: ProfileTable;
  readonly profile: Profile;
  readonly distinct: DistinctView;
  /** Entries that wait for their predecessor, by row. */
  readonly waiting: Map<number, Map<number, DataView>>;
}

/** One replay. */
export class JournalReplay {
  #applied = 0;
  #known = 0;
  #missing = 0;
  #refused = 0;
  readonly #hands: readonly Hand[];
  readonly #target: ReplayTarget;

  constructor(target: ReplayTarget) {
    this.#target = target;
    this.#hands = target.tables.map((table) => ({
      table,
      profile: new Profile(table),
      distinct: new DistinctView(table),
      waiting: new Map(),
    }));
  }

  /** Takes the entries of a frame. */
  take(entries: Uint8Array): void {
    for (let at = 0; at + entryBytes <= entries.length; at += entryBytes)
      this.#takeEntry(new DataView(entries.buffer, entries.byteOffset + at, entryBytes));
  }

  #takeEntry(entry: DataView): void {
    const kind = entry.getUint8(0);
    if (kind === entryKind.id || kind === entryKind.pair) {
      this.#takeMemory(kind, entry);
      return;
    }
    const hand = this.#hands[entry.getUint16(2, true)];
    const row = hand?.table.claim(entry.getInt32(8, true), entry.getInt32(12, true)) ?? -1;
    const isKind = kind === entryKind.event || kind === entryKind.label || kind === entryKind.meeting;
    if (hand === undefined || row < 0 || !isKind) {
      this.#refused += 1;
      return;
    }
    const order = entry.getInt32(4, true);
    const held = hand.profile.open(row).order;
    if (order <= held) this.#known += 1;
    else if (order > held + 1) this.#wait(hand, row, order, entry);
    else {
      this.#apply(hand, row, entry);
      this.#goOn(hand, row, order + 1);
    }
  }

  #takeMemory(kind: number, entry: DataView): void {
    const low = entry.getInt32(8, true);
    const high = entry.getInt32(12, true);
    const at = entry.getFloat64(16, true);
    const [rightLow, rightHigh] = [entry.getInt32(24, true), entry.getInt32(28, true)];
    if (kind === entryKind.id) this.#target.duplicates?.take(low, high, at);
    else this.#target.pairs?.meet(low, high, rightLow, rightHigh, at);
    this.#applied += 1;
  }

  #wait({ waiting }: Hand, row: number, order: number, entry: DataView): void {
    const ofRow = waiting.get(row) ?? new Map<number, DataView>();
    ofRow.set(order, entry);
    waiting.set(row, ofRow);
  }

  #goOn(hand: Hand, row: number, from: number): void {
    const ofRow = hand.waiting.get(row);
    if (ofRow === undefined) return;
    let order = from;
    for (let entry = ofRow.get(order); entry !== undefined; entry = ofRow.get(order)) {
      ofRow.delete(order);
      this.#apply(hand, row, entry);
      order += 1;
    }
    if (ofRow.size === 0) hand.waiting.delete(row);
  }

  #apply({ table, profile, distinct }: Hand, row: number, entry: DataView): void {
    const [kind, flags] = [entry.getUint8(0), entry.getUint8(1)];
    const at = entry.getFloat64(16, true);
    const two = entry.getFloat64(24, true);
    const place = table.layout.distinct[flags];
    profile.open(row);
    if (kind === entryKind.event) profile.add(at, two);
    else if (kind === entryKind.label)
      profile.settle(at, (flags & labelFlag.fraud) !== 0, (flags & labelFlag.wasHonest) !== 0);
    else if (place !== undefined) distinct.open(row).meet(place, two, at);
    // The number is the entry's also where a missing predecessor makes it late.
    profile.setWord(field.order, entry.getInt32(4, true));
    this.#applied += 1;
  }

  /** Applies what still waits, in its order, and tells what was done. */
  finish(): ReplayReport {
    for (const hand of this.#hands) {
      for (const [row, ofRow] of hand.waiting)
        for (const [order, entry] of [...ofRow].sort(([left], [right]) => left - right)) {
          this.#missing += order - hand.profile.open(row).order - 1;
          this.#apply(hand, row, entry);
        }
      hand.waiting.clear();
    }
    return { applied: this.#applied, known: this.#known, missing: this.#missing, refused: this.#refused };
  }
}
