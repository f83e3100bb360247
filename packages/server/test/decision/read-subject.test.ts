/** What a request says that its decision is made on: the same for every reader, or not at all. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compilePattern, targetOf } from '@hauberk/channel';
import { durationMs, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import { canonicalId } from '../../src/decision/canonical-id.ts';
import type { DecisionRule } from '../../src/decision/decision-rule.ts';
import { readSubject } from '../../src/decision/read-subject.ts';
import type { Route } from '../../src/gateway/route.ts';

const pattern = compilePattern('/api/coupons/{couponId}/claim');
assert.ok(pattern !== undefined);
const route = { pattern } as unknown as Route;

const rule: DecisionRule = {
  scene: 'coupon-claim',
  entities: [
    { name: 'payee', from: { in: 'body', pointer: ['payee', 'iban'] } },
    { name: 'coupon', from: { in: 'path', parameter: 'couponId' } },
  ],
  facts: [
    { name: 'rail', from: { in: 'body', pointer: ['rail'] } },
    { name: 'pageNumber', from: { in: 'query', parameter: 'page' } },
  ],
  amount: ['amountMinor'],
  deadline: durationMs(20),
  failMode: 'closed',
  honey: [['isAdmin']],
};

const json = { 'content-type': 'application/json' };
const read = (body: string, headers: Readonly<Record<string, string>> = json, query = '') =>
  readSubject(rule, route, {
    target: targetOf('POST', `/api/coupons/spring/claim${query}`),
    headers,
    body: utf8(body),
  });

describe('what a decision is made on', () => {
  test('entities, facts and amount are found where the route says', () => {
    const subject = read('{"payee":{"iban":"HB71 2026"},"rail":"instant","amountMinor":1200}', json, '?page=3');
    assert.deepEqual(subject, {
      ok: true,
      value: {
        entities: { payee: 'hb712026', coupon: 'spring' },
        facts: { rail: 'instant', pageNumber: '3' },
        amountMinor: 1200,
        hasHoney: false,
      },
    });
  });

  test('what is missing is missing, and what is null too', () => {
    const subject = read('{"payee":{"iban":null}}');
    assert.ok(subject.ok);
    assert.deepEqual([subject.value.entities, subject.value.facts], [{ coupon: 'spring' }, {}]);
    assert.ok(Number.isNaN(subject.value.amountMinor));
    assert.ok(read('', {}).ok);
  });

  const twoWays: readonly (readonly [string, string, Readonly<Record<string, string>>?])[] = [
    ['a doubled member', '{"amountMinor":1,"amountMinor":900000}'],
    ['a doubled member under an escape', '{"amountMinor":1,"\\u0061mountMinor":900000}'],
    ['a member that differs in case', '{"amountMinor":1,"AmountMinor":900000}'],
    ['a twin above the pointer', '{"payee":{"iban":"a"},"Payee":{"iban":"b"}}'],
    ['a twin in array form', '{"rail":"wire","rail[]":"instant"}'],
    ['an array for a value', '{"rail":["wire"]}'],
    ['an object for an id', '{"payee":{"iban":{"a":1}}}'],
    ['a broken amount', '{"amountMinor":1.5}'],
    ['a negative amount', '{"amountMinor":-5}'],
    ['an amount as text', '{"amountMinor":"900000"}'],
    ['a giant text', `{"rail":"${'x'.repeat(300)}"}`],
    ['no JSON', 'amountMinor=1'],
    ['another charset', '{"amountMinor":1}', { 'content-type': 'application/json; charset=utf-16' }],
    ['a coded body', '{"amountMinor":1}', { ...json, 'content-encoding': 'gzip' }],
    ['no type', '{"amountMinor":1}', {}],
  ];
  for (const [name, body, headers] of twoWays)
    test(`${name} is not guessed at`, () => {
      const subject = read(body, headers);
      assert.equal(subject.ok ? 'read' : subject.code, 'decision.unreadable');
    });

  test('a doubled query parameter is not guessed at', () => {
    const subject = read('{}', json, '?page=1&page=2');
    assert.equal(subject.ok ? 'read' : subject.code, 'decision.unreadable');
  });

  test('honey is found whatever it holds', () => {
    for (const value of ['true', 'false', 'null', '""']) {
      const subject = read(`{"isAdmin":${value}}`);
      assert.ok(subject.ok && subject.value.hasHoney, value);
    }
  });

  test('however a payee is spelled, it is one payee', () => {
    for (const spelled of ['HB71 2026 0001', 'hb7120260001', 'HB71\u00a02026\u200b0001', 'ＨＢ７１20260001'])
      assert.equal(canonicalId(spelled), 'hb7120260001');
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (id) => canonicalId(canonicalId(id)) === canonicalId(id)));
  });

  test('any body is read or refused, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (body) => {
        const subject = read(body);
        if (!subject.ok) return subject.code === 'decision.unreadable';
        const { entities, facts } = subject.value;
        return [...Object.values(entities), ...Object.values(facts)].every((value) => String(value).length <= 1024);
      }),
    );
  });
});
