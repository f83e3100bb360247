/** Why it was decided so: the page of one decision, for somebody who answers for it. Everything in it comes from the record and the texts of its time. */
import {
  type DecisionRecord,
  explainRecord,
  type FactSchema,
  type PolicyEntry,
  type RuleTold,
  reasonOf,
  recordedFacts,
  sceneOf,
} from '@hauberk/decision';

/** A code in the words of both languages; codes of a deployment's own stand for themselves. */
export interface Worded {
  readonly code: string;
  readonly en: string;
  readonly zh: string;
}

/** One part of a condition, and how near it came. */
export interface ConditionShown {
  readonly text: string;
  readonly value: 'true' | 'false' | 'missing';
  readonly fields: Readonly<Record<string, unknown>>;
  /** Share of the way to the bound, 0 to 1, of a comparison of a number that did not hold; null elsewhere. */
  readonly nearness: number | null;
}

/** A rule with what it looked at. */
export interface RuleShown extends Worded {
  readonly rule: string;
  readonly conditions: readonly ConditionShown[];
  /** Share of its conditions that held, the nearness of the others counted in. */
  readonly nearness: number;
}

/** What the record alone says of a decision. */
export interface RecordedWhy {
  readonly scene: Worded;
  readonly reasons: readonly Worded[];
  readonly fired: readonly RuleShown[];
  /** The rules of the scene that did not fire, nearest first. */
  readonly notFired: readonly RuleShown[];
  readonly model: { readonly hash: string; readonly score: number | null; readonly reasons: readonly Worded[] } | null;
  readonly cluster: Readonly<Record<string, unknown>> | null;
  /** Facts by what they are about: `event`, `attr`, `channel`, `signal` and kinds of entities. */
  readonly facts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Rules that did not fire, shown at most. */
const mostNotFired = 12;

/** A reason in words. */
export const worded = (code: string): Worded => {
  const known = reasonOf(code);
  return { code, en: known?.en ?? code, zh: known?.zh ?? code };
};

const comparison = /^([A-Za-z_][\w.]*) (<|<=|>|>=) (-?\d+(?:\.\d+)?(?:e-?\d+)?)$/;

const nearnessOf = (text: string, fields: Readonly<Record<string, unknown>>): number | null => {
  const [, path = '', operator = '', bound = ''] = comparison.exec(text) ?? [];
  const value = fields[path];
  const limit = Number(bound);
  if (typeof value !== 'number' || !Number.isFinite(limit)) return null;
  if (operator.startsWith('>')) return limit <= 0 ? 0 : Math.max(0, Math.min(1, value / limit));
  return value <= 0 ? 1 : Math.max(0, Math.min(1, limit / value));
};

const shown = ({ rule, reason, conditions }: RuleTold): RuleShown => {
  const told = conditions.map(({ text, value, fields }): ConditionShown => {
    const nearness = value === 'true' ? null : nearnessOf(text, fields);
    return { text, value, fields, nearness };
  });
  const held = told.reduce((sum, { value, nearness }) => sum + (value === 'true' ? 1 : (nearness ?? 0)), 0);
  return { rule, ...worded(reason), conditions: told, nearness: told.length === 0 ? 0 : held / told.length };
};

const grouped = (
  facts: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Readonly<Record<string, unknown>>>> => {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const [name, value] of Object.entries(facts)) {
    if (value === null) continue;
    const at = name.indexOf('.');
    const group = at < 0 ? name : name.slice(0, at);
    groups[group] = { ...groups[group], [name.slice(at + 1)]: value };
  }
  return groups;
};

const modelOf = (record: DecisionRecord, facts: Readonly<Record<string, unknown>>): RecordedWhy['model'] => {
  if (record.modelHash === undefined) return null;
  const { 'model.score': score, 'model.reasons': codes } = facts;
  return {
    hash: record.modelHash,
    score: typeof score === 'number' ? score : null,
    reasons: Array.isArray(codes) ? codes.map((code) => worded(String(code))) : [],
  };
};

/** Tells a record. Without its policy, which may be gone, rules are not told. */
export const recordedWhy = (
  record: DecisionRecord,
  schema: FactSchema,
  policy: Pick<PolicyEntry, 'compiled'> | undefined,
): RecordedWhy => {
  const facts = recordedFacts(record, schema);
  const rules = policy === undefined ? [] : explainRecord(record, schema, policy);
  const notFired = rules
    .filter(({ state }) => state === 'not-fired' || state === 'not-reached')
    .map(shown)
    .toSorted((one, other) => other.nearness - one.nearness)
    .slice(0, mostNotFired);
  const groups = grouped(facts);
  const scene = sceneOf(record.scene);
  return {
    scene: { code: record.scene, en: scene?.en ?? record.scene, zh: scene?.zh ?? record.scene },
    reasons: record.reasons.map(worded),
    fired: rules.filter(({ state }) => state === 'fired').map(shown),
    notFired,
    model: modelOf(record, facts),
    cluster: groups['cluster'] ?? null,
    facts: groups,
  };
};
