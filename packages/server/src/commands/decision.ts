/** `hauberk decision`: which decisions there were, and all of them out as JSON lines or CSV. */
import { createWriteStream } from 'node:fs';
import { parseArgs } from 'node:util';
import type { AdminApi, DecisionPage } from '@hauberk/admin-client';
import { decisionApiText } from '../decision/decision-api-openapi.ts';
import type { Command } from '../main.ts';
import { appOf, connect, connectionOptions, runAdminCommand, UsageError } from './admin-connection.ts';
import { patiently, spanOf } from './decision-source.ts';
import { decisionTable } from './why.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk decision list [FILTERS] [--limit N] [--after NEXT]    newest first
       hauberk decision show DECISION
       hauberk decision export [FILTERS] [--format json|csv] [--out FILE]   JSON lines, to standard output when absent

       hauberk decision openapi                 the document of POST /v1/decisions, needs no gateway

  FILTERS: --from T --to T --entity KIND:HASH --reason CODE --outcome O --scene S --policy HASH
  T is a date (UTC), epoch milliseconds, or so long ago as 90m, 24h, 7d.
`;

const text = { type: 'string' } as const;
const options = {
  ...connectionOptions,
  from: text,
  to: text,
  entity: text,
  reason: text,
  outcome: text,
  scene: text,
  policy: text,
  limit: text,
  after: text,
  format: text,
  out: text,
} as const;

const parse = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: true, options });
type Values = ReturnType<typeof parse>['values'];
type Item = DecisionPage['items'][number];

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

const queryOf = (values: Values) => {
  const { entity, reason, outcome, scene, policy, after } = values;
  // The API judges the words.
  return {
    ...spanOf(values, Date.now()),
    entity,
    reason,
    outcome: outcome as Item['outcome'] | undefined,
    scene,
    policy,
    after,
  };
};

const list = async (api: AdminApi, app: string, values: Values): Promise<Shown> => {
  const limit = values.limit === undefined ? undefined : Number(values.limit);
  const { value } = await api.listDecisions({ app, ...queryOf(values), limit });
  const more = value.next === null ? '' : `more: --after ${value.next}\n`;
  return { json: { decisions: value.items, next: value.next }, text: `${decisionTable(value.items)}${more}` };
};

const cell = (value: unknown): string => {
  const plain = Array.isArray(value) ? value.join(' ') : String(value);
  // What a spreadsheet would take for a formula stays text.
  const safe = /^[=+@-]/.test(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const csvHead = ['id', 'at', 'scene', 'outcome', 'points', 'policy', 'reasons', 'entities'];
const csvLine = ({ id, atMs, scene, outcome, points, policy, reasons, entities }: Item): string =>
  `${[id, new Date(atMs).toISOString(), scene, outcome, points, policy, reasons, entities].map(cell).join(',')}\r\n`;

const exportAll = async (api: AdminApi, app: string, values: Values): Promise<Shown> => {
  const { format = 'json', out } = values;
  if (format !== 'json' && format !== 'csv') throw new UsageError('--format is json or csv');
  const target = out === undefined ? process.stdout : createWriteStream(out);
  const failed = new Promise<never>((_resolve, reject) => target.once('error', reject));
  failed.catch(() => undefined);
  const write = (line: string): Promise<unknown> | undefined =>
    target.write(line)
      ? undefined
      : Promise.race([new Promise<void>((resolve) => target.once('drain', () => resolve())), failed]);
  if (format === 'csv') await write(`${csvHead.join(',')}\r\n`);
  let written = 0;
  for (let after: string | null | undefined = values.after; after !== null; ) {
    const page: { readonly after?: string } = after === undefined ? {} : { after };
    const { value } = await patiently(() => api.listDecisions({ app, ...queryOf(values), ...page, limit: 1000 }));
    for (const item of value.items) await write(format === 'csv' ? csvLine(item) : `${JSON.stringify(item)}\n`);
    written += value.items.length;
    after = value.next;
  }
  if (out !== undefined) await Promise.race([new Promise<void>((resolve) => target.end(() => resolve())), failed]);
  return {
    json: { decisions: written, out: out ?? null },
    text: out === undefined ? '' : `${written} decisions in ${out}\n`,
  };
};

const work = async (api: AdminApi, positionals: readonly string[], values: Values): Promise<Shown> => {
  const [action, id, ...more] = positionals;
  const app = await appOf(api, values, process.env);
  if (more.length > 0 || (action === 'show') !== (id !== undefined)) throw new UsageError('say what to do');
  if (action === 'list') return list(api, app, values);
  if (action === 'export') return exportAll(api, app, values);
  if (action !== 'show' || id === undefined) throw new UsageError('say what to do');
  const { value } = await api.findDecision({ app, decision: id });
  const label =
    value.label === null
      ? ''
      : `it turned out to be ${value.label.fraud ? 'fraud' : 'honest'} (${value.label.source})\n`;
  return { json: value, text: `${decisionTable([value])}  entities ${value.entities.join(' ')}\n${label}` };
};

/** Runs `hauberk decision`. */
export const decision: Command = async (args) => {
  if (args.length === 1 && args[0] === 'openapi') {
    process.stdout.write(decisionApiText());
    return 0;
  }
  return onApi(args);
};

const onApi: Command = (args) =>
  runAdminCommand('decision', usage, args.includes('--json'), async () => {
    const { values, positionals } = parse(args);
    return work(connect(values, process.env), positionals, values);
  });
