/**
 * Sketches of distinct counts: HyperLogLog with 64 registers by pane of event time, in the shared pool. Read with the improved raw estimator
 * (O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017), which needs no correction for small counts and only arithmetic that is the same
 * on every machine. The standard error is 1.04/√64 = 13 %.
 */
import { sketchRegisters } from './profile-layout.ts';
import type { RowChunk } from './profile-table.ts';

/** Relative standard error of an estimate. */
export const sketchError: number = 1.04 / Math.sqrt(sketchRegisters);

const indexBits = 6;
/** Bits of a hash beyond the register's number; a register holds at most one more. */
const rankBits = 32 - indexBits;

/** A sketch: the pool and where it begins there, in 8-byte words. Its first 32-bit word is the newest pane's number. */
export interface SketchPlace {
  pool: RowChunk;
  at: number;
}

const registersOf = (at: number, pane: number, panes: number): number =>
  (at + 1) * 8 + (pane % panes) * sketchRegisters;

/** Takes a thing that was met in a pane. What falls behind all panes changes nothing. */
export const addToSketch = ({ pool, at }: SketchPlace, panes: number, pane: number, thing: number): void => {
  const { words, bytes } = pool;
  const head = words[at * 2] as number;
  if (pane <= head - panes) return;
  for (let each = Math.max(head + 1, pane - panes + 1); each <= pane; each += 1) {
    const from = registersOf(at, each, panes);
    for (let register = from; register < from + sketchRegisters; register += 1) bytes[register] = 0;
  }
  if (pane > head) words[at * 2] = pane;
  const rest = thing >>> indexBits;
  const rank = rest === 0 ? rankBits + 1 : Math.clz32(rest) - indexBits + 1;
  const register = registersOf(at, pane, panes) + (thing & (sketchRegisters - 1));
  if ((bytes[register] as number) < rank) bytes[register] = rank;
};

const merged = new Uint8Array(sketchRegisters);
const histogram = new Uint32Array(rankBits + 2);

/** How many different things the panes from `oldest` to `newest` met. */
export const estimateSketch = ({ pool, at }: SketchPlace, panes: number, newest: number, oldest: number): number => {
  const { words, bytes } = pool;
  const head = words[at * 2] as number;
  merged.fill(0);
  for (let pane = Math.min(newest, head); pane >= Math.max(oldest, head - panes + 1, 0); pane -= 1) {
    const from = registersOf(at, pane, panes);
    for (let register = 0; register < sketchRegisters; register += 1) {
      const rank = bytes[from + register] as number;
      if (rank > (merged[register] as number)) merged[register] = rank;
    }
  }
  histogram.fill(0);
  for (let register = 0; register < sketchRegisters; register += 1)
    histogram[merged[register] as number] = (histogram[merged[register] as number] as number) + 1;
  return estimateOf(histogram);
};

/** σ of the paper. */
const sigma = (share: number): number => {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let power = share;
  let factor = 1;
  let sum = share;
  for (let before = -1; before !== sum; ) {
    before = sum;
    power *= power;
    sum += power * factor;
    factor += factor;
  }
  return sum;
};

/** τ of the paper. */
const tau = (share: number): number => {
  if (share === 0 || share === 1) return 0;
  let root = share;
  let factor = 1;
  let sum = 1 - share;
  for (let before = -1; before !== sum; ) {
    before = sum;
    root = Math.sqrt(root);
    factor *= 0.5;
    sum -= (1 - root) * (1 - root) * factor;
  }
  return sum / 3;
};

/** 1 / (2 ln 2). */
const alpha = 0.721_347_520_444_481_7;

const estimateOf = (ranks: Uint32Array): number => {
  const all = sketchRegisters;
  let sum = all * tau(1 - (ranks[rankBits + 1] as number) / all);
  for (let rank = rankBits; rank >= 1; rank -= 1) sum = 0.5 * (sum + (ranks[rank] as number));
  sum += all * sigma((ranks[0] as number) / all);
  return (alpha * all * all) / sum;
};
