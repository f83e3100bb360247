/**
 * Documents with personal data in known places, from a description of how people write: forms of each kind, sentences in five languages, and things
 * that look alike (orders, hashes, dates, versions, balances). Check digits are found by trying all ten, not by the code under test's tables.
 */
import type { DetectorName } from '@hauberk/privacy';

/** A document, and the personal data that it holds. */
export interface PersonalDocument {
  readonly text: string;
  readonly personal: readonly { readonly detector: DetectorName; readonly value: string }[];
}

type Draw = () => number;

const drawsFrom = (seed: number): Draw => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return ((state >>> 8) & 0xffffff) / 0x1000000;
  };
};

const pick = <Choice>(draw: Draw, choices: readonly Choice[]): Choice =>
  choices[Math.floor(draw() * choices.length)] as Choice;
const digits = (draw: Draw, count: number): string =>
  Array.from({ length: count }, () => Math.floor(draw() * 10)).join('');
const padded = (value: number, size = 2): string => String(value).padStart(size, '0');
const grouped = (text: string, sizes: readonly number[], mark: string): string => {
  let at = 0;
  return sizes.map((size) => text.slice(at, (at += size))).join(mark);
};

const luhnSum = (text: string): number =>
  Array.from(text)
    .reverse()
    .reduce((sum, letter, index) => {
      const value = Number(letter) * (index % 2 === 1 ? 2 : 1);
      return sum + Math.floor(value / 10) + (value % 10);
    }, 0);

const withLuhn = (body: string): string => {
  for (let last = 0; last < 10; last += 1) if (luhnSum(`${body}${last}`) % 10 === 0) return `${body}${last}`;
  throw new Error('no check digit');
};

const card = (draw: Draw): string => {
  const start = pick(draw, ['4', '51', '55', '2221', '62', '6011', '34', '37', '3530']);
  const size = start === '34' || start === '37' ? 15 : 16;
  const number = withLuhn(start + digits(draw, size - start.length - 1));
  const form = draw();
  if (form < 0.5) return number;
  return size === 15 ? grouped(number, [4, 6, 5], ' ') : grouped(number, [4, 4, 4, 4], form < 0.75 ? ' ' : '-');
};

const residentId = (draw: Draw): string => {
  const body = `${pick(draw, ['110105', '310101', '440524', '510104'])}${1940 + Math.floor(draw() * 70)}${padded(1 + Math.floor(draw() * 12))}${padded(1 + Math.floor(draw() * 28))}${digits(draw, 3)}`;
  // ISO 7064 mod 11-2, by its recurrence instead of the table of weights.
  const product = Array.from(body).reduce((sum, letter) => ((sum + Number(letter)) * 2) % 11, 0);
  const check = (12 - (product % 11)) % 11;
  return `${body}${check === 10 ? 'X' : check}`;
};

/** Verhoeff by the group itself: d(j,k) and the powers of the permutation (1 5 8 9 4 2 7 0)(3 6). */
const verhoeffProduct = (j: number, k: number): number => {
  if (j < 5) return k < 5 ? (j + k) % 5 : ((j + k) % 5) + 5;
  return k < 5 ? ((j - k + 5) % 5) + 5 : (j - k + 5) % 5;
};
const turnOnce = (value: number): number => [1, 5, 7, 6, 2, 8, 3, 0, 9, 4][value] as number;
const turned = (value: number, times: number): number => (times === 0 ? value : turned(turnOnce(value), times - 1));

const aadhaar = (draw: Draw): string => {
  const body = `${2 + Math.floor(draw() * 8)}${digits(draw, 10)}`;
  for (let last = 0; last < 10; last += 1) {
    const check = Array.from(`${body}${last}`)
      .reverse()
      .reduce((sum, letter, index) => verhoeffProduct(sum, turned(Number(letter), index % 8)), 0);
    if (check === 0) return draw() < 0.5 ? `${body}${last}` : grouped(`${body}${last}`, [4, 4, 4], ' ');
  }
  throw new Error('no check digit');
};

const iban = (draw: Draw): string => {
  const [country, body] = pick(draw, [
    ['DE', digits(draw, 18)],
    ['NL', `ABNA${digits(draw, 10)}`],
    ['GB', `WEST${digits(draw, 14)}`],
  ] as const);
  const value = Array.from(`${body}${country}00`, (letter) => String(Number.parseInt(letter, 36))).join('');
  const check = 98n - (BigInt(value) % 97n);
  const whole = `${country}${padded(Number(check))}${body}`;
  return draw() < 0.6 ? whole : (whole.match(/.{1,4}/g) ?? []).join(' ');
};

const makers: Readonly<Record<string, readonly [DetectorName, (draw: Draw) => string]>> = {
  card: ['card', card],
  resident: ['resident-id-cn', residentId],
  aadhaar: ['aadhaar-in', aadhaar],
  iban: ['iban', iban],
  phoneCn: ['phone', (draw) => `1${pick(draw, ['38', '59', '86', '77'])}${digits(draw, 8)}`],
  phoneWorld: [
    'phone',
    (draw) =>
      `+${pick(draw, ['44', '49', '91', '1'])} ${1 + Math.floor(draw() * 9)}${digits(draw, 3)} ${digits(draw, 5)}`,
  ],
  mail: [
    'e-mail',
    (draw) =>
      `${pick(draw, ['li.wei', 'anna_s', 'j.doe+x', 'ravi88'])}@${pick(draw, ['mail.example.com', 'firma.example', 'qq.example.cn'])}`,
  ],
  address: [
    'ip-address',
    (draw) =>
      `${1 + Math.floor(draw() * 223)}.${Math.floor(draw() * 256)}.${Math.floor(draw() * 256)}.${Math.floor(draw() * 256)}`,
  ],
  ssn: [
    'ssn-us',
    (draw) =>
      `${padded(1 + Math.floor(draw() * 600), 3)}-${padded(1 + Math.floor(draw() * 98))}-${padded(1 + Math.floor(draw() * 9998), 4)}`,
  ],
};

const lookAlikes: readonly ((draw: Draw) => string)[] = [
  (draw) => `ORD-${digits(draw, 9)}`,
  (draw) =>
    `20${padded(Math.floor(draw() * 30))}-${padded(1 + Math.floor(draw() * 12))}-${padded(1 + Math.floor(draw() * 28))}T${padded(Math.floor(draw() * 24))}:00:00Z`,
  (draw) => `v${Math.floor(draw() * 9)}.${Math.floor(draw() * 20)}.${Math.floor(draw() * 9)}`,
  (draw) => `${digits(draw, 6)}.${digits(draw, 2)} EUR`,
  (draw) => Array.from({ length: 32 }, () => pick(draw, Array.from('0123456789abcdef'))).join(''),
  (draw) => `${digits(draw, 7)}`,
  (draw) => `at line ${digits(draw, 4)}:${digits(draw, 2)} (app.js)`,
  (draw) => `@${pick(draw, ['media', 'param', 'user'])}`,
];

const frames: readonly string[] = [
  'The customer gave {} and asked about {}.',
  '客户{}，另有{}。',
  'Der Kunde nannte {}; dazu {}.',
  'TypeError: cannot read {} of undefined, near {}',
  '{"a":"{}","b":"{}"}',
  'ग्राहक: {} | {}',
  '{}\n{}',
];

/** The documents of a seed. */
export const makeDocuments = (seed: number, count: number): readonly PersonalDocument[] => {
  const draw = drawsFrom(seed);
  const kinds = Object.values(makers);
  return Array.from({ length: count }, () => {
    const personal: { detector: DetectorName; value: string }[] = [];
    const text = pick(draw, frames).replaceAll('{}', () => {
      if (draw() < 0.4) return pick(draw, lookAlikes)(draw);
      const [detector, make] = pick(draw, kinds);
      const value = make(draw);
      personal.push({ detector, value });
      return value;
    });
    return { text, personal };
  });
};
