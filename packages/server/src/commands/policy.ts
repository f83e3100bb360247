/** `hauberk policy`: what decides, from draft to retired. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { AdminApi, Approval, NewPolicyStep, Policy, PolicyCheck, PolicyDetail } from '@hauberk/admin-client';
import { parseJson } from '@hauberk/primitives';
import type { Command } from '../main.ts';
import { appOf, columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';
import { approvalText } from './approval.ts';
import { spanOf } from './decision-source.ts';
import { documentOf, policyText, tryPolicy } from './replay.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk policy list [--state draft|shadow|challenger|live|retired]
       hauberk policy show POLICY VERSION [--out FILE]     with --out writes the document
       hauberk policy check FILE                what is wrong with a document, and where; exit code 1 for faults
       hauberk policy propose FILE --reason TEXT   keeps it as the next version, a draft
       hauberk policy shadow POLICY VERSION --reason TEXT      evaluated and recorded, obeyed by nobody
       hauberk policy challenge POLICY VERSION --share N --reason TEXT   decides for N in a thousand devices
       hauberk policy live POLICY VERSION --reason TEXT        decides
       hauberk policy rollback POLICY VERSION --reason TEXT    a version that was live is live again, at once
       hauberk policy retire POLICY VERSION --reason TEXT
       hauberk policy backtest FILE [--from T] [--to T]        what it would have decided otherwise

  VERSION may be left out for the newest one. Where two people must agree, a proposal is printed.
`;

const options = {
  ...connectionOptions,
  state: { type: 'string' },
  reason: { type: 'string' },
  share: { type: 'string' },
  out: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
} as const;

const parse = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: true, options });
type Values = ReturnType<typeof parse>['values'];

interface Shown {
  readonly json: unknown;
  readonly text: string;
  /** The answer says no: the exit code is 1. */
  readonly isRefused?: boolean;
}

const head = ['policy', 'version', 'state', 'share', 'scenes', 'changed', 'by', 'reason'];

const line = ({
  policy,
  version,
  state,
  perMille,
  scenes,
  changedAtMs,
  changedBy,
  reason,
}: Policy): readonly string[] => [
  policy,
  String(version),
  state,
  perMille === null ? '-' : `${perMille} ‰`,
  scenes.length === 0 ? '*' : scenes.length > 3 ? `${scenes.slice(0, 3).join(',')}…` : scenes.join(','),
  minute(changedAtMs),
  changedBy,
  reason,
];

const guardText = ({ guard }: Policy): string => {
  if (guard === null) return '';
  const row = (name: string, arm: typeof guard.champion): readonly string[] => [
    name,
    String(arm.sessions),
    String(arm.challenged),
    String(arm.denied),
  ];
  const rows = [row('challenger', guard.challenger), row('champion', guard.champion)];
  const halted = guard.halted === null ? '' : `halted: more ${guard.halted} than the champion\n`;
  return `\n${columns(['', 'devices', 'challenged', 'denied'], rows)}${halted}`;
};

const shown = (kept: Policy): Shown => ({
  json: kept,
  text: `${columns(head, [line(kept)])}  hash ${kept.hash}\n${guardText(kept)}`,
});

const documentIn = (file: string): Readonly<Record<string, unknown>> => {
  const read = parseJson(readFileSync(file === '-' ? 0 : file, 'utf8'), {
    maxDepth: 64,
    maxKeys: 131_072,
    maxLength: 2_097_152,
  });
  if (!read.ok) throw new UsageError(`${file} is no JSON (${read.code})`);
  return read.value as unknown as Readonly<Record<string, unknown>>;
};

const faultLines = ({ faults, notes }: PolicyCheck): string =>
  [
    ...faults.map(
      ({ path, at, code, message, hint }) =>
        `${path === '' ? '/' : path} character ${at}: ${message} (${code})${hint === null ? '' : `; ${hint}`}\n`,
    ),
    ...notes.map((note) => `note: ${note}\n`),
  ].join('');

const check = async (api: AdminApi, app: string, file: string): Promise<Shown> => {
  const { value } = await api.checkPolicy({ app, body: { document: documentIn(file) } });
  const good = `policy ${value.policy ?? ''}: ${value.rules} rules, hash ${value.hash ?? ''}\n`;
  return { json: value, text: `${value.ok ? good : ''}${faultLines(value)}`, isRefused: !value.ok };
};

const isProposal = (value: Policy | Approval): value is Approval => 'changeHash' in value;

const newest = async (api: AdminApi, app: string, policy: string): Promise<Policy> => {
  const { items } = (await api.listPolicies({ app })).value;
  const found = items.findLast((each) => each.policy === policy);
  if (found === undefined) throw new UsageError(`no policy ${policy}`);
  return found;
};

const versionOf = async (api: AdminApi, app: string, policy: string, version?: string): Promise<PolicyDetail> => {
  const wanted = version ?? String((await newest(api, app, policy)).version);
  return (await api.findPolicy({ app, policy, version: wanted })).value;
};

const step = async (
  api: AdminApi,
  app: string,
  action: NewPolicyStep['action'],
  [policy = '', version]: readonly string[],
  { reason, share }: Values,
): Promise<Shown> => {
  if (reason === undefined) throw new UsageError(`${action} needs --reason`);
  const { hash, version: of } = await versionOf(api, app, policy, version);
  const perMille = share === undefined ? {} : { perMille: Number(share) };
  const body = { action, hash, reason, ...perMille };
  const { value } = await api.stepPolicy({ app, policy, version: String(of), body });
  return isProposal(value)
    ? { json: { proposed: value }, text: `Somebody else must approve this.\n${approvalText(value)}` }
    : shown(value);
};

const show = async (api: AdminApi, app: string, rest: readonly string[], { out }: Values): Promise<Shown> => {
  const [policy = '', version] = rest;
  const { document, ...kept } = await versionOf(api, app, policy, version);
  if (out !== undefined) {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(out, `${JSON.stringify(document, null, 2)}\n`);
    return { json: { ...kept, out }, text: `written to ${out}\n` };
  }
  const { text } = shown(kept);
  return { json: { ...kept, document }, text: `${text}\n${JSON.stringify(document, null, 2)}\n` };
};

const steps = {
  shadow: 'shadow',
  challenge: 'challenge',
  live: 'live',
  rollback: 'rollback',
  retire: 'retire',
} as const;

const work = async (api: AdminApi, positionals: readonly string[], values: Values): Promise<Shown> => {
  const [action = '', ...rest] = positionals;
  const app = await appOf(api, values, process.env);
  if (action === 'list' && rest.length === 0) {
    const { items } = (await api.listPolicies({ app, state: values.state as Policy['state'] | undefined })).value;
    return { json: { policies: items }, text: columns(head, items.map(line)) };
  }
  const [first, ...more] = rest;
  if (first === undefined || more.length > 1) throw new UsageError('say what to do');
  if (Object.hasOwn(steps, action)) return step(api, app, action as NewPolicyStep['action'], rest, values);
  if (action === 'show') return show(api, app, rest, values);
  if (action === 'check') return check(api, app, first);
  if (action === 'backtest') {
    const report = await tryPolicy(api, app, documentOf(first), spanOf(values, Date.now()));
    return { json: report, text: policyText(report) };
  }
  if (action !== 'propose') throw new UsageError('say what to do');
  if (values.reason === undefined) throw new UsageError('propose needs --reason');
  const body = { document: documentIn(first), reason: values.reason };
  return shown((await api.draftPolicy({ app, body })).value);
};

/** Runs `hauberk policy`. */
export const policy: Command = (args) =>
  runAdminCommand('policy', usage, args.includes('--json'), async () => {
    const { values, positionals } = parse(args);
    return work(connect(values, process.env), positionals, values);
  });
