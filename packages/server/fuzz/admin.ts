/** Mutated targets, headers and bodies of the admin API: its parsers throw nothing, refuse with a code, and accept only what they would again. */
import { isDeepStrictEqual } from 'node:util';
import { type FuzzOutcome, runFuzzCommand, tally } from '@hauberk/primitives/fuzz-command';
import { mutant, type Random, randomOf } from '@hauberk/primitives/mutate';
import { type AdminRefusal, adminProblemCodes } from '../src/admin/admin-problem.ts';
import { parseSecret, secretText } from '../src/admin/admin-token.ts';
import { matchPath, type Operation } from '../src/admin/operation.ts';
import { operations } from '../src/admin/operations.ts';
import { parseBody } from '../src/admin/read-body.ts';
import { judgeInput, judgePath, readIfMatch, readTarget } from '../src/admin/read-call.ts';

const id = '0'.repeat(20);
const device = 'A'.repeat(22);
const hash = 'a'.repeat(64);

const targets: readonly string[] = [
  `/admin/v1/apps/retail/devices?limit=50&after=${device}&state=enrolled&tier=hardware&platform=web&text=ab`,
  `/admin/v1/apps/retail/devices/${device}/changes`,
  `/admin/v1/apps/retail/approvals/${id}/approve`,
  '/admin/v1/apps/retail/approvals?sort=-created&state=pending&limit=1',
  '/admin/v1/apps/retail/audit?after=12&limit=200',
  `/admin/v1/tokens/${id}`,
  '/admin/v1/self',
];
const targetParts: readonly string[] = [
  '/',
  '?',
  '&',
  '=',
  '%2f',
  '%00',
  '%',
  '..',
  '//',
  'limit=1',
  '+',
  '\u0000',
  '#',
];

const bodies: readonly string[] = [
  '{"action":"suspend","reason":"reported by phone"}',
  `{"action":"revoke","reason":"r","devices":["${device}"]}`,
  `{"kind":"device.change","content":{"action":"lost","reason":"r","devices":[{"id":"${device}","generation":3}]}}`,
  '{"subject":"alice","label":"night shift","grants":[{"app":"*","role":"operator"}],"days":30}',
  `{"changeHash":"${hash}","note":"seen"}`,
  '{"note":"no"}',
  '{"settlement":"executed"}',
  `{"device":"${device}","kind":"verify-user","service":"api","statement":"e30.AA","challenge":"${'A'.repeat(43)}","challengeOf":"gateway","dataSha256":"${'A'.repeat(43)}","prompt":{"title":"t","text":"x"}}`,
  `{"publicKey":"${'B'.repeat(87)}","kind":"capture","service":"api","statement":"e30.AA","challenge":"${'A'.repeat(43)}","dataSha256":"${'A'.repeat(43)}","capture":{"mediaType":"image/png","capturedAtMs":1}}`,
  `{"secret":"hbs_${id}_${'A'.repeat(43)}","subject":"root"}`,
];
const bodyParts: readonly string[] = [
  ...'{}[]",:\\'.split(''),
  '"a":1,',
  '"__proto__":',
  '"constructor":{},',
  '\\ud800',
  '\\u202e',
  'null',
  '1e999',
  '[[[[[[[[',
  '\ufeff',
];

const secrets: readonly string[] = [`hbk_${id}_${'A'.repeat(43)}`, `hbs_${id}_${'_'.repeat(43)}`];
const tags: readonly string[] = ['"1"', '"123456789012345"', 'W/"1"', '*'];

const known: readonly string[] = adminProblemCodes;

const refusedWith = (refusal: AdminRefusal, refused: Record<string, number>): false => {
  if (!known.includes(refusal.code)) throw new Error(`no code: ${refusal.code}`);
  for (const error of refusal.errors ?? [])
    if (error.pointer !== '' && !error.pointer.startsWith('/')) throw new Error(`no pointer: ${error.pointer}`);
  if ((refusal.errors?.length ?? 0) > 20) throw new Error('too many mistakes are told');
  tally(refused, refusal.code);
  return false;
};

const checkTarget = (text: string, refused: Record<string, number>): boolean => {
  const target = readTarget(text);
  if (target === undefined) {
    tally(refused, 'elsewhere');
    return false;
  }
  if ('ok' in target) return refusedWith(target, refused);
  let found = false;
  for (const operation of operations) {
    const path = matchPath(operation.path, target.segments);
    if (path === undefined || !judgePath(operation, path)) continue;
    const input = judgeInput({ ...operation, body: undefined }, path, target.query, undefined);
    if (input.ok) found = true;
    else refusedWith(input, refused);
  }
  return found;
};

const withBody: readonly Operation[] = operations.filter(({ body }) => body !== undefined);

const checkBody = (text: string, refused: Record<string, number>): boolean => {
  const parsed = parseBody(Buffer.from(text));
  if (!parsed.ok) return refusedWith(parsed, refused);
  let found = false;
  for (const operation of withBody) {
    const judged = judgeInput(operation, {}, new Map(), parsed.value);
    if (!judged.ok) {
      refusedWith(judged, refused);
      continue;
    }
    found = true;
    // What was accepted is nothing else than what was sent.
    if (!isDeepStrictEqual(judged.body, JSON.parse(text.replace(/^\ufeff/, '')))) throw new Error('read differently');
  }
  return found;
};

const checkSecret = (text: string, refused: Record<string, number>): boolean => {
  for (const kind of ['token', 'startup'] as const) {
    const parts = parseSecret(kind, text);
    if (parts === undefined) continue;
    if (secretText(kind, parts) !== text) throw new Error('read differently');
    return true;
  }
  tally(refused, 'no-secret');
  return false;
};

const checkTag = (text: string, refused: Record<string, number>): boolean => {
  const operation = operations.find(({ ifMatch }) => ifMatch === 'required');
  if (operation === undefined) throw new Error('no operation demands a version');
  const tag = readIfMatch(operation, text);
  return tag.ok || refusedWith(tag, refused);
};

const parts: readonly {
  readonly make: (random: Random) => string;
  readonly check: (text: string, refused: Record<string, number>) => boolean;
}[] = [
  { make: (random) => mutant(random, targets, targetParts), check: checkTarget },
  { make: (random) => mutant(random, bodies, bodyParts), check: checkBody },
  { make: (random) => mutant(random, secrets, ['_', 'hbk_', 'hbs_', '\n', ' ']), check: checkSecret },
  { make: (random) => mutant(random, tags, ['"', 'W/', ',', ' ', '\u0000']), check: checkTag },
];

/** Runs `count` mutants, each part in turn. */
export const fuzzAdmin = (count: number, seed: number): FuzzOutcome => {
  const random = randomOf(seed);
  const refused: Record<string, number> = {};
  let accepted = 0;
  for (let left = count; left > 0; left -= 1) {
    const part = parts[left % parts.length];
    const text = part?.make(random) ?? '';
    try {
      if (part?.check(text, refused) === true) accepted += 1;
    } catch (cause) {
      throw new Error(`the admin API broke on ${JSON.stringify(text)}`, { cause });
    }
  }
  return { accepted, refused };
};

if (import.meta.main) runFuzzCommand('admin', fuzzAdmin);
