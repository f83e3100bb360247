/** Mutations of texts, bytes and JSON payloads, all from one seeded generator. */
import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '@hauberk/primitives';

/** A source of numbers in [0, 1). */
export type Random = () => number;

const below = (random: Random, limit: number): number => Math.floor(random() * limit);
const pick = <Value>(random: Random, values: readonly Value[], other: Value): Value =>
  values[below(random, values.length)] ?? other;

const strange = [
  '',
  ' ',
  '.',
  '"',
  '\\',
  ';',
  ')',
  '=',
  '\u0000',
  '\u00a0',
  '\ud800',
  '\uffff',
  'A'.repeat(3000),
  '-1',
  '9'.repeat(20),
];

/** One change to a text: a character, a piece, a strange insertion, or a piece of another text. */
export const mutateText = (random: Random, text: string, other: string): string => {
  const at = below(random, text.length + 1);
  const to = Math.min(text.length, at + below(random, 12));
  switch (below(random, 6)) {
    case 0:
      return (
        text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << below(random, 7))) + text.slice(at + 1)
      );
    case 1:
      return text.slice(0, at) + text.slice(to);
    case 2:
      return text.slice(0, at) + text.slice(at, to) + text.slice(at);
    case 3:
      return text.slice(0, at) + pick(random, strange, '') + text.slice(to);
    case 4:
      return text.slice(0, at) + other.slice(at);
    default:
      return text.slice(0, at) + other.slice(at, to) + text.slice(to);
  }
};

/** One change to bytes. */
export const mutateBytes = (random: Random, bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  const changed = Uint8Array.from(bytes);
  const at = below(random, bytes.length);
  switch (below(random, 3)) {
    case 0:
      return changed.slice(0, at);
    case 1:
      return Uint8Array.from([...changed, below(random, 256)]);
    default:
      changed[at] = (changed[at] ?? 0) ^ (1 << below(random, 8));
      return changed;
  }
};

const oddValues: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 53,
  '',
  'x',
  'A'.repeat(9000),
  [],
  [null],
  {},
  { kid: 'x' },
  '__proto__',
];

/** One change somewhere inside a JSON value: a member lost, added or of another kind. */
export const mutateJson = (random: Random, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || random() < 0.2) return pick(random, oddValues, null);
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value;
    const at = below(random, list.length);
    return list.length === 0 || random() < 0.3 ? [...list, ...list, null] : list.with(at, mutateJson(random, list[at]));
  }
  const entries = Object.entries(value);
  const at = below(random, entries.length + 1);
  const [name, held] = entries[at] ?? [pick(random, ['extra', '__proto__', 'constructor', 'v'], 'extra'), null];
  const rest = entries.filter(([other]) => other !== name);
  return random() < 0.2 ? Object.fromEntries(rest) : Object.fromEntries([...rest, [name, mutateJson(random, held)]]);
};

/** The JSON value of a base64url payload. */
export const payloadJson = (text: string): unknown =>
  JSON.parse(fromUtf8(fromBase64Url(text.split('.')[0] ?? '') ?? new Uint8Array(0)) ?? 'null');

/** A document whose payload was changed as JSON, its other parts left. */
export const mutatePayload = (random: Random, text: string): string => {
  const [, ...rest] = text.split('.');
  return [toBase64Url(utf8(JSON.stringify(mutateJson(random, payloadJson(text))) ?? 'null')), ...rest].join('.');
};
