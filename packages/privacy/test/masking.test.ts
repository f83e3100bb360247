/** Detectors and masks: against numbers whose check digits are worked out elsewhere, against look-alikes, and against text made to be slow. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { compileMask, type DetectorName, detect, maskText } from '@hauberk/privacy';
import fc from 'fast-check';
import { makeDocuments } from '../vectors/personal-text.ts';

const found = (text: string): readonly string[] =>
  detect(text).map(({ detector, from, to }) => `${detector} ${text.slice(from, to)}`);

test('detectors: published test numbers of every kind, in the ways that they are written', () => {
  const cases: readonly (readonly [DetectorName, readonly string[]])[] = [
    [
      'card',
      [
        '4111111111111111',
        '4111 1111 1111 1111',
        '5555-5555-5555-4444',
        '378282246310005',
        '3782 822463 10005',
        '6011111111111117',
        '3530111333300000',
        '30569309025904',
      ],
    ],
    ['resident-id-cn', ['11010519491231002X', '440524188001010014', '11010519491231002x']],
    ['aadhaar-in', ['999941057058', '9999 4105 7058']],
    ['pan-in', ['AFZPK7190K']],
    ['ssn-us', ['219-09-9999']],
    ['nric-sg', ['S1234567D', 'T0123456G', 'F1234567N']],
    [
      'phone',
      [
        '13812345678',
        '138 1234 5678',
        '138-1234-5678',
        '+86 138 1234 5678',
        '+442071838750',
        '+1-202-555-0143',
        '8613812345678',
        '919876543210',
      ],
    ],
    ['iban', ['GB82WEST12345698765432', 'DE89 3704 0044 0532 0130 00', 'NO9386011117947']],
    ['e-mail', ['anna.schmidt+bank@mail.example.com', 'a_b@x.cn']],
    ['ip-address', ['203.0.113.7', '10.0.0.255']],
  ];
  for (const [detector, texts] of cases)
    for (const text of texts)
      for (const around of [text, `(${text})`, `x: ${text}, y`, `"${text}"`, `电话${text}。`])
        assert.deepEqual(found(around), [`${detector} ${text}`], around);
});

test('detectors: what only looks alike is left alone', () => {
  for (const text of [
    '4111111111111112',
    '1234 5678 9012 3456',
    '110105194912310021',
    '11010519491331002X',
    '999941057059',
    'GB82WEST12345698765433',
    '2026-11-21 17:45:03',
    '1.2.3',
    '300.1.1.1',
    '1.2.3.4.5',
    '20261121',
    'order 2019 2020 2021 2022',
    'a@b',
    '@media',
    'user@localhost',
    '000-12-3456',
    '666-12-3456',
    'sha256:4111111111111111aa',
    'v1381234567890',
    '0x13812345678f',
    'AFZPK71900',
    'S1234567A',
    '+0123456789',
    '12345',
    '1e10',
    'hb1_13812345678',
    '41111111111111111111111',
    '3.13812345678',
  ])
    assert.deepEqual(found(text), [], text);
});

test('detectors: several in one text, each apart; a run of other digits does not hide one', () => {
  assert.deepEqual(found('Karte 4111 1111 1111 1111, mail a.b@c.de, Tel +49 30 901820 und 13812345678 2 Mal'), [
    'card 4111 1111 1111 1111',
    'e-mail a.b@c.de',
    'phone +49 30 901820',
    'phone 13812345678',
  ]);
});

test('detectors: precision and recall on documents made from a description that knows nothing of them', () => {
  const documents = makeDocuments(Number(process.env['HAUBERK_SEED'] ?? 3), 4000);
  const counts = { right: 0, missed: 0, wrong: 0 };
  const misses: string[] = [];
  for (const { text, personal } of documents) {
    const finds = new Set(found(text));
    const truth = new Set(personal.map(({ detector, value }) => `${detector} ${value}`));
    for (const each of truth)
      if (finds.has(each)) counts.right += 1;
      else {
        counts.missed += 1;
        misses.push(`missed ${each} in ${text}`);
      }
    for (const each of finds)
      if (!truth.has(each)) {
        counts.wrong += 1;
        misses.push(`wrong ${each} in ${text}`);
      }
  }
  const recall = counts.right / (counts.right + counts.missed);
  const precision = counts.right / (counts.right + counts.wrong);
  assert.ok(counts.right > 3000);
  assert.ok(
    recall >= 0.99 && precision >= 0.98,
    `recall ${recall}, precision ${precision}\n${misses.slice(0, 10).join('\n')}`,
  );
});

test('detectors: finds are in order, inside the text and apart, whatever the text', () => {
  const piece = fc.constantFrom(
    '4111 1111 1111 1111',
    '@',
    '.',
    '+',
    '1',
    ' ',
    '-',
    'a',
    'GB82',
    '\u{1f511}',
    '13812345678',
    '\u00a0',
    'é',
    '_',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(piece, { maxLength: 50 }).map((pieces) => pieces.join('')),
      ),
      (text) => {
        let last = 0;
        for (const { from, to } of detect(text)) {
          assert.ok(from >= last && to > from && to <= text.length, text);
          last = to;
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test('masks: a card and an account keep four characters, everything else none, and masked text holds nothing to find', () => {
  assert.equal(maskText('4111 1111 1111 1111 and a@b.cc'), '[card ****1111] and [e-mail]');
  assert.equal(maskText('DE89 3704 0044 0532 0130 00'), '[iban ****3000]');
  assert.equal(maskText('nothing here'), 'nothing here');
  assert.equal(maskText('a@b.cc 13812345678', ['e-mail']), 'a@b.cc [phone]');
  for (const { text } of makeDocuments(5, 500)) assert.deepEqual(found(maskText(text)), [], text);
});

test('masks: rules by path come first, detectors see to the rest, numbers and names of members included', () => {
  const value = {
    name: 'Anna',
    accounts: [
      { number: 'DE89370400440532013000', note: 'call 13812345678' },
      { number: '12345678', note: '' },
    ],
    card: 4_111_111_111_111_111,
    amountMinor: 13_812_345_678.5,
    count: 7,
    secret: { a: 1 },
    '13812345678': true,
  };
  const policy = {
    rules: [
      { path: '/name', action: 'hide' as const },
      { path: '/accounts/*/number', action: 'last-four' as const },
      { path: '/secret', action: 'remove' as const },
    ],
    without: [],
  };
  assert.deepEqual(compileMask(policy)(value), {
    name: '****',
    accounts: [
      { number: '****3000', note: 'call [phone]' },
      { number: '****5678', note: '' },
    ],
    card: '[card ****1111]',
    amountMinor: 13_812_345_678.5,
    count: 7,
    '[phone]': true,
  });
  assert.deepEqual(compileMask()('a@b.cc'), '[e-mail]');
});
