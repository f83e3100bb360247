import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  concat,
  equalBytes,
  fromBase64,
  fromBase64Url,
  fromHex,
  fromUtf8,
  toBase64,
  toBase64Url,
  toHex,
  utf8,
} from '@hauberk/primitives';
import fc from 'fast-check';

const anyBytes = fc.uint8Array({ maxLength: 100 });
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

test('every text form reads back and agrees with the platform', () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const buffer = Buffer.from(bytes);
      assert.equal(toBase64Url(bytes), buffer.toString('base64url'));
      assert.equal(toBase64(bytes), buffer.toString('base64'));
      assert.equal(toHex(bytes), buffer.toString('hex'));
      assert.deepEqual(fromBase64Url(toBase64Url(bytes)), plain(bytes));
      assert.deepEqual(fromBase64(toBase64(bytes)), plain(bytes));
      assert.deepEqual(fromHex(toHex(bytes)), plain(bytes));
    }),
  );
});

test('one value has one spelling: what a strict decoder reads, it writes again', () => {
  const text = fc.string({ unit: fc.constantFrom(...'AQZaz09-_+/= \n.'.split('')), maxLength: 12 });
  fc.assert(
    fc.property(text, (spelling) => {
      const url = fromBase64Url(spelling);
      if (url !== undefined) assert.equal(toBase64Url(url), spelling);
      const standard = fromBase64(spelling);
      if (standard !== undefined) assert.equal(toBase64(standard), spelling);
    }),
    { numRuns: 2000 },
  );
});

test('other alphabets, padding, spaces and left-over bits are refused', () => {
  for (const spelling of ['A', 'AB', 'AA==', 'A+A', 'A/A', 'A A', 'AA\n', 'é'])
    assert.equal(fromBase64Url(spelling), undefined, spelling);
  for (const spelling of ['AA', 'AAA', 'AB==', 'A===', 'A-A=', '====', 'AA=A'])
    assert.equal(fromBase64(spelling), undefined, spelling);
  for (const spelling of ['a', '0g', '0x', ' 0']) assert.equal(fromHex(spelling), undefined, spelling);
});

test('UTF-8 is well-formed or refused', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => assert.equal(fromUtf8(utf8(text)), text)));
  for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]])
    assert.equal(fromUtf8(Uint8Array.from(bytes)), undefined);
  assert.equal(fromUtf8(utf8('\ufeffa')), '\ufeffa');
});

test('comparison and concatenation follow the bytes', () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, (left, right) => {
      assert.equal(equalBytes(left, right), Buffer.compare(left, right) === 0);
      assert.equal(equalBytes(left, Uint8Array.from(left)), true);
      assert.deepEqual(concat(left, right), plain(Buffer.concat([left, right])));
    }),
  );
});
