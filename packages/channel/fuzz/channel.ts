/**
 * Mutation fuzzer of everything that the channel reads from strangers. `npm run fuzz -- channel [--part P] [--count N] [--seed S]`.
 * It fails on a crash, on a refusal without a code and on an accepted mutant.
 */
import { parseArgs } from 'node:util';
import { randomFrom } from '../test/fixture/seed.ts';
import { type Attempt, openParts, type PartName, partNames } from './input/parts.ts';

/** What a run of one part found: how often each code was answered. */
export type Tally = Readonly<Record<string, number>>;

/** A mutant that broke a rule, with what is needed to meet it again. */
export class FuzzFinding extends Error {
  override readonly name = 'FuzzFinding';
}

const codeForm = /^[a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*$/;

const judge = async (part: PartName, attempt: Attempt): Promise<string> => {
  const show = (what: string, cause?: unknown): FuzzFinding =>
    new FuzzFinding(`${part}: ${what}: ${JSON.stringify(attempt.input).slice(0, 2000)}`, { cause });
  let code: string;
  try {
    code = await attempt.run();
  } catch (error) {
    throw show('crashed', error);
  }
  if (code === 'accepted') {
    if (!attempt.mayPass) throw show('mutant accepted');
    return code;
  }
  if (!codeForm.test(code)) throw show(`refused without a code (${code})`);
  return code;
};

/** Runs one part; throws a `FuzzFinding` at the first broken rule. */
export const fuzzPart = async (part: PartName, count: number, seed: number): Promise<Tally> => {
  const random = randomFrom(seed);
  const attempt = (await openParts())[part];
  const tally: Record<string, number> = {};
  for (let index = 0; index < count; index += 1) {
    const code = await judge(part, await attempt(random));
    tally[code] = (tally[code] ?? 0) + 1;
  }
  return tally;
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: { part: { type: 'string' }, count: { type: 'string' }, seed: { type: 'string' } },
  });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const count = Number(values.count ?? 10_000);
  const chosen = partNames.filter((part) => values.part === undefined || values.part === 'all' || part === values.part);
  if (chosen.length === 0) {
    process.stderr.write(`no part ${values.part}; one of ${partNames.join(', ')}\n`);
    process.exit(2);
  }
  for (const part of chosen) {
    const tally = await fuzzPart(part, count, seed);
    process.stdout.write(`${part}: ${count} mutants, seed ${seed}: ${JSON.stringify(tally)}\n`);
  }
}
