/** `hauberk binding`: looks at bindings and attempts, blocks, and has bindings ended. */
import { parseArgs } from 'node:util';
import type {
  AdminApi,
  Approval,
  Binding,
  BindingAttempt,
  BindingAttemptLine,
  BindingBlock,
  VmnHealth,
} from '@hauberk/admin-client';
import type { Command } from '../main.ts';
import { appOf, columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';
import { approvalText } from './approval.ts';
import { importFeed } from './binding-feed.ts';

const usage = `usage: hauberk binding list [--open] [--state STATE] [--profile P] [--device ID] [--number HASH] [--rule B01]
                            [--since TIME] [--until TIME] [--limit N] [--after ID]      attempts, newest first
       hauberk binding bound [--profile P] [--device ID] [--number HASH] [--live]       what is bound, by profile
       hauberk binding show PROFILE         the binding of a customer, and the latest attempts
       hauberk binding why ATTEMPT          every rule: kept, broken or not judged, and whose rule it is
       hauberk binding timeline ATTEMPT     what happened, step by step
       hauberk binding blocks               who may not bind now
       hauberk binding block SUBJECT VALUE --hours N --reason TEXT
       hauberk binding lift SUBJECT VALUE --reason TEXT
       hauberk binding vmn                  what came to each number, and which fell silent
       hauberk binding unbind PROFILE --reason TEXT
       hauberk binding number (--profile P | --value +E164) --reason TEXT
       hauberk binding feed import FILE --list revoked|risk --to FILE
                            [--publisher PEM]                       whose signature the list must bear
                            [--as-of TIME [--country-code 91]]      a plain list: a number (and a band) a line
                            [--key PEM]                             signs what is written

  SUBJECT is device, key, fingerprint, profile or number (its hash, which \`number\` tells). TIME is RFC 3339.
  unbind and lift need a second person: a proposal is printed, which somebody else approves (hauberk approval).
`;

const options = {
  ...connectionOptions,
  open: { type: 'boolean' },
  live: { type: 'boolean' },
  state: { type: 'string' },
  profile: { type: 'string' },
  device: { type: 'string' },
  number: { type: 'string' },
  value: { type: 'string' },
  rule: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  limit: { type: 'string' },
  after: { type: 'string' },
  hours: { type: 'string' },
  reason: { type: 'string' },
  list: { type: 'string' },
  to: { type: 'string' },
  key: { type: 'string' },
  publisher: { type: 'string' },
  'as-of': { type: 'string' },
  'country-code': { type: 'string' },
} as const;

type Values = ReturnType<typeof parse>['values'];

const parse = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: true, options });

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

const second = (atMs: number | null): string =>
  atMs === null ? '-' : new Date(atMs).toISOString().replace(/\.\d{3}Z$/, 'Z');

const more = (next: string | null): string => (next === null ? '' : `more: --after '${next}'\n`);

const instantOf = (text: string | undefined, name: string): string | undefined => {
  if (text === undefined) return undefined;
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) throw new UsageError(`--${name} takes an instant such as 2026-11-21T09:30:00Z`);
  return String(atMs);
};

const attemptHead = ['attempt', 'state', 'rule', 'reason', 'profile', 'device', 'way', 'started'];

const attemptRow = (line: BindingAttemptLine): readonly string[] => [
  line.attempt,
  line.open ? `${line.state} (open)` : line.state,
  line.rule ?? '-',
  line.code ?? '-',
  line.profile,
  line.device,
  line.way,
  second(line.startedAtMs),
];

const limitOf = ({ limit }: Values): number | undefined => (limit === undefined ? undefined : Number(limit));

const list = async (api: AdminApi, app: string, values: Values): Promise<Shown> => {
  const { state, profile, device, number, rule, since, until, after, open } = values;
  const { value } = await api.listBindingAttempts({
    app,
    profile,
    device,
    number,
    after,
    limit: limitOf(values),
    open: open === true ? 'true' : undefined,
    // The API judges the words.
    state: state as 'bound' | undefined,
    rule: rule as 'B01' | undefined,
    since: instantOf(since, 'since') as never,
    until: instantOf(until, 'until') as never,
  });
  return {
    json: { attempts: value.items, next: value.next },
    text: `${columns(attemptHead, value.items.map(attemptRow))}${more(value.next)}`,
  };
};

const boundHead = ['profile', 'device', 'number (hash)', 'bound', 'used', 'ended', 'attempt'];

const boundRow = ({ profile, device, numberHash, boundAtMs, usedAtMs, end, attempt }: Binding): readonly string[] => [
  profile,
  device,
  numberHash.slice(0, 12),
  minute(boundAtMs),
  minute(usedAtMs),
  end === null ? '-' : `${end.why} ${minute(end.atMs)}`,
  attempt,
];

const bound = async (api: AdminApi, app: string, values: Values): Promise<Shown> => {
  const { profile, device, number, after, live } = values;
  const asked = { app, profile, device, number, after, limit: limitOf(values) };
  const { value } = await api.listBindings({ ...asked, live: live === true ? 'true' : undefined });
  return {
    json: { bindings: value.items, next: value.next },
    text: `${columns(boundHead, value.items.map(boundRow))}${more(value.next)}`,
  };
};

const show = async (api: AdminApi, app: string, profile: string): Promise<Shown> => {
  const [bindings, attempts] = await Promise.all([
    api.listBindings({ app, profile }),
    api.listBindingAttempts({ app, profile, limit: 10 }),
  ]);
  const { items } = attempts.value;
  const text = `${columns(boundHead, bindings.value.items.map(boundRow))}\n${columns(attemptHead, items.map(attemptRow))}`;
  return { json: { bindings: bindings.value.items, attempts: items }, text };
};

const headline = (found: BindingAttempt): string =>
  `attempt ${found.attempt}, ${found.state}${found.open ? ' (open)' : ''}, ${found.platform}, profile ${found.profile}\n` +
  `  device ${found.device}, key ${found.key}\n` +
  `${found.rule === null ? '' : `  ${found.rule}: ${found.words ?? ''}\n`}`;

const verdicts = { pass: 'kept', fail: 'BROKEN', 'not-judged': 'not judged' } as const;

const whyText = (found: BindingAttempt): string => {
  const rows = found.rules.map(({ rule, verdict, why, code, words, source }) => [
    rule,
    verdicts[verdict],
    code ?? why ?? '',
    source,
    words,
  ]);
  return `${headline(found)}\n${columns(['rule', 'verdict', 'reason', 'source', 'in our words'], rows)}`;
};

const timelineText = (found: BindingAttempt): string => {
  const rows = found.steps.map(({ atMs, event, from, to, rule, code, note }) => [
    `+${((atMs - found.startedAtMs) / 1000).toFixed(1)} s`,
    event,
    from === to ? to : `${from} -> ${to}`,
    [rule, code].filter((each) => each !== null).join(' '),
    note,
  ]);
  const head = ['after', 'event', 'state', 'reason', 'note'];
  return `${headline(found)}  begun ${second(found.startedAtMs)}\n\n${columns(head, rows)}`;
};

const explained = async (api: AdminApi, app: string, attempt: string, text: (found: BindingAttempt) => string) => {
  const { value } = await api.explainBinding({ app, attempt });
  return { json: value, text: text(value) };
};

const blockHead = ['subject', 'value', 'until', 'by', 'reason'];
const blockRow = ({ subject, value, untilMs, by, reason }: BindingBlock) => [
  subject,
  value,
  minute(untilMs),
  by,
  reason,
];

const blocks = async (api: AdminApi, app: string, values: Values): Promise<Shown> => {
  const { value } = await api.listBindingBlocks({ app, after: values.after, limit: limitOf(values) });
  const text = `${columns(blockHead, value.items.map(blockRow))}${more(value.next)}`;
  return { json: { blocks: value.items, next: value.next }, text };
};

const proposed = (value: Approval): Shown => ({
  json: { proposed: value },
  text: `Somebody else must approve this.\n${approvalText(value)}`,
});

const vmnText = ({ sinceMs, elsewhere, items }: VmnHealth): string => {
  const rows = items.map(({ vmn: name, outcomes, lastSeenMs, quietMs, silent }) => [
    name,
    silent ? 'SILENT' : 'ok',
    String(Object.values(outcomes).reduce((sum, count) => sum + count, 0)),
    String(outcomes['counted'] ?? 0),
    String(outcomes['wrong-vmn'] ?? 0),
    String(outcomes['untrusted'] ?? 0),
    String(outcomes['unknown'] ?? 0),
    `${Math.floor(quietMs / 60_000)} min`,
    second(lastSeenMs),
  ]);
  const head = ['vmn', 'health', 'messages', 'counted', 'wrong vmn', 'untrusted', 'no token', 'quiet for', 'last seen'];
  return `since ${minute(sinceMs)}; to numbers outside the pool: ${elsewhere}\n\n${columns(head, rows)}`;
};

const vmn = async (api: AdminApi, app: string): Promise<Shown> => {
  const { value } = await api.listVmns({ app });
  return { json: value, text: vmnText(value) };
};

const reasonOf = ({ reason }: Values): string => {
  if (reason === undefined) throw new UsageError('say why: --reason');
  return reason;
};

const unbind = async (api: AdminApi, app: string, profile: string, values: Values): Promise<Shown> => {
  const reason = reasonOf(values);
  const { value } = await api.listBindings({ app, profile, live: 'true' });
  const [held] = value.items;
  if (held === undefined) throw new Error(`${profile} is bound nowhere`);
  return proposed((await api.endBinding({ app, body: { profile, attempt: held.attempt, reason } })).value);
};

const number = async (api: AdminApi, app: string, values: Values): Promise<Shown> => {
  const { profile, value: given } = values;
  const { value } = await api.findNumber({ app, body: { profile, number: given, reason: reasonOf(values) } });
  return { json: value, text: `number ${value.number ?? '-'}\nhash ${value.numberHash ?? '-'}\n` };
};

type Subject = BindingBlock['subject'];

const block = async (
  api: AdminApi,
  app: string,
  [subject, value]: readonly string[],
  values: Values,
): Promise<Shown> => {
  if (subject === undefined || value === undefined || values.hours === undefined)
    throw new UsageError('block takes SUBJECT VALUE --hours N --reason TEXT');
  const body = { subject: subject as Subject, value, hours: Number(values.hours), reason: reasonOf(values) };
  const added = (await api.addBindingBlock({ app, body })).value;
  return { json: added, text: columns(blockHead, [blockRow(added)]) };
};

const lift = async (
  api: AdminApi,
  app: string,
  [subject, value]: readonly string[],
  values: Values,
): Promise<Shown> => {
  if (subject === undefined || value === undefined) throw new UsageError('lift takes SUBJECT VALUE --reason TEXT');
  const body = { subject: subject as Subject, value, reason: reasonOf(values) };
  return proposed((await api.liftBindingBlock({ app, body })).value);
};

const ofOne = (api: AdminApi, app: string, action: string | undefined, id: string, values: Values) => {
  if (action === 'show') return show(api, app, id);
  if (action === 'why') return explained(api, app, id, whyText);
  if (action === 'timeline') return explained(api, app, id, timelineText);
  if (action === 'unbind') return unbind(api, app, id, values);
  throw new UsageError('say what to do');
};

const ofAll = (api: AdminApi, app: string, action: string | undefined, values: Values) => {
  if (action === 'list') return list(api, app, values);
  if (action === 'bound') return bound(api, app, values);
  if (action === 'blocks') return blocks(api, app, values);
  if (action === 'vmn') return vmn(api, app);
  if (action === 'number') return number(api, app, values);
  throw new UsageError('say what to do, and with what');
};

const work = async (positionals: readonly string[], values: Values): Promise<Shown> => {
  const [action, ...rest] = positionals;
  if (action === 'feed') return importFeed(rest, values);
  const api = connect(values, process.env);
  const app = await appOf(api, values, process.env);
  if (action === 'block' && rest.length <= 2) return block(api, app, rest, values);
  if (action === 'lift' && rest.length <= 2) return lift(api, app, rest, values);
  const [id, ...others] = rest;
  if (others.length > 0) throw new UsageError('too many arguments');
  return id === undefined ? ofAll(api, app, action, values) : ofOne(api, app, action, id, values);
};

/** Runs `hauberk binding`. */
export const binding: Command = (args) =>
  runAdminCommand('binding', usage, args.includes('--json'), async () => {
    const { values, positionals } = parse(args);
    return work(positionals, values);
  });
