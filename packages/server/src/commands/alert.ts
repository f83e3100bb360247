/** `hauberk alert`: rules over decisions, and what they raised. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { AdminApi, Alert, AlertRule, AlertRuleContent, Approval } from '@hauberk/admin-client';
import { parseJson } from '@hauberk/primitives';
import type { Command } from '../main.ts';
import { appOf, columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';
import { approvalText } from './approval.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk alert list [--state open|acknowledged|closed] [--limit N]
       hauberk alert acknowledge|close ALERT --note TEXT
       hauberk alert rule list
       hauberk alert rule add FILE              a rule as JSON (docs/decision-operations.md); one that answers by itself is proposed
       hauberk alert rule end RULE --reason TEXT   ends it, takes back what it listed, gives back what it suspended
`;

const text = { type: 'string' } as const;
const options = { ...connectionOptions, state: text, limit: text, note: text, reason: text } as const;
const parse = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: true, options });
type Values = ReturnType<typeof parse>['values'];

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

const alertTable = (items: readonly Alert[]): string =>
  columns(
    ['alert', 'state', 'severity', 'what', 'who', 'decisions', 'last', 'answered'],
    items.map(({ id, state, severity, name, entity, count, lastAtMs, answered }) => [
      id,
      state,
      severity,
      name,
      entity === '' ? 'all' : entity,
      String(count),
      minute(lastAtMs),
      answered ?? '-',
    ]),
  );

const doesText = ({ action, list, days }: NonNullable<AlertRule['response']>): string => {
  if (action === 'case') return 'opens a case';
  return action === 'list' ? `lists on ${list} for ${days} d` : `suspends for ${days} d`;
};

const ruleTable = (items: readonly AlertRule[]): string =>
  columns(
    ['rule', 'state', 'severity', 'name', 'when', 'does', 'until', 'by'],
    items.map((rule) => [
      rule.id,
      rule.state,
      rule.severity,
      rule.name,
      `${rule.threshold} in ${rule.windowMinutes} min ${[rule.scene, rule.decisionReason, rule.outcome].filter((each) => each !== null).join(' ')}${rule.group === null ? '' : ` per ${rule.group}`}`,
      rule.response === null ? '-' : `${doesText(rule.response)} (${rule.answers})`,
      minute(rule.expiresAtMs),
      rule.approvedBy,
    ]),
  );

const isProposal = (value: AlertRule | Approval): value is Approval => 'changeHash' in value;

const rules = async (api: AdminApi, app: string, [action, name]: readonly string[], values: Values): Promise<Shown> => {
  if (action === 'list') {
    const { items } = (await api.listAlertRules({ app })).value;
    return { json: { rules: items }, text: ruleTable(items) };
  }
  if (name === undefined) throw new UsageError('say what to do');
  if (action === 'add') {
    const read = parseJson(readFileSync(name === '-' ? 0 : name, 'utf8'));
    if (!read.ok) throw new UsageError(`${name} is no JSON (${read.code})`);
    const { value } = await api.addAlertRule({ app, body: read.value as unknown as AlertRuleContent });
    return isProposal(value)
      ? { json: { proposed: value }, text: `Somebody else must approve this.\n${approvalText(value)}` }
      : { json: value, text: ruleTable([value]) };
  }
  if (action !== 'end' || values.reason === undefined) throw new UsageError('say what to do; end needs --reason');
  const { value } = await api.endAlertRule({ app, body: { rule: name, reason: values.reason } });
  return isProposal(value)
    ? {
        json: { proposed: value },
        text: `Ended. Somebody else must approve that its devices come back.\n${approvalText(value)}`,
      }
    : { json: value, text: ruleTable([value]) };
};

const work = async (api: AdminApi, positionals: readonly string[], values: Values): Promise<Shown> => {
  const [action = '', ...rest] = positionals;
  const app = await appOf(api, values, process.env);
  if (action === 'rule') return rules(api, app, rest, values);
  if (action === 'list' && rest.length === 0) {
    const limit = values.limit === undefined ? undefined : Number(values.limit);
    const { items } = (await api.listAlerts({ app, state: values.state as Alert['state'] | undefined, limit })).value;
    return { json: { alerts: items }, text: alertTable(items) };
  }
  const [alertId, ...more] = rest;
  const isStep = action === 'acknowledge' || action === 'close';
  if (!isStep || alertId === undefined || more.length > 0) throw new UsageError('say what to do');
  if (values.note === undefined) throw new UsageError(`${action} needs --note`);
  const { value } = await api.stepAlert({ app, alert: alertId, body: { action, note: values.note } });
  return { json: value, text: alertTable([value]) };
};

/** Runs `hauberk alert`. */
export const alert: Command = (args) =>
  runAdminCommand('alert', usage, args.includes('--json'), async () => {
    const { values, positionals } = parse(args);
    return work(connect(values, process.env), positionals, values);
  });
