/** The live view: on a terminal it repaints in place, elsewhere it writes a line now and then. */
import type { RunningBank } from '@hauberk/example-bank';
import { type BindingBoard, type BindingRow, resultLine } from './binding/binding-board.ts';
import type { DecisionBoard, DecisionRow } from './decisions/decision-board.ts';
import { type FindingRow, type PrivacyBoard } from './privacy/privacy-board.ts';
import type { Actor, Tally } from './tally.ts';

/** What the view shows. */
export interface ViewOptions {
  readonly gateway: string;
  readonly bank: RunningBank;
  readonly tally: Tally;
  readonly board: BindingBoard;
  readonly privacy: PrivacyBoard;
  readonly decisions: DecisionBoard;
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

const bindWidth = 36;
const indent = '  ';

/** `B15 forwarded token`, or what it came to where it should not have. */
const bindCell = (row: BindingRow): string => {
  const text = `${row.rule.padEnd(11)} ${row.kind}`.padEnd(bindWidth);
  return row.isAsItShould ? text : red(`${row.kind}: ${resultLine(row)}`.padEnd(bindWidth));
};

/** Binding: how many honest phones were bound, and the rule that declined each kind of attacker. */
const bindLines = (board: BindingBoard, width: number): readonly string[] => {
  // A line that wraps would be painted over wrongly.
  const columns = Math.max(1, Math.floor((width - indent.length) / bindWidth));
  const [own, foreign] = [board.rows('honest'), board.rows('attacker')];
  const cells = [...own.filter(({ isAsItShould }) => !isAsItShould), ...foreign].map(bindCell);
  const lines = Array.from({ length: Math.ceil(cells.length / columns) }, (_, line) =>
    cells.slice(line * columns, (line + 1) * columns).join(''),
  );
  const count = (state: string): number => own.reduce((sum, row) => sum + (row.state === state ? row.times : 0), 0);
  const declined = foreign.filter(({ isAsItShould }) => isAsItShould).length;
  const head = `bound ${bold(String(count('bound')))}${dim(' · ')}spared the code ${bold(String(count('relieved')))}${dim(' · ')}attackers declined ${bold(`${declined} of ${board.expected}`)} kinds`;
  return [`SIM        ${head}`, ...lines.map((line) => indent + line)];
};

const findingLine = ({ rule, severity, owner, api, chain, state }: FindingRow): string =>
  `  ${severity.padEnd(8)} ${rule.padEnd(14)} ${bold(owner)} ${api.split('.').at(-1) ?? api} ${chain} ${state === 'open' ? red(state) : green(state)}`;

/** Privacy: what SDKs in the page did, and what was stopped. */
const privacyLines = ({ rows, app }: PrivacyBoard): readonly string[] => {
  const open = rows.findings.find(({ state }) => state === 'open');
  const hint =
    open === undefined ? '' : dim(`bin/hauberk privacy stop ${open.chain} --app ${app} --reason "follows visitors"`);
  const stopped = rows.stops.map(({ chain, devices, calls }) =>
    green(`  stopped  ${chain}: ${calls} calls refused on ${devices} devices`),
  );
  return [
    `privacy    findings ${bold(String(rows.findings.length))}  ${hint}`,
    ...rows.findings.map(findingLine),
    ...stopped,
  ];
};

const outcomes = ['allow', 'observe', 'slow', 'challenge', 'deny', 'trap'];

const decisionLine = ({ atMs, outcome, route, reasons, id }: DecisionRow): string =>
  `  ${dim(clockTime(atMs))} ${outcome.padEnd(10)} ${route.padEnd(14)} ${reasons.padEnd(24)} ${bold(id)}`;

/** Decisions: how many of each outcome, and whom it was worth to look at; the id is what `hauberk why` asks for. */
const decisionLines = (decisions: DecisionBoard, app: string): readonly string[] => {
  const [newest] = decisions.latest();
  const hint = newest === undefined ? '' : `  ${dim(`bin/hauberk why ${newest.id} --app ${app}`)}`;
  const counts = outcomes.map((outcome) => `${outcome} ${bold(String(decisions.count(outcome)))}`).join(dim(' · '));
  return [`decisions  ${counts}${hint}`, ...decisions.latest().map(decisionLine)];
};

/** One frame of the view. */
export const frame = (
  { gateway, bank, tally, board, privacy, decisions }: ViewOptions,
  width: number = 120,
): string => {
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
    ...bindLines(board, width),
    ...privacyLines(privacy),
    ...decisionLines(decisions, privacy.app),
    `surprises  ${tally.wrong() === 0 ? green('none') : red(`${tally.wrong()}${surpriseText(tally)}`)}`,
    '',
    ...tally
      .latest()
      .map(
        ({ atMs, actor, action, result, isAsItShould }) =>
          `${dim(clockTime(atMs))} ${actor.padEnd(8)} ${action.padEnd(28)} ${isAsItShould ? result : red(result)}`,
      ),
  ];
  return lines.join('\n');
};

/** The last thing that was not as it should be. */
const surpriseText = (tally: Tally): string => {
  const last = tally.surprise();
  return last === undefined ? '' : ` (${clockTime(last.atMs)} ${last.actor} ${last.action}: ${last.result})`;
};

const sumOf = (tally: Tally, actor: Actor): number => tally.results(actor).reduce((sum, [, count]) => sum + count, 0);

const plainRow = (row: BindingRow): string =>
  `binding ${row.who} "${row.kind}" ${resultLine(row)}${row.isAsItShould ? '' : ' SURPRISE'}`;

const plainLine = ({ bank, tally }: ViewOptions): string => {
  const check = bank.check();
  return `customers ${sumOf(tally, 'customer')} phones ${sumOf(tally, 'phone')} attacker ${sumOf(tally, 'attacker')} transfers ${check.transfers} balanced ${check.balanced} surprises ${tally.wrong()}${surpriseText(tally)}`;
};

/** Starts the view. */
export const startView = (options: ViewOptions): { readonly stop: () => void } => {
  const { stdout } = process;
  if (!stdout.isTTY) {
    options.board.onRow((row) => stdout.write(`${plainRow(row)}\n`));
    options.privacy.onLine((line) => stdout.write(`privacy ${line}\n`));
    options.decisions.onRow(({ outcome, route, reasons, id }) =>
      stdout.write(`decision ${outcome} ${route} "${reasons}" ${id}\n`),
    );
    const timer = setInterval(() => stdout.write(`${plainLine(options)}\n`), lineEveryMs);
    return { stop: () => clearInterval(timer) };
  }
  let painted = 0;
  const paint = (): void => {
    const text = frame(options, stdout.columns);
    stdout.write(`${painted === 0 ? '' : `\u001b[${painted}A`}\u001b[0J${text}\n`);
    painted = text.split('\n').length;
  };
  const timer = setInterval(paint, repaintMs);
  return { stop: () => clearInterval(timer) };
};
