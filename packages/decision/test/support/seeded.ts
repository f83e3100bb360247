/** Random numbers from a printed seed; HAUBERK_SEED repeats one, HAUBERK_FULL=1 takes full sizes. */
export const isFull: boolean = process.env['HAUBERK_FULL'] === '1';

/** The seed of a test, printed so that it can be repeated. */
export const seedOf = (name: string): number => {
  const seed = Number(process.env['HAUBERK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`${name}: HAUBERK_SEED=${seed}`);
  return seed;
};

/** Numbers in [0, 1): mulberry32. */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
};
