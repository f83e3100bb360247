/** `hauberk simulate kill-switch`. */
import { parseArgs } from 'node:util';
import { simulateKillSwitch } from './kill-switch.ts';

/** How it is called. */
export const killSwitchUsage: string = `       hauberk simulate kill-switch [--clients N] [--processes N] [--json]

  --clients   clients with an open stream (10000); needs as many open files (ulimit -n)
`;

/** What is promised: 99 of 100 clients within this. */
const mostMilliseconds = 2000;
const patienceMs = 60_000;

const readOptions = (args: readonly string[]) => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        clients: { type: 'string', default: '10000' },
        processes: { type: 'string', default: '2' },
        json: { type: 'boolean', default: false },
      },
    });
    const [clients, processes] = [Number(values.clients), Number(values.processes)];
    const isRight =
      [clients, processes].every((value) => Number.isSafeInteger(value) && value > 0) && clients <= 60_000;
    return isRight ? { clients, processes, json: values.json } : undefined;
  } catch {
    return undefined;
  }
};

/** Runs it; the exit code says whether every client was reached, 99 of 100 in time. */
export const runKillSwitch = async (args: readonly string[]): Promise<number | undefined> => {
  const options = readOptions(args);
  if (options === undefined) return undefined;
  const { clients, processes, json } = options;
  process.stderr.write(`opening ${clients} streams\n`);
  const report = await simulateKillSwitch({ clients, processes, patienceMs });
  const { reached, p50Milliseconds, p99Milliseconds, maxMilliseconds } = report;
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else
    process.stdout.write(
      `${reached} of ${clients} clients had the switch in force: half within ${p50Milliseconds} ms, ` +
        `99 of 100 within ${p99Milliseconds} ms, all within ${maxMilliseconds} ms\n`,
    );
  return reached === clients && p99Milliseconds <= mostMilliseconds ? 0 : 1;
};
