/** Random well-typed expressions and facts, from a seed: for the agreement of the back ends and for the case file. */
import type { JsonValue } from '@hauberk/primitives';
import { printExpression } from '../src/policy/print.ts';
import type { Facts, Lists, PolicySchema } from '../src/policy/schema.ts';
import { policySchema } from '../src/policy/schema.ts';
import {
  type BinaryOperator,
  type Expression,
  type FunctionName,
  functions,
  type PolicyType,
} from '../src/policy/syntax.ts';

/** Draws in [0, 1). */
export type Draw = () => number;

/** SplitMix32. */
export const drawsFrom = (seed: number): Draw => {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4_294_967_296;
  };
};

/** The schema of the cases. */
export const caseSchema: PolicySchema = policySchema(
  {
    'event.amount': 'number',
    'event.hour': 'number',
    'event.type': 'text',
    'event.country': 'text',
    'event.isNewPayee': 'truth',
    'device.score': 'number',
    'device.isRooted': 'truth',
    'device.model': 'text',
    'device.signals': 'texts',
    'card.count1h': 'number',
    'card.mean30d': 'number',
    'account.tags': 'texts',
  },
  ['black-devices', 'trusted'],
);

/** The lists of the cases. */
export const caseLists: Readonly<Record<string, readonly string[]>> = {
  'black-devices': ['a', 'x1', 'tr\u00e4ger'],
  trusted: ['login', 'pay'],
};

/** Those lists in the order of the schema. */
export const listsInOrder: Lists = caseSchema.lists.map((name) => new Set(caseLists[name]));

const numbers = [0, 1, -1, 2.5, 100, 1e6, 0.1, 9_007_199_254_740_991, 1e308];
const texts = ['', 'a', 'x1', 'login', 'pay', 'DE', 'tr\u00e4ger', 'a"b\\c', '\u{1f511}', 'line\nbreak'];

const pick = <Choice>(draw: Draw, choices: readonly Choice[]): Choice =>
  choices[Math.floor(draw() * choices.length)] as Choice;

const someTexts = (draw: Draw): readonly string[] =>
  Array.from({ length: Math.floor(draw() * 4) }, () => pick(draw, texts));

const fieldsOf = (type: PolicyType): readonly string[] =>
  [...caseSchema.fields].filter(([, field]) => field.type === type).map(([path]) => path);

const leaf = (draw: Draw, type: PolicyType): Expression => {
  if (draw() < 0.6) return { kind: 'field', path: pick(draw, fieldsOf(type)), at: 0 };
  if (type === 'number') return { kind: 'number', value: pick(draw, numbers), at: 0 };
  if (type === 'text') return { kind: 'text', value: pick(draw, texts), at: 0 };
  if (type === 'truth') return { kind: 'truth', value: draw() < 0.5, at: 0 };
  return draw() < 0.5
    ? { kind: 'texts', values: someTexts(draw), at: 0 }
    : { kind: 'list', name: pick(draw, caseSchema.lists), at: 0 };
};

const binary = (draw: Draw, depth: number, operators: readonly BinaryOperator[], type: PolicyType): Expression => ({
  kind: 'binary',
  operator: pick(draw, operators),
  left: randomExpression(draw, type, depth - 1),
  right: randomExpression(draw, type, depth - 1),
  at: 0,
});

const call = (draw: Draw, depth: number, gives: PolicyType): Expression => {
  const names = (Object.keys(functions) as FunctionName[]).filter((name) => functions[name].gives === gives);
  const name = pick(draw, names);
  return {
    kind: 'call',
    name,
    takes: functions[name].takes.map((type) => randomExpression(draw, type, depth - 1)),
    at: 0,
  };
};

const choice = (draw: Draw, depth: number, type: PolicyType): Expression => ({
  kind: 'choice',
  test: randomExpression(draw, 'truth', depth - 1),
  yes: randomExpression(draw, type, depth - 1),
  no: randomExpression(draw, type, depth - 1),
  at: 0,
});

const randomTruth = (draw: Draw, depth: number): Expression => {
  const turn = draw();
  if (turn < 0.3) return binary(draw, depth, ['&&', '||'], 'truth');
  if (turn < 0.5) return binary(draw, depth, ['<', '<=', '>', '>='], 'number');
  if (turn < 0.65) return binary(draw, depth, ['==', '!='], pick(draw, ['number', 'text', 'truth'] as const));
  if (turn < 0.75) return { kind: 'not', of: randomExpression(draw, 'truth', depth - 1), at: 0 };
  if (turn < 0.8) return { kind: 'has', path: pick(draw, [...caseSchema.fields.keys()]), at: 0 };
  if (turn < 0.88) return call(draw, depth, 'truth');
  const [left, right] = [randomExpression(draw, 'text', depth - 1), randomExpression(draw, 'texts', depth - 1)];
  return { kind: 'binary', operator: 'in', left, right, at: 0 };
};

const randomNumber = (draw: Draw, depth: number): Expression => {
  const turn = draw();
  if (turn < 0.6) return binary(draw, depth, ['+', '-', '*', '/', '%'], 'number');
  if (turn >= 0.75) return call(draw, depth, 'number');
  const of = randomExpression(draw, 'number', depth - 1);
  // A minus before a literal is part of the literal, as the parser reads it.
  return of.kind === 'number' ? { ...of, value: 0 - of.value } : { kind: 'negate', of, at: 0 };
};

/** A well-typed expression of at most that depth. */
export const randomExpression = (draw: Draw, type: PolicyType, depth: number): Expression => {
  if (depth <= 0 || draw() < 0.15) return leaf(draw, type);
  if (draw() < 0.08) return choice(draw, depth, type);
  if (type === 'truth') return randomTruth(draw, depth);
  return type === 'number' ? randomNumber(draw, depth) : leaf(draw, type);
};

const randomValue = (draw: Draw, type: PolicyType): Facts[number] => {
  if (type === 'number') return pick(draw, numbers);
  if (type === 'text') return pick(draw, texts);
  return type === 'truth' ? draw() < 0.5 : someTexts(draw);
};

/** Facts in which a quarter of the fields is missing. */
export const randomFacts = (draw: Draw): Facts =>
  Array.from(caseSchema.fields.values(), ({ type }) => (draw() < 0.25 ? undefined : randomValue(draw, type)));

const outcomeNames = ['allow', 'observe', 'slow', 'challenge', 'deny', 'trap'] as const;

const randomObligations = (draw: Draw, outcome: string): Readonly<Record<string, JsonValue>> => ({
  ...(outcome === 'challenge' ? { challenge: pick(draw, ['device-key', 'otp', 'webauthn', 'rebind']) } : {}),
  ...(outcome === 'slow' ? { slow: 1 + Math.floor(draw() * 5000) } : {}),
  ...(outcome === 'deny' ? { deny: pick(draw, ['forbidden', 'later']) } : {}),
  ...(outcome === 'trap' ? { trap: pick(draw, ['sold-out', 'sent']) } : {}),
  ...(draw() < 0.3 ? { notify: pick(draw, ['desk', 'night']) } : {}),
  ...(draw() < 0.3 ? { case: pick(draw, ['takeover', 'mule']) } : {}),
  ...(draw() < 0.3 ? { label: 'odd' } : {}),
});

const randomSchedule = (draw: Draw): JsonValue => {
  const hour = (): string => `${String(Math.floor(draw() * 12) * 2).padStart(2, '0')}:${pick(draw, ['00', '30'])}`;
  const [from, to] = [hour(), hour()];
  return {
    zone: pick(draw, ['Z', '+08:00', '-03:30']),
    days: ['mon', 'wed', 'fri', 'sun'].slice(0, 1 + Math.floor(draw() * 4)),
    from,
    to: from === to ? '24:00' : to,
  };
};

const randomRule = (draw: Draw, place: number): Readonly<Record<string, JsonValue>> => {
  const outcome = pick(draw, outcomeNames);
  return {
    id: `r${place}`,
    when: printExpression(randomExpression(draw, 'truth', 2)),
    outcome,
    points: Math.floor(draw() * 50),
    reason: `reason-${place % 3}`,
    ...(draw() < 0.15 ? { final: true } : {}),
    ...(draw() < 0.3 ? { scenes: [pick(draw, ['login', 'pay'])] } : {}),
    ...(draw() < 0.5 ? { obligations: randomObligations(draw, outcome) } : {}),
    ...(draw() < 0.3 ? { schedule: randomSchedule(draw) } : {}),
    ...(draw() < 0.1 ? { validFrom: '2026-07-25T00:00:00Z' } : {}),
  };
};

/** The document of a policy that has no faults. */
export const randomPolicy = (draw: Draw): Readonly<Record<string, JsonValue>> => ({
  id: 'case',
  rules: Array.from({ length: 1 + Math.floor(draw() * 6) }, (_, place) => randomRule(draw, place)),
  thresholds: [{ from: 20 + Math.floor(draw() * 60), outcome: pick(draw, ['slow', 'challenge', 'deny'] as const) }],
  ...(draw() < 0.5 ? { obligations: { challenge: 'webauthn', slow: 250 } } : {}),
});
