/** Mutated JSON texts: the reader throws nothing, refuses with a code, and accepts only what JSON.parse reads alike. */
import { isDeepStrictEqual } from 'node:util';
import { type JsonCode, parseJson } from '@hauberk/primitives';
import { type FuzzOutcome, runFuzzCommand, tally } from './engine/fuzz-command.ts';
import { mutant, randomOf } from './engine/mutate.ts';

const codes: Readonly<Record<JsonCode, true>> = {
  'json.syntax': true,
  'json.too-long': true,
  'json.too-deep': true,
  'json.too-many': true,
  'json.duplicate-name': true,
  'json.forbidden-name': true,
  'json.number': true,
  'json.string': true,
};

const seeds: readonly string[] = [
  '{"version":1,"keys":[{"kid":"a","notAfter":1765432100,"emergency":false}],"status":null}',
  '[0,-0,1.5,-2e-7,6.02E+23,9007199254740991,"",[],{}]',
  '"escapes \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0041 \\ud83d\\ude00 €"',
  ` {\t"a" :\r\n[ true , false ] } `,
  `${'['.repeat(30)}1${']'.repeat(30)}`,
  '{"constructor":{"prototype":{}},"toString":1}',
];
const fragments: readonly string[] = [
  ...'{}[]",:\\'.split(''),
  '"a":1,',
  '"__proto__":',
  '"\\u005f_proto__":',
  '\\ud800',
  '\\u0000',
  '1e999',
  '00',
  '12345678901234567890',
  'null',
  '[[[[[[[[',
  '\ufeff',
  '\u2028',
];

const check = (text: string, refused: Record<string, number>): boolean => {
  const answer = parseJson(text, { maxDepth: 40, maxKeys: 60, maxLength: 600 });
  if (!answer.ok) {
    if (!Object.hasOwn(codes, answer.code)) throw new Error(`no code: ${answer.code}`);
    tally(refused, answer.code);
    return false;
  }
  if (!isDeepStrictEqual(answer.value, JSON.parse(text))) throw new Error('read differently');
  return true;
};

/** Runs `count` mutants. */
export const fuzzJson = (count: number, seed: number): FuzzOutcome => {
  const random = randomOf(seed);
  const refused: Record<string, number> = {};
  let accepted = 0;
  for (let left = count; left > 0; left -= 1) {
    const text = mutant(random, seeds, fragments);
    try {
      if (check(text, refused)) accepted += 1;
    } catch (cause) {
      throw new Error(`json broke on ${JSON.stringify(text)}`, { cause });
    }
  }
  return { accepted, refused };
};

if (import.meta.main) runFuzzCommand('json', fuzzJson);
