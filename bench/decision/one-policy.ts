/** One policy in four languages: twenty rules of two to five conditions over an event of sixty fields, and the events. All from one seed. */
import type { JsonValue } from '@hauberk/primitives';

/** Draws in [0, 1) from a seed (SplitMix32). */
export const drawsFrom = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4_294_967_296;
  };
};

/** A field: 30 numbers, 15 texts, 15 truth values. */
export interface Field {
  readonly name: string;
  readonly type: 'number' | 'text' | 'truth';
}

/** A condition on one field. */
export interface Condition {
  readonly field: Field;
  readonly operator: '<' | '>=' | '==' | 'in';
  readonly value: number | string | boolean | readonly string[];
}

/** A rule: all its conditions hold. */
export interface OneRule {
  readonly id: string;
  readonly points: number;
  readonly conditions: readonly Condition[];
}

/** An event: a value for each field. */
export type FlatEvent = Readonly<Record<string, number | string | boolean>>;

const codes = ['CN', 'DE', 'US', 'BR', 'IN', 'card', 'wire', 'instant'];

const fieldsOf = (type: Field['type'], count: number): readonly Field[] =>
  Array.from({ length: count }, (_, at) => ({ name: `${type}${at}`, type }));

/** The sixty fields. */
export const fields: readonly Field[] = [...fieldsOf('number', 30), ...fieldsOf('text', 15), ...fieldsOf('truth', 15)];

const draw = drawsFrom(2026);
const pick = <Choice>(choices: readonly Choice[]): Choice => choices[Math.floor(draw() * choices.length)] as Choice;

const conditionOn = (field: Field): Condition => {
  if (field.type === 'truth') return { field, operator: '==', value: draw() < 0.7 };
  if (field.type === 'number')
    return { field, operator: draw() < 0.5 ? '<' : '>=', value: Math.floor(draw() * 60) + 20 };
  return draw() < 0.5
    ? { field, operator: '==', value: pick(codes) }
    : { field, operator: 'in', value: codes.filter(() => draw() < 0.6) };
};

/** The twenty rules. */
export const rules: readonly OneRule[] = Array.from({ length: 20 }, (_, at) => ({
  id: `rule-${at}`,
  points: 1 + at,
  conditions: Array.from({ length: 2 + (at % 4) }, () => conditionOn(pick(fields))),
}));

/** Events from the seed. */
export const events = (count: number): readonly FlatEvent[] =>
  Array.from({ length: count }, () =>
    Object.fromEntries(
      fields.map(({ name, type }) => [
        name,
        type === 'number' ? Math.floor(draw() * 10_000) / 100 : type === 'text' ? pick(codes) : draw() < 0.6,
      ]),
    ),
  );

/** A condition in the policy language, with `.` before the field's name where a language wants a dotted one. */
export const conditionText = ({ field, operator, value }: Condition, prefix: string, decimals: boolean): string => {
  const path = `${prefix}${field.name}`;
  if (typeof value === 'boolean') return value ? path : `!${path}`;
  const literal = typeof value === 'number' && decimals ? value.toFixed(1) : JSON.stringify(value);
  return `${path} ${operator} ${literal}`;
};

/** The policy as ours. */
export const ourDocument: JsonValue = {
  id: 'bench',
  rules: rules.map(({ id, points, conditions }) => ({
    id,
    points,
    when: conditions.map((each) => conditionText(each, 'event.', false)).join(' && '),
    outcome: 'observe',
    reason: id,
  })),
};
