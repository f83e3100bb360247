/**
 * The table of live sessions: one cache line a slot in shared memory, addressed by the index that the ticket carries. No locks: state and
 * the time of its last change are one word, changed by compare-and-swap. A thread that dies while it lays out a slot takes that one slot
 * (64 bytes) with it until the next start: were it taken over, a thread that had only slept could clear the window of a live session.
 * A slot is never used again without a new generation. When a tier's part is full, the newest hello is refused, never a verified session.
 */
import type { EpochSeconds } from '@hauberk/primitives';
import { claimSequence, peekSequence, type WindowVerdict, windowWords } from './replay-window.ts';

/** Int32 words of a slot: 64 bytes, one cache line. */
const slotWords = 16;
const generationWord = 0;
const stateWord = 1;
const expiryWord = 2;
const windowWord = 4;

/** Slot states: the low three bits of the state word; the rest is the second of the last change, counted from the table's birth. */
const free = 0;
const claiming = 1;
const unverified = 2;
const live = 3;

/** A session without a verified request may be reclaimed after this. */
const unverifiedSeconds = 30;
/** A given-up slot rests before its next use, so that a claim in flight on another thread has long ended. */
const restSeconds = 2;
/** Slots looked at for one hello before it is refused. */
const probes = 256;

/** Where a tier's slots begin, and how many they are. */
export interface TierRange {
  readonly first: number;
  readonly count: number;
}

/** The shared table with what every thread knows of it. */
export interface SessionTable {
  readonly words: Int32Array;
  /** Reserved slots per trust tier: a flood of one tier cannot displace another. */
  readonly tiers: readonly TierRange[];
  /** One cursor per tier, shared. */
  readonly cursors: Int32Array;
  readonly bornAt: EpochSeconds;
}

/** A session's place: its slot and the slot's generation. */
export interface SlotReference {
  readonly slot: number;
  readonly generation: number;
}

/** Shared bytes that a table of `tierCounts` slots needs. */
export const sessionTableBytes = (tierCounts: readonly number[]): number =>
  (tierCounts.reduce((sum, count) => sum + count, 0) * slotWords + tierCounts.length) * 4;

/** Lays the table over shared memory; every thread does so over the same memory with the same counts. */
export const openSessionTable = (
  memory: SharedArrayBuffer,
  tierCounts: readonly number[],
  bornAt: EpochSeconds,
): SessionTable => {
  let first = 0;
  const tiers = tierCounts.map((count) => {
    const range = { first, count };
    first += count;
    return range;
  });
  return {
    words: new Int32Array(memory, 0, first * slotWords),
    cursors: new Int32Array(memory, first * slotWords * 4, tierCounts.length),
    tiers,
    bornAt,
  };
};

/** Counted from one: zero is a slot that was never used. */
const clockOf = (table: SessionTable, now: EpochSeconds): number => now - table.bornAt + 1;
const pack = (table: SessionTable, code: number, now: EpochSeconds): number => (clockOf(table, now) << 3) | code;
const codeOf = (state: number): number => state & 7;
const ageOf = (table: SessionTable, state: number, now: EpochSeconds): number => clockOf(table, now) - (state >> 3);

const isReclaimable = (table: SessionTable, base: number, state: number, now: EpochSeconds): boolean => {
  const age = ageOf(table, state, now);
  switch (codeOf(state)) {
    case free:
      return state === 0 || age >= restSeconds;
    case claiming:
      return false;
    case unverified:
      return age >= unverifiedSeconds;
    default:
      return Atomics.load(table.words, base + expiryWord) + restSeconds <= now - table.bornAt;
  }
};

const tryClaim = (
  table: SessionTable,
  slot: number,
  expiresAt: EpochSeconds,
  now: EpochSeconds,
): SlotReference | undefined => {
  const { words } = table;
  const base = slot * slotWords;
  const state = Atomics.load(words, base + stateWord);
  if (!isReclaimable(table, base, state, now)) return undefined;
  if (Atomics.compareExchange(words, base + stateWord, state, pack(table, claiming, now)) !== state) return undefined;
  // The slot is this thread's alone until it is published. First the generation: whoever still holds the old one finds it gone.
  const generation = (Atomics.add(words, base + generationWord, 1) + 1) | 0;
  for (let word = 0; word < windowWords; word += 1) Atomics.store(words, base + windowWord + word, 0);
  Atomics.store(words, base + expiryWord, expiresAt - table.bornAt);
  Atomics.store(words, base + stateWord, pack(table, unverified, now));
  return { slot, generation };
};

/** Takes a slot for a new session of `tier`; undefined when the tier's part of the table is full. */
export const allocateSlot = (
  table: SessionTable,
  tier: number,
  expiresAt: EpochSeconds,
  now: EpochSeconds,
): SlotReference | undefined => {
  const range = table.tiers[tier];
  if (range === undefined || range.count === 0) return undefined;
  const attempts = Math.min(probes, range.count);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const cursor = Atomics.add(table.cursors, tier, 1) >>> 0;
    const taken = tryClaim(table, range.first + (cursor % range.count), expiresAt, now);
    if (taken !== undefined) return taken;
  }
  return undefined;
};

/** Ends a session: its generation moves on, so its tickets are void on every thread at once. */
export const releaseSlot = (table: SessionTable, { slot, generation }: SlotReference, now: EpochSeconds): boolean => {
  const { words } = table;
  const base = slot * slotWords;
  const next = (generation + 1) | 0;
  if (Atomics.compareExchange(words, base + generationWord, generation, next) !== generation) return false;
  for (;;) {
    const state = Atomics.load(words, base + stateWord);
    // Another thread may be laying the slot out anew by now: then it is no longer ours to free.
    if (codeOf(state) === claiming || Atomics.load(words, base + generationWord) !== next) return true;
    if (Atomics.compareExchange(words, base + stateWord, state, pack(table, free, now)) === state) return true;
  }
};

/** By a plain read: good for a refusal (generations only move on), never for an acceptance. */
const seemsCurrent = (table: SessionTable, { slot, generation }: SlotReference): boolean =>
  table.words[slot * slotWords + generationWord] === generation;

/** Whether a slot index lies in the table at all. */
export const isSlot = (table: SessionTable, slot: number): boolean =>
  slot >= 0 && slot < table.words.length / slotWords;

/** Looks at a session's window without claiming; 'gone' when the session ended or its slot serves another. */
export const peekSlot = (table: SessionTable, reference: SlotReference, sequence: number): WindowVerdict | 'gone' =>
  seemsCurrent(table, reference)
    ? peekSequence(table.words, reference.slot * slotWords + windowWord, sequence)
    : 'gone';

/** Claims a sequence number of a session, exactly once over all threads; marks the session as verified. */
export const claimInSlot = (
  table: SessionTable,
  reference: SlotReference,
  sequence: number,
  now: EpochSeconds,
): WindowVerdict | 'gone' => {
  if (!seemsCurrent(table, reference)) return 'gone';
  const { words } = table;
  const base = reference.slot * slotWords;
  const verdict = claimSequence(words, base + windowWord, sequence);
  // The slot may have changed hands in between; the claim then counts for nobody.
  if (Atomics.load(words, base + generationWord) !== reference.generation) return 'gone';
  const state = words[base + stateWord] ?? free;
  if (codeOf(state) === unverified) Atomics.compareExchange(words, base + stateWord, state, pack(table, live, now));
  return verdict;
};
