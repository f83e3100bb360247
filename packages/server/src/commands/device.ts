/** `hauberk device`: looks devices up and changes them. */
import { parseArgs } from 'node:util';
import type { AdminApi, Approval, Device, DeviceChangesOutcome, DeviceDetail } from '@hauberk/admin-client';
import { type DeviceAction, deviceActions } from '../admin/four-eyes.ts';
import type { Command } from '../main.ts';
import { appOf, columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';
import { approvalText } from './approval.ts';

const usage = `usage: hauberk device list [--state STATE] [--tier TIER] [--platform PLATFORM] [--limit N] [--after ID]
       hauberk device search TEXT          beginning of an id or key thumbprint, or a shared identity
       hauberk device show ID              state, evidence, keys, history with reasons
       hauberk device signals ID           signals in force with their part in the score, and the newest reports
       hauberk device trap ID [--clear --reason TEXT]   traps that it touched; with --clear they no longer count
       hauberk device verdict ID [--nonce TEXT]   the signed verdict (JWT), to be handed to a third party
       hauberk device suspend|unsuspend|revoke|lost|re-attest ID... --reason TEXT

  Some changes need a second person: then a proposal is printed, which somebody else approves (hauberk approval).
`;

const options = {
  ...connectionOptions,
  state: { type: 'string' },
  tier: { type: 'string' },
  platform: { type: 'string' },
  limit: { type: 'string' },
  after: { type: 'string' },
  reason: { type: 'string' },
  nonce: { type: 'string' },
  clear: { type: 'boolean' },
} as const;

interface Values {
  readonly app?: string;
  readonly state?: string;
  readonly tier?: string;
  readonly platform?: string;
  readonly limit?: string;
  readonly after?: string;
  readonly reason?: string;
  readonly nonce?: string;
  readonly clear?: boolean;
}

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

const head = ['id', 'state', 'tier', 'platform', 'evidence', 'attested', 'must attest', 'changed', 'last'];

const line = (device: Device): readonly string[] => [
  device.id,
  device.state,
  device.tierName,
  device.platform,
  device.evidence,
  minute(device.attestedAtMs),
  device.reattest ?? '-',
  minute(device.changedAtMs),
  device.last ?? '-',
];

const list = async (api: AdminApi, app: string, values: Values, text?: string): Promise<Shown> => {
  const { state, platform, tier, limit, after } = values;
  const { value } = await api.listDevices({
    app,
    tier,
    limit: limit === undefined ? undefined : Number(limit),
    after,
    text,
    // The API judges the words.
    state: state as Device['state'] | undefined,
    platform: platform as 'web' | undefined,
  });
  const more = value.next === null ? '' : `more: --after ${value.next}\n`;
  return { json: { devices: value.items, next: value.next }, text: `${columns(head, value.items.map(line))}${more}` };
};

const trustedKeys = ({ trustedKeys: keys }: DeviceDetail): readonly string[] => {
  const rows = keys.map(({ purpose, thumbprint, level, userBinding, createdAtMs, endedAtMs }) => [
    purpose,
    thumbprint,
    level,
    userBinding,
    minute(createdAtMs),
    minute(endedAtMs),
  ]);
  const names = ['trusted key', 'thumbprint', 'level', 'user verified by', 'since', 'until'];
  return rows.length === 0 ? [] : [`\n${columns(names, rows)}`];
};

const detailText = (device: DeviceDetail): string => {
  const facts = Object.entries(device.attested).map(([name, value]) => `  ${name}: ${value}\n`);
  const keys = device.keys.map(({ thumbprint, purpose, createdAtMs }) => [purpose, thumbprint, minute(createdAtMs)]);
  const history = device.history.map(({ atMs, kind, actor, reason }) => [minute(atMs), kind, actor, reason]);
  return [
    columns(head, [line(device)]),
    `\napp ${device.app}, generation ${device.generation}, shared identity ${device.sharedIdentity ?? '-'}\n`,
    `\nevidence ${device.evidence} (${device.verdictReference})\n`,
    ...facts,
    `\n${columns(['key', 'thumbprint', 'since'], keys)}`,
    ...trustedKeys(device),
    `\n${columns(['at', 'what', 'who', 'why'], history)}`,
  ].join('');
};

const signals = async (api: AdminApi, app: string, id: string): Promise<Shown> => {
  const { value: now } = await api.deviceSignals({ app, device: id });
  const { value: reports } = await api.listSignalReports({ app, device: id });
  const parts = new Map(now.parts.map(({ code, points }) => [code, points]));
  const inForce = now.signals.map(({ code, value, source, untilMs }) => [
    code,
    String(value),
    source,
    String(parts.get(code) ?? 0),
    minute(untilMs),
  ]);
  const steps = reports.items.map((step) => [
    minute(step.eventAtMs),
    step.scene,
    `${step.counter} ${step.succession}`,
    String(step.ran),
    step.signals.map(({ code }) => code).join(' ') || '-',
    `${step.score ?? '-'} ${step.band}`,
  ]);
  const text = [
    `score ${now.score ?? '-'} (${now.band}), last report ${minute(now.reportedAtMs)}\n`,
    `\n${columns(['in force', 'value', 'told by', 'points', 'until'], inForce)}`,
    `\n${columns(['reported', 'scene', 'report', 'checks', 'signals', 'score after'], steps)}`,
  ].join('');
  return { json: { ...now, reports: reports.items }, text };
};

const trap = async (api: AdminApi, app: string, id: string, { clear, reason }: Values): Promise<Shown> => {
  if (clear === true && reason === undefined) throw new UsageError('say why: --reason TEXT');
  const { value } =
    clear === true
      ? await api.clearDeviceTrap({ app, device: id, body: { reason: reason ?? '' } })
      : await api.deviceTrap({ app, device: id });
  const text =
    value.kinds.length === 0 ? 'nothing counts\n' : `${value.kinds.join(' ')} since ${minute(value.sinceMs)}\n`;
  return { json: value, text };
};

const isProposal = (value: DeviceChangesOutcome | Approval): value is Approval => 'changeHash' in value;

const outcomeText = ({ results }: DeviceChangesOutcome): string =>
  columns(
    ['id', 'outcome', 'state'],
    results.map(({ id, code, state }) => [id, code ?? 'done', state ?? '-']),
  );

const change = async (
  api: AdminApi,
  app: string,
  action: DeviceAction,
  ids: readonly string[],
  reason: string | undefined,
): Promise<Shown> => {
  const [first, ...others] = ids;
  if (first === undefined || reason === undefined) throw new UsageError(`${action} needs an ID and --reason`);
  const { value } =
    others.length === 0
      ? await api.changeDevice({ app, device: first, body: { action, reason } })
      : await api.changeDevices({ app, body: { action, reason, devices: ids } });
  return isProposal(value)
    ? { json: { proposed: value }, text: `Somebody else must approve this.\n${approvalText(value)}` }
    : { json: value, text: outcomeText(value) };
};

const isAction = (text: string | undefined): text is DeviceAction => deviceActions.some((action) => action === text);

const work = async (api: AdminApi, positionals: readonly string[], values: Values): Promise<Shown> => {
  const [action, ...ids] = positionals;
  if (!isAction(action) && !['list', 'search', 'show', 'signals', 'trap', 'verdict'].includes(action ?? ''))
    throw new UsageError('say what to do, and with which device');
  const app = await appOf(api, values, process.env);
  if (isAction(action)) return change(api, app, action, ids, values.reason);
  const [id, ...rest] = ids;
  if (rest.length > 0) throw new UsageError('too many arguments');
  if (action === 'list' && id === undefined) return list(api, app, values);
  if (action === 'search' && id !== undefined) return list(api, app, values, id);
  if (action === 'list' || id === undefined)
    throw new UsageError(`${action} takes ${action === 'list' ? 'no' : 'one'} argument`);
  if (action === 'verdict') {
    const { value } = await api.deviceVerdict({ app, device: id, nonce: values.nonce });
    return { json: value, text: `${value.token}\n` };
  }
  if (action === 'signals') return signals(api, app, id);
  if (action === 'trap') return trap(api, app, id, values);
  const { value } = await api.findDevice({ app, device: id });
  return { json: value, text: detailText(value) };
};

/** Runs `hauberk device`. */
export const device: Command = (args) =>
  runAdminCommand('device', usage, args.includes('--json'), async () => {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    return work(connect(values, process.env), positionals, values);
  });
