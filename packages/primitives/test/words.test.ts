import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addMoney,
  after,
  compareMoney,
  deviceIdOf,
  elapsed,
  epochMs,
  fromEpochSeconds,
  type JsonValue,
  type Money,
  minutes,
  parseAmountMinor,
  parseAppId,
  parseCurrency,
  parseDeviceId,
  parseOrganisationId,
  parseServiceId,
  readProblem,
  refuse,
  seconds,
  subtractMoney,
  toEpochSeconds,
} from '@hauberk/primitives';

const names: readonly (readonly [string, boolean])[] = [
  ['bank', true],
  ['9', true],
  ['a'.repeat(64), true],
  ['a.b_c-d', true],
  ['', false],
  ['a'.repeat(65), false],
  ['Bank', false],
  ['.a', false],
  ['-a', false],
  ['a/b', false],
  ['a b', false],
  ['a\n', false],
  ['é', false],
];
for (const [text, isValid] of names)
  test(`a chosen id ${JSON.stringify(text).slice(0, 12)} is ${isValid ? 'read' : 'refused'}`, () => {
    for (const parse of [parseOrganisationId, parseAppId, parseServiceId])
      assert.equal(parse(text), isValid ? text : undefined);
  });

test('a random id is the one spelling of sixteen bytes', () => {
  const id = deviceIdOf(new Uint8Array(16).fill(255));
  assert.equal(id, '_____________________w');
  assert.equal(parseDeviceId(id), id);
  for (const text of ['', id.slice(1), `${id}A`, '_____________________x', `${id}==`, '++++++++++++++++++++++'])
    assert.equal(parseDeviceId(text), undefined);
  assert.throws(() => deviceIdOf(new Uint8Array(15)), RangeError);
});

const money = (amountMinor: number, code: string): Money => {
  const amount = parseAmountMinor(amountMinor);
  const currency = parseCurrency(code);
  assert.ok(amount.ok && currency.ok);
  return { amountMinor: amount.value, currency: currency.value };
};

test('money adds and subtracts within one currency only', () => {
  assert.deepEqual(addMoney(money(150, 'EUR'), money(-50, 'EUR')), { ok: true, value: money(100, 'EUR') });
  assert.deepEqual(subtractMoney(money(5, 'EUR'), money(5, 'EUR')), { ok: true, value: money(0, 'EUR') });
  assert.deepEqual(addMoney(money(1, 'EUR'), money(1, 'INR')), refuse('money.currency-mismatch'));
  assert.deepEqual(compareMoney(money(1, 'EUR'), money(2, 'EUR')), { ok: true, value: -1 });
  assert.deepEqual(compareMoney(money(1, 'EUR'), money(1, 'INR')), refuse('money.currency-mismatch'));
  assert.deepEqual(addMoney(money(Number.MAX_SAFE_INTEGER, 'EUR'), money(1, 'EUR')), refuse('money.overflow'));
});

test('money refuses fractions, unsafe amounts, other spellings', () => {
  for (const value of [0.5, 2 ** 53, Number.NaN, -0, '1', null]) assert.equal(parseAmountMinor(value).ok, false);
  for (const value of ['eur', 'EU', 'EURO', '', 978]) assert.equal(parseCurrency(value).ok, false);
});

const problem = {
  type: 'urn:hauberk:problem:refused',
  title: 'Refused',
  status: 403,
  code: 'refused',
  execution: 'none',
  detail: 'because',
  instance: 'abc',
} as const;

test('a problem reads back, without the members that we do not know', () => {
  assert.deepEqual(readProblem({ ...problem, other: 1 }), { ok: true, value: problem });
});

const malformed: readonly (readonly [string, JsonValue])[] = [
  ['an array', []],
  ['null', null],
  ['a status outside 400 to 599', { ...problem, status: 200 }],
  ['a status that is text', { ...problem, status: '403' }],
  ['an unknown execution', { ...problem, execution: 'maybe' }],
  ['an absent code', { type: 'a', title: 'b', status: 400, execution: 'none' }],
  ['an empty title', { ...problem, title: '' }],
  ['a detail that is no text', { ...problem, detail: 7 }],
];
for (const [title, value] of malformed)
  test(`a problem is refused when it is ${title}`, () => {
    assert.deepEqual(readProblem(value), refuse('problem.malformed'));
  });

test('instants and spans add up', () => {
  const noon = epochMs(43_200_500);
  assert.equal(after(noon, minutes(1)), 43_260_500);
  assert.equal(elapsed(noon, after(noon, seconds(2))), 2000);
  assert.equal(fromEpochSeconds(toEpochSeconds(noon)), 43_200_000);
});
