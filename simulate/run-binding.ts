/** `hauberk simulate binding`. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Guard, guards } from '@hauberk/binding';
import { isAsPromised, simulateBinding } from './binding.ts';

/** How it is called. */
export const bindingUsage: string = `       hauberk simulate binding [--seed S] [--runs N] [--without GUARD]... [--json]

  --without  takes a guard away (${guards.join(', ')})
`;

const readOptions = (args: readonly string[]) => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string', default: String(randomInt(1, 1_000_000)) },
        runs: { type: 'string', default: '10000' },
        without: { type: 'string', multiple: true, default: [] },
        json: { type: 'boolean', default: false },
      },
    });
    const without = values.without.map((name) => guards.find((guard) => guard === name));
    const known = without.filter((guard): guard is Guard => guard !== undefined);
    const [seed, runs] = [Number(values.seed), Number(values.runs)];
    const isRight =
      known.length === without.length && [seed, runs].every((value) => Number.isSafeInteger(value) && value > 0);
    return isRight ? { seed, runs, without: known, json: values.json } : undefined;
  } catch {
    return undefined;
  }
};

/** Runs it. With all guards the exit code says whether the promises were kept; without some, only that it ran. */
export const runBinding = async (args: readonly string[]): Promise<number | undefined> => {
  const options = readOptions(args);
  if (options === undefined) return undefined;
  const { seed, runs, without } = options;
  process.stderr.write(`seed ${seed}\n`);
  let done = 0;
  const report = await simulateBinding({ seed, runs, without }, () => {
    done += 1;
    if (done % 10_000 === 0) process.stderr.write(`${done} of ${runs}\n`);
  });
  const { wrongBinds, honestRuns, honestBound, undisturbed, attackerRuns, attackerReachedToken } = report;
  if (options.json) process.stdout.write(`${JSON.stringify({ seed, without, ...report })}\n`);
  else
    process.stdout.write(
      `${wrongBinds} wrong binds in ${runs} runs; ${honestBound} of ${honestRuns} honest customers bound, ` +
        `${undisturbed.bound} of ${undisturbed.runs} that nothing disturbed\n` +
        Object.entries(attackerRuns)
          .map(([kind, count]) => `${kind}: ${count} runs, ${attackerReachedToken[kind] ?? 0} got a token\n`)
          .join(''),
    );
  return without.length > 0 || isAsPromised(report) ? 0 : 1;
};
