/** `hauberk evaluate`: how well the online parts do on a world whose truth is known. */
import { parseArgs } from 'node:util';
import { evaluateFraud, type FraudEvaluation } from '../evaluation/evaluate-fraud.ts';
import { WorldError } from '../evaluation/world-lines.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk evaluate fraud --in DIR [--json]

  --in    a world as \`hauberk simulate fraud\` writes it: events.jsonl, reports.jsonl, labels.jsonl, and truth.json,
          which is read for the figures only (docs/fraud-evaluation.md)
`;

const readFolder = (args: readonly string[]): { readonly folder: string; readonly isJson: boolean } | undefined => {
  try {
    const options = { in: { type: 'string' }, json: { type: 'boolean', default: false } } as const;
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    if (positionals.join(' ') !== 'fraud' || values.in === undefined) return undefined;
    return { folder: values.in, isJson: values.json };
  } catch {
    return undefined;
  }
};

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

const most = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort((left, right) => right[1] - left[1] || (left[0] < right[0] ? -1 : 1))
    .slice(0, 12)
    .map(([name, count]) => `  ${String(count).padStart(6)}  ${name}\n`)
    .join('');

const page = ({ figures, events, reports, clusters, seconds, honestReasons, missed }: FraudEvaluation): string => {
  const { attacksStopped, secondsToNewFarm } = figures;
  return [
    `${events} events and ${reports} reports; ${clusters.length} clusters grey or black at the end`,
    `farm devices clustered: ${percent(figures.farmRecall)}; innocents: ${percent(figures.innocentsClustered)}`,
    `without clusters: ${percent(figures.baselineSharedAddressRecall)} by shared addresses, ${percent(figures.baselineNewDeviceRecall)} by new devices`,
    `seconds to a new farm: ${secondsToNewFarm ?? 'not found'} (${[...seconds.values()].map((each) => Math.round(each)).join(', ')})`,
    `honest events asked, slowed or stopped: ${percent(figures.honestStepUps)}; why:`,
    most(honestReasons).trimEnd(),
    'attacks stopped:',
    ...Object.entries(attacksStopped).map(([kind, share]) => `  ${percent(share).padStart(9)}  ${kind}`),
    'what passed most often:',
    most(missed).trimEnd(),
    '',
  ].join('\n');
};

/** Runs `hauberk evaluate`. */
export const evaluate = async (args: readonly string[]): Promise<number> => {
  const asked = readFolder(args);
  if (asked === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  try {
    const evaluation = await evaluateFraud(asked.folder);
    process.stdout.write(asked.isJson ? `${JSON.stringify(evaluation.figures)}\n` : page(evaluation));
    return 0;
  } catch (error) {
    const isUsers = error instanceof WorldError || (error instanceof Error && 'code' in error);
    if (!isUsers) throw error;
    process.stderr.write(`hauberk evaluate: ${error.message}\n`);
    return 1;
  }
};
