/** `hauberk attack`: every known attack with its control, against a system of our own or a given target. */
import { parseArgs } from 'node:util';
import { type AttackReport, runAttack } from './attack.ts';
import { attacks } from './catalogue.ts';
import { startWorld } from './world.ts';

const usage = `usage: hauberk attack [--json] [--only ID]... [--workers N]
`;

/** The report as a whole. */
export interface AttackSummary {
  readonly attacks: readonly AttackReport[];
  readonly held: number;
  readonly broken: number;
  readonly notApplicable: number;
}

/** An attack whose control did not succeed proves nothing, so it counts as broken. */
export const summarise = (reports: readonly AttackReport[]): AttackSummary => ({
  attacks: reports,
  held: reports.filter(({ held, controlSucceeded }) => held === true && controlSucceeded).length,
  broken: reports.filter(({ held, controlSucceeded }) => held === false || (held === true && !controlSucceeded)).length,
  notApplicable: reports.filter(({ held }) => held === null).length,
});

const line = ({ id, held, controlSucceeded, observed }: AttackReport): string => {
  const verdict = held === null ? 'n/a   ' : held && controlSucceeded ? 'held  ' : 'BROKEN';
  return `${verdict} ${id.padEnd(24)} ${observed}${held !== null && !controlSucceeded ? ' (the control did not succeed)' : ''}\n`;
};

const readOptions = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean' },
        only: { type: 'string', multiple: true },
        workers: { type: 'string', default: '2' },
      },
    }).values;
  } catch {
    return undefined;
  }
};

/** Runs the attacks one after the other: some of them restart the gateway. */
export const attack = async (args: readonly string[]): Promise<number> => {
  const options = readOptions(args);
  const workers = Number(options?.workers);
  if (options === undefined || !Number.isInteger(workers) || workers < 1) {
    process.stderr.write(usage);
    return 2;
  }
  const chosen = attacks.filter(({ id }) => options.only === undefined || options.only.includes(id));
  const world = await startWorld(workers);
  const reports: AttackReport[] = [];
  try {
    for (const each of chosen) {
      const report = await runAttack(each, world);
      reports.push(report);
      process.stderr.write(line(report));
    }
  } finally {
    await world.close();
  }
  const summary = summarise(reports);
  process.stderr.write(`${summary.held} held, ${summary.broken} broken, ${summary.notApplicable} not applicable\n`);
  if (options.json === true) process.stdout.write(`${JSON.stringify(summary)}\n`);
  return summary.broken === 0 ? 0 : 1;
};
