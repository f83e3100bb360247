/** The live view: on a terminal it repaints in place, elsewhere it writes a line now and then. */
import type { RunningBank } from '@hauberk/example-bank';
import type { Actor, Tally } from './tally.ts';

/** What the view shows. */
export interface ViewOptions {
  readonly gateway: string;
  readonly bank: RunningBank;
  readonly tally: Tally;
}

const repaintMs = 500;
const lineEveryMs = 10_000;
const columns = 5;

const bold = (text: string): string => `\u001b[1m${text}\u001b[22m`;
const dim = (text: string): string => `\u001b[2m${text}\u001b[22m`;
const green = (text: string): string => `\u001b[32m${text}\u001b[39m`;
const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;

const resultsOf = (tally: Tally, actor: Actor): string =>
  tally
    .results(actor)
    .slice(0, columns)
    .map(([result, count]) => `${result} ${bold(String(count))}`)
    .join(dim(' · '));

const clockTime = (atMs: number): string => new Date(atMs).toISOString().slice(11, 19);

/** One frame of the view. */
export const frame = ({ gateway, bank, tally }: ViewOptions): string => {
  const check = bank.check();
  const books =
    check.balanced && check.duplicates.length === 0
      ? green('the books balance, nothing twice')
      : red('the books are WRONG');
  const lines = [
    `${bold('Hauberk demo')}  ${gateway}  ${dim('open it in a browser; Ctrl-C stops')}`,
    '',
    `customers  ${resultsOf(tally, 'customer')}`,
    `phones     ${resultsOf(tally, 'phone')}`,
    `attacker   ${resultsOf(tally, 'attacker')}`,
    `bank       ${check.transfers} transfers booked, ${books}`,
    `surprises  ${tally.wrong() === 0 ? green('none') : red(String(tally.wrong()))}`,
    '',
    ...tally
      .latest()
      .map(
        ({ atMs, actor, action, result, isAsItShould }) =>
          `${dim(clockTime(atMs))} ${actor.padEnd(8)} ${action.padEnd(26)} ${isAsItShould ? result : red(result)}`,
      ),
  ];
  return lines.join('\n');
};

const sumOf = (tally: Tally, actor: Actor): number => tally.results(actor).reduce((sum, [, count]) => sum + count, 0);

const plainLine = ({ bank, tally }: ViewOptions): string => {
  const check = bank.check();
  return `customers ${sumOf(tally, 'customer')} phones ${sumOf(tally, 'phone')} attacker ${sumOf(tally, 'attacker')} transfers ${check.transfers} balanced ${check.balanced} surprises ${tally.wrong()}`;
};

/** Starts the view. */
export const startView = (options: ViewOptions): { readonly stop: () => void } => {
  const { stdout } = process;
  if (!stdout.isTTY) {
    const timer = setInterval(() => stdout.write(`${plainLine(options)}\n`), lineEveryMs);
    return { stop: () => clearInterval(timer) };
  }
  let painted = 0;
  const paint = (): void => {
    const text = frame(options);
    stdout.write(`${painted === 0 ? '' : `\u001b[${painted}A`}\u001b[0J${text}\n`);
    painted = text.split('\n').length;
  };
  const timer = setInterval(paint, repaintMs);
  return { stop: () => clearInterval(timer) };
};
