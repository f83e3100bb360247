/** The command line that every fuzzer here shares: `--count N --seed S`. */
import { parseArgs } from 'node:util';

/** Outcomes of a run: how many inputs ended how. */
export interface FuzzOutcome {
  readonly accepted: number;
  /** Refusals by code. */
  readonly refused: Readonly<Record<string, number>>;
}

const countOf = (text: string, option: string): number => {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`--${option} takes a whole number`);
  return count;
};

/** Runs a fuzzer from the command line; a broken promise of the parser ends it with the input that broke it. */
export const runFuzzCommand = (name: string, fuzz: (count: number, seed: number) => FuzzOutcome): void => {
  const { values } = parseArgs({ options: { count: { type: 'string' }, seed: { type: 'string' } } });
  const count = countOf(values.count ?? '100000', 'count');
  const seed = countOf(values.seed ?? String(process.hrtime.bigint() % 4_294_967_296n), 'seed');
  process.stderr.write(`fuzz ${name}: ${count} inputs, --seed ${seed}\n`);
  const outcome = fuzz(count, seed);
  process.stdout.write(`${JSON.stringify({ fuzz: name, count, seed, ...outcome })}\n`);
};

/** Counts one refusal. */
export const tally = (refused: Record<string, number>, code: string): void => {
  refused[code] = (refused[code] ?? 0) + 1;
};
