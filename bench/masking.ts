/**
 * What masking costs on text made to be slow, against ordinary text of the same length in the same run. `npm run bench -- masking [--json]`.
 * At most 5 times is wanted: a detector that backtracks would be hundreds of times slower.
 */
import { detect } from '@hauberk/privacy';
import { makeDocuments } from '../packages/privacy/vectors/personal-text.ts';

const kilobyte = 1024;
const rounds = 40;

const filled = (piece: string, length = 16 * kilobyte): string =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

const benign = filled(
  `${makeDocuments(1, 400)
    .map(({ text }) => text)
    .join('\n')}\n`,
);

/** Each repeats what makes some matcher begin again and again. */
const adversarial: Readonly<Record<string, string>> = {
  ats: filled('@'),
  'ats and dots': filled('a@b.'),
  'long local part': filled(`${'a'.repeat(63)}@`),
  'long domain': filled(`a@${'b.'.repeat(200)}`),
  digits: filled('1'),
  'spaced digits': filled('4 '),
  'almost cards': filled('4111111111111112 '),
  'almost cards in groups': filled('4111 1111 1111 1112 '),
  'almost accounts': filled('GB82WEST1234569876543 '),
  'account heads': filled('GB82'),
  'account heads in groups': filled('GB82 '),
  'almost addresses': filled('1.1.1.'),
  pluses: filled('+1'),
  'plus and groups': filled('+1 2-3 '),
  letters: filled('a'),
  'almost ids': filled('11010519491231002Y '),
  hyphens: filled('1-'),
};

const microsecondsPerKilobyte = (text: string): number => {
  const taken: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = process.cpuUsage();
    for (let turn = 0; turn < 8; turn += 1) detect(text);
    const { user, system } = process.cpuUsage(began);
    taken.push((user + system) / 8 / (text.length / kilobyte));
  }
  return taken.sort((left, right) => left - right)[Math.floor(rounds / 4)] as number;
};

for (const text of [benign, ...Object.values(adversarial)]) detect(text);
const usual = microsecondsPerKilobyte(benign);
const worst = Object.entries(adversarial)
  .map(([name, text]) => ({ name, microseconds: microsecondsPerKilobyte(text) }))
  .sort((left, right) => right.microseconds - left.microseconds);
const round2 = (value: number): number => Math.round(value * 100) / 100;
const [slowest] = worst;
const report = {
  worstVsBenign: round2((slowest?.microseconds ?? 0) / usual),
  worst: slowest?.name,
  benignMicrosecondsPerKilobyte: round2(usual),
  worstMicrosecondsPerKilobyte: round2(slowest?.microseconds ?? 0),
};
if (!process.argv.includes('--json'))
  for (const { name, microseconds } of worst)
    console.log(`${name.padEnd(26)} ${round2(microseconds / usual)} times ordinary text`);
console.log(JSON.stringify(report));
