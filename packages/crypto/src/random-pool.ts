import type { Bytes } from '@hauberk/primitives';

/** Largest request that the pool serves; more is drawn directly. */
const largestPooled = 64;
const poolLength = 8192;

/**
 * Random bytes from a pool that is refilled at once: a nonce costs a copy and not a call into the generator.
 * Bytes leave the pool once and are wiped in it, so no later reader of memory finds a key that was drawn from it.
 */
export const randomPool = (fill: (target: Bytes) => void): ((length: number) => Bytes) => {
  const pool = new Uint8Array(poolLength);
  let next = poolLength;
  return (length) => {
    if (length > largestPooled) {
      const direct = new Uint8Array(length);
      fill(direct);
      return direct;
    }
    if (next + length > poolLength) {
      fill(pool);
      next = 0;
    }
    const drawn = pool.slice(next, next + length);
    pool.fill(0, next, next + length);
    next += length;
    return drawn;
  };
};
