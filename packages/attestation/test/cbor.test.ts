/** The CBOR reader: RFC 8949 appendix A where it applies, one refusal for each way to be ambiguous or too large. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type CborLimits, type CborValue, readCbor, readCborPrefix } from '../src/cbor.ts';

const bytes = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(hex, 'hex'));

const accepted: readonly (readonly [string, CborValue])[] = [
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['190100', 256],
  ['1a00010000', 65_536],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['20', -1],
  ['3903e7', -1000],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['4401020304', bytes('01020304')],
  ['62c3bc', '\u00fc'],
  ['80', []],
  ['83010203', [1, 2, 3]],
  ['a0', new Map()],
  ['a201020304', new Map([[1, 2], [3, 4]])], // biome-ignore format: one case, one line
];
for (const [hex, value] of accepted)
  test(`cbor: ${hex} is read`, () => {
    assert.deepEqual(readCbor(bytes(hex)), { ok: true, value });
  });

const refused: readonly (readonly [string, string, string, CborLimits?])[] = [
  ['nothing at all', '', 'cbor.truncated'],
  ['a length without its bytes', '19', 'cbor.truncated'],
  ['a byte string cut short', '4301ff', 'cbor.truncated'],
  ['an array cut short', '8201', 'cbor.truncated'],
  ['a huge length of nothing', '5affffffff', 'cbor.truncated'],
  ['bytes after the value', '0000', 'cbor.trailing'],
  ['23 in two bytes', '1817', 'cbor.not-shortest'],
  ['255 in three bytes', '1900ff', 'cbor.not-shortest'],
  ['65535 in five bytes', '1a0000ffff', 'cbor.not-shortest'],
  ['4294967295 in nine bytes', '1b00000000ffffffff', 'cbor.not-shortest'],
  ['an indefinite byte string', '5f4101ff', 'cbor.indefinite'],
  ['an indefinite array', '9fff', 'cbor.indefinite'],
  ['an indefinite map', 'bfff', 'cbor.indefinite'],
  ['a tag', 'c000', 'cbor.unsupported'],
  ['a half float', 'f93c00', 'cbor.unsupported'],
  ['a double', 'fb3ff199999999999a', 'cbor.unsupported'],
  ['undefined', 'f7', 'cbor.unsupported'],
  ['a reserved length form', '1c', 'cbor.unsupported'],
  ['an integer that a double cannot hold', '1b0020000000000000', 'cbor.unsupported'],
  ['text that is no UTF-8', '62c328', 'cbor.text'],
  ['a map keyed with bytes', 'a1410100', 'cbor.key'],
  ['one key twice', 'a201000100', 'cbor.duplicate-key'],
  ['text keys out of order', 'a2616200616100', 'cbor.key-order', { keyOrder: 'ctap2' }],
  ['a longer key first', 'a2626161006161 00'.replace(' ', ''), 'cbor.key-order', { keyOrder: 'ctap2' }],
  ['seven nested arrays', '8181818181818100', 'cbor.too-deep'],
  ['more elements than allowed', '8300 0000'.replace(' ', ''), 'cbor.too-many', { maxItems: 2 }],
  ['an array that claims four thousand million', '9affffffff00', 'cbor.truncated'],
  ['more bytes than allowed', '4401020304', 'cbor.too-long', { maxLength: 4 }],
];
for (const [name, hex, code, limits] of refused)
  test(`cbor: ${name} is ${code}`, () => {
    const answer = readCbor(bytes(hex), limits);
    assert.equal(answer.ok ? 'accepted' : answer.code, code);
  });

test('cbor: keys in another order are read when no order is asked for', () => {
  const answer = readCbor(bytes('a2616200616101'));
  assert.deepEqual(answer, { ok: true, value: new Map([['b', 0], ['a', 1]]) }); // biome-ignore format: short
});

test('cbor: a prefix tells where it ends', () => {
  assert.deepEqual(readCborPrefix(bytes('ff8301020300'), 1), { ok: true, value: { value: [1, 2, 3], end: 5 } });
});

/** The one accepted spelling of a value. */
const spell = (value: CborValue): number[] => {
  const head = (major: number, argument: number): number[] => {
    const length = argument < 24 ? 0 : argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : argument < 2 ** 32 ? 4 : 8;
    const form = length === 0 ? argument : 24 + Math.log2(length);
    const tail = Array.from({ length }, (_, index) => Math.floor(argument / 256 ** (length - 1 - index)) % 256);
    return [(major << 5) | form, ...tail];
  };
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'boolean') return [value ? 0xf5 : 0xf4];
  if (value === null) return [0xf6];
  if (typeof value === 'string') return [...head(3, Buffer.byteLength(value)), ...Buffer.from(value)];
  if (value instanceof Uint8Array) return [...head(2, value.length), ...value];
  if (value instanceof Map)
    return [...head(5, value.size), ...[...value].flatMap(([key, member]) => [...spell(key), ...spell(member)])];
  const elements = value as readonly CborValue[];
  return [...head(4, elements.length), ...elements.flatMap(spell)];
};

const leaf: fc.Arbitrary<CborValue> = fc.oneof(
  fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array({ maxLength: 300 }).map((array) => Uint8Array.from(array)),
);
const key = fc.oneof(fc.integer(), fc.string({ unit: 'grapheme', maxLength: 8 }));
const anyValue = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 30 }),
  fc.array(fc.tuple(key, leaf), { maxLength: 30 }).map((members): CborValue => new Map(members)),
);

test('cbor: every value is read back from its spelling', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      assert.deepEqual(readCbor(Uint8Array.from(spell(value))), { ok: true, value });
    }),
  );
});

test('cbor: whatever is accepted has exactly one spelling, and whatever is refused has a code', () => {
  const mutate = fc.tuple(anyValue, fc.nat(), fc.nat({ max: 255 })).map(([value, at, byte]) => {
    const spelling = Uint8Array.from(spell(value));
    spelling[at % spelling.length] = byte;
    return spelling;
  });
  fc.assert(
    fc.property(fc.oneof(mutate, fc.uint8Array({ maxLength: 64 })), (input) => {
      const answer = readCbor(input);
      if (answer.ok) assert.deepEqual(Uint8Array.from(spell(answer.value)), Uint8Array.from(input));
      else assert.match(answer.code, /^cbor\.[a-z-]+$/);
    }),
  );
});
