/** `hauberk attack`: every known attack with its control, against a system of our own or a given target. */
import { parseArgs } from 'node:util';
import { type AttackReport, runAttack } from './attack.ts';
import { attacks } from './catalogue.ts';
import { foreignWorld, readTargetFile } from './target.ts';
import { startWorld, type World } from './world.ts';

const usage = `usage: hauberk attack [--json] [--only ID]... [--workers N]
       hauberk attack --target URL --routes FILE [--json] [--only ID]...
  --target   attack this running gateway instead of one of our own
  --routes   what is known of it: keys, customers, routes (docs/attack-target.md)
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
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true },
        workers: { type: 'string', default: '2' },
        target: { type: 'string' },
        routes: { type: 'string' },
      },
    });
    const isKnown = (id: string): boolean => attacks.some((attack) => attack.id === id);
    const workers = Number(values.workers);
    const isRight =
      Number.isInteger(workers) &&
      workers >= 1 &&
      (values.target === undefined) === (values.routes === undefined) &&
      (values.only ?? []).every(isKnown);
    return isRight ? { ...values, workers } : undefined;
  } catch {
    return undefined;
  }
};

type Options = NonNullable<ReturnType<typeof readOptions>>;

/** A world of our own, or the one around a given target; a string tells why there is none. */
const openWorld = async ({ target, routes, workers }: Options): Promise<World | string> => {
  if (target === undefined || routes === undefined) return startWorld(workers);
  if (!/^http:\/\/[^/]+\/?$/.test(target) || !URL.canParse(target)) return `${target} is not http://HOST[:PORT]`;
  const file = readTargetFile(routes);
  return file.ok ? foreignWorld(new URL(target).origin, file.value) : `${routes}: ${file.message}`;
};

const runAll = async (world: World, only: readonly string[] | undefined): Promise<readonly AttackReport[]> => {
  const reports: AttackReport[] = [];
  for (const each of attacks.filter(({ id }) => only === undefined || only.includes(id))) {
    const report = await runAttack(each, world);
    reports.push(report);
    process.stderr.write(line(report));
  }
  return reports;
};

/** Runs the attacks one after the other: some of them restart the gateway. */
export const attack = async (args: readonly string[]): Promise<number> => {
  const options = readOptions(args);
  if (options === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const world = await openWorld(options);
  if (typeof world === 'string') {
    process.stderr.write(`hauberk attack: ${world}\n\n${usage}`);
    return 2;
  }
  const summary = await runAll(world, options.only).then(summarise).finally(world.close);
  process.stderr.write(`${summary.held} held, ${summary.broken} broken, ${summary.notApplicable} not applicable\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  return summary.broken === 0 ? 0 : 1;
};
