/** Mutated field values: the parsers throw nothing, refuse with a code, and what they accept can be written and reads back the same. */
import { isDeepStrictEqual } from 'node:util';
import type { Result } from '@hauberk/primitives';
import {
  parseDictionary,
  parseItem,
  parseList,
  type StructuredFieldCode,
  type StructuredFieldLimits,
  serialiseDictionary,
  serialiseItem,
  serialiseList,
} from '@hauberk/primitives/structured-fields';
import { type FuzzOutcome, runFuzzCommand, tally } from './engine/fuzz-command.ts';
import { mutant, randomOf } from './engine/mutate.ts';

const codes: Readonly<Record<StructuredFieldCode, true>> = {
  'structured-field.too-long': true,
  'structured-field.too-many': true,
  'structured-field.key': true,
  'structured-field.value': true,
  'structured-field.integer': true,
  'structured-field.decimal': true,
  'structured-field.string': true,
  'structured-field.token': true,
  'structured-field.bytes': true,
  'structured-field.boolean': true,
  'structured-field.date': true,
  'structured-field.display-string': true,
  'structured-field.inner-list': true,
  'structured-field.separator': true,
  'structured-field.trailing': true,
};

/** Fields that mutation starts from. */
export const structuredFieldSeeds: readonly string[] = [
  'hb=("@method" "@path" "@query" "content-digest";req "hauberk-service");created=1618884473;keyid="s1";nonce="AAE";tag="hb1"',
  'hb=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==:',
  '1;a=?0;b, -2.5;c=tok, ("x" y :eHg=:);d=@1659578233, ()',
  '%"f%c3%bc%e2%82%ac %22 %25"; x="\\"\\\\"',
  'a, b=(1 2);q=0.125, *c.d-e_=*/x:y, a=?1',
  '@-62135596800',
  '999999999999999',
  '-999999999999.999',
];
/** Pieces of the grammar, and what borders on it. */
export const structuredFieldFragments: readonly string[] = [
  ...'()=;,:"%@?*-. \t\\'.split(''),
  '?1',
  '?2',
  ', ',
  ';a=',
  '%"%ff"',
  '%"%C3"',
  ':AB=C:',
  ':AB:',
  ':A:',
  '1.',
  '0.1234',
  '1000000000000000',
  '\u0000',
  '\u007f',
  'é',
];

type Check = (text: string) => StructuredFieldCode | undefined;

/** What one parser promises, for any text. */
const promiseOf =
  <Value>(
    parse: (text: string, limits?: StructuredFieldLimits) => Result<Value, StructuredFieldCode>,
    serialise: (value: Value) => Result<string, StructuredFieldCode>,
  ): Check =>
  (text) => {
    const answer = parse(text, { maxLength: 900, maxValues: 40 });
    if (!answer.ok) return answer.code;
    const written = serialise(answer.value);
    if (!written.ok) throw new Error(`read and not written: ${written.code}`);
    const again = parse(written.value);
    if (!again.ok || !isDeepStrictEqual(again.value, answer.value))
      throw new Error(`read differently: ${written.value}`);
    const rewritten = serialise(again.value);
    if (!rewritten.ok || rewritten.value !== written.value) throw new Error(`written differently: ${written.value}`);
    return undefined;
  };

const checks: readonly Check[] = [
  promiseOf(parseItem, serialiseItem),
  promiseOf(parseList, serialiseList),
  promiseOf(parseDictionary, serialiseDictionary),
];

/** Runs `count` mutants, each as item, list and dictionary. */
export const fuzzStructuredFields = (count: number, seed: number): FuzzOutcome => {
  const random = randomOf(seed);
  const refused: Record<string, number> = {};
  let accepted = 0;
  for (let left = count; left > 0; left -= 1) {
    const text = mutant(random, structuredFieldSeeds, structuredFieldFragments);
    try {
      for (const check of checks) {
        const code = check(text);
        if (code === undefined) accepted += 1;
        else if (Object.hasOwn(codes, code)) tally(refused, code);
        else throw new Error(`no code: ${code}`);
      }
    } catch (cause) {
      throw new Error(`structured-fields broke on ${JSON.stringify(text)}`, { cause });
    }
  }
  return { accepted, refused };
};

if (import.meta.main) runFuzzCommand('structured-fields', fuzzStructuredFields);
