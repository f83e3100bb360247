/** `hauberk approval`: reads proposals and decides on them. */
import { parseArgs } from 'node:util';
import type { AdminApi, Approval } from '@hauberk/admin-client';
import type { Command } from '../main.ts';
import { appOf, columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';

const usage = `usage: hauberk approval list [--state STATE] [--limit N] [--after ID]
       hauberk approval show ID
       hauberk approval approve ID --hash HASH [--note TEXT]
       hauberk approval reject ID --note TEXT
       hauberk approval withdraw ID
       hauberk approval execute ID         carries an approved change out that a crash left undone

  --hash HASH   of the change as \`show\` printed it: an approval counts for exactly that
`;

const options = {
  ...connectionOptions,
  state: { type: 'string' },
  limit: { type: 'string' },
  after: { type: 'string' },
  hash: { type: 'string' },
  note: { type: 'string' },
} as const;

interface Values {
  readonly app?: string;
  readonly state?: string;
  readonly limit?: string;
  readonly after?: string;
  readonly hash?: string;
  readonly note?: string;
}

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

const summaryOf = ({ change }: Approval): string => {
  if (change.kind === 'binding.end') return `unbind ${change.content.profile}`;
  if (change.kind === 'binding.unblock') return `lift the block of ${change.content.subject} ${change.content.value}`;
  if (change.kind === 'privacy.stop') return `stop chain ${change.content.chain}`;
  if (change.kind === 'privacy.rule') return `response rule on ${change.content.kind}`;
  if (change.kind === 'directive.approve') return `approve directive ${change.content.directive}`;
  if (change.kind === 'directive.kill') return `kill ${change.content.kinds.join(' ')}`;
  if (change.kind === 'policy.step')
    return `${change.content.action} policy ${change.content.policy} ${change.content.version}`;
  if (change.kind === 'list.change')
    return `list ${change.content.list}: ${change.content.adds} more, ${change.content.removes} fewer`;
  if (change.kind === 'alert.rule') return `alert rule ${change.content.name}`;
  if (change.kind === 'model.activate') return `model ${change.content.model.slice(0, 16) || 'none'}`;
  const { action, devices } = change.content;
  const [only, ...others] = devices;
  return `${action} ${others.length === 0 ? `device ${only?.id ?? ''}` : `${devices.length} devices`}`;
};

type Results = NonNullable<Approval['outcome']>['results'];

const doneOf = (results: Results, id: string): string => {
  const result = results.find((each) => each.id === id);
  return result === undefined ? '' : (result.code ?? 'done');
};

/** What exactly is to happen, as it is hashed. */
const changeLines = ({ change, outcome }: Approval): readonly string[] => {
  const results = outcome?.results ?? [];
  if (change.kind === 'binding.end') {
    const { attempt, profile, device, boundAtMs, reason } = change.content;
    const facts = `  profile ${profile}, device ${device}, bound ${minute(boundAtMs)}, attempt ${attempt}`;
    return [`  unbind: ${reason}\n`, `${facts}  ${doneOf(results, attempt)}\n`];
  }
  if (change.kind === 'binding.unblock') {
    const { subject, value, atMs, untilMs, reason } = change.content;
    const facts = `  ${subject} ${value}, blocked ${minute(atMs)} until ${minute(untilMs)}`;
    return [`  lift the block: ${reason}\n`, `${facts}  ${doneOf(results, `${subject} ${value}`)}\n`];
  }
  if (change.kind === 'privacy.stop' || change.kind === 'privacy.rule') {
    const { reason, ...facts } = change.content;
    const id = change.kind === 'privacy.stop' ? change.content.chain : 'rule';
    const lines = Object.entries(facts).map(([name, value]) => `  ${name} ${String(value)}\n`);
    return [`  ${change.kind}: ${reason}  ${doneOf(results, id)}\n`, ...lines];
  }
  if (change.kind === 'directive.approve') {
    const { directive, plan } = change.content;
    return [`  approve directive ${directive}  ${doneOf(results, directive)}\n`, `  ${JSON.stringify(plan)}\n`];
  }
  if (change.kind === 'directive.kill') {
    const { kinds, reason } = change.content;
    return [
      `  kill: ${reason}\n`,
      `  ${kinds.length === 0 ? 'gives every kind back' : kinds.join(' ')}  ${doneOf(results, 'kill')}\n`,
    ];
  }
  if (
    change.kind === 'policy.step' ||
    change.kind === 'list.change' ||
    change.kind === 'model.activate' ||
    change.kind === 'alert.rule'
  ) {
    const { reason, ...facts } = change.content;
    const lines = Object.entries(facts).map(([name, value]) => `  ${name} ${JSON.stringify(value)}\n`);
    return [
      `  ${change.kind}: ${reason}  ${results[0] === undefined ? '' : doneOf(results, results[0].id)}\n`,
      ...lines,
    ];
  }
  const { action, reason, devices } = change.content;
  return [
    `  ${action}: ${reason}\n`,
    ...devices.map(({ id, generation }) => `  device ${id} as of generation ${generation}  ${doneOf(results, id)}\n`),
  ];
};

/** A proposal with all that an approver must see. */
export const approvalText = (approval: Approval): string => {
  const { id, app, state, changeHash, proposer, expiresAtMs, decision } = approval;
  return [
    `proposal ${id}, ${state}, app ${app}\n`,
    ...changeLines(approval),
    `  by ${proposer.subject} (token ${proposer.token}), until ${minute(expiresAtMs)}\n`,
    ...(decision === null ? [] : [`  decided by ${decision.subject} at ${minute(decision.atMs)} ${decision.note}\n`]),
    `  hash ${changeHash}\n`,
  ].join('');
};

const list = async (api: AdminApi, app: string, { state, limit, after }: Values): Promise<Shown> => {
  const { value } = await api.listApprovals({
    app,
    limit: limit === undefined ? undefined : Number(limit),
    after,
    // The API judges the word.
    state: state as 'pending' | undefined,
  });
  const rows = value.items.map((each) => [
    each.id,
    each.state,
    each.proposer.subject,
    summaryOf(each),
    minute(each.expiresAtMs),
  ]);
  const more = value.next === null ? '' : `more: --after ${value.next}\n`;
  return {
    json: { approvals: value.items, next: value.next },
    text: `${columns(['id', 'state', 'by', 'change', 'until'], rows)}${more}`,
  };
};

const decide = async (
  api: AdminApi,
  action: string,
  at: { readonly app: string; readonly approval: string },
  { hash, note }: Values,
): Promise<Approval> => {
  switch (action) {
    case 'show':
      return (await api.findApproval(at)).value;
    case 'approve':
      if (hash === undefined) throw new UsageError('approve needs --hash, which `show` prints');
      return (await api.approve({ ...at, body: { changeHash: hash, note } })).value;
    case 'reject':
      if (note === undefined) throw new UsageError('reject needs --note');
      return (await api.reject({ ...at, body: { note } })).value;
    case 'withdraw':
      return (await api.withdraw(at)).value;
    case 'execute':
      return (await api.execute(at)).value;
    default:
      throw new UsageError('say list, show, approve, reject, withdraw or execute');
  }
};

const work = async (api: AdminApi, positionals: readonly string[], values: Values): Promise<Shown> => {
  const [action, approval, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError('too many arguments');
  const app = await appOf(api, values, process.env);
  if (action === 'list' && approval === undefined) return list(api, app, values);
  if (approval === undefined) throw new UsageError('which proposal?');
  const found = await decide(api, action ?? '', { app, approval }, values);
  return { json: found, text: approvalText(found) };
};

/** Runs `hauberk approval`. */
export const approval: Command = (args) =>
  runAdminCommand('approval', usage, args.includes('--json'), async () => {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    return work(connect(values, process.env), positionals, values);
  });
