/** Mutation of texts, reproducible from a seed. */

/** A source of unsigned 32-bit numbers. */
export type Random = () => number;

/** xorshift32 (Marsaglia 2003): small, and the same run on every machine. Not for secrets. */
export const randomOf = (seed: number): Random => {
  let state = seed >>> 0 || 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
};

const pick = <Value>(random: Random, values: readonly Value[]): Value => values[random() % values.length] as Value;

const insert = (text: string, at: number, addition: string): string => text.slice(0, at) + addition + text.slice(at);

/** One edit: drop, double, swap, overwrite, splice with another text, or insert a fragment of the grammar. */
const mutateOnce = (random: Random, text: string, seeds: readonly string[], fragments: readonly string[]): string => {
  const at = random() % (text.length + 1);
  const length = random() % 8;
  switch (random() % 6) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return insert(text, at, text.slice(at, at + length).repeat(1 + (random() % 4)));
    case 2:
      return text.slice(0, at) + String.fromCharCode(random() % 0x180) + text.slice(at + 1);
    case 3:
      return text.slice(0, at) + pick(random, seeds).slice(random() % 16);
    default:
      return insert(text, at, pick(random, fragments));
  }
};

/** A seed text with one to six edits. */
export const mutant = (random: Random, seeds: readonly string[], fragments: readonly string[]): string => {
  let text = pick(random, seeds);
  for (let left = 1 + (random() % 6); left > 0; left -= 1) text = mutateOnce(random, text, seeds, fragments);
  return text;
};
