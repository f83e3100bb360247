/** Draws from distributions, for simulations; the same seed, the same world. */
import type { Random } from '@hauberk/example-bank';

/** A number from `low` to `high`. */
export const uniform = (random: Random, low: number, high: number): number => low + random() * (high - low);

/** A normal number, by Box and Muller. */
export const normal = (random: Random, mean: number, deviation: number): number =>
  mean + deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A Poisson count, by Knuth's product; for means up to some hundred. */
export const poisson = (random: Random, mean: number): number => {
  const floor = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > floor; product *= random()) count += 1;
  return count;
};
