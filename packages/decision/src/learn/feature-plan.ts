/** Which numbers a model gets of an event: found out from the events themselves, then fixed and kept with the model. */
import type { RiskEvent } from '../event.ts';
import { entityFeatures } from './entity-features.ts';

/** The plan. Everything is in the order of names, so that it does not hang on the order of events. */
export interface FeaturePlan {
  /** Kinds of entities with a profile. A kind `=name` is a text attribute whose values have profiles like any entity. */
  readonly kinds: readonly string[];
  /** Attributes with numbers or truth values. */
  readonly numbers: readonly string[];
}

/** Most kinds, and most numeric attributes, that a plan takes: the most frequent. */
export const maxPlanned = 16;
/** A text attribute counts as a kind when its values come back: fewer different ones than this share of events. */
const leastReturn = 0.5;

interface Seen {
  count: number;
  readonly values: Set<string>;
}

const mostSeen = (counts: ReadonlyMap<string, number>): readonly string[] =>
  [...counts]
    .sort(([left, many], [right, most]) => most - many || (left < right ? -1 : 1))
    .slice(0, maxPlanned)
    .map(([name]) => name)
    .sort();

const countUp = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1);
};

/** Most values of a text attribute that are remembered while planning. */
const maxValues = 65_536;

const seeText = (texts: Map<string, Seen>, name: string, value: string): void => {
  const seen = texts.get(name) ?? { count: 0, values: new Set() };
  seen.count += 1;
  if (seen.values.size < maxValues) seen.values.add(value);
  texts.set(name, seen);
};

/** Plans features for events like these. */
export const planFeatures = (events: Iterable<RiskEvent>): FeaturePlan => {
  const kinds = new Map<string, number>();
  const numbers = new Map<string, number>();
  const texts = new Map<string, Seen>();
  for (const event of events) {
    for (const kind of Object.keys(event.entities)) countUp(kinds, kind);
    for (const [name, value] of Object.entries(event.attributes))
      if (typeof value === 'string') seeText(texts, name, value);
      else countUp(numbers, name);
    seeText(texts, 'type', event.type);
  }
  for (const [name, { count, values }] of texts)
    if (values.size > 1 && values.size < count * leastReturn) kinds.set(`=${name}`, count);
  return { kinds: mostSeen(kinds), numbers: mostSeen(numbers) };
};

/** The names of a plan's features, in the order of a vector. */
export const featureNames = ({ kinds, numbers }: FeaturePlan): readonly string[] => [
  'amount',
  'hour',
  'weekday',
  ...numbers,
  ...kinds.flatMap(entityFeatures),
];

/** The id of an event's entity of a kind; undefined when it has none. */
export const entityIdOf = (event: RiskEvent, kind: string): string | undefined => {
  if (!kind.startsWith('=')) return event.entities[kind];
  const name = kind.slice(1);
  const value = event.attributes[name];
  if (typeof value === 'string') return value;
  return name === 'type' ? event.type : undefined;
};
