/** `hauberk directive`: drafts directives, rolls them out, takes them back. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { AdminApi, Approval, DirectiveRollout, NewDirective } from '@hauberk/admin-client';
import { parseJson } from '@hauberk/primitives';
import type { Command } from '../main.ts';
import { appOf, columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';
import { approvalText } from './approval.ts';

const usage = `usage: hauberk directive list [--state STATE] [--limit N] [--after ID]
       hauberk directive show ID           plan, published shares, what the guard has seen
       hauberk directive draft --file FILE    a plan as JSON (docs/rollout.md); - for standard input
       hauberk directive approve ID        or proposes it, where two people must agree
       hauberk directive stage ID          publishes the next share
       hauberk directive halt|revert ID --reason TEXT   one under way, one that is complete: what counted before counts again
       hauberk directive kill KIND... --reason TEXT [--hours N]   sets kinds aside on every device at once; * for all
       hauberk directive unkill --reason TEXT   gives every kind back
`;

const options = {
  ...connectionOptions,
  state: { type: 'string' },
  limit: { type: 'string' },
  after: { type: 'string' },
  file: { type: 'string' },
  reason: { type: 'string' },
  hours: { type: 'string' },
} as const;

interface Values {
  readonly app?: string;
  readonly state?: string;
  readonly limit?: string;
  readonly after?: string;
  readonly file?: string;
  readonly reason?: string;
  readonly hours?: string;
}

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

const percent = (perMille: number): string => `${perMille / 10} %`;

const line = ({
  id,
  state,
  plan,
  perMille,
  stages,
  draftedBy,
  changedAtMs,
  end,
}: DirectiveRollout): readonly string[] => [
  id,
  state,
  plan.kind,
  percent(perMille),
  String(stages.at(-1)?.version ?? '-'),
  draftedBy,
  minute(changedAtMs),
  end ?? '',
];
const head = ['id', 'state', 'kind', 'share', 'version', 'by', 'changed', 'end'];

const guardText = ({ guard }: DirectiveRollout): string => {
  if (guard === null) return '  no guard\n';
  const arm = (name: string, { sessions, crashed, failed }: typeof guard.staged): readonly string[] => [
    name,
    String(sessions),
    String(crashed),
    String(failed),
  ];
  const { staged, control, crash, error, haltsAt, halted } = guard;
  const rows = [arm('with it', staged), arm('beside it', control)];
  const evidence = `crash ${crash.toPrecision(3)}, error ${error.toPrecision(3)}, halts at ${haltsAt}`;
  return `\n${columns(['sessions', 'ended', 'crashed', 'with errors'], rows)}evidence: ${evidence}${halted === null ? '' : `, halted: ${halted}`}\n`;
};

const detailText = (rollout: DirectiveRollout): string => {
  const { plan, stages, approvedBy, expiresAtMs } = rollout;
  const shares = stages.map(({ perMille, version, atMs }) => [percent(perMille), String(version), minute(atMs)]);
  return [
    columns(head, [line(rollout)]),
    `\n  ${plan.reason}\n  approved by ${approvedBy ?? '-'}, stages ${plan.stages.map(percent).join(', ')}, until ${minute(expiresAtMs)}\n`,
    `  body ${JSON.stringify(plan.body)}\n  audience ${JSON.stringify(plan.audience)}\n`,
    `\n${columns(['share', 'version', 'published'], shares)}`,
    guardText(rollout),
  ].join('');
};

const shown = (rollout: DirectiveRollout): Shown => ({ json: rollout, text: detailText(rollout) });

const isProposal = (value: DirectiveRollout | Approval): value is Approval => 'changeHash' in value;

const shownOrProposed = (value: DirectiveRollout | Approval): Shown =>
  isProposal(value)
    ? { json: { proposed: value }, text: `Somebody else must approve this.\n${approvalText(value)}` }
    : shown(value);

const readPlan = (file: string | undefined): NewDirective => {
  if (file === undefined) throw new UsageError('draft needs --file');
  const read = parseJson(readFileSync(file === '-' ? 0 : file, 'utf8'));
  if (!read.ok) throw new UsageError(`${file} is no JSON (${read.code})`);
  // The API judges it.
  return read.value as unknown as NewDirective;
};

const list = async (api: AdminApi, app: string, { state, limit, after }: Values): Promise<Shown> => {
  const { value } = await api.listDirectives({
    app,
    after,
    limit: limit === undefined ? undefined : Number(limit),
    // The API judges the word.
    state: state as DirectiveRollout['state'] | undefined,
  });
  const more = value.next === null ? '' : `more: --after ${value.next}\n`;
  return {
    json: { directives: value.items, next: value.next },
    text: `${columns(head, value.items.map(line))}${more}`,
  };
};

const kill = async (api: AdminApi, app: string, kinds: readonly string[], values: Values): Promise<Shown> => {
  const { reason, hours } = values;
  if (reason === undefined) throw new UsageError('a kill switch needs --reason');
  const lifeHours = hours === undefined ? {} : { lifeHours: Number(hours) };
  const { value } = await api.killDirectives({ app, body: { kinds: [...kinds], reason, ...lifeHours } });
  return shownOrProposed(value);
};

const end = async (
  api: AdminApi,
  app: string,
  action: 'halt' | 'revert',
  directiveId: string,
  reason: string | undefined,
): Promise<Shown> => {
  if (reason === undefined) throw new UsageError(`${action} needs --reason`);
  const asked = { app, directive: directiveId, body: { reason } };
  return shown((await (action === 'halt' ? api.haltDirective(asked) : api.revertDirective(asked))).value);
};

const workOnOne = async (api: AdminApi, app: string, action: string, id: string, values: Values): Promise<Shown> => {
  const asked = { app, directive: id };
  switch (action) {
    case 'show':
      return shown((await api.findDirective(asked)).value);
    case 'approve':
      return shownOrProposed((await api.approveDirective(asked)).value);
    case 'stage':
      return shown((await api.stageDirective(asked)).value);
    case 'halt':
    case 'revert':
      return end(api, app, action, id, values.reason);
    default:
      throw new UsageError('say what to do');
  }
};

const work = async (api: AdminApi, positionals: readonly string[], values: Values): Promise<Shown> => {
  const [action = '', ...rest] = positionals;
  if (!/^(list|show|draft|approve|stage|halt|revert|kill|unkill)$/.test(action)) throw new UsageError('say what to do');
  const app = await appOf(api, values, process.env);
  if (action === 'kill' && rest.length > 0) return kill(api, app, rest, values);
  const [id, ...others] = rest;
  if (others.length > 0) throw new UsageError('too many arguments');
  const isAlone = action === 'list' || action === 'draft' || action === 'unkill';
  if (isAlone !== (id === undefined)) throw new UsageError(`${action} takes ${isAlone ? 'no' : 'one'} argument`);
  if (action === 'list') return list(api, app, values);
  if (action === 'unkill') return kill(api, app, [], values);
  if (id === undefined) return shown((await api.draftDirective({ app, body: readPlan(values.file) })).value);
  return workOnOne(api, app, action, id, values);
};

/** Runs `hauberk directive`. */
export const directive: Command = (args) =>
  runAdminCommand('directive', usage, args.includes('--json'), async () => {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    return work(connect(values, process.env), positionals, values);
  });
