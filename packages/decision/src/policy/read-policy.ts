/** JSON → policy: every fault at once, each with its rule, its place in the condition and a hint. */
import { accept, type JsonValue } from '@hauberk/primitives';
import { checkCondition, nearest } from './check.ts';
import { fromJsonForm } from './json-form.ts';
import { readObligations } from './obligations.ts';
import { parseExpression } from './parser.ts';
import { isOutcome, outcomes, type Policy, type PolicyRule, type Threshold } from './policy.ts';
import { readSchedule, readValidity } from './schedule.ts';
import type { PolicySchema } from './schema.ts';
import type { PolicyProblem } from './syntax.ts';

/** A problem of a policy: which rule, and what of it. */
export interface PolicyFault extends PolicyProblem {
  readonly rule: string;
  /** JSON pointer to the rule, threshold or member of the document; absent for the whole. */
  readonly path?: string;
}

/** Most rules of a policy. */
export const maxRules = 2000;
/** Longest title in characters. */
const maxTitle = 200;

const fault = (rule: string, message: string, hint?: string): PolicyFault => ({
  code: 'policy.malformed',
  at: 0,
  message,
  rule,
  ...(hint === undefined ? {} : { hint }),
});

type Members = Readonly<Record<string, JsonValue>>;
const isMembers = (value: JsonValue | undefined): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isId = (value: JsonValue | undefined): value is string =>
  typeof value === 'string' && /^[a-z0-9][a-z0-9._-]{0,63}$/.test(value);
const isTitle = (value: JsonValue): value is string => typeof value === 'string' && value.length <= maxTitle;
const isTag = (value: JsonValue): boolean =>
  typeof value === 'string' && /^[A-Z]{1,4}[0-9]{3,5}(?:\.[0-9]{3})?$/.test(value);

const unknownMember = (value: Members, known: readonly string[], rule: string): PolicyFault | undefined => {
  const name = Object.keys(value).find((each) => !known.includes(each));
  return name === undefined
    ? undefined
    : fault(rule, `no member ${name.slice(0, 64)}; there are ${known.join(', ')}`, nearest(name, known));
};

const ruleMembers = [
  'id',
  'title',
  'tags',
  'scenes',
  'when',
  'outcome',
  'points',
  'final',
  'reason',
  'obligations',
  'schedule',
  'validFrom',
  'validTo',
];

type Head = Pick<PolicyRule, 'id' | 'title' | 'tags' | 'scenes' | 'points' | 'isFinal' | 'reason'>;

const readHead = (value: Members, id: string): Head | PolicyFault => {
  const { scenes = [], points = 0, final = false, reason, title = '', tags = [] } = value;
  if (!isTitle(title)) return fault(id, `title is a text of at most ${maxTitle} characters`);
  if (!Array.isArray(tags) || tags.length > 16 || !tags.every(isTag))
    return fault(id, 'tags is a list of numbers of techniques, as F1023 or T1404');
  if (!Array.isArray(scenes) || !scenes.every((scene) => typeof scene === 'string'))
    return fault(id, 'scenes is a list of names');
  if (typeof points !== 'number' || !Number.isFinite(points) || Math.abs(points) > 1e6)
    return fault(id, 'points is a number up to a million');
  if (typeof final !== 'boolean') return fault(id, 'final is true or false');
  if (!isId(reason)) return fault(id, 'reason is a code of small letters, digits, dots and hyphens');
  return {
    id,
    title,
    tags: tags as readonly string[],
    scenes: scenes as readonly string[],
    points,
    isFinal: final,
    reason,
  };
};

type Effect = Pick<PolicyRule, 'outcome' | 'obligations' | 'schedule' | 'valid'>;

const readEffect = (value: Members, id: string): Effect | PolicyFault => {
  const { outcome } = value;
  if (!isOutcome(outcome)) return fault(id, `outcome is one of ${outcomes.join(', ')}`);
  const obligations = readObligations(value['obligations'], outcome);
  if (typeof obligations === 'string') return fault(id, obligations);
  const schedule = readSchedule(value['schedule']);
  if (typeof schedule === 'string') return fault(id, schedule);
  const valid = readValidity(value['validFrom'], value['validTo']);
  return typeof valid === 'string' ? fault(id, valid) : { outcome, obligations, schedule, valid };
};

const readCondition = (
  when: JsonValue | undefined,
  id: string,
  schema: PolicySchema,
): Pick<PolicyRule, 'when'> | PolicyFault => {
  if (when === undefined) return fault(id, 'when is missing');
  const parsed = typeof when === 'string' ? parseExpression(when) : fromJsonForm(when);
  if (!parsed.ok) return 'problem' in parsed ? { ...parsed.problem, rule: id } : fault(id, parsed.code);
  const checked = checkCondition(schema, parsed.value);
  if (!checked.ok) return 'problem' in checked ? { ...checked.problem, rule: id } : fault(id, checked.code);
  return { when: parsed.value };
};

const readRule = (value: JsonValue, schema: PolicySchema): PolicyRule | PolicyFault => {
  if (!isMembers(value) || !isId(value['id']))
    return fault('', 'a rule has an id of small letters, digits, dots and hyphens');
  const id = value['id'];
  const unknown = unknownMember(value, ruleMembers, id);
  if (unknown !== undefined) return unknown;
  const head = readHead(value, id);
  if ('code' in head) return head;
  const effect = readEffect(value, id);
  if ('code' in effect) return effect;
  const condition = readCondition(value['when'], id, schema);
  return 'code' in condition ? condition : { ...head, ...effect, ...condition };
};

const placed = (path: string, found: PolicyFault): PolicyFault => ({ ...found, path });

const readThreshold = (value: JsonValue): Threshold | PolicyFault => {
  if (!isMembers(value)) return fault('', 'thresholds is a list of {from, outcome, obligations}');
  const unknown = unknownMember(value, ['from', 'outcome', 'obligations'], '');
  if (unknown !== undefined) return unknown;
  const { from, outcome } = value;
  if (typeof from !== 'number' || !Number.isFinite(from) || !isOutcome(outcome))
    return fault('', 'a threshold has from, a number, and an outcome');
  const obligations = readObligations(value['obligations'], outcome);
  return typeof obligations === 'string' ? fault('', obligations) : { from, outcome, obligations };
};

/** Good ones and faults, each with its place in the list. */
const sorted = <Good extends object>(
  values: readonly JsonValue[],
  list: string,
  read: (value: JsonValue) => Good | PolicyFault,
): { readonly good: readonly Good[]; readonly faults: readonly PolicyFault[] } => {
  const all = values.map(read);
  return {
    good: all.filter((each): each is Good => !('code' in each)),
    faults: all.flatMap((each, index) => ('code' in each ? [placed(`/${list}/${index}`, each)] : [])),
  };
};

const readThresholds = (value: JsonValue = []): ReturnType<typeof sorted<Threshold>> => {
  if (Array.isArray(value) && value.length <= 16) return sorted(value, 'thresholds', readThreshold);
  return { good: [], faults: [placed('/thresholds', fault('', 'thresholds is a list of at most 16'))] };
};

const policyMembers = ['id', 'title', 'rules', 'thresholds', 'obligations', 'validFrom', 'validTo'];

/** A value, or what is wrong with it and where. */
const orFault = <Value>(path: string, value: Value | string): readonly PolicyFault[] =>
  typeof value === 'string' ? [placed(path, fault('', value))] : [];

type Whole = Omit<Policy, 'rules'>;

const readWhole = (value: Members): { readonly whole: Whole | undefined; readonly faults: readonly PolicyFault[] } => {
  const { id, title = '' } = value;
  const unknown = unknownMember(value, policyMembers, '');
  const thresholds = readThresholds(value['thresholds']);
  const obligations = readObligations(value['obligations'], undefined);
  const valid = readValidity(value['validFrom'], value['validTo']);
  const faults = [
    ...(isId(id) ? [] : [placed('/id', fault('', 'a policy has an id'))]),
    ...(unknown === undefined ? [] : [unknown]),
    ...(isTitle(title) ? [] : [placed('/title', fault('', `title is a text of at most ${maxTitle} characters`))]),
    ...thresholds.faults,
    ...orFault('/obligations', obligations),
    ...orFault('', valid),
  ];
  if (!isId(id) || !isTitle(title) || typeof obligations === 'string' || typeof valid === 'string')
    return { whole: undefined, faults };
  const falling = thresholds.good.toSorted((left, right) => right.from - left.from);
  return { whole: { id, title, thresholds: falling, obligations, valid }, faults };
};

const usedTwice = (rules: readonly PolicyRule[]): readonly PolicyFault[] => {
  const ids = new Set<string>();
  return rules.flatMap(({ id }) => {
    if (ids.has(id)) return [fault(id, 'the id is used twice')];
    ids.add(id);
    return [];
  });
};

/** Reads and checks a policy; answers all its faults at once. */
export const readPolicy = (
  value: JsonValue,
  schema: PolicySchema,
):
  | { readonly ok: true; readonly value: Policy }
  | { readonly ok: false; readonly code: 'policy.malformed'; readonly faults: readonly PolicyFault[] } => {
  const refused = (...faults: readonly PolicyFault[]) => ({ ok: false, code: 'policy.malformed', faults }) as const;
  if (!isMembers(value)) return refused(fault('', 'a policy has an id'));
  const { whole, faults: ofWhole } = readWhole(value);
  const { rules } = value;
  if (!Array.isArray(rules) || rules.length === 0 || rules.length > maxRules)
    return refused(...ofWhole, placed('/rules', fault('', `1 to ${maxRules} rules`)));
  const { good, faults: ofRules } = sorted(rules, 'rules', (rule) => readRule(rule, schema));
  const faults = [...ofWhole, ...ofRules, ...usedTwice(good)];
  return faults.length === 0 && whole !== undefined ? accept({ ...whole, rules: good }) : refused(...faults);
};
