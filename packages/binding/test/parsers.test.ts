/** Everything that reads foreign text answers a value or a coded refusal, whatever it is given. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isTokenShaped,
  readInstant,
  readMsisdn,
  readRevocationFeed,
  readRiskFeed,
  readSwapDate,
  readSwapped,
  readToken,
  readVerified,
  readVmnPool,
} from '@hauberk/binding';
import type { JsonValue, Result } from '@hauberk/primitives';
import fc from 'fast-check';

const isCoded = (result: Result<unknown>): void => {
  if (!result.ok) assert.match(result.code, /^(binding|camara|feed)\.[a-z-]+$/);
};

const sms = fc.oneof(
  fc.string({ maxLength: 900 }),
  fc
    .array(fc.constantFrom('aB1!'.repeat(9), 'a', '!', ' ', '\n', '@', '\u00e9', '\ud800'), { maxLength: 12 })
    .map((parts) => parts.join('')),
);
test('SMS texts: a token that is read has the shape of one and is a word of the text', () => {
  fc.assert(
    fc.property(sms, (text) => {
      const read = readToken(text);
      isCoded(read);
      if (read.ok) assert.ok(isTokenShaped(read.value) && text.split(/\s+/).includes(read.value));
    }),
    { numRuns: 2000 },
  );
});

test('numbers: one number has one spelling, however it was written', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[1-9][0-9]{7,14}$/), (digits) => {
      const spellings = ['', '+', '00'].map((prefix) => readMsisdn(prefix + digits));
      for (const read of spellings) assert.deepEqual(read, { ok: true, value: `+${digits}` });
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => isCoded(readMsisdn(text))));
  fc.assert(fc.property(fc.array(fc.string(), { maxLength: 20 }), (texts) => isCoded(readVmnPool(texts))));
});

test('instants: every one that JavaScript writes is read as it was, and nothing else is made up', () => {
  const known = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
  fc.assert(fc.property(known, (date) => assert.equal(readInstant(date.toISOString()), date.getTime())));
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = readInstant(text);
      if (read !== undefined) assert.equal(read, Date.parse(text));
    }),
  );
  for (const text of [
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01',
    '2026-01-01T00:00:00',
  ])
    assert.equal(readInstant(text), undefined);
  assert.equal(readInstant('2024-02-29T00:00:00-05:30'), Date.parse('2024-02-29T00:00:00-05:30'));
});

test("operators' answers: a yes is read only where one stands", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const body = value as JsonValue;
      for (const read of [readVerified(body), readSwapped(body), readSwapDate(body, 3)]) isCoded(read);
      const isNamed = typeof value === 'object' && value !== null && 'devicePhoneNumberVerified' in value;
      if (!isNamed) assert.equal(readVerified(body).ok, false);
    }),
  );
  for (const value of ['true', 1, null]) assert.equal(readVerified({ devicePhoneNumberVerified: value }).ok, false);
});

test('feeds: anything is read whole or refused', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('919811111111', '919822222222,low', 'as-of,2026-11-20T00:00:00Z,count,1'),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      isCoded(readRevocationFeed(lines.join('\n')));
      isCoded(readRiskFeed(lines.join('\n')));
    }),
  );
});
