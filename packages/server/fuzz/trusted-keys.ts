/** Mutated registrations of trusted keys: the parser throws nothing, and accepts only what says the same when it is written again. */

import { isDeepStrictEqual } from 'node:util';
import { toBase64Url } from '@hauberk/primitives';
import { type FuzzOutcome, runFuzzCommand, tally } from '@hauberk/primitives/fuzz-command';
import { mutant, randomOf } from '@hauberk/primitives/mutate';
import { type KeyRequest, readKeyRequest } from '../src/gateway/key-endpoint.ts';

const point = `B${'A'.repeat(86)}`;
const nonce = 'A'.repeat(43);
const seeds: readonly string[] = [
  '{"do":"challenge","purpose":"approve"}',
  `{"do":"register","purpose":"device","nonce":"${nonce}","publicKey":"${point}","evidence":{"kind":"software"},"proof":"e30.AA"}`,
  `{"do":"register","purpose":"capture","nonce":"${nonce}","publicKey":"${point}","evidence":{"kind":"android-key","statement":"AA.BB"}}`,
];
const fragments: readonly string[] = [
  ...'{}[]",:\\='.split(''),
  '"__proto__":{},',
  '"do":"register",',
  'null',
  '1e999',
  '\\ud800',
  '\ufeff',
  '[[[[[[[[',
];

const written = (request: KeyRequest): unknown => {
  if (request.do === 'challenge') return request;
  const { nonce: bytes, publicKey, ...rest } = request;
  return { ...rest, nonce: toBase64Url(bytes), publicKey: toBase64Url(publicKey) };
};

/** Runs `count` mutants. */
export const fuzzTrustedKeys = (count: number, seed: number): FuzzOutcome => {
  const random = randomOf(seed);
  const refused: Record<string, number> = {};
  let accepted = 0;
  for (let left = count; left > 0; left -= 1) {
    const text = mutant(random, seeds, fragments);
    try {
      const request = readKeyRequest(new TextEncoder().encode(text));
      if (request === undefined) tally(refused, 'body.not-json');
      else if (isDeepStrictEqual(written(request), JSON.parse(text.replace(/^\ufeff/, '')))) accepted += 1;
      else throw new Error('read differently');
    } catch (cause) {
      throw new Error(`the registration of keys broke on ${JSON.stringify(text)}`, { cause });
    }
  }
  return { accepted, refused };
};

if (import.meta.main) runFuzzCommand('trusted-keys', fuzzTrustedKeys);
