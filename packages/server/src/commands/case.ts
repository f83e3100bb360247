/** `hauberk case`: what people look into. */
import { parseArgs } from 'node:util';
import type { AdminApi, Case, NewCaseStep } from '@hauberk/admin-client';
import type { Command } from '../main.ts';
import { appOf, columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk case list [--state open|closed] [--owner WHO] [--limit N]
       hauberk case show CASE
       hauberk case open --title TEXT [--decision ID]... [--alert ALERT]
       hauberk case assign CASE --owner WHO
       hauberk case note CASE --text TEXT
       hauberk case close CASE --outcome fraud|honest|unclear --text TEXT   the outcome becomes the label of its decisions
       hauberk case reopen CASE --text TEXT
`;

const text = { type: 'string' } as const;
const options = {
  ...connectionOptions,
  state: text,
  owner: text,
  limit: text,
  title: text,
  alert: text,
  text,
  outcome: text,
  decision: { type: 'string', multiple: true },
} as const;
const parse = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: true, options });
type Values = ReturnType<typeof parse>['values'];

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

const table = (items: readonly Case[]): string =>
  columns(
    ['case', 'state', 'owner', 'decisions', 'changed', 'outcome', 'title'],
    items.map(({ id, state, owner, decisions, changedAtMs, outcome, title }) => [
      id,
      state,
      owner ?? '-',
      String(decisions.length),
      minute(changedAtMs),
      outcome ?? '-',
      title,
    ]),
  );

const shown = (one: Case, app: string): Shown => ({
  json: one,
  text: [
    table([one]),
    `  opened by ${one.openedBy} at ${minute(one.openedAtMs)}${one.alert === null ? '' : `, alert ${one.alert}`}\n`,
    ...one.decisions.map((id) => `  hauberk why ${id} --app ${app}\n`),
    one.entities.length === 0 ? '' : `  entities ${one.entities.join(' ')}\n`,
    ...one.notes.map(({ by, atMs, text: note }) => `  ${minute(atMs)} ${by}: ${note}\n`),
  ].join(''),
});

const steps = ['assign', 'note', 'close', 'reopen'] as const;

const work = async (api: AdminApi, positionals: readonly string[], values: Values): Promise<Shown> => {
  const [action = '', id, ...more] = positionals;
  if (more.length > 0) throw new UsageError('too many arguments');
  const app = await appOf(api, values, process.env);
  const { owner, outcome, text: note } = values;
  if (action === 'list' && id === undefined) {
    const limit = values.limit === undefined ? undefined : Number(values.limit);
    const { items } = (await api.listCases({ app, state: values.state as Case['state'] | undefined, owner, limit }))
      .value;
    return { json: { cases: items }, text: table(items) };
  }
  if (action === 'open' && id === undefined) {
    if (values.title === undefined) throw new UsageError('open needs --title');
    const body = {
      title: values.title,
      decisions: values.decision ?? [],
      ...(values.alert === undefined ? {} : { alert: values.alert }),
    };
    return shown((await api.openCase({ app, body })).value, app);
  }
  if (id === undefined) throw new UsageError('say what to do');
  if (action === 'show') return shown((await api.findCase({ app, case: id })).value, app);
  const step = steps.find((each) => each === action);
  if (step === undefined) throw new UsageError('say what to do');
  const body = {
    action: step,
    ...(owner === undefined ? {} : { owner }),
    ...(note === undefined ? {} : { text: note }),
    ...(outcome === undefined ? {} : { outcome }),
  };
  // The API judges the words.
  return shown((await api.stepCase({ app, case: id, body: body as NewCaseStep })).value, app);
};

const onCases: Command = (args) =>
  runAdminCommand('case', usage, args.includes('--json'), async () => {
    const { values, positionals } = parse(args);
    return work(connect(values, process.env), positionals, values);
  });

/** Runs `hauberk case`. */
export { onCases as case };
