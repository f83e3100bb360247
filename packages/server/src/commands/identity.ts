/** `hauberk identity`: who a device is taken for, and what people change of it. */
import { parseArgs } from 'node:util';
import type { AdminApi, Identity, IdentityEvent, NewIdentityChange, ResolvedIdentity } from '@hauberk/admin-client';
import type { Command } from '../main.ts';
import { appOf, columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk identity show DEVICE                            aliases with their intervals, possible twins, merges and splits
       hauberk identity resolve [--device DEVICE] [--alias SOURCE=ID]... [--attribute NAME=VALUE]...
                       [--platform P] [--browser B]         who a device is by what it shows, and remembers it
       hauberk identity merge DEVICE --other DEVICE --reason TEXT    the other one is taken for DEVICE from now on
       hauberk identity split DEVICE --digest SOURCE=DIGEST... --reason TEXT
                                                            aliases, as show prints them, get an identity of their own
       hauberk identity undo DEVICE --event EVENT --reason TEXT      a merge or a split, as show prints it
`;

const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true, default: [] as string[] } as const;
const options = {
  ...connectionOptions,
  device: text,
  alias: texts,
  attribute: texts,
  platform: text,
  browser: text,
  other: text,
  digest: texts,
  event: text,
  reason: text,
} as const;

const parse = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: true, options });
type Values = ReturnType<typeof parse>['values'];

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

/** What is before and after the first `=`. */
const pair = (option: string, given: string): readonly [string, string] => {
  const at = given.indexOf('=');
  if (at <= 0 || at === given.length - 1) throw new UsageError(`--${option} is NAME=VALUE`);
  return [given.slice(0, at), given.slice(at + 1)];
};

const eventLines = (events: readonly IdentityEvent[]): string =>
  columns(
    ['event', 'kind', 'kept', 'other', 'aliases', 'at', 'by', 'undone', 'reason'],
    events.map(({ id, kind, kept, other, aliases, atMs, actor, undoneBy, reason }) => [
      id,
      kind,
      kept,
      other,
      String(aliases.length),
      minute(atMs),
      actor,
      undoneBy ?? '-',
      reason,
    ]),
  );

const page = ({ id, collision, mergedInto, createdAtMs, lastSeenMs, aliases, twins, events }: Identity): string => {
  const holds = aliases.flatMap(({ source, digest, isShared, holds: all }) =>
    all.map(({ identity, fromMs, untilMs, seen, by }) => [
      `${source}=${digest}`,
      isShared ? 'nobody' : identity,
      minute(fromMs),
      minute(untilMs),
      String(seen),
      by,
    ]),
  );
  const edges = twins.map(({ identity, bits, atMs }) => [identity, bits.toFixed(1), minute(atMs)]);
  const merged = mergedInto === null ? '' : `merged into ${mergedInto}\n`;
  return `identity ${id}, ${collision}, since ${minute(createdAtMs)}, seen ${minute(lastSeenMs)}
${merged}${columns(['alias', 'means', 'from', 'until', 'seen', 'by'], holds)}${columns(['possible twin', 'bits', 'at'], edges)}${eventLines(events)}`;
};

const show = async (api: AdminApi, app: string, device: string): Promise<Shown> => {
  const { value } = await api.findIdentity({ app, device });
  return { json: value, text: page(value) };
};

const resolvedText = ({ identity, by, confidence, isNew, possibleTwin, conflicts }: ResolvedIdentity): string =>
  [
    `identity ${identity}, by ${by}, confidence ${confidence.toFixed(2)}${isNew ? ', new' : ''}\n`,
    possibleTwin === null ? '' : `possible twin ${possibleTwin.identity}, ${possibleTwin.bits.toFixed(1)} bits\n`,
    ...conflicts.map((alias) => `conflict ${alias}\n`),
  ].join('');

const resolve = async (api: AdminApi, app: string, values: Values): Promise<Shown> => {
  const { device, platform, browser } = values;
  const aliases = values.alias.map((given) => {
    const [source, id] = pair('alias', given);
    return { source, id };
  });
  const attributes = Object.fromEntries(values.attribute.map((given) => pair('attribute', given)));
  const body = {
    aliases,
    attributes,
    ...(device === undefined ? {} : { device }),
    ...(platform === undefined ? {} : { platform }),
    ...(browser === undefined ? {} : { browser }),
  };
  const { value } = await api.resolveIdentity({ app, body });
  return { json: value, text: resolvedText(value) };
};

const changeOf = (action: string, { other, digest, event, reason }: Values): NewIdentityChange => {
  if (reason === undefined) throw new UsageError(`${action} needs --reason`);
  if (action === 'merge' && other !== undefined) return { action, other, reason };
  if (action === 'undo' && event !== undefined) return { action, event, reason };
  if (action !== 'split' || digest.length === 0) throw new UsageError('say what to do');
  const aliases = digest.map((given) => {
    const [source, hash] = pair('digest', given);
    return { source, digest: hash };
  });
  return { action, aliases, reason };
};

const work = async (api: AdminApi, positionals: readonly string[], values: Values): Promise<Shown> => {
  const [action = '', device, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError('too many arguments');
  if (action === 'resolve' && device === undefined) return resolve(api, await appOf(api, values, process.env), values);
  if (device === undefined) throw new UsageError('say what to do');
  if (action === 'show') return show(api, await appOf(api, values, process.env), device);
  const body = changeOf(action, values);
  const { value } = await api.changeIdentity({ app: await appOf(api, values, process.env), device, body });
  return { json: value, text: eventLines([value]) };
};

/** Runs `hauberk identity`. */
export const identity: Command = (args) =>
  runAdminCommand('identity', usage, args.includes('--json'), async () => {
    const { values, positionals } = parse(args);
    return work(connect(values, process.env), positionals, values);
  });
