/** Chance by name: every actor, day and matter draws from a stream of its own, so that one more actor changes nobody else's life. */
import { createHash } from 'node:crypto';

/** Draws a number from 0 (included) to 1 (excluded). */
export type Draw = () => number;

/** Spreads the bits of a 32-bit word. */
const mixed = (word: number): number => {
  let mix = word;
  mix = Math.imul(mix ^ (mix >>> 16), 0x21f0aaad);
  mix = Math.imul(mix ^ (mix >>> 15), 0x735a2d97);
  return (mix ^ (mix >>> 15)) >>> 0;
};

const hashOf = (text: string, start: number): number => {
  let hash = start >>> 0;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return mixed(hash ^ text.length);
};

/** The stream of a seed and a name; the same arguments, the same draws. */
export const streamOf = (seed: number, ...names: readonly (string | number)[]): Draw => {
  const name = `${seed}/${names.join('/')}`;
  let [a, b, c, counter] = [hashOf(name, 0x811c9dc5), hashOf(name, 0x9747b28c), hashOf(name, 0x3c6ef372), 1];
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let round = 0; round < 6; round += 1) next();
  return next;
};

/** True with a probability. */
export const chance = (draw: Draw, probability: number): boolean => draw() < probability;

/** A number from `low` to `high`. */
export const between = (draw: Draw, low: number, high: number): number => low + draw() * (high - low);

/** A whole number from `low` to `high`, both included. */
export const whole = (draw: Draw, low: number, high: number): number => low + Math.floor(draw() * (high - low + 1));

/** One of some; there must be one. */
export const pick = <Item>(draw: Draw, items: readonly Item[]): Item => {
  const item = items[Math.floor(draw() * items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
};

/** Some of them, without repeats, in random order. */
export const pickSome = <Item>(draw: Draw, items: readonly Item[], count: number): readonly Item[] =>
  items
    .map((item) => ({ item, rank: draw() }))
    .sort((left, right) => left.rank - right.rank)
    .slice(0, count)
    .map(({ item }) => item);

/** A normal number. */
export const normal = (draw: Draw, mean: number, deviation: number): number =>
  mean + deviation * Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());

/** A log-normal number around a median. */
export const logNormal = (draw: Draw, median: number, spread: number): number =>
  median * Math.exp(normal(draw, 0, spread));

/** A waiting time with a mean. */
export const waiting = (draw: Draw, mean: number): number => -mean * Math.log(1 - draw());

/** A Poisson count, for means up to some hundred. */
export const poisson = (draw: Draw, mean: number): number => {
  const floor = Math.exp(-mean);
  let count = 0;
  for (let product = draw(); product > floor; product *= draw()) count += 1;
  return count;
};

/** A rank from 0 on; low ranks come often (density about 1 over the rank). */
export const rank = (draw: Draw, count: number): number => Math.floor(Math.exp(draw() * Math.log(count + 1)) - 1);

/** 128 bits as base64url, as a client's digest of evidence looks. */
export const digestOf = (seed: number, kind: string, value: string | number): string =>
  createHash('sha256').update(`${seed} ${kind} ${value}`).digest().subarray(0, 16).toString('base64url');

/** An id as a server issues them: it tells nothing, in whatever order it was made. */
export const idOf = (seed: number, kind: string, value: string | number): string =>
  `${kind}-${createHash('sha256').update(`${seed} id ${kind} ${value}`).digest('hex').slice(0, 16)}`;
