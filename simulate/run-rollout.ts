/** `hauberk simulate rollout`. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { defaultGuard } from '@hauberk/rollout';
import { simulateRollouts, usualRollouts } from './rollout.ts';

/** How it is called. */
export const rolloutUsage: string = `       hauberk simulate rollout [--seed S] [--runs N] [--stage PER-MILLE] [--harm TIMES] [--json]

  --runs   harmless rollouts, and as many harmful ones (4000)
`;

/** What the guard promises: at most one harmless rollout in a hundred halted, half of the harmful ones within so many sessions. */
const mostFalseHalts = 0.01;
const mostSessions = 8000;

const readOptions = (args: readonly string[]) => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string', default: String(randomInt(1, 1_000_000)) },
        runs: { type: 'string', default: '4000' },
        stage: { type: 'string', default: String(usualRollouts.stagePerMille) },
        harm: { type: 'string', default: String(usualRollouts.harm) },
        json: { type: 'boolean', default: false },
      },
    });
    const [seed, runs, stagePerMille] = [Number(values.seed), Number(values.runs), Number(values.stage)];
    const harm = Number(values.harm);
    const isRight =
      [seed, runs, stagePerMille].every((value) => Number.isSafeInteger(value) && value > 0) &&
      stagePerMille < 1000 &&
      harm >= 1 &&
      harm <= 100;
    return isRight ? { seed, runs, stagePerMille, harm, json: values.json } : undefined;
  } catch {
    return undefined;
  }
};

/** Runs it. In the usual conditions the exit code says whether the promises were kept. */
export const runRollout = (args: readonly string[]): number | undefined => {
  const options = readOptions(args);
  if (options === undefined) return undefined;
  const { seed, runs, stagePerMille, harm } = options;
  process.stderr.write(`seed ${seed}\n`);
  let done = 0;
  const report = simulateRollouts({ ...usualRollouts, seed, runs, stagePerMille, harm, guard: defaultGuard }, () => {
    done += 1;
    if (done % 1000 === 0) process.stderr.write(`${done} of ${2 * runs}\n`);
  });
  const { falseHalts, trueHalts, medianSessionsToHalt, p90SessionsToHalt } = report;
  if (options.json) process.stdout.write(`${JSON.stringify({ seed, stagePerMille, harm, ...report })}\n`);
  else
    process.stdout.write(
      `${(falseHalts * 100).toFixed(2)} % of ${runs} harmless rollouts halted, ${(trueHalts * 100).toFixed(2)} % of the harmful ones\n` +
        `half of those within ${medianSessionsToHalt} sessions with the directive, nine of ten within ${p90SessionsToHalt}\n`,
    );
  const isUsual = stagePerMille === usualRollouts.stagePerMille && harm === usualRollouts.harm;
  return !isUsual || (falseHalts <= mostFalseHalts && medianSessionsToHalt <= mostSessions) ? 0 : 1;
};
