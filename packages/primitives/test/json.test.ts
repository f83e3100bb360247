import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson, type JsonCode, type JsonLimits, parseJson } from '@hauberk/primitives';
import fc from 'fast-check';

const refusals: readonly (readonly [string, string, JsonCode, JsonLimits?])[] = [
  ['an empty text', '', 'json.syntax'],
  ['a bare word', 'nul', 'json.syntax'],
  ['a trailing value', '1 2', 'json.syntax'],
  ['a trailing comma', '[1,]', 'json.syntax'],
  ['a trailing member comma', '{"a":1,}', 'json.syntax'],
  ['a single quote', "{'a':1}", 'json.syntax'],
  ['a missing colon', '{"a" 1}', 'json.syntax'],
  ['an unclosed object', '{"a":1', 'json.syntax'],
  ['an unclosed string', '"abc', 'json.syntax'],
  ['a control character in a string', '"a\nb"', 'json.syntax'],
  ['an unknown escape', '"\\x41"', 'json.syntax'],
  ['a short escape', '"\\u12"', 'json.syntax'],
  ['a leading zero', '01', 'json.syntax'],
  ['a bare sign', '-', 'json.syntax'],
  ['a plus sign', '+1', 'json.syntax'],
  ['a fraction without digits', '1.', 'json.syntax'],
  ['a byte order mark', '\ufeff{}', 'json.syntax'],
  ['NaN', 'NaN', 'json.syntax'],
  ['a comment', '/**/1', 'json.syntax'],
  ['a vertical tab as space', '\v1', 'json.syntax'],
  ['a number beyond a double', '1e400', 'json.number'],
  ['an integer that no double holds', '9007199254740993', 'json.number'],
  ['a lone surrogate', '"\\ud800"', 'json.string'],
  ['a lone surrogate in a name', '{"\\udc00":1}', 'json.string'],
  ['a duplicate name', '{"a":1,"a":1}', 'json.duplicate-name'],
  ['a duplicate name in two spellings', '{"a":1,"\\u0061":2}', 'json.duplicate-name'],
  ['a prototype', '{"__proto__":{"admin":true}}', 'json.forbidden-name'],
  ['an escaped prototype', '{"\\u005f_proto__":1}', 'json.forbidden-name'],
  ['nesting over the limit', '[[[1]]]', 'json.too-deep', { maxDepth: 2 }],
  ['nesting over the default', '['.repeat(40), 'json.too-deep'],
  ['more elements than allowed', '[1,2,3]', 'json.too-many', { maxKeys: 2 }],
  ['more members than allowed', '{"a":{"b":1,"c":2}}', 'json.too-many', { maxKeys: 2 }],
  ['an over-long text', '"aaaa"', 'json.too-long', { maxLength: 5 }],
];

for (const [title, text, code, limits] of refusals)
  test(`refuses ${title}`, () => {
    const answer = parseJson(text, limits);
    assert.equal(answer.ok, false);
    assert.equal(answer.code, code);
  });

test('accepts exactly the limits', () => {
  assert.equal(parseJson('[[1]]', { maxDepth: 2, maxKeys: 2, maxLength: 5 }).ok, true);
});

test('keeps inherited names as own members', () => {
  const answer = parseJson('{"constructor":1,"toString":2,"hasOwnProperty":3}');
  assert.ok(answer.ok);
  assert.deepEqual(answer.value, JSON.parse('{"constructor":1,"toString":2,"hasOwnProperty":3}'));
});

/** What a text that JSON.parse reads must hold for us to refuse it. */
const stricter: Readonly<Partial<Record<JsonCode, RegExp>>> = {
  'json.string': /\\u[dD]/,
  'json.number': /\d{16}/,
  'json.forbidden-name': /__proto__/,
};

test('reads what JSON.parse reads, for every JSON value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.nat(3), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const answer = parseJson(text);
      if (answer.ok) assert.deepEqual(answer.value, JSON.parse(text));
      else assert.match(text, stricter[answer.code] ?? /^never$/, `${answer.code} ${text}`);
    }),
  );
});

test('accepts nothing that JSON.parse refuses, and throws nothing', () => {
  const fragment = fc.constantFrom(...'{}[]",:\\u0041-+.eE019 \ntrufalsn\u0000\ud800'.split(''), '"a"', 'true', 'null');
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 24 }), (fragments) => {
      const text = fragments.join('');
      const answer = parseJson(text);
      if (answer.ok) assert.deepEqual(answer.value, JSON.parse(text));
      else assert.match(answer.code, /^json\.[a-z-]+$/);
    }),
    { numRuns: 1000 },
  );
});

test('RFC 8785 canonical text is a fixed point and reads back', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      const answer = parseJson(text);
      if (answer.ok) assert.equal(canonicalJson(answer.value), text);
    }),
  );
});
