/** Masks: what is put in the place of personal data, by detector in free text and by path in JSON. */
import type { JsonValue } from '@hauberk/primitives';
import { type DetectorName, detect } from './detectors.ts';

/** What becomes of a value at a path. */
export const maskActions = ['remove', 'hide', 'last-four', 'keep'] as const;
/** One of them. */
export type MaskAction = (typeof maskActions)[number];

/** A rule: the path is a JSON Pointer (RFC 6901) in which a part `*` stands for any member or element. */
export interface MaskRule {
  readonly path: string;
  readonly action: MaskAction;
}

/** A policy of masks: the first rule whose path fits decides; texts that no rule keeps go through the detectors. */
export interface MaskPolicy {
  readonly rules: readonly MaskRule[];
  /** Detectors that are left out. */
  readonly without: readonly DetectorName[];
}

/** Detectors everywhere, and no rules. */
export const usualMask: MaskPolicy = { rules: [], without: [] };

const lastFour = (text: string): string => {
  const kept = text.replace(/[^0-9A-Za-z]/g, '');
  return kept.length >= 8 ? `****${kept.slice(-4)}` : '****';
};

/** Finds of a card or an account keep four characters, by which support finds the right one; all others keep none. */
const maskOf = (detector: DetectorName, text: string): string =>
  detector === 'card' || detector === 'iban' ? `[${detector} ${lastFour(text)}]` : `[${detector}]`;

/** Free text with every find replaced by what was found. */
export const maskText = (text: string, without: readonly DetectorName[] = []): string => {
  let masked = '';
  let done = 0;
  for (const { detector, from, to } of detect(text)) {
    if (without.includes(detector)) continue;
    masked += text.slice(done, from) + maskOf(detector, text.slice(from, to));
    done = to;
  }
  return done === 0 ? text : masked + text.slice(done);
};

const partsOf = (path: string): readonly string[] =>
  path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

interface Rule {
  readonly parts: readonly string[];
  readonly action: MaskAction;
}

const fits = ({ parts }: Rule, path: readonly string[]): boolean =>
  parts.length === path.length && parts.every((part, index) => part === '*' || part === path[index]);

const applied = (action: MaskAction, value: JsonValue): JsonValue | undefined => {
  if (action === 'remove') return undefined;
  if (action === 'keep') return value;
  return action === 'last-four' && (typeof value === 'string' || typeof value === 'number')
    ? lastFour(String(value))
    : '****';
};

const maskAt = (
  value: JsonValue,
  path: readonly string[],
  rules: readonly Rule[],
  policy: MaskPolicy,
): JsonValue | undefined => {
  const rule = rules.find((each) => fits(each, path));
  if (rule !== undefined) return applied(rule.action, value);
  if (typeof value === 'string') return maskText(value, policy.without);
  if (typeof value === 'number') return maskNumber(value, policy);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return (value as readonly JsonValue[]).map(
      (each, index) => maskAt(each, [...path, String(index)], rules, policy) ?? null,
    );
  const members = Object.entries(value).flatMap(([name, each]) => {
    const masked = maskAt(each, [...path, name], rules, policy);
    return masked === undefined ? [] : [[maskText(name, policy.without), masked] as const];
  });
  return Object.fromEntries(members);
};

/** A number may be a card too: whole ones of eleven digits and more are looked at as text. */
const maskNumber = (value: number, { without }: MaskPolicy): JsonValue => {
  if (!Number.isSafeInteger(value) || value < 1e10) return value;
  const masked = maskText(String(value), without);
  return masked === String(value) ? value : masked;
};

/** Takes personal data out of JSON values. An element that is removed becomes null, a member that is removed is gone. */
export type Mask = (value: JsonValue) => JsonValue;

/** A policy with its paths read once, for many values. */
export const compileMask = (policy: MaskPolicy = usualMask): Mask => {
  const rules = policy.rules.map(({ path, action }) => ({ parts: partsOf(path), action }));
  return (value) => maskAt(value, [], rules, policy) ?? null;
};
