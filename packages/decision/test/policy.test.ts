/** The policy language: its text, its types, three back ends with one meaning, and why a rule fired or did not. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import {
  compilePolicy,
  explain,
  type Facts,
  factsFrom,
  PolicyEvaluator,
  policySchema,
  printExpression,
  readPolicy,
  toJsonForm,
} from '@hauberk/decision';
import fc from 'fast-check';
import { typeOf } from '../src/policy/check.ts';
import { closureOf } from '../src/policy/closures.ts';
import { generateConditions } from '../src/policy/generate.ts';
import { interpret } from '../src/policy/interpret.ts';
import { fromJsonForm } from '../src/policy/json-form.ts';
import { parseExpression } from '../src/policy/parser.ts';
import type { Expression } from '../src/policy/syntax.ts';
import { caseSchema, drawsFrom, listsInOrder, randomExpression, randomFacts } from '../vectors/random-policy.ts';

const withoutPlaces = (expression: Expression): unknown => toJsonForm(expression);

const pairs = Number(process.env['HAUBERK_FULL'] === '1' ? 1_000_000 : 20_000);

test('three back ends agree on random conditions and facts', () => {
  const seed = Number(process.env['HAUBERK_SEED'] ?? 20_261);
  const draw = drawsFrom(seed);
  const out = new Uint8Array(1);
  const told = { true: 0, false: 0, undefined: 0 };
  for (let done = 0; done < pairs; ) {
    const expression = randomExpression(draw, 'truth', 5);
    const closure = closureOf(caseSchema, expression);
    const generated = generateConditions(caseSchema, [expression]);
    assert.ok(generated);
    for (let turn = 0; turn < 10; turn += 1, done += 1) {
      const facts = randomFacts(draw);
      const meant = interpret(caseSchema, expression, facts, listsInOrder);
      const where = () => `seed ${seed}: ${printExpression(expression)} on ${JSON.stringify(facts)}`;
      assert.equal(closure(facts, listsInOrder), meant, where());
      generated(facts, listsInOrder, out);
      assert.equal(out[0], meant === true ? 1 : 0, where());
      told[String(meant) as keyof typeof told] += 1;
    }
  }
  assert.ok(Math.min(...Object.values(told)) > pairs / 20, JSON.stringify(told));
});

test('an expression printed and read again is the same, as text and as JSON, and stays of its type', () => {
  const draw = drawsFrom(7);
  for (let turn = 0; turn < 3000; turn += 1) {
    const expression = randomExpression(draw, 'truth', 5);
    const text = printExpression(expression);
    const read = parseExpression(text);
    assert.ok(read.ok, text);
    assert.deepEqual(withoutPlaces(read.value), withoutPlaces(expression), text);
    const fromJson = fromJsonForm(toJsonForm(expression));
    assert.ok(fromJson.ok);
    assert.equal(printExpression(fromJson.value), text);
    assert.deepEqual(typeOf(caseSchema, read.value), { ok: true, value: 'truth' });
  }
});

test('the case file holds for this implementation', () => {
  const file = JSON.parse(readFileSync(new URL('../vectors/cases.json', import.meta.url), 'utf8'));
  const schema = policySchema(file.fields, Object.keys(file.lists));
  const lists = Object.values(file.lists as Record<string, string[]>).map((values) => new Set(values));
  assert.ok(file.cases.length >= 1000);
  for (const { text, json, facts, value } of file.cases) {
    const read = parseExpression(text);
    assert.ok(read.ok, text);
    assert.deepEqual(toJsonForm(read.value), json);
    assert.equal(interpret(schema, read.value, factsFrom(schema, facts), lists) ?? null, value, text);
  }
  for (const { document, scene, atMs: at, facts, result } of file.policies) {
    const read = readPolicy(document, schema);
    assert.ok(read.ok);
    for (const backEnd of ['generated', 'closures'] as const) {
      const evaluator = new PolicyEvaluator(compilePolicy(read.value, schema, backEnd));
      assert.deepEqual(evaluator.evaluate(scene, factsFrom(schema, facts), lists, at), result);
    }
  }
});

test('whatever the text or the JSON, it is read or refused by a code with a place inside the text', () => {
  const piece = fc.constantFrom(
    '(',
    ')',
    '&&',
    '||',
    '!',
    '-',
    'a.b',
    'has(',
    'list("x")',
    '"t"',
    "'",
    '1',
    '1e309',
    '<',
    'in',
    '[',
    ']',
    ',',
    '?',
    ':',
    ' ',
    '\u0000',
    '\\',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(text, (input) => {
      const read = parseExpression(input);
      if (read.ok) return;
      assert.match(read.code, /^policy\./);
      if ('problem' in read) assert.ok(read.problem.at >= 0 && read.problem.at <= input.length);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const read = fromJsonForm(value as Parameters<typeof fromJsonForm>[0]);
      if (!read.ok) assert.match(read.code, /^policy\./);
    }),
  );
});

test('nesting and length are bounded, in time that is linear', () => {
  const codeOf = (text: string): string => {
    const read = parseExpression(text);
    return read.ok ? 'read' : read.code;
  };
  assert.equal(codeOf('('.repeat(4000)), 'policy.too-deep');
  assert.equal(codeOf('!'.repeat(4000)), 'policy.too-deep');
  assert.equal(codeOf('1 + '.repeat(1000)), 'policy.too-deep');
  assert.equal(codeOf('x'.repeat(9000)), 'policy.too-long');
  assert.equal(codeOf(`"${'\\'.repeat(8000)}`), 'policy.syntax');
  let nested = 'a ? b : c';
  for (let turn = 0; turn < 14; turn += 1) nested = `(${nested}) ? b : c`;
  const schema = policySchema({ a: 'truth', b: 'truth', c: 'truth' });
  const read = parseExpression(nested);
  assert.ok(read.ok);
  assert.equal(generateConditions(schema, [read.value]), undefined);
  const policy = readPolicy({ id: 'p', rules: [{ id: 'r', when: nested, outcome: 'deny', reason: 'nested' }] }, schema);
  assert.ok(policy.ok);
  assert.equal(compilePolicy(policy.value, schema).backEnd, 'closures');
});

const schema = policySchema(
  { 'event.amountMinor': 'number', 'payee.isNew': 'truth', 'device.id': 'text', 'device.score': 'number' },
  ['black-devices', 'staff'],
);

const policyDocument = {
  id: 'transfer',
  rules: [
    { id: 'staff', when: 'device.id in list("staff")', outcome: 'allow', final: true, reason: 'staff-device' },
    { id: 'black', when: 'device.id in list("black-devices")', outcome: 'deny', reason: 'black-device' },
    {
      id: 'large-new',
      scenes: ['transfer'],
      when: 'event.amountMinor > 100000 && payee.isNew && !(device.score >= 80)',
      outcome: 'challenge',
      points: 40,
      reason: 'large-to-new-payee',
    },
    { id: 'weak', when: ['<', ['field', 'device.score'], 30], outcome: 'observe', points: 40, reason: 'weak-device' },
  ],
  thresholds: [{ from: 70, outcome: 'deny' }],
};

test('a policy has faults with rule, place and hint, all at once', () => {
  const read = readPolicy(
    {
      id: 'p',
      rules: [
        { id: 'one', when: 'event.amountMinr > 5', outcome: 'deny', reason: 'x' },
        { id: 'two', when: 'device.score', outcome: 'deny', reason: 'x' },
        { id: 'three', when: 'device.score > "a"', outcome: 'deny', reason: 'x' },
        { id: 'four', when: 'device.id in list("blck-devices")', outcome: 'deny', reason: 'x' },
        { id: 'five', when: 'true', outcome: 'block', reason: 'x' },
        { id: 'six', when: 'true', outcome: 'deny', reason: 'x' },
        { id: 'six', when: 'true', outcome: 'deny', reason: 'x' },
        { id: 'seven', when: 'min(1) > 2', outcome: 'deny', reason: 'x' },
      ],
    },
    schema,
  );
  assert.ok(!read.ok);
  const [one, ...others] = read.faults;
  assert.deepEqual(one, {
    rule: 'one',
    path: '/rules/0',
    code: 'policy.unknown-field',
    at: 0,
    message: 'no field event.amountMinr',
    hint: 'is event.amountMinor meant?',
  });
  assert.deepEqual(
    others.map(({ rule, code, at }) => `${rule} ${code} ${at}`),
    [
      'two policy.type 0',
      'three policy.type 15',
      'four policy.unknown-list 13',
      'five policy.malformed 0',
      'seven policy.type 0',
      'six policy.malformed 0',
    ],
  );
});

/** A Wednesday, 23:30 in UTC. */
const atMs = Date.UTC(2026, 6, 22, 23, 30);

const evaluate = (values: Readonly<Record<string, unknown>>, scene = 'transfer') => {
  const read = readPolicy(policyDocument, schema);
  assert.ok(read.ok, JSON.stringify(read));
  const facts: Facts = factsFrom(schema, values);
  const lists = [new Set(['d-bad']), new Set(['d-staff'])];
  return (['generated', 'closures'] as const).map((backEnd) => {
    const compiled = compilePolicy(read.value, schema, backEnd);
    assert.equal(compiled.backEnd, backEnd);
    return {
      ...new PolicyEvaluator(compiled).evaluate(scene, facts, lists, atMs),
      told: explain(compiled, scene, facts, lists, atMs),
    };
  });
};

test('the strongest outcome counts, points reach thresholds, a final rule ends it, scenes are kept apart', () => {
  const cases: readonly (readonly [Readonly<Record<string, unknown>>, string, string, readonly number[]])[] = [
    [{ 'device.id': 'd', 'event.amountMinor': 5 }, 'transfer', 'allow', []],
    [
      { 'device.id': 'd', 'event.amountMinor': 200_000, 'payee.isNew': true, 'device.score': 50 },
      'transfer',
      'challenge',
      [2],
    ],
    [{ 'device.id': 'd', 'event.amountMinor': 200_000, 'payee.isNew': true, 'device.score': 50 }, 'login', 'allow', []],
    [
      { 'device.id': 'd', 'event.amountMinor': 200_000, 'payee.isNew': true, 'device.score': 20 },
      'transfer',
      'deny',
      [2, 3],
    ],
    [{ 'device.id': 'd-bad' }, 'transfer', 'deny', [1]],
    [
      { 'device.id': 'd-staff', 'event.amountMinor': 200_000, 'payee.isNew': true, 'device.score': 20 },
      'transfer',
      'allow',
      [0],
    ],
    [{ 'device.id': 'd', 'event.amountMinor': 200_000, 'payee.isNew': true }, 'transfer', 'allow', []],
    [
      { 'device.id': 'd', 'event.amountMinor': Number.NaN, 'payee.isNew': 'yes', 'device.score': 20 },
      'transfer',
      'observe',
      [3],
    ],
  ];
  for (const [values, scene, outcome, fired] of cases)
    for (const result of evaluate(values, scene))
      assert.deepEqual([result.outcome, result.fired], [outcome, fired], JSON.stringify(values));
});

test('every rule tells why it fired or did not, by condition, with the values that it saw', () => {
  for (const { told } of evaluate({ 'device.id': 'd', 'event.amountMinor': 200_000, 'payee.isNew': false })) {
    assert.deepEqual(
      told.map(({ rule, state }) => `${rule} ${state}`),
      ['staff not-fired', 'black not-fired', 'large-new not-fired', 'weak not-fired'],
    );
    assert.deepEqual(told[2]?.conditions, [
      { text: 'event.amountMinor > 100000', value: 'true', fields: { 'event.amountMinor': 200_000 } },
      { text: 'payee.isNew', value: 'false', fields: { 'payee.isNew': false } },
      { text: '!(device.score >= 80)', value: 'missing', fields: { 'device.score': null } },
    ]);
  }
  const [staff] = evaluate({ 'device.id': 'd-staff' });
  assert.deepEqual(
    staff?.told.map(({ state }) => state),
    ['fired', 'not-reached', 'not-reached', 'not-reached'],
  );
});

const readRules = (...rules: readonly Readonly<Record<string, unknown>>[]) =>
  readPolicy(
    {
      id: 'p',
      rules: rules.map((rule, at) => ({ id: `r${at}`, when: 'true', outcome: 'observe', reason: `r${at}`, ...rule })),
    } as unknown as Parameters<typeof readPolicy>[0],
    schema,
  );

const firedAt = (at: number, ...rules: readonly Readonly<Record<string, unknown>>[]): readonly number[] => {
  const read = readRules(...rules);
  assert.ok(read.ok, JSON.stringify(read));
  const compiled = compilePolicy(read.value, schema);
  const { fired } = new PolicyEvaluator(compiled).evaluate('s', factsFrom(schema, {}), [], at);
  const told = explain(compiled, 's', factsFrom(schema, {}), [], at);
  assert.deepEqual(
    told.flatMap(({ state }, place) => (state === 'fired' ? [place] : [])),
    fired,
  );
  return fired;
};

test('schedules: hours and days in their zone, over midnight by the day on which they began, validity without its end', () => {
  const night = { schedule: { zone: '+08:00', days: ['wed'], from: '22:00', to: '06:00' } };
  const at = (day: number, hour: number, minute = 0) => Date.UTC(2026, 6, day, hour, minute);
  // 2026-07-22 is a Wednesday; 14:00 UTC is 22:00 in the zone.
  assert.deepEqual(firedAt(at(22, 13, 59), night), []);
  assert.deepEqual(firedAt(at(22, 14), night), [0]);
  assert.deepEqual(firedAt(at(22, 21, 59), night), [0]);
  assert.deepEqual(firedAt(at(22, 22), night), []);
  assert.deepEqual(firedAt(at(21, 17), night), []);
  const day = { schedule: { days: ['sat', 'sun'], from: '08:00' } };
  assert.deepEqual(firedAt(at(25, 7, 59), day), []);
  assert.deepEqual(firedAt(at(25, 23, 59), day), [0]);
  assert.deepEqual(firedAt(at(26, 8), day), [0]);
  assert.deepEqual(firedAt(at(24, 12), day), []);
  const valid = { validFrom: '2026-07-22T00:00:00Z', validTo: '2026-07-23T00:00:00Z' };
  assert.deepEqual(firedAt(at(22, 0), valid, {}), [0, 1]);
  assert.deepEqual(firedAt(at(23, 0), valid, {}), [1]);
  fc.assert(
    fc.property(
      fc.date({ min: new Date(Date.UTC(1970, 0, 1)), max: new Date(Date.UTC(2100, 0, 1)), noInvalidDate: true }),
      (date) => {
        const second = Math.floor(date.getTime() / 1000) * 1000;
        const from = { validFrom: `${new Date(second).toISOString().slice(0, 19)}Z` };
        assert.deepEqual([firedAt(second - 1, from), firedAt(second, from)], [[], [0]]);
      },
    ),
  );
});

test('obligations: the strictest of the rules that fired, else the policy\u2019s, else the usual; what is done beside, once each', () => {
  const obligationsOf = (
    obligations: Readonly<Record<string, unknown>>,
    ...rules: readonly Readonly<Record<string, unknown>>[]
  ) => {
    const read = readPolicy(
      {
        id: 'p',
        obligations,
        thresholds: [{ from: 100, outcome: 'trap', obligations: { trap: 'no-money' } }],
        rules: rules.map((rule, at) => ({ id: `r${at}`, when: 'true', reason: `r${at}`, ...rule })),
      } as unknown as Parameters<typeof readPolicy>[0],
      schema,
    );
    assert.ok(read.ok, JSON.stringify(read));
    return new PolicyEvaluator(compilePolicy(read.value, schema)).evaluate('s', factsFrom(schema, {}), [], atMs)
      .obligations;
  };
  assert.deepEqual(
    obligationsOf(
      { challenge: 'otp' },
      { outcome: 'challenge', obligations: { challenge: 'webauthn', notify: 'desk' } },
      { outcome: 'challenge', obligations: { challenge: 'device-key', notify: 'desk', case: 'takeover' } },
      { outcome: 'slow', obligations: { slow: 50, label: 'odd' } },
    ),
    [
      { kind: 'challenge', step: 'webauthn' },
      { kind: 'notify', to: 'desk' },
      { kind: 'case', queue: 'takeover' },
      { kind: 'label', label: 'odd' },
    ],
  );
  assert.deepEqual(obligationsOf({ challenge: 'otp' }, { outcome: 'challenge' }), [{ kind: 'challenge', step: 'otp' }]);
  assert.deepEqual(obligationsOf({}, { outcome: 'challenge' }), [{ kind: 'challenge', step: 'device-key' }]);
  assert.deepEqual(obligationsOf({ slow: 70 }, { outcome: 'slow' }, { outcome: 'slow', obligations: { slow: 90 } }), [
    { kind: 'slow', ms: 90 },
  ]);
  assert.deepEqual(obligationsOf({}, { outcome: 'deny' }), [{ kind: 'deny', problem: 'decision-denied' }]);
  assert.deepEqual(obligationsOf({}, { outcome: 'deny', points: 100 }), [{ kind: 'trap', decoy: 'no-money' }]);
  assert.deepEqual(obligationsOf({}, { outcome: 'observe' }), []);
});

test('what a policy document may not say is told by rule, with what there is instead', () => {
  const messageOf = (rule: Readonly<Record<string, unknown>>): string => {
    const read = readRules(rule);
    return read.ok ? 'read' : `${read.faults[0]?.rule} ${read.faults[0]?.message}`;
  };
  assert.match(messageOf({ outcom: 'deny' }), /^r0 no member outcom/);
  assert.match(messageOf({ outcome: 'deny', obligations: { challenge: 'otp' } }), /needs the outcome challenge/);
  assert.match(messageOf({ outcome: 'challenge', obligations: { challenge: 'sms' } }), /one of device-key, otp/);
  assert.match(messageOf({ outcome: 'slow', obligations: { slow: 1e9 } }), /milliseconds/);
  assert.match(messageOf({ obligations: { toString: 'a' } }), /no obligation toString/);
  assert.match(messageOf({ schedule: { zone: 'Asia/Shanghai' } }), /offset/);
  assert.match(messageOf({ schedule: { zone: '+15:00' } }), /offset/);
  assert.match(messageOf({ schedule: { days: [] } }), /days is a list/);
  assert.match(messageOf({ schedule: { from: '25:00' } }), /times of day/);
  assert.match(messageOf({ schedule: { from: '10:00', to: '10:00' } }), /times of day/);
  for (const validFrom of ['2026-07-22', '2026-02-29T00:00:00Z', '2026-04-31T00:00:00Z', '2026-07-22T24:00:00Z'])
    assert.match(messageOf({ validFrom }), /instants/);
  assert.match(messageOf({ validFrom: '2026-07-23T00:00:00Z', validTo: '2026-07-22T00:00:00Z' }), /earlier/);
  assert.match(messageOf({ tags: ['phishing'] }), /techniques/);
  assert.equal(messageOf({ tags: ['F1023', 'T1583.003'], title: 'x' }), 'read');
  const whole = readPolicy({ id: 'p', rules: [], threshold: [] }, schema);
  assert.ok(!whole.ok);
  assert.deepEqual(whole.faults[0]?.hint, 'is thresholds meant?');
});
