import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BareItem,
  innerList,
  item,
  type Parameters,
  parseDictionary,
  parseItem,
  parseList,
  type StructuredFieldCode,
  type StructuredFieldLimits,
  serialiseDictionary,
  serialiseItem,
  serialiseList,
} from '@hauberk/primitives/structured-fields';
import fc from 'fast-check';

type Parse = (text: string, limits?: StructuredFieldLimits) => { readonly ok: boolean; readonly code?: string };

const refusals: readonly (readonly [string, Parse, string, StructuredFieldCode, StructuredFieldLimits?])[] = [
  ['an empty item', parseItem, '', 'structured-field.value'],
  ['an unknown start', parseItem, '(1)', 'structured-field.value'],
  ['sixteen digits', parseItem, '1234567890123456', 'structured-field.integer'],
  ['a lone sign', parseItem, '-', 'structured-field.integer'],
  ['a point without digits', parseItem, '1.', 'structured-field.decimal'],
  ['four decimals', parseItem, '1.2345', 'structured-field.decimal'],
  ['thirteen digits before the point', parseItem, '1234567890123.1', 'structured-field.decimal'],
  ['an unclosed string', parseItem, '"a', 'structured-field.string'],
  ['another escape', parseItem, '"\\n"', 'structured-field.string'],
  ['a letter outside ASCII', parseItem, '"é"', 'structured-field.string'],
  ['base64 with a length that cannot be', parseItem, ':A:', 'structured-field.bytes'],
  ['padding in the middle', parseItem, ':AB=C:', 'structured-field.bytes'],
  ['too little padding', parseItem, ':AA=:', 'structured-field.bytes'],
  ['too much padding', parseItem, ':AAA==:', 'structured-field.bytes'],
  ['padding of a whole group', parseItem, ':AAAA=:', 'structured-field.bytes'],
  ['a lone digit with padding', parseItem, ':A===:', 'structured-field.bytes'],
  ['unclosed bytes', parseItem, ':AA==', 'structured-field.bytes'],
  ['a boolean of two', parseItem, '?2', 'structured-field.boolean'],
  ['a date with a fraction', parseItem, '@1.5', 'structured-field.date'],
  ['a date of sixteen digits', parseItem, '@1234567890123456', 'structured-field.date'],
  ['a capital percent encoding', parseItem, '%"%C3%BC"', 'structured-field.display-string'],
  ['octets that are no UTF-8', parseItem, '%"%ff"', 'structured-field.display-string'],
  ['two items', parseItem, '1, 2', 'structured-field.trailing'],
  ['a tab after an item', parseItem, '1\t', 'structured-field.trailing'],
  ['a capital key', parseDictionary, 'A=1', 'structured-field.key'],
  ['a parameter without a key', parseItem, '1;', 'structured-field.key'],
  ['a trailing comma', parseList, '1,', 'structured-field.separator'],
  ['no comma', parseList, '1 2', 'structured-field.separator'],
  ['an unclosed inner list', parseList, '(1 2', 'structured-field.inner-list'],
  ['an inner list without spaces', parseList, '(1"a")', 'structured-field.inner-list'],
  ['a nested inner list', parseList, '((1))', 'structured-field.value'],
  ['more characters than allowed', parseItem, '12345', 'structured-field.too-long', { maxLength: 4 }],
  ['more members than allowed', parseList, '1, 2, 3', 'structured-field.too-many', { maxValues: 2 }],
  ['more keys than allowed', parseDictionary, 'a, b, c', 'structured-field.too-many', { maxValues: 2 }],
  ['more parameters than allowed', parseItem, '1;a;b;c', 'structured-field.too-many', { maxValues: 3 }],
];
for (const [title, parse, text, code, limits] of refusals)
  test(`RFC 9651 section 4.2 refuses ${title}`, () => {
    const answer = parse(text, limits);
    assert.deepEqual([answer.ok, answer.code], [false, code]);
  });

const unwritable: readonly (readonly [string, BareItem, StructuredFieldCode])[] = [
  ['an integer of sixteen digits', { kind: 'integer', value: 1e15 }, 'structured-field.integer'],
  ['a broken integer', { kind: 'integer', value: 0.5 }, 'structured-field.integer'],
  ['a decimal of thirteen digits', { kind: 'decimal', value: 1e12 }, 'structured-field.decimal'],
  [
    'a decimal that rounds to thirteen digits',
    { kind: 'decimal', value: 999999999999.9996 },
    'structured-field.decimal',
  ],
  ['a decimal that is not finite', { kind: 'decimal', value: Number.NaN }, 'structured-field.decimal'],
  ['a string outside ASCII', { kind: 'string', value: 'é' }, 'structured-field.string'],
  ['a string with a line end', { kind: 'string', value: 'a\n' }, 'structured-field.string'],
  ['a token with a space', { kind: 'token', value: 'a b' }, 'structured-field.token'],
  ['an empty token', { kind: 'token', value: '' }, 'structured-field.token'],
  ['a date with a fraction', { kind: 'date', value: 1.5 }, 'structured-field.date'],
  ['a lone surrogate', { kind: 'display-string', value: '\ud800' }, 'structured-field.display-string'],
];
for (const [title, bare, code] of unwritable)
  test(`RFC 9651 section 4.1 refuses ${title}`, () => {
    assert.deepEqual(serialiseItem(item(bare)), { ok: false, code });
  });

test('RFC 9651 section 4.1 refuses keys outside the grammar, wherever they stand', () => {
  const code = 'structured-field.key';
  const one = item({ kind: 'integer', value: 1 });
  assert.deepEqual(serialiseDictionary(new Map([['A', one]])), { ok: false, code });
  const parameters: Parameters = new Map([['a b', { kind: 'boolean', value: true }]]);
  assert.deepEqual(serialiseItem(item({ kind: 'integer', value: 1 }, parameters)), { ok: false, code });
  assert.deepEqual(serialiseList([innerList([one], parameters)]), { ok: false, code });
});

const decimals: readonly (readonly [number, string])[] = [
  [0.0015, '0.002'],
  [0.0025, '0.002'],
  [-0.0015, '-0.002'],
  [9.9995, '10.0'],
  [1, '1.0'],
  [-0, '0.0'],
  [-0.0001, '0.0'],
  [1e-9, '0.0'],
  [0.1, '0.1'],
  [2.5, '2.5'],
  [999999999999.999, '999999999999.999'],
];
for (const [value, text] of decimals)
  test(`RFC 9651 section 4.1.5 writes ${value} as ${text}`, () => {
    assert.deepEqual(serialiseItem(item({ kind: 'decimal', value })), { ok: true, value: text });
  });

const key = fc.stringMatching(/^[a-z*][a-z0-9_.*-]{0,8}$/);
const bareItem: fc.Arbitrary<BareItem> = fc.oneof(
  fc
    .integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 })
    .map((value) => ({ kind: 'integer' as const, value: value + 0 })),
  fc
    .integer({ min: -999_999_999, max: 999_999_999 })
    .map((value) => ({ kind: 'decimal' as const, value: value / 1000 + 0 })),
  fc.stringMatching(/^[ -~]{0,12}$/).map((value) => ({ kind: 'string' as const, value })),
  fc.stringMatching(/^[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]{0,8}$/).map((value) => ({ kind: 'token' as const, value })),
  fc.uint8Array({ maxLength: 12 }).map((value) => ({ kind: 'bytes' as const, value: new Uint8Array(value) })),
  fc.boolean().map((value) => ({ kind: 'boolean' as const, value })),
  fc
    .integer({ min: -62_135_596_800, max: 253_402_214_400 })
    .map((value) => ({ kind: 'date' as const, value: value + 0 })),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => ({ kind: 'display-string' as const, value })),
);
const parameters = fc.array(fc.tuple(key, bareItem), { maxLength: 3 }).map((pairs): Parameters => new Map(pairs));
const anyItem = fc.tuple(bareItem, parameters).map(([bare, with_]) => item(bare, with_));
const member = fc.oneof(
  anyItem,
  fc.tuple(fc.array(anyItem, { maxLength: 3 }), parameters).map(([items, with_]) => innerList(items, with_)),
);

test('every item, list and dictionary that is written reads back the same', () => {
  fc.assert(
    fc.property(anyItem, fc.array(member), fc.array(fc.tuple(key, member)), (one, list, pairs) => {
      const dictionary = new Map(pairs);
      const texts = [serialiseItem(one), serialiseList(list), serialiseDictionary(dictionary)] as const;
      const [itemText, listText, dictionaryText] = texts.map((text) => (assert.ok(text.ok), text.value)) as [
        string,
        string,
        string,
      ];
      assert.deepEqual(parseItem(itemText), { ok: true, value: one });
      assert.deepEqual(parseList(listText), { ok: true, value: list });
      assert.deepEqual(parseDictionary(dictionaryText), { ok: true, value: dictionary });
    }),
  );
});

test('the parsers answer any text at all with a value or a code', () => {
  const fragment = fc.oneof(
    fc.constantFrom(...'()=;,:"%@?*-. \t\\aZ09/'.split('')),
    fc.string({ maxLength: 2, unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 20 }), (fragments) => {
      for (const parse of [parseItem, parseList, parseDictionary]) {
        const answer = parse(fragments.join(''));
        if (!answer.ok) assert.match(answer.code, /^structured-field\.[a-z-]+$/);
      }
    }),
    { numRuns: 1000 },
  );
});

test('long hostile texts are read in one pass, without exhausting the stack', () => {
  const long = 262_000;
  for (const text of [
    `"${'a'.repeat(long)}`,
    `"${'\\"'.repeat(long / 2)}`,
    `:${'A'.repeat(long)}`,
    `%"${'%41'.repeat(long / 3)}`,
  ])
    assert.equal(parseItem(text).ok, false);
  assert.equal(parseItem(`"${'a'.repeat(long)}"`).ok, true);
  assert.equal(parseList('('.repeat(long)).ok, false);
});
