/** `hauberk learn`: events and labels from files → a model and what it is worth. */
import { randomBytes } from 'node:crypto';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import {
  type LearnInput,
  learn as learnFrom,
  type RiskEvent,
  type RiskLabel,
  readRiskEvent,
  readRiskLabel,
  type Span,
} from '@hauberk/decision';
import type { Result } from '@hauberk/primitives';

/** What `--help` prints. */
export const usage: string = `usage: hauberk learn --events FILE --labels FILE --train FROM..TO --delay DAYS --test FROM..TO
                     [--score-only FILE] [--out FILE] [--json]

  --events      one event a line (docs/learning.md)
  --labels      one label a line
  --train       the span to learn from: dates (UTC, both days included) or epoch milliseconds (the end excluded)
  --delay       days after which an event without a label counts as honest
  --test        the span to score, after the training span
  --score-only  ids of events, one a line: only these are scored; all are streamed
  --out         where the model is written
`;

const dayMs = 86_400_000;

const instantOf = (text: string): { readonly at: number; readonly isDay: boolean } | undefined => {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    const at = Date.parse(`${text}T00:00:00Z`);
    const isReal = !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
    return isReal ? { at, isDay: true } : undefined;
  }
  return /^\d{1,15}$/.test(text) ? { at: Number(text), isDay: false } : undefined;
};

/** `FROM..TO` as a half-open span; undefined when it is none. */
export const readSpan = (text: string): Span | undefined => {
  const [from, to, ...more] = text.split('..').map(instantOf);
  if (from === undefined || to === undefined || more.length > 0 || from.isDay !== to.isDay) return undefined;
  const end = to.isDay ? to.at + dayMs : to.at;
  return from.at < end ? { from: from.at, to: end } : undefined;
};

/** A line that cannot be read; says which, and why. */
class LineError extends Error {}

const readLines = async <Value>(file: string, read: (line: string) => Result<Value>): Promise<Value[]> => {
  const values: Value[] = [];
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() === '') continue;
    const value = read(line);
    if (!value.ok)
      throw new LineError(
        `${file} line ${number}: ${value.code}${value.detail === undefined ? '' : ` (${value.detail})`}`,
      );
    values.push(value.value);
  }
  return values;
};

/** Arguments that are wrong, one a line. */
class ArgumentError extends Error {}

const readOptions = (args: readonly string[]) => {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        events: text,
        labels: text,
        train: text,
        test: text,
        delay: text,
        'score-only': text,
        out: text,
        json: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new ArgumentError(error instanceof Error ? error.message : 'the arguments cannot be read');
  }
};

type Options = ReturnType<typeof readOptions>;

const spanFault = (name: string, value: string | undefined): readonly string[] => {
  if (value === undefined) return [`--${name} is missing: FROM..TO`];
  return readSpan(value) === undefined
    ? [`--${name} is FROM..TO, two dates or two epoch milliseconds with FROM first, not ${value}`]
    : [];
};

const delayOf = (text: string): number => (/^\d{1,3}(?:\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN);

const argumentFaults = ({ events, labels, train, test, delay }: Options): readonly string[] => [
  ...(events === undefined ? ['--events is missing: a file'] : []),
  ...(labels === undefined ? ['--labels is missing: a file'] : []),
  ...spanFault('train', train),
  ...(delay === undefined ? ['--delay is missing: days'] : []),
  ...(delay === undefined || delayOf(delay) <= 365 ? [] : [`--delay is a number of days up to 365, not ${delay}`]),
  ...spanFault('test', test),
];

const readInput = async (options: Options): Promise<LearnInput> => {
  const [train, test] = [readSpan(options.train ?? ''), readSpan(options.test ?? '')];
  const delayDays = delayOf(options.delay ?? '');
  const faults = argumentFaults(options);
  if (
    faults.length > 0 ||
    options.events === undefined ||
    options.labels === undefined ||
    train === undefined ||
    test === undefined
  )
    throw new ArgumentError(faults.join('\nhauberk learn: '));
  const only = options['score-only'];
  const events = await readLines<RiskEvent>(options.events, readRiskEvent);
  const labels = await readLines<RiskLabel>(options.labels, readRiskLabel);
  const ids =
    only === undefined
      ? undefined
      : readFileSync(only, 'utf8')
          .split(/\r?\n/)
          .map((line) => line.trim());
  const scoreOnly = ids === undefined ? {} : { scoreOnly: new Set(ids.filter((id) => id !== '')) };
  return { events, labels, train, test, labelDelay: delayDays * dayMs, key: randomBytes(16), ...scoreOnly };
};

const plainArrays = (_: string, value: unknown): unknown =>
  ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value;

const run = async (options: Options): Promise<number> => {
  const began = performance.now();
  const input = await readInput(options);
  const learnt = learnFrom(input);
  if (!learnt.ok) {
    process.stderr.write(`hauberk learn: ${learnt.code}${learnt.detail === undefined ? '' : ` (${learnt.detail})`}\n`);
    return 1;
  }
  const { model, report } = learnt.value;
  if (options.out !== undefined)
    writeFileSync(options.out, `${JSON.stringify({ format: 'hauberk-model-1', ...model }, plainArrays)}\n`);
  const line = { ...report, seconds: Math.round(performance.now() - began) / 1000 };
  process.stdout.write(
    options.json
      ? `${JSON.stringify(line)}\n`
      : `${line.rows.train} rows learnt from, ${line.rows.test} scored, ${line.seconds} s\n` +
          `area under the curve ${line.auc.toFixed(3)}, average precision ${line.averagePrecision.toFixed(3)}\n` +
          `of the fraud found at 1 % false alarms: ${(line.recallAt1PercentFpr * 100).toFixed(1)} %; calibration error ${line.ece.toFixed(4)}\n`,
  );
  return 0;
};

/** Runs `hauberk learn`. */
export const learn = async (args: readonly string[]): Promise<number> => {
  try {
    return await run(readOptions(args));
  } catch (error) {
    if (error instanceof ArgumentError) {
      process.stderr.write(`hauberk learn: ${error.message}\n${usage}`);
      return 2;
    }
    const isUsers = error instanceof LineError || (error instanceof Error && 'code' in error);
    if (!isUsers) throw error;
    process.stderr.write(`hauberk learn: ${error.message}\n`);
    return 1;
  }
};
