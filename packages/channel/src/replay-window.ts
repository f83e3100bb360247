/**
 * The replay window of one session inside a shared table: eight Int32 words of (16-bit block ‖ 16-bit bitmap), word = block mod 8.
 * One compare-and-swap claims a sequence number, so no lock exists that a terminated thread could leave held. Guaranteed width:
 * seven whole blocks and one number, 113.
 */
import { maxSequence } from './names.ts';

/** Words of one window. */
export const windowWords = 8;

/** What a look at the window says. */
export type WindowVerdict = 'fresh' | 'replayed' | 'too-old';

const blockOf = (sequence: number): number => sequence >>> 4;

const judge = (word: number, block: number, bit: number): WindowVerdict => {
  const held = word >>> 16;
  if (held > block) return 'too-old';
  return held === block && (word & bit) !== 0 ? 'replayed' : 'fresh';
};

/** A plain read, a tenth of the price of `Atomics.load`: good for a guess that an atomic operation checks afterwards, and for nothing else. */
const glance = (table: Int32Array, index: number): number => table[index] ?? 0;

/** Looks without claiming: cheap protection of the verifier against floods of copies. Sequence numbers are 0 to 2^20. */
export const peekSequence = (table: Int32Array, offset: number, sequence: number): WindowVerdict => {
  const block = blockOf(sequence);
  return judge(glance(table, offset + (block & 7)), block, 1 << (sequence & 15));
};

/** Claims a sequence number: 'fresh' is answered to exactly one caller, on whatever thread, and only once it is recorded. */
export const claimSequence = (table: Int32Array, offset: number, sequence: number): WindowVerdict => {
  const block = blockOf(sequence);
  const bit = 1 << (sequence & 15);
  const index = offset + (block & 7);
  // A number once claimed stays claimed or too old, so an outdated glance can only be too hopeful, and then the exchange fails.
  let word = glance(table, index);
  for (;;) {
    const verdict = judge(word, block, bit);
    if (verdict !== 'fresh') return verdict;
    // A newer block replaces the older one whole: everything in the older one is now too old.
    const claimed = word >>> 16 === block ? word | bit : (block << 16) | bit;
    const held = Atomics.compareExchange(table, index, word, claimed);
    if (held === word) return 'fresh';
    word = held;
  }
};

/** Whether a number can be a sequence number at all. Block 2^16 does not exist, so the last one is 2^20 - 1. */
export const isSequence = (sequence: number): boolean =>
  Number.isInteger(sequence) && sequence >= 0 && sequence < maxSequence;
