/** `hauberk list`: named sets of entities that policies ask. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { AdminApi, Approval, ListChanged, NewListChange } from '@hauberk/admin-client';
import type { Command } from '../main.ts';
import { appOf, columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';
import { approvalText } from './approval.ts';
import { readImport } from './list-import.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk list show                       every list with the number of its entries
       hauberk list entries LIST [--limit N] [--after MEMBER]
       hauberk list add LIST ID... --kind KIND --source TEXT --reason TEXT [--days N]
       hauberk list remove LIST ID... --kind KIND --reason TEXT
       hauberk list import LIST FILE --kind KIND --source TEXT --reason TEXT [--days N]
       hauberk list change HASH                what a proposed change does

  An import is CSV with a head line (id or member, then source, reason, expires) or JSON with objects of these members;
  at most 10,000 entries at once. Ids are sent once, hashed under the gateway's key, and kept nowhere.
  --member takes keyed hashes, as decisions show them, in the place of ids.
`;

const options = {
  ...connectionOptions,
  limit: { type: 'string' },
  after: { type: 'string' },
  kind: { type: 'string' },
  source: { type: 'string' },
  reason: { type: 'string' },
  days: { type: 'string' },
  member: { type: 'boolean', default: false },
} as const;

const parse = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: true, options });
type Values = ReturnType<typeof parse>['values'];

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

const dayMs = 86_400_000;

const needed = (values: Values, name: 'kind' | 'source' | 'reason'): string => {
  const value = values[name];
  if (value === undefined) throw new UsageError(`needs --${name}`);
  return value;
};

const endOf = ({ days }: Values): { readonly expiresAtMs?: number } =>
  days === undefined ? {} : { expiresAtMs: Date.now() + Number(days) * dayMs };

const isProposal = (value: ListChanged | Approval): value is Approval => 'changeHash' in value;

const send = async (api: AdminApi, app: string, list: string, body: NewListChange): Promise<Shown> => {
  const { value } = await api.changeDecisionList({ app, list, body });
  return isProposal(value)
    ? { json: { proposed: value }, text: `Somebody else must approve this.\n${approvalText(value)}` }
    : { json: value, text: `${list}: ${value.adds} more, ${value.removes} fewer\n` };
};

const change = async (
  api: AdminApi,
  app: string,
  action: string,
  [list = '', ...ids]: readonly string[],
  values: Values,
): Promise<Shown> => {
  const [kind, reason] = [needed(values, 'kind'), needed(values, 'reason')];
  const named = (id: string) => (values.member ? { member: id } : { id });
  if (action === 'remove') return send(api, app, list, { kind, remove: ids.map(named), reason });
  const source = needed(values, 'source');
  const usual = { source, reason, ...endOf(values) };
  if (action === 'add')
    return send(api, app, list, { kind, add: ids.map((id) => ({ ...named(id), ...usual })), reason });
  const [file = '', ...more] = ids;
  if (more.length > 0) throw new UsageError('one file at a time');
  const read = readImport(readFileSync(file === '-' ? 0 : file, 'utf8'));
  if (!read.ok) throw new UsageError(`${file}: ${read.detail ?? read.code}`);
  const add = read.value.map((entry) => ({ ...usual, ...entry }));
  return send(api, app, list, { kind, add, reason });
};

const show = async (api: AdminApi, app: string): Promise<Shown> => {
  const { items } = (await api.listDecisionLists({ app })).value;
  const rows = items.map(({ name, kind, entries, changedAtMs, changedBy }) => [
    name,
    kind,
    String(entries),
    minute(changedAtMs),
    changedBy,
  ]);
  return { json: { lists: items }, text: columns(['list', 'kind', 'entries', 'changed', 'by'], rows) };
};

const entries = async (api: AdminApi, app: string, list: string, { limit, after }: Values): Promise<Shown> => {
  const page = { after, limit: limit === undefined ? undefined : Number(limit) };
  const { value } = await api.listDecisionListEntries({ app, list, ...page });
  const rows = value.items.map(({ member, source, reason, expiresAtMs, addedBy }) => [
    member,
    source,
    minute(expiresAtMs),
    addedBy,
    reason,
  ]);
  const more = value.next === null ? '' : `more: --after ${value.next}\n`;
  return { json: value, text: `${columns(['member', 'source', 'until', 'by', 'reason'], rows)}${more}` };
};

const staged = async (api: AdminApi, app: string, hash: string): Promise<Shown> => {
  const { value } = await api.findDecisionListChange({ app, change: hash });
  const { list, kind, adds, removes, by, atMs, add, remove } = value;
  const rows = [
    ...add.map(({ member, source, reason, expiresAtMs }) => ['+', member, source, minute(expiresAtMs), reason]),
    ...remove.map((member) => ['-', member, '', '', '']),
  ];
  const head = `${list} (${kind}): ${adds} more, ${removes} fewer, by ${by} at ${minute(atMs)}\n`;
  return { json: value, text: `${head}${columns(['', 'member', 'source', 'until', 'reason'], rows)}` };
};

const work = async (api: AdminApi, positionals: readonly string[], values: Values): Promise<Shown> => {
  const [action = '', ...rest] = positionals;
  if (!/^(show|entries|add|remove|import|change)$/.test(action)) throw new UsageError('say what to do');
  const app = await appOf(api, values, process.env);
  if (action === 'show') return show(api, app);
  const [first = '', ...more] = rest;
  if (first === '') throw new UsageError(`${action} of which list?`);
  if (action === 'entries') return entries(api, app, first, values);
  if (action === 'change') return staged(api, app, first);
  if (more.length === 0) throw new UsageError(`${action} needs more arguments`);
  return change(api, app, action, rest, values);
};

/** Runs `hauberk list`. */
export const list: Command = (args) =>
  runAdminCommand('list', usage, args.includes('--json'), async () => {
    const { values, positionals } = parse(args);
    return work(connect(values, process.env), positionals, values);
  });
