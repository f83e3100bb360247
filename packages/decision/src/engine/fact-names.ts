/** Names and types of facts: what a policy may ask, and what a model is given. The page docs/decision-engine.md lists them. */
import { entityFeatures } from '../learn/entity-features.ts';
import type { PolicyType } from '../policy/syntax.ts';

/** A name with its type. */
export type NamedFact = readonly [name: string, type: PolicyType];

/** Spans of the windows that every entity has. */
export const windowSpans = ['1m', '10m', '1h', '24h', '7d', '30d'] as const;
/** One of them. */
export type WindowSpan = (typeof windowSpans)[number];

/** Facts of the event itself. Hours and weekdays (0 is Sunday) are those of the schema's zone. */
export const eventFacts: readonly NamedFact[] = [
  ['event.type', 'text'],
  ['event.atMs', 'number'],
  ['event.amountMinor', 'number'],
  ['event.hour', 'number'],
  ['event.minuteOfDay', 'number'],
  ['event.weekday', 'number'],
  ['event.isDuplicate', 'truth'],
];

/** Facts of the context. */
export const contextFacts: readonly NamedFact[] = [
  ['channel.result', 'text'],
  ['channel.isVerified', 'truth'],
  ['channel.mode', 'text'],
  ['channel.clockSkewMs', 'number'],
  ['device.tier', 'number'],
  ['device.isAttested', 'truth'],
  ['device.isAppApproved', 'truth'],
  ['device.bootState', 'text'],
  ['device.isLocked', 'truth'],
  ['device.score', 'number'],
  ['device.band', 'text'],
  ['binding.state', 'text'],
  ['identity.aliasConfidence', 'number'],
  ['identity.isPossibleTwin', 'truth'],
  ['cluster.size', 'number'],
  ['cluster.kinds', 'number'],
  ['cluster.score', 'number'],
  ['cluster.grade', 'text'],
  ['signals.codes', 'texts'],
  ['signals.fromTee', 'texts'],
  ['signals.count', 'number'],
  ['traps.touched', 'texts'],
];

/** Facts of the model. */
export const modelFacts: readonly NamedFact[] = [
  ['model.score', 'number'],
  ['model.reasons', 'texts'],
];

const perSpan = (name: string): readonly NamedFact[] => windowSpans.map((span) => [`${name}${span}`, 'number']);

/** What the facts of a kind begin with: the kind itself, or the attribute whose values have profiles (`=NAME`; `=type` is the event's). */
export const factPrefix = (kind: string): string => {
  if (!kind.startsWith('=')) return kind;
  return kind === '=type' ? 'event.type' : `attr.${kind.slice(1)}`;
};

/** The fact that a feature of a model is: kinds `=NAME` stand under their prefix there. */
export const factOfFeature = (feature: string): string => {
  const dot = feature.lastIndexOf('.');
  return feature.startsWith('=') && dot > 0
    ? `${factPrefix(feature.slice(0, dot))}.${feature.slice(dot + 1)}`
    : feature;
};

/** Facts of an entity, as it was before the event: its windows, its habits, and what is known of its frauds. `kind` is what they begin with. */
export const entityFacts = (kind: string, others: readonly string[]): readonly NamedFact[] => {
  const windows = [
    ...perSpan(`${kind}.count`),
    ...perSpan(`${kind}.sum`),
    ...others.flatMap((other) => perSpan(`${kind}.distinct.${other}`)),
  ];
  const named = new Set(windows.map(([name]) => name));
  const learnt = entityFeatures(kind).filter((name) => !named.has(name));
  return [
    [`${kind}.id`, 'text'],
    [`${kind}.isNew`, 'truth'],
    [`${kind}.ageHours`, 'number'],
    [`${kind}.idleHours`, 'number'],
    ...windows,
    ...learnt.map((name): NamedFact => [name, 'number']),
  ];
};

/** The fact of a signal: its code with hyphens as underscores, so that a policy can name it. */
export const signalFact = (code: string): string => `signal.${code.replaceAll('-', '_')}`;

/** First segments that no kind of entity may have; `device` is a kind and has facts of the context beside. */
export const reservedNames: readonly string[] = [
  'event',
  'attr',
  'channel',
  'binding',
  'identity',
  'cluster',
  'signal',
  'signals',
  'traps',
  'model',
  'list',
  'has',
  'true',
  'false',
  'in',
];
