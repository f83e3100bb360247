/** `hauberk why`: one decision as a risk officer reads it, in two languages. */
import { parseArgs } from 'node:util';
import type { DecisionWhy } from '@hauberk/admin-client';
import type { Command } from '../main.ts';
import { appOf, columns, connect, connectionOptions, runAdminCommand, UsageError } from './admin-connection.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk why DECISION [--lang en|zh]

  What was asked, what was decided and why, which rules did not fire and how near they came, what the model said,
  what was known of device and account at that moment, and who else it has to do with.
`;

const options = { ...connectionOptions, lang: { type: 'string' } } as const;

type Language = 'en' | 'zh';
type Rule = DecisionWhy['fired'][number];

const words = {
  en: {
    decision: 'Decision',
    at: 'at',
    outcome: 'outcome',
    points: 'points',
    by: 'by policy',
    version: 'version',
    challenger: 'as a challenger',
    noPolicy: 'no policy was in force for this scene',
    because: 'Because',
    nothing: 'no rule fired',
    obliges: 'Obliges to',
    near: 'Did not fire, nearest first',
    model: 'Model',
    score: 'probability of fraud',
    cluster: 'Cluster',
    known: 'Known at that moment (before this event)',
    related: 'Entities',
    lists: 'on lists',
    seenWith: 'seen with',
    recent: 'newest decisions',
    label: 'It turned out to be',
    fraud: 'fraud',
    honest: 'honest',
    source: 'says',
    missing: 'missing',
    more: 'More',
    repeat: 'The event had been counted before; it was decided again and counted nowhere.',
  },
  zh: {
    decision: '决策',
    at: '时间',
    outcome: '结果',
    points: '分值',
    by: '策略',
    version: '版本',
    challenger: '（挑战者）',
    noPolicy: '该场景没有生效的策略',
    because: '原因',
    nothing: '没有规则命中',
    obliges: '处置要求',
    near: '未命中的规则（由近及远）',
    model: '模型',
    score: '欺诈概率',
    cluster: '群组',
    known: '当时已知情况（不含本次事件）',
    related: '相关主体',
    lists: '所在名单',
    seenWith: '共同出现',
    recent: '最近决策',
    label: '事后确认',
    fraud: '欺诈',
    honest: '正常',
    source: '来源',
    missing: '缺失',
    more: '更多',
    repeat: '该事件此前已计数；本次重新决策，不重复计数。',
  },
} as const;

const shownValue = (value: unknown): string => {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toPrecision(4);
  return typeof value === 'string' ? value : JSON.stringify(value);
};

const percent = (share: number): string => `${Math.round(share * 100)} %`;

const conditionLine = ({ text, value, fields, nearness }: Rule['conditions'][number], language: Language): string => {
  const mark = value === 'true' ? '+' : value === 'missing' ? '?' : '-';
  const known = Object.entries(fields)
    .filter(([name]) => text !== name)
    .map(([name, is]) => `${name} = ${is === null ? words[language].missing : shownValue(is)}`);
  const near = nearness === null ? '' : `  ${percent(nearness)}`;
  return `      ${mark} ${text}${known.length === 0 ? '' : `   [${known.join(', ')}]`}${near}\n`;
};

const ruleLines = (rule: Rule, language: Language, hasNearness: boolean): string =>
  [
    `  - ${rule[language]}  (${rule.code}, ${rule.rule}${hasNearness ? `, ${percent(rule.nearness)}` : ''})\n`,
    ...rule.conditions.map((each) => conditionLine(each, language)),
  ].join('');

const policyLine = ({ policy }: DecisionWhy, language: Language): string => {
  const said = words[language];
  if (policy === null) return `  ${said.noPolicy}\n`;
  const version = policy.version === null ? '' : ` ${said.version} ${policy.version} (${policy.state ?? ''})`;
  return `  ${said.by} ${policy.id}${version} ${policy.hash.slice(0, 16)}${policy.isChallenger ? ` ${said.challenger}` : ''}\n`;
};

const section = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `\n${title}\n${lines.join('')}`;

/** Groups in the order in which people ask. */
const groupOrder = ['event', 'attr', 'channel', 'device', 'account', 'signals', 'signal', 'binding'];

const knownLines = ({ facts }: DecisionWhy): readonly string[] => {
  const names = Object.keys(facts)
    .filter((name) => name !== 'model' && name !== 'cluster')
    .toSorted((one, other) => placeOf(one) - placeOf(other) || (one < other ? -1 : 1));
  return names.map((name) => {
    const values = Object.entries(facts[name] ?? {}).map(([fact, value]) => `${fact} ${shownValue(value)}`);
    return `  ${name}: ${values.join(', ')}\n`;
  });
};

const placeOf = (name: string): number => {
  const place = groupOrder.indexOf(name);
  return place < 0 ? groupOrder.length : place;
};

const entityLines = ({ entities }: DecisionWhy, language: Language): readonly string[] => {
  const said = words[language];
  return entities.map(({ entity, lists, decisions, seenWith }) => {
    const others = seenWith.map(({ entity: other, decisions: times }) => `${other} ×${times}`);
    const recent = decisions.map(({ id, scene, outcome }) => `${id} ${scene} ${outcome}`);
    return [
      `  ${entity}${lists.length === 0 ? '' : `  ${said.lists} ${lists.join(', ')}`}\n`,
      others.length === 0 ? '' : `      ${said.seenWith}: ${others.join(', ')}\n`,
      recent.length === 0 ? '' : `      ${said.recent}: ${recent.join('; ')}\n`,
    ].join('');
  });
};

const modelLines = ({ model }: DecisionWhy, language: Language): readonly string[] =>
  model === null
    ? []
    : [
        `  ${words[language].score} ${model.score === null ? '-' : percent(model.score)}, ${model.hash.slice(0, 16)}\n`,
        ...model.reasons.map((reason) => `  - ${reason[language]}  (${reason.code})\n`),
      ];

const labelLines = ({ label }: DecisionWhy, language: Language): readonly string[] => {
  if (label === null) return [];
  const said = words[language];
  const at = new Date(label.knownAtMs).toISOString();
  return [`  ${label.fraud ? said.fraud : said.honest}, ${at}, ${said.source} ${label.source}\n`];
};

/** The page of a decision of an app in one language. */
export const whyText = (why: DecisionWhy, language: Language, app: string): string => {
  const said = words[language];
  const device = why.entities.find(({ entity }) => entity.startsWith('device:'))?.entity;
  const more = [
    ...(device === undefined ? [] : [`  hauberk decision list --entity ${device} --app ${app}\n`]),
    ...(why.policy?.version === null || why.policy === null
      ? []
      : [`  hauberk policy show ${why.policy.id} ${why.policy.version} --app ${app}\n`]),
    `  hauberk case open --decision ${why.id} --title TEXT --app ${app}\n`,
  ];
  const obligations = why.obligations.map(
    ({ kind, ...rest }) => `  ${String(kind)} ${Object.values(rest).map(shownValue).join(' ')}\n`,
  );
  return [
    `${said.decision} ${why.id}, ${why.scene[language]} (${why.scene.code}), ${said.at} ${new Date(why.atMs).toISOString()}\n`,
    `  ${said.outcome} ${why.outcome.toUpperCase()}, ${said.points} ${why.points}\n`,
    policyLine(why, language),
    why.isDuplicate ? `  ${said.repeat}\n` : '',
    section(
      said.because,
      why.fired.length === 0 ? [`  ${said.nothing}\n`] : why.fired.map((rule) => ruleLines(rule, language, false)),
    ),
    section(said.obliges, obligations),
    section(
      said.near,
      why.notFired.slice(0, 5).map((rule) => ruleLines(rule, language, true)),
    ),
    section(said.model, modelLines(why, language)),
    section(
      said.cluster,
      why.cluster === null
        ? []
        : [
            `  ${Object.entries(why.cluster)
              .map(([name, value]) => `${name} ${shownValue(value)}`)
              .join(', ')}\n`,
          ],
    ),
    section(said.known, knownLines(why)),
    section(said.related, entityLines(why, language)),
    section(said.label, labelLines(why, language)),
    section(said.more, more),
  ].join('');
};

const languageOf = (asked: string | undefined): Language => {
  if (asked === 'en' || asked === 'zh') return asked;
  if (asked !== undefined) throw new UsageError('--lang is en or zh');
  return /^zh/i.test(process.env['LC_ALL'] ?? process.env['LANG'] ?? '') ? 'zh' : 'en';
};

/** Runs `hauberk why`. */
export const why: Command = (args) =>
  runAdminCommand('why', usage, args.includes('--json'), async () => {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const [decision, ...more] = positionals;
    if (decision === undefined || more.length > 0) throw new UsageError('why takes one decision');
    const api = connect(values, process.env);
    const app = await appOf(api, values, process.env);
    const { value } = await api.explainDecision({ app, decision });
    return { json: value, text: whyText(value, languageOf(values.lang), app) };
  });

/** Columns of decisions in a table. */
export const decisionColumns: readonly string[] = ['decision', 'at', 'scene', 'outcome', 'points', 'reasons', 'device'];

/** Decisions in a table. */
export const decisionTable = (
  items: readonly {
    readonly id: string;
    readonly atMs: number;
    readonly scene: string;
    readonly outcome: string;
    readonly points: number;
    readonly reasons: readonly string[];
    readonly entities: readonly string[];
  }[],
): string =>
  columns(
    decisionColumns,
    items.map(({ id, atMs, scene, outcome, points, reasons, entities }) => [
      id,
      new Date(atMs).toISOString(),
      scene,
      outcome,
      String(points),
      reasons.join(' ') || '-',
      entities.find((entity) => entity.startsWith('device:'))?.slice(7) ?? '-',
    ]),
  );
