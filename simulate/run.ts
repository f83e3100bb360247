/** `hauberk simulate`: what the whole chain does in conditions that no laboratory has. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { simulateNetwork, trainConditions, usualConcurrency } from './network.ts';
import { bindingUsage, runBinding } from './run-binding.ts';
import { cardsUsage, runCards } from './run-cards.ts';
import { fraudUsage, runFraud } from './run-fraud.ts';
import { killSwitchUsage, runKillSwitch } from './run-kill-switch.ts';
import { rolloutUsage, runRollout } from './run-rollout.ts';

const usage = `usage: hauberk simulate network [--seed S] [--runs N] [--concurrency N] [--scale F] [--json]

  --scale  divides all times of network and app; reported seconds are unscaled (${trainConditions.scale})

${bindingUsage}
${rolloutUsage}
${killSwitchUsage}
${cardsUsage}
${fraudUsage}`;

const readOptions = (args: readonly string[]) => {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        seed: { type: 'string', default: String(randomInt(1, 1_000_000)) },
        runs: { type: 'string', default: '100' },
        concurrency: { type: 'string', default: String(usualConcurrency) },
        scale: { type: 'string', default: String(trainConditions.scale) },
        json: { type: 'boolean', default: false },
      },
    });
    return { ...values, subject: positionals.join(' ') };
  } catch {
    return undefined;
  }
};

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;

const runSubject = (
  subject: string | undefined,
  args: readonly string[],
  rest: readonly string[],
): Promise<number | undefined> | number | undefined => {
  if (subject === 'binding') return runBinding(rest);
  if (subject === 'rollout') return runRollout(rest);
  if (subject === 'kill-switch') return runKillSwitch(rest);
  if (subject === 'fraud') return runFraud(rest);
  return subject === 'cards' ? runCards(rest) : runNetwork(args);
};

/** Runs `hauberk simulate`. */
export const simulate = async (args: readonly string[]): Promise<number> => {
  const [subject, ...rest] = args;
  const exitCode = await runSubject(subject, args, rest);
  if (exitCode === undefined) process.stderr.write(usage);
  return exitCode ?? 2;
};

const runNetwork = async (args: readonly string[]): Promise<number | undefined> => {
  const options = readOptions(args);
  const [seed, runs, concurrency] = [Number(options?.seed), Number(options?.runs), Number(options?.concurrency)];
  const scale = Number(options?.scale);
  const isRight = options?.subject === 'network' && [seed, runs, concurrency].every(isCount) && scale >= 1;
  if (options === undefined || !isRight) return undefined;
  process.stderr.write(`seed ${seed}\n`);
  let done = 0;
  const report = await simulateNetwork({ seed, runs, concurrency, conditions: { ...trainConditions, scale } }, () => {
    done += 1;
    if (done % 100 === 0) process.stderr.write(`${done} of ${runs}\n`);
  });
  const { completed, doubled, lost, p50Seconds, p99Seconds, kills, others } = report;
  if (options.json) process.stdout.write(`${JSON.stringify({ seed, ...report })}\n`);
  else
    process.stdout.write(
      `${completed} of ${runs} completed, ${doubled} doubled, ${lost} lost without a word, ${kills} kills\n` +
        `half within ${p50Seconds} s, 99 of 100 within ${p99Seconds} s\n` +
        Object.entries(others)
          .map(([name, count]) => `${count} × ${name}\n`)
          .join(''),
    );
  return doubled === 0 && lost === 0 && completed >= runs * 0.999 ? 0 : 1;
};
