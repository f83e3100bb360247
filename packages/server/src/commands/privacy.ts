/** `hauberk privacy`: what apps and their SDKs did, what is stopped, what people decided and may ask. */
import { parseArgs } from 'node:util';
import type { AdminApi, Approval, PrivacyChain, PrivacyFinding, PrivacyStopped } from '@hauberk/admin-client';
import type { Command } from '../main.ts';
import { appOf, columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';
import { approvalText } from './approval.ts';
import { verifyConsentFile } from './privacy-verify.ts';

const usage = `usage: hauberk privacy findings [--state STATE] [--kind RULE] [--severity S] [--chain CHAIN] [--limit N] [--after ID]
       hauberk privacy chains [CHAIN] [--limit N] [--after CHAIN]     with CHAIN: frames, owners, what a stop would meet
       hauberk privacy stop CHAIN --reason TEXT [--action empty|deny|delay] [--delay MS] [--api API]...
                                 [--hours N] [--stages 10,50,250,1000] [--preview]
       hauberk privacy resume CHAIN --reason TEXT
       hauberk privacy stops                   what is stopped, by whom, until when
       hauberk privacy effect CHAIN            what devices proved of it
       hauberk privacy accept FINDING --days N --reason TEXT
       hauberk privacy fix FINDING --reason TEXT
       hauberk privacy rule list
       hauberk privacy rule add RULE --reason TEXT --days N [--action deny] [--delay MS] [--min-devices 3]
                                 [--per-day 5] [--stop-hours 24]     two people must agree
       hauberk privacy rule end ID --reason TEXT        ends it and what it stopped
       hauberk privacy matrix [--days N]       which data, by whom, where, how often
       hauberk privacy subject NAME            everything under a pseudonym; --device ID instead of NAME
       hauberk privacy consent NAME [--jsonld] the ledger of a person; --device ID instead of NAME
       hauberk privacy erase NAME --reason TEXT          or --device ID; cannot be undone
       hauberk privacy keys                    public keys of the consent ledger
       hauberk privacy verify FILE --key POINT... [--head COUNT:HASH]   checks a consent ledger, offline

  Without --hours a stop holds until it is resumed. Where the configuration asks for two people, a proposal is printed.
`;

const options = {
  ...connectionOptions,
  state: { type: 'string' },
  kind: { type: 'string' },
  severity: { type: 'string' },
  chain: { type: 'string' },
  limit: { type: 'string' },
  after: { type: 'string' },
  reason: { type: 'string' },
  action: { type: 'string' },
  delay: { type: 'string' },
  api: { type: 'string', multiple: true },
  hours: { type: 'string' },
  stages: { type: 'string' },
  preview: { type: 'boolean' },
  days: { type: 'string' },
  device: { type: 'string' },
  jsonld: { type: 'boolean' },
  'min-devices': { type: 'string' },
  'per-day': { type: 'string' },
  'stop-hours': { type: 'string' },
} as const;

const parse = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: true, options });
type Values = ReturnType<typeof parse>['values'];

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

/** A command that knows its app. */
interface Asked {
  readonly api: AdminApi;
  readonly app: string;
  readonly values: Values;
  /** What stands behind the action. */
  readonly name: string | undefined;
}

const numberOf = (text: string | undefined, name: string): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} takes a whole number`);
  return Number(text);
};

const needed = (value: string | undefined, what: string): string => {
  if (value === undefined) throw new UsageError(`say ${what}`);
  return value;
};

const more = (next: string | null): string => (next === null ? '' : `more: --after ${next}\n`);

const findingHead = ['id', 'state', 'severity', 'rule', 'function', 'owner', 'chain', 'calls', 'devices', 'last'];

const findingLine = (finding: PrivacyFinding): readonly string[] => [
  finding.id,
  finding.state,
  finding.severity,
  finding.kind,
  finding.api,
  finding.owner,
  finding.chain,
  String(finding.calls),
  finding.devices >= 64 ? '64+' : String(finding.devices),
  minute(finding.lastAtMs),
];

const findings = async ({ api, app, values }: Asked): Promise<Shown> => {
  const { state, kind, severity, chain, limit, after } = values;
  const { value } = await api.listPrivacyFindings({
    app,
    chain,
    after,
    limit: numberOf(limit, 'limit'),
    // The API judges the words.
    state: state as PrivacyFinding['state'] | undefined,
    kind: kind as PrivacyFinding['kind'] | undefined,
    severity: severity as PrivacyFinding['severity'] | undefined,
  });
  return { json: value, text: `${columns(findingHead, value.items.map(findingLine))}${more(value.next)}` };
};

const effectText = (effects: PrivacyChain['effects']): string =>
  columns(
    ['directive', 'version', 'devices', 'stopped', 'first', 'last'],
    effects.map((each) => [
      each.directive,
      String(each.version),
      String(each.devices),
      String(each.stopped),
      minute(each.firstAtMs),
      minute(each.lastAtMs),
    ]),
  );

const chainText = async ({ api, app }: Asked, chain: string): Promise<Shown> => {
  const { value } = await api.findPrivacyChain({ app, chain });
  const { owner, owners, ownerVersion, frames, preview, effects } = value;
  const who = owners.map(({ owner: each, devices }) => `${each} (${devices} devices)`).join(', ');
  return {
    json: value,
    text: [
      `chain ${value.chain}, owner ${owner} ${ownerVersion ?? ''}\n  told by: ${who}\n`,
      `  seen ${minute(value.firstAtMs)} to ${minute(value.lastAtMs)}\n`,
      ...frames.map((frame) => `  at ${frame}\n`),
      `\na stop meets ${preview.devices >= 64 ? '64 or more' : preview.devices} devices:\n`,
      columns(
        ['function', 'scene', 'calls in 30 days'],
        preview.calls.map((each) => [each.api, each.scene, String(each.calls)]),
      ),
      `  findings ${preview.findings.join(' ') || '-'}\n  these go on: ${preview.otherChains.join(' ') || '-'}\n`,
      effects.length === 0 ? '' : `\n${effectText(effects)}`,
    ].join(''),
  };
};

const chains = async (asked: Asked): Promise<Shown> => {
  const { api, app, values, name } = asked;
  if (name !== undefined) return chainText(asked, name);
  const { value } = await api.listPrivacyChains({ app, limit: numberOf(values.limit, 'limit'), after: values.after });
  const rows = value.items.map((each) => [
    each.chain,
    each.owner,
    each.ownerVersion ?? '-',
    String(each.effects.reduce((sum, { stopped }) => sum + stopped, 0)),
    minute(each.lastAtMs),
  ]);
  return { json: value, text: `${columns(['chain', 'owner', 'version', 'stopped', 'last'], rows)}${more(value.next)}` };
};

const isProposal = (value: PrivacyStopped | Approval): value is Approval => 'changeHash' in value;

const stoppedText = ({ chain, rollout, state, findings: moved }: PrivacyStopped, what: string): string =>
  `chain ${chain} ${what}, ${moved} findings with it\n${
    rollout === null
      ? 'the list could not be published yet; it is tried again\n'
      : `carried by rollout ${rollout}${state === null ? '' : `, ${state}`}\n`
  }`;

const stop = async (asked: Asked): Promise<Shown> => {
  const { api, app, values } = asked;
  const chain = needed(asked.name, 'which chain');
  if (values.preview === true) return chainText(asked, chain);
  const { value } = await api.stopPrivacyChain({
    app,
    body: {
      chain,
      reason: needed(values.reason, 'why: --reason'),
      action: (values.action ?? (values.delay === undefined ? 'deny' : 'delay')) as 'deny',
      apis: values.api,
      delayMs: numberOf(values.delay, 'delay'),
      hours: numberOf(values.hours, 'hours'),
      stages: values.stages?.split(',').map(Number),
    },
  });
  return isProposal(value)
    ? { json: { proposed: value }, text: `Somebody else must approve this.\n${approvalText(value)}` }
    : { json: value, text: stoppedText(value, 'is stopped') };
};

const resume = async ({ api, app, values, name }: Asked): Promise<Shown> => {
  const body = { chain: needed(name, 'which chain'), reason: needed(values.reason, 'why: --reason') };
  const { value } = await api.resumePrivacyChain({ app, body });
  return { json: value, text: stoppedText(value, 'goes on') };
};

const stops = async ({ api, app }: Asked): Promise<Shown> => {
  const { value } = await api.listPrivacyStops({ app });
  const rows = value.stops.map((each) => [
    each.chain,
    each.action,
    each.apis?.join(' ') ?? 'all',
    minute(each.untilMs),
    each.by,
  ]);
  return { json: value, text: columns(['chain', 'action', 'functions', 'until', 'by'], rows) };
};

const effect = async ({ api, app, name }: Asked): Promise<Shown> => {
  const { value } = await api.findPrivacyChain({ app, chain: needed(name, 'which chain') });
  return { json: { chain: value.chain, effects: value.effects }, text: effectText(value.effects) };
};

const decide =
  (action: 'accept' | 'fix') =>
  async ({ api, app, values, name }: Asked): Promise<Shown> => {
    const days = numberOf(values.days, 'days');
    const body = { action, reason: needed(values.reason, 'why: --reason'), days };
    const { value } = await api.decidePrivacyFinding({ app, finding: needed(name, 'which finding'), body });
    return { json: value, text: columns(findingHead, [findingLine(value)]) };
  };

const matrix = async ({ api, app, values }: Asked): Promise<Shown> => {
  const { value } = await api.privacyMatrix({ app, days: numberOf(values.days, 'days') });
  const rows = value.cells.map((cell) => [
    cell.item,
    cell.class,
    cell.owner,
    cell.scene,
    cell.api,
    cell.chain,
    cell.isForeground ? 'front' : 'back',
    cell.outcome,
    String(cell.calls),
  ]);
  const head = ['data', 'class', 'owner', 'scene', 'function', 'chain', 'where', 'outcome', 'calls'];
  return { json: value, text: `${columns(head, rows)}${value.isComplete ? '' : 'there is more\n'}` };
};

const subjectOf = async ({ api, app, values, name }: Asked) => {
  if (values.device !== undefined) return (await api.findPrivacySubjectOfDevice({ app, device: values.device })).value;
  return (await api.findPrivacySubject({ app, subject: needed(name, 'whose pseudonym, or --device') })).value;
};

const subject = async (asked: Asked): Promise<Shown> => {
  const value = await subjectOf(asked);
  const { isLinked, consents, effects, watched, reports, isComplete } = value;
  return {
    json: value,
    text: [
      `pseudonym ${value.subject}, ${isLinked ? 'a device leads here' : 'no device leads here'}\n`,
      `${consents.length} consents, ${effects.length} proofs of effect, ${watched.length} windows, `,
      `${reports.length} reports${isComplete ? '' : ' or more'}; all of it with --json\n`,
    ].join(''),
  };
};

const consent = async (asked: Asked): Promise<Shown> => {
  const { consentRecord, ledger } = await subjectOf(asked);
  const record = `${JSON.stringify(consentRecord, undefined, 2)}\n`;
  return { json: consentRecord, text: asked.values.jsonld === true ? record : ledger };
};

const erase = async ({ api, app, values, name }: Asked): Promise<Shown> => {
  const reason = needed(values.reason, 'why: --reason');
  const body =
    values.device === undefined
      ? { subject: needed(name, 'whose pseudonym, or --device'), reason }
      : { device: values.device, reason };
  const { value } = await api.erasePrivacySubject({ app, body });
  return {
    json: value,
    text: `erased: no device leads to ${value.subject} any more (${value.rows} rows)\nBackups hold the mapping until they are deleted.\n`,
  };
};

const keys = async ({ api, app }: Asked): Promise<Shown> => {
  const { value } = await api.listConsentKeys({ app });
  return { json: value, text: value.keys.map((key) => `${key}\n`).join('') };
};

const addRule = async ({ api, app, values }: Asked, kind: string): Promise<Shown> => {
  const days = numberOf(needed(values.days, 'when it ends: --days'), 'days') ?? 1;
  const { value } = await api.proposePrivacyRule({
    app,
    body: {
      kind: kind as PrivacyFinding['kind'],
      action: (values.action ?? 'deny') as 'deny',
      delayMs: numberOf(values.delay, 'delay') ?? null,
      minDevices: numberOf(values['min-devices'], 'min-devices') ?? 3,
      perDay: numberOf(values['per-day'], 'per-day') ?? 5,
      stopHours: numberOf(values['stop-hours'], 'stop-hours') ?? 24,
      expiresAtMs: Date.now() + days * 86_400_000,
      reason: needed(values.reason, 'why: --reason'),
    },
  });
  return { json: { proposed: value }, text: `Somebody else must approve this.\n${approvalText(value)}` };
};

const rule = async (asked: Asked, what: string | undefined): Promise<Shown> => {
  const { api, app, values, name } = asked;
  if (name === 'add') return addRule(asked, needed(what, 'which rule, such as background'));
  if (name === 'end') {
    const body = { rule: needed(what, 'which rule'), reason: needed(values.reason, 'why: --reason') };
    const { value } = await api.endPrivacyRule({ app, body });
    return { json: value, text: `rule ${value.id} is ended, and what it stopped goes on\n` };
  }
  if (name !== 'list') throw new UsageError('rule list, add or end');
  const { value } = await api.listPrivacyRules({ app });
  const rows = value.items.map((each) => [
    each.id,
    each.state,
    each.kind,
    each.action,
    String(each.minDevices),
    String(each.perDay),
    minute(each.expiresAtMs),
    String(each.answers.length),
    each.approvedBy,
  ]);
  const head = ['id', 'state', 'rule', 'action', 'devices', 'a day', 'until', 'answers', 'by'];
  return { json: value, text: columns(head, rows) };
};

const actions: Readonly<Record<string, (asked: Asked, last: string | undefined) => Promise<Shown>>> = {
  findings,
  chains,
  stop,
  resume,
  stops,
  effect,
  accept: decide('accept'),
  fix: decide('fix'),
  rule,
  matrix,
  subject,
  consent,
  erase,
  keys,
};

const work = async (args: readonly string[]): Promise<Shown> => {
  const { values, positionals } = parse(args);
  const [action = '', name, last, ...rest] = positionals;
  const run = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (run === undefined) throw new UsageError('say what to do');
  if (rest.length > 0 || (last !== undefined && action !== 'rule')) throw new UsageError('too many arguments');
  const api = connect(values, process.env);
  const app = await appOf(api, values, process.env);
  return run({ api, app, values, name }, last);
};

/** Runs `hauberk privacy`. */
export const privacy: Command = async (args) => {
  const [action, ...rest] = args;
  let isWhole = true;
  const code = await runAdminCommand('privacy', usage, args.includes('--json'), async () => {
    if (action !== 'verify') return work(args);
    const shown = verifyConsentFile(rest);
    isWhole = (shown.json as { readonly ok: boolean }).ok;
    return shown;
  });
  return code === 0 && !isWhole ? 1 : code;
};
