import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Example, examples, transformRequest } from './message-signatures/rfc9421-examples.ts';
import { type Fields, type Message, signatureBase, signatureOf } from './message-signatures/signature-base.ts';

const verifies = (message: Message, { label, key }: Example): boolean => {
  const { input, signature } = signatureOf(message, label);
  return key.algorithm.verify(signatureBase(message, input), key.verifyWith, signature);
};

for (const one of examples) {
  test(`RFC 9421 ${one.title}: the signature base is the published one`, () => {
    assert.equal(signatureBase(one.message, signatureOf(one.message, one.label).input), one.base.join('\n'));
  });

  test(`RFC 9421 ${one.title}: the published signature verifies, and under nothing else`, () => {
    const { input, signature } = signatureOf(one.message, one.label);
    const base = signatureBase(one.message, input);
    assert.equal(one.key.algorithm.verify(base, one.key.verifyWith, signature), true);
    assert.equal(one.key.algorithm.verify(`${base} `, one.key.verifyWith, signature), false);
    const broken = Uint8Array.from(signature, (byte, index) => (index === 0 ? byte ^ 1 : byte));
    assert.equal(one.key.algorithm.verify(base, one.key.verifyWith, broken), false);
  });

  const { signWith } = one.key;
  if (signWith !== undefined)
    test(`RFC 9421 ${one.title}: signing gives the published signature`, () => {
      const { input, signature } = signatureOf(one.message, one.label);
      assert.deepEqual(
        new Uint8Array(one.key.algorithm.sign(signatureBase(one.message, input), signWith)),
        new Uint8Array(signature),
      );
    });
}

const transform = examples.find((one) => one.label === 'transform') as Example;
const carried: Fields = transform.message.fields.filter(([name]) => name.startsWith('signature'));
const plain: Fields = transformRequest.fields;
const changed = (changes: Partial<typeof transformRequest>): Message => {
  const request = { ...transformRequest, ...changes };
  return { ...request, fields: [...request.fields, ...carried] };
};

const transformations: readonly (readonly [string, Message, boolean])[] = [
  [
    'an added header and query parameter',
    changed({
      targetUri: 'https://example.org/demo?name1=Value1&Name2=value2&param=added',
      fields: [...plain, ['accept-language', 'en-US,en;q=0.5']],
    }),
    true,
  ],
  [
    'a removed date, an added referer and collapsed lines',
    changed({
      fields: [
        ['host', 'example.org'],
        ['referer', 'https://developer.example.org/demo'],
        ['accept', 'application/json, */*'],
      ],
    }),
    true,
  ],
  [
    'reordered headers of other names',
    changed({ fields: plain.toSorted(([left], [right]) => (left < right ? -1 : 1)) }),
    true,
  ],
  [
    'a changed method and authority',
    changed({ method: 'POST', targetUri: 'https://example.com/demo?name1=Value1&Name2=value2' }),
    false,
  ],
  ['reordered lines of one header', changed({ fields: plain.toReversed() }), false],
];
for (const [title, message, survives] of transformations)
  test(`RFC 9421 B.4 the signature ${survives ? 'survives' : 'does not survive'} ${title}`, () => {
    assert.equal(verifies(message, transform), survives);
  });
