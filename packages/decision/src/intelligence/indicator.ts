/** An indicator of STIX → what the request path can look for. What it cannot is told apart, kept for hunting and never half applied. */
import { accept, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import { entityType, isSharedKind } from './entity-object.ts';
import { networkKey, readNetwork } from './network.ts';
import { type Comparison, type Observations, type PatternCode, type PatternValue, readPattern } from './pattern.ts';
import type { StixObject } from './stix-object.ts';
import { instantOf } from './stix-time.ts';

/** What is looked for. */
export const soughtKinds = ['network', 'domain', 'url', 'file', 'certificate', 'entity'] as const;
/** One of them. */
export type SoughtKind = (typeof soughtKinds)[number];

/** One thing to look for: its kind and the text that it is found by. */
export interface Sought {
  readonly kind: SoughtKind;
  readonly key: string;
}

/** An indicator that is looked for. */
export interface Indicator {
  readonly id: string;
  readonly name: string;
  readonly modifiedMs: EpochMs;
  readonly fromMs: EpochMs;
  /** Undefined: until it is revoked or its confidence is gone. */
  readonly untilMs: EpochMs | undefined;
  /** 0 to 100, as its maker gave it; 50 unless told. */
  readonly confidence: number;
  readonly sought: readonly Sought[];
}

/** Why an indicator is not looked for. */
export type IndicatorCode =
  | PatternCode
  | 'indicator.type'
  | 'indicator.language'
  | 'indicator.too-many'
  | 'indicator.not-in-path';

/** Most things that one indicator looks for. */
export const maxSought = 2000;
const unknownConfidence = 50;

/** How an entity is found: kind, key name and digest. */
export const entityKey = (kind: string, scheme: string, digest: string): string =>
  `${kind} ${scheme} ${digest.toLowerCase()}`;

type Test = Extract<Comparison, { readonly kind: 'test' }>;

const digestForms: Readonly<Record<string, RegExp>> = {
  'SHA-256': /^[0-9a-f]{64}$/,
  'SHA-1': /^[0-9a-f]{40}$/,
  MD5: /^[0-9a-f]{32}$/,
};

const digestOf = (path: readonly (string | number)[], value: PatternValue): string | undefined => {
  const [first, name = ''] = path;
  const form = first === 'hashes' && typeof name === 'string' ? digestForms[name] : undefined;
  const digest = typeof value === 'string' ? value.toLowerCase() : '';
  return form?.test(digest) === true ? digest : undefined;
};

const soughtOf = ({ path: { type, steps } }: Test, value: PatternValue): Sought | undefined => {
  if (typeof value !== 'string') return undefined;
  if (type === 'file' || type === 'x509-certificate') {
    const digest = digestOf(steps, value);
    return digest === undefined ? undefined : { kind: type === 'file' ? 'file' : 'certificate', key: digest };
  }
  if (steps.length !== 1 || steps[0] !== 'value') return undefined;
  if (type === 'domain-name') return { kind: 'domain', key: value.toLowerCase().replace(/\.$/, '') };
  if (type === 'url') return { kind: 'url', key: value };
  const network = type === 'ipv4-addr' || type === 'ipv6-addr' ? readNetwork(value) : undefined;
  return network === undefined ? undefined : { kind: 'network', key: networkKey(network) };
};

const soughtOfTest = (test: Test): readonly Sought[] | undefined => {
  const { operator, isNegated, values, path } = test;
  const isNetwork = path.type === 'ipv4-addr' || path.type === 'ipv6-addr';
  const isSimple = operator === '=' || operator === 'IN' || (operator === 'ISSUBSET' && isNetwork);
  if (isNegated || !isSimple) return undefined;
  const sought = values.map((value) => soughtOf(test, value));
  return sought.every((each) => each !== undefined) ? sought : undefined;
};

/** Texts that an equality or IN test of a member allows. */
const textsOf = (parts: readonly Comparison[], member: string): readonly string[] => {
  const test = parts.find((part) => part.kind === 'test' && part.path.steps[0] === member);
  if (test?.kind !== 'test' || test.isNegated || (test.operator !== '=' && test.operator !== 'IN')) return [];
  return test.values.filter((value) => typeof value === 'string');
};

const soughtEntities = (parts: readonly Comparison[]): readonly Sought[] | undefined => {
  const isEntity = (part: Comparison): boolean =>
    part.kind === 'test' && part.path.type === entityType && part.path.steps.length === 1;
  if (parts.length !== 3 || !parts.every(isEntity)) return undefined;
  const [kind] = textsOf(parts, 'entity_kind');
  const [scheme] = textsOf(parts, 'digest_scheme');
  const digests = textsOf(parts, 'digest');
  if (!isSharedKind(kind) || scheme === undefined || digests.length === 0) return undefined;
  if (!digests.every((digest) => /^[0-9a-fA-F]{32,64}$/.test(digest))) return undefined;
  return digests.map((digest) => ({ kind: 'entity', key: entityKey(kind, scheme, digest) }));
};

const soughtOfComparison = (comparison: Comparison): readonly Sought[] | undefined => {
  if (comparison.kind === 'test') return soughtOfTest(comparison);
  if (comparison.kind === 'and') return soughtEntities(comparison.parts);
  const parts = comparison.parts.map(soughtOfComparison);
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
};

const soughtOfPattern = (pattern: Observations): readonly Sought[] | undefined => {
  if (pattern.kind === 'observation') return soughtOfComparison(pattern.comparison);
  if (pattern.kind !== 'or') return undefined;
  const parts = pattern.parts.map(soughtOfPattern);
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
};

const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

/** Makes an indicator of an object. */
export const readIndicator = (object: StixObject): Result<Indicator, IndicatorCode> => {
  if (object.type !== 'indicator') return refuse('indicator.type');
  if (object['pattern_type'] !== 'stix')
    return refuse('indicator.language', textOr(object['pattern_type'], '').slice(0, 32));
  const pattern = readPattern(textOr(object['pattern'], ''));
  if (!pattern.ok) return pattern;
  const sought = soughtOfPattern(pattern.value);
  if (sought === undefined || sought.length === 0) return refuse('indicator.not-in-path');
  if (sought.length > maxSought) return refuse('indicator.too-many', `over ${maxSought}`);
  const [modifiedMs, fromMs] = [instantOf(object['modified']), instantOf(object['valid_from'])];
  if (modifiedMs === undefined || fromMs === undefined) return refuse('indicator.type', 'modified, valid_from');
  const { confidence } = object;
  return accept({
    id: object.id,
    name: textOr(object['name'], object.id).slice(0, 256),
    modifiedMs,
    fromMs,
    untilMs: instantOf(object['valid_until']),
    confidence: typeof confidence === 'number' ? confidence : unknownConfidence,
    sought,
  });
};
