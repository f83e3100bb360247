/** Alphabets, headers and parts: the signs of a token survive each coding, packed or not, in one part or in eight. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { epochMs } from '@hauberk/primitives';
import fc from 'fast-check';
import { packSeptets, readSeptets, unpackSeptets, writeSeptets } from '../../src/sms/gsm-alphabet.ts';
import { partsWaitMs, SmsAssembly } from '../../src/sms/sms-assembly.ts';
import { codedText, codingOf, readCoded } from '../../src/sms/sms-coding.ts';
import { readUserDataHeader } from '../../src/sms/user-data-header.ts';

const specials = '!"#%&\'()*+,-./:;<=>?@$_[]^{}\\|~ ';

test('every special sign of ASCII that GSM has survives packing and unpacking', () => {
  for (const sign of specials) {
    const septets = writeSeptets(sign);
    assert.ok(septets !== undefined, sign);
    assert.equal(readSeptets(unpackSeptets(packSeptets(septets))), sign);
  }
  assert.equal(writeSeptets('`'), undefined);
});

test('known octets of 23.038: hellohello packs as the specification has it', () => {
  const packed = packSeptets(writeSeptets('hellohello') ?? new Uint8Array(0));
  assert.equal(Buffer.from(packed).toString('hex'), 'e8329bfd4697d9ec37');
  assert.equal(readSeptets(Uint8Array.of(0x00, 0x02, 0x11, 0x1b, 0x3c, 0x1b, 0x65)), '@$_[€');
  assert.equal(readSeptets(Uint8Array.of(0x80)), undefined);
});

test('texts of the alphabet come back from any number of fill bits', () => {
  const sign = fc.integer({ min: 0, max: 0x7f }).filter((at) => at !== 0x1b && at !== 0 && at !== 0x0d);
  fc.assert(
    fc.property(fc.array(sign, { maxLength: 160 }), fc.integer({ min: 0, max: 6 }), (septets, fill) => {
      const given = Uint8Array.from(septets);
      assert.deepEqual(unpackSeptets(packSeptets(given, fill), fill), given);
    }),
  );
});

test('data codings name their alphabets; binary ones are refused', () => {
  const named = (coding: number): string => {
    const read = codingOf(coding, 'gsm7');
    return read.ok ? read.value : read.code;
  };
  assert.deepEqual([0, 1, 3, 8, 0xf1, 0x10, 0x18].map(named), [
    'gsm7',
    'ascii',
    'latin1',
    'ucs2',
    'gsm7',
    'gsm7',
    'ucs2',
  ]);
  for (const coding of [2, 4, 5, 9, 0x14, 0x20, 0xf5, 0xe0]) assert.equal(named(coding), 'sms.coding');
  assert.equal(readCoded({ alphabet: 'ucs2', octets: Uint8Array.of(0) }).ok, false);
  assert.equal(readCoded({ alphabet: 'ucs2', octets: Uint8Array.of(0xd8, 0) }).ok, false);
  assert.equal(readCoded({ alphabet: 'ascii', octets: Uint8Array.of(0x80) }).ok, false);
});

test('headers: both widths, other elements before them, and what does not fit', () => {
  const read = (...octets: readonly number[]): unknown => {
    const header = readUserDataHeader(Uint8Array.from(octets));
    return header.ok ? header.value : header.code;
  };
  assert.deepEqual(read(5, 0, 3, 7, 2, 1, 65), { length: 6, part: { width: 8, reference: 7, total: 2, number: 1 } });
  assert.deepEqual(read(6, 8, 4, 1, 7, 3, 3), { length: 7, part: { width: 16, reference: 263, total: 3, number: 3 } });
  assert.deepEqual(read(11, 5, 4, 0, 1, 0, 2, 0, 3, 7, 2, 2), {
    length: 12,
    part: { width: 8, reference: 7, total: 2, number: 2 },
  });
  assert.deepEqual(read(5, 0, 3, 7, 1, 1), { length: 6, part: undefined });
  assert.equal(read(9, 0, 3, 7, 2, 1), 'sms.header');
  assert.equal(read(5, 0, 9, 7, 2, 1), 'sms.header');
  for (const [total, number] of [
    [0, 0],
    [2, 0],
    [2, 3],
    [9, 1],
  ])
    assert.equal(read(5, 0, 3, 7, total ?? 0, number ?? 0), 'sms.parts');
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => void readUserDataHeader(octets)));
});

const partsOf = (text: string, count: number) => {
  const octets = writeSeptets(text) ?? new Uint8Array(0);
  const size = Math.ceil(octets.length / count);
  return Array.from({ length: count }, (_, index) => ({
    group: 'one',
    alphabet: 'gsm7' as const,
    octets: octets.slice(index * size, (index + 1) * size),
    part: { width: 8 as const, reference: 1, total: count, number: index + 1 },
    receivedAtMs: epochMs(1000),
  }));
};

test('parts in any order, some repeated, give the message once', () => {
  const text = 'Bank phone check [€] never forward this';
  fc.assert(
    fc.property(
      fc
        .integer({ min: 2, max: 8 })
        .chain((count) => fc.tuple(fc.constant(count), fc.array(fc.nat(count - 1), { maxLength: 20 }))),
      ([count, order]) => {
        const parts = partsOf(text, count);
        const assembly = new SmsAssembly();
        const missing = parts.map((_, index) => index).filter((index) => !order.includes(index));
        const whole: string[] = [];
        const seen = new Set<number>();
        for (const [position, index] of [...order, ...missing].entries()) {
          const part = parts[index];
          if (part === undefined || seen.size === count) continue;
          seen.add(index);
          const done = assembly.take({ ...part, position });
          if (done === undefined) continue;
          const read = readCoded(done);
          whole.push(read.ok ? read.value : read.code);
        }
        assert.deepEqual(whole, [text]);
      },
    ),
  );
});

test('a repeated part cannot change what the first said', () => {
  const assembly = new SmsAssembly();
  const [first, second] = partsOf('abcdef', 2);
  assert.ok(first !== undefined && second !== undefined);
  assembly.take({ ...first, position: 1 });
  assembly.take({ ...first, octets: writeSeptets('XXX') ?? first.octets, position: 2 });
  const whole = assembly.take({ ...second, position: 3 });
  assert.deepEqual(whole && readCoded(whole), { ok: true, value: 'abcdef' });
  assert.deepEqual(whole?.positions, [1, 2, 3]);
});

test('parts wait for so long and are then given up', () => {
  const assembly = new SmsAssembly();
  const [first] = partsOf('abcdef', 2);
  assert.ok(first !== undefined);
  assembly.take({ ...first, position: 9 });
  assert.deepEqual(assembly.expire(epochMs(1000 + partsWaitMs - 1)), []);
  assert.deepEqual(assembly.expire(epochMs(1000 + partsWaitMs)), [9]);
  assert.equal(assembly.waiting, 0);
});

test('packed septets after a header of seven octets begin on their boundary', () => {
  const septets = writeSeptets('token-35#') ?? new Uint8Array(0);
  const coded = codedText('gsm7-packed', packSeptets(septets, 0), 7);
  assert.deepEqual(readCoded(coded), { ok: true, value: 'token-35#' });
  const afterSix = codedText('gsm7-packed', packSeptets(septets, 1), 6);
  assert.deepEqual(readCoded(afterSix), { ok: true, value: 'token-35#' });
});
