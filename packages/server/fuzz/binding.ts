/** Mutated calls of apps, SMS, numbers, lists and answers of operators: binding's parsers throw nothing, and what they take is what was sent. */
import { isDeepStrictEqual } from 'node:util';
import {
  isTokenShaped,
  readMsisdn,
  readRevocationFeed,
  readRiskFeed,
  readSwapDate,
  readToken,
  readVerified,
  smsText,
} from '@hauberk/binding';
import { parseJson, type Result, toBase64Url, utf8 } from '@hauberk/primitives';
import { type FuzzOutcome, runFuzzCommand, tally } from '@hauberk/primitives/fuzz-command';
import { mutant, type Random, randomOf } from '@hauberk/primitives/mutate';
import { maxApprovalBytes, maxBindBytes, readApprovalCall, readBindCall } from '../src/gateway/bind-call.ts';

const attempt = 'A'.repeat(22);
const evidence =
  '{"sim":"present","airplane":"off","path":"cellular","cellularWorks":true,"slot":0,"slotCarrier":"Jio"}';
const system = '{"family":"android","version":16,"patchLevel":202609}';

const calls: readonly string[] = [
  `{"do":"start","number":"+919811111111","fingerprint":"f","replaces":false,"app":51,"system":${system},"evidence":${evidence},"slot":0,"carrier":"Jio"}`,
  `{"do":"start","number":"+919811111111","fingerprint":"f","replaces":true,"app":51,"system":${system},"evidence":${evidence},"way":"passkey","subscription":"s"}`,
  `{"do":"status","attempt":"${attempt}"}`,
  `{"do":"left","attempt":"${attempt}","how":"charge-notice"}`,
  `{"do":"composer","attempt":"${attempt}","awayMs":1800}`,
  `{"do":"sent-item","attempt":"${attempt}","state":"delivered","slot":1}`,
  `{"do":"code","attempt":"${attempt}","code":"12345678","isRead":true}`,
  `{"do":"number","attempt":"${attempt}","code":"abc"}`,
  `{"do":"passkey","attempt":"${attempt}","credential":"id","clientData":"e30","authenticatorData":"AAAA","signature":"AAAA"}`,
  '{"do":"log-in","sim":"present","subscriptions":["a","b"]}',
  '{"do":"sim-changed"}',
];
const approvals: readonly string[] = [
  '{"do":"approve","words":"ABCD-2345"}',
  '{"do":"add-passkey","clientData":"e30","attestationObject":"o2NmbXQ"}',
];
const jsonParts: readonly string[] = [
  ...'{}[]",:\\'.split(''),
  '"do":"start",',
  '"attempt":"',
  '"__proto__":{},',
  '"constructor":1,',
  '\\ud800',
  '\u0000',
  'null',
  '1e999',
  '-1',
  '2147483648',
  'A'.repeat(200),
  '[[[[[[[[',
  '\ufeff',
];

const token = 'Ab3#'.repeat(9);
const texts: readonly string[] = [
  smsText('Demo Bank', token),
  token,
  `  ${token}\n${token}`,
  `${token} ${'Zz9!'.repeat(9)}`,
];
const textParts: readonly string[] = [
  ' ',
  '\n',
  '\u00a0',
  '\u2028',
  token,
  'Zz9!'.repeat(9),
  '#',
  '€',
  'x'.repeat(300),
];

const numbers: readonly string[] = ['+919811111111', '00919811111111', '919811111111'];
const numberParts: readonly string[] = ['+', '00', '0', '٣', ' ', '-', '\n', '9'.repeat(9)];

const head = 'as-of,2026-11-20T00:00:00Z,count,';
const feeds: readonly string[] = [
  `${head}2\n+919811111111\n919822222222\n`,
  `${head}1\n+919811111111,medium\n`,
  `${head}0`,
];
const feedParts: readonly string[] = [
  '\n',
  '\r',
  ',',
  head,
  'low',
  'very-high',
  '+91',
  '2026-02-30',
  'count,9',
  '\u0000',
];

const answers: readonly string[] = [
  '{"devicePhoneNumberVerified":true}',
  '{"latestSimChange":"2026-11-20T12:00:00.5+05:30"}',
  '{"latestSimChange":null,"monitoredPeriod":30}',
];

type Check = (text: string, refused: Record<string, number>) => boolean;

const e164 = /^\+[1-9][0-9]{7,14}$/;

/** What was taken, as it was sent: octets in the one spelling that base64url has. */
const spelled = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return toBase64Url(Uint8Array.from(value));
  if (Array.isArray(value)) return value.map(spelled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => (member === undefined ? [] : [[name, spelled(member)]])),
  );
};

const checkCall =
  (read: (body: Uint8Array) => unknown, most: number): Check =>
  (text, refused) => {
    const body = utf8(text);
    const call = read(body);
    if (call === undefined) {
      tally(refused, 'no-call');
      return false;
    }
    if (body.length > most * 4) throw new Error('longer than any call');
    if (!isDeepStrictEqual(spelled(call), spelled(JSON.parse(text)))) throw new Error('read differently');
    return true;
  };

const noted = <Value>(read: Result<Value, string>, refused: Record<string, number>): Value | undefined => {
  if (read.ok) return read.value;
  if (!/^[a-z]+\.[a-z-]+$/.test(read.code)) throw new Error(`no code: ${read.code}`);
  tally(refused, read.code);
  return undefined;
};

const checkText: Check = (text, refused) => {
  const found = noted(readToken(text), refused);
  if (found === undefined) return false;
  if (!isTokenShaped(found) || !text.includes(found)) throw new Error('no token of this text');
  const again = readToken(smsText('Demo Bank', found));
  if (!again.ok || again.value !== found) throw new Error('not read again');
  return true;
};

const checkNumber: Check = (text, refused) => {
  const number = noted(readMsisdn(text), refused);
  if (number === undefined) return false;
  const again = readMsisdn(number);
  if (!e164.test(number) || !again.ok || again.value !== number) throw new Error('not the one spelling');
  return true;
};

const checkFeed: Check = (text, refused) => {
  const found = [noted(readRevocationFeed(text, 1000), refused), noted(readRiskFeed(text, 1000), refused)];
  for (const feed of found)
    if (feed !== undefined && ![...feed.entries.keys()].every((number) => e164.test(number)))
      throw new Error('an entry that is no number');
  // A line has a band or it has none: only an empty list is both.
  if (found.every((feed) => feed !== undefined && feed.entries.size > 0)) throw new Error('read as both lists');
  return found.some((feed) => feed !== undefined);
};

const checkAnswer: Check = (text, refused) => {
  const parsed = parseJson(text);
  if (!parsed.ok) {
    tally(refused, 'no-json');
    return false;
  }
  const swapped = noted(readSwapDate(parsed.value, 3), refused);
  if (typeof swapped === 'number' && !Number.isSafeInteger(swapped)) throw new Error('no instant');
  return swapped !== undefined || noted(readVerified(parsed.value), refused) !== undefined;
};

const parts: readonly { readonly make: (random: Random) => string; readonly check: Check }[] = [
  { make: (random) => mutant(random, calls, jsonParts), check: checkCall(readBindCall, maxBindBytes) },
  { make: (random) => mutant(random, calls, jsonParts), check: checkCall(readBindCall, maxBindBytes) },
  { make: (random) => mutant(random, approvals, jsonParts), check: checkCall(readApprovalCall, maxApprovalBytes) },
  { make: (random) => mutant(random, texts, textParts), check: checkText },
  { make: (random) => mutant(random, numbers, numberParts), check: checkNumber },
  { make: (random) => mutant(random, feeds, feedParts), check: checkFeed },
  { make: (random) => mutant(random, answers, jsonParts), check: checkAnswer },
];

/** Runs `count` mutants, each part in turn. */
export const fuzzBinding = (count: number, seed: number): FuzzOutcome => {
  const random = randomOf(seed);
  const refused: Record<string, number> = {};
  let accepted = 0;
  for (let left = count; left > 0; left -= 1) {
    const part = parts[left % parts.length];
    const text = part?.make(random) ?? '';
    try {
      if (part?.check(text, refused) === true) accepted += 1;
    } catch (cause) {
      throw new Error(`binding broke on ${JSON.stringify(text)}`, { cause });
    }
  }
  return { accepted, refused };
};

if (import.meta.main) runFuzzCommand('binding', fuzzBinding);
