/** Virtual mobile numbers: the pool that an operator may configure, and the random choice from it (B13). */
import { accept, type Bytes, type Result, refuse } from '@hauberk/primitives';
import { type Msisdn, readMsisdn } from './msisdn.ts';

declare const mark: unique symbol;

/** A pool that keeps the rule. Only `readVmnPool` makes one. */
export type VmnPool = readonly Msisdn[] & { readonly [mark]: 'VmnPool' };

/** Fewest numbers of a pool. */
export const leastVmns = 10;
const mostVmns = 10_000;

const poolFault = (pool: readonly Msisdn[]): string | undefined => {
  if (pool.length < leastVmns) return `fewer than ${leastVmns} numbers`;
  if (pool.length > mostVmns) return `more than ${mostVmns} numbers`;
  // At most 15 digits, so a number is exact.
  const sorted = pool.map(Number).toSorted((one, other) => one - other);
  if (sorted.some((number, index) => number === sorted[index - 1])) return 'a number is there twice';
  if (sorted.some((number, index) => index > 0 && number === (sorted[index - 1] ?? 0) + 1))
    return 'numbers are consecutive';
  return undefined;
};

/** Reads a pool; refused when the configuration is loaded, not when the first customer meets it. */
export const readVmnPool = (numbers: readonly string[]): Result<VmnPool, 'binding.vmn-pool'> => {
  const pool: Msisdn[] = [];
  for (const text of numbers) {
    const number = readMsisdn(text);
    if (!number.ok) return refuse('binding.vmn-pool', 'not a number in E.164');
    pool.push(number.value);
  }
  const fault = poolFault(pool);
  return fault === undefined ? accept(pool as readonly Msisdn[] as VmnPool) : refuse('binding.vmn-pool', fault);
};

/** Random bytes that a choice takes. */
export const vmnRandomBytes = 16;

/** A number of the pool at random, never the one that this device was given last. */
export const chooseVmn = (pool: VmnPool, previous: string | undefined, random: Bytes): Msisdn => {
  const choices = pool.filter((number) => number !== previous);
  // 2^48 over at most 10,000: the bias is below 2^-34.
  let drawn = 0;
  for (const byte of random.subarray(0, 6)) drawn = drawn * 256 + byte;
  const chosen = choices[drawn % choices.length];
  if (chosen === undefined) throw new Error('the pool is empty');
  return chosen;
};
