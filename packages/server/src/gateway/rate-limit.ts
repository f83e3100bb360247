/**
 * GCRA rate limits in shared memory: all workers count together. A cell is (tag, theoretical arrival time, second of full recovery, unused);
 * one compare-and-swap on the arrival time admits a request, so no lock exists that a terminated thread could leave held. The table is
 * bounded: a new key takes a cell whose owner has fully recovered, for which nothing is forgotten, and otherwise the one nearest to it.
 */
import { createKeyedHash, type EpochMs, type HashValue } from '@hauberk/primitives';
import type { RateLimit } from './route.ts';

const cellWords = 4;
const arrivalWord = 1;
const recoveryWord = 2;
/** Cells of one bucket: two cache lines, all looked at for one key. */
const ways = 8;
/** Ticks of the arrival time per emission interval, so that a limit of any rate has the same resolution. */
const ticksPerEmission = 16;

/** Shared bytes of a table of `cells` cells. */
export const rateTableBytes = (cells: number): number => Math.max(1, Math.floor(cells / ways)) * ways * cellWords * 4;

/** Limits as one thread applies them. */
export interface RateLimiter {
  /**
   * Counts a request of `subject` under `limit`; `scope` names the limit. Answers 0 when it is admitted, otherwise the milliseconds after
   * which one will be.
   */
  readonly admit: (limit: RateLimit, scope: string, subject: string, now: EpochMs) => number;
  /** Takes one admission back, where it is still remembered. */
  readonly giveBack: (limit: RateLimit, scope: string, subject: string, now: EpochMs) => void;
}

/** The cell of a key: its own, an empty one, or the one whose owner has least to lose. */
const findCell = (words: Int32Array, bucket: number, tag: number, nowSecond: number): number => {
  for (;;) {
    let best = bucket;
    let bestRecovery = Number.POSITIVE_INFINITY;
    for (let way = 0; way < ways; way += 1) {
      const cell = bucket + way * cellWords;
      const held = Atomics.load(words, cell);
      if (held === tag) return cell;
      const recovery = held === 0 ? Number.NEGATIVE_INFINITY : Atomics.load(words, cell + recoveryWord);
      if (recovery < bestRecovery) {
        best = cell;
        bestRecovery = recovery;
      }
    }
    const loser = Atomics.load(words, best);
    if (loser === tag) return best;
    if (Atomics.compareExchange(words, best, loser, tag) !== loser) continue;
    // An empty cell is zero already, and a store would erase what another thread has charged to it meanwhile.
    if (loser === 0) return best;
    // The new owner starts afresh: the old arrival time was counted in another limit's ticks.
    Atomics.store(words, best + recoveryWord, nowSecond);
    Atomics.store(words, best + arrivalWord, 0);
    return best;
  }
};

/** Lays limits over shared memory; every thread does so with the same key and birth. */
export const createRateLimiter = (memory: SharedArrayBuffer, key: Uint8Array, bornAt: EpochMs): RateLimiter => {
  const words = new Int32Array(memory);
  const buckets = words.length / (ways * cellWords);
  const hash = createKeyedHash(key);
  const value: HashValue = { low: 0, high: 0 };

  const charge = (cell: number, limit: RateLimit, now: EpochMs): number => {
    const interval = 1000 / limit.perSecond;
    const nowTicks = Math.floor(((now - bornAt) / interval) * ticksPerEmission) | 0;
    const tolerance = limit.burst * ticksPerEmission;
    for (;;) {
      const arrival = Atomics.load(words, cell + arrivalWord);
      const ahead = (arrival - nowTicks) | 0;
      // More than a whole burst ahead no request of this limit can have been: a fresh cell, a changed limit, or a clock set back.
      const owed = ahead > 0 && ahead <= tolerance ? ahead : 0;
      const next = owed + ticksPerEmission;
      if (next > tolerance) return Math.max(1, Math.ceil(((next - tolerance) / ticksPerEmission) * interval));
      if (Atomics.compareExchange(words, cell + arrivalWord, arrival, (nowTicks + next) | 0) !== arrival) continue;
      Atomics.store(
        words,
        cell + recoveryWord,
        Math.ceil((now - bornAt + (next / ticksPerEmission) * interval) / 1000),
      );
      return 0;
    }
  };

  const giveBack = (limit: RateLimit, scope: string, subject: string, now: EpochMs): void => {
    hash(`${scope}\n${subject}`, value);
    const bucket = ((value.low >>> 0) % buckets) * ways * cellWords;
    const tag = value.high === 0 ? 1 : value.high;
    const cell = Array.from({ length: ways }, (_, way) => bucket + way * cellWords).find(
      (candidate) => Atomics.load(words, candidate) === tag,
    );
    if (cell === undefined) return;
    const nowTicks = Math.floor(((now - bornAt) / (1000 / limit.perSecond)) * ticksPerEmission) | 0;
    for (;;) {
      const arrival = Atomics.load(words, cell + arrivalWord);
      const ahead = (arrival - nowTicks) | 0;
      // What has been paid off by time is not owed twice.
      if (ahead <= 0 || ahead > limit.burst * ticksPerEmission) return;
      const before = (nowTicks + Math.max(0, ahead - ticksPerEmission)) | 0;
      if (Atomics.compareExchange(words, cell + arrivalWord, arrival, before) === arrival) return;
    }
  };

  const admit = (limit: RateLimit, scope: string, subject: string, now: EpochMs): number => {
    hash(`${scope}\n${subject}`, value);
    const bucket = ((value.low >>> 0) % buckets) * ways * cellWords;
    const tag = value.high === 0 ? 1 : value.high;
    return charge(findCell(words, bucket, tag, Math.floor((now - bornAt) / 1000)), limit, now);
  };
  return { admit, giveBack };
};
