/**
 * What a request says that its decision is made on. Read where both sides read the same: a body with doubled members, or one that is no plain
 * JSON, is not guessed at, for whoever can make two readers disagree would choose what is judged.
 */
import type { VerifiedRequest } from '@hauberk/channel';
import { accept, type Result, refuse } from '@hauberk/primitives';
import { bodyOnce, parameterValues, plainValuesAt } from '../gateway/grants.ts';
import type { JsonPointer, Route } from '../gateway/route.ts';
import { canonicalId } from './canonical-id.ts';
import type { DecisionRule, FactSource, NamedSource } from './decision-rule.ts';

/** A business fact. */
export type FactValue = string | number | boolean;

/** What a request says. */
export interface Subject {
  /** Kind → id in its one spelling; never kept as it is. */
  readonly entities: Readonly<Record<string, string>>;
  readonly facts: Readonly<Record<string, FactValue>>;
  /** Minor units; NaN when the request has none. */
  readonly amountMinor: number;
  /** Whether a member is there that no honest client sends. */
  readonly hasHoney: boolean;
}

/** Longest text of a fact or an id, in characters. */
const maxText = 256;

type Read = Pick<VerifiedRequest, 'target' | 'headers' | 'body'>;
type Values = readonly unknown[] | undefined;

const inBody = (request: Read, pointer: JsonPointer): Values =>
  request.body.length === 0 ? [] : plainValuesAt(request.headers, bodyOnce(request), pointer);

const valuesOf = (route: Route, request: Read, from: FactSource): Values =>
  from.in === 'body' ? inBody(request, from.pointer) : parameterValues(route, request, from);

const unreadable = (name: string) => refuse('decision.unreadable' as const, name);

/** One value; undefined when there is none or it is null. */
const oneValue = (values: Values, name: string): Result<FactValue | undefined, 'decision.unreadable'> => {
  if (values === undefined || values.length > 1) return unreadable(name);
  const [value] = values;
  if (values.length === 0 || value === null) return accept(undefined);
  if (typeof value === 'string') return value.length <= maxText ? accept(value) : unreadable(name);
  return typeof value === 'number' || typeof value === 'boolean' ? accept(value) : unreadable(name);
};

const readAll = (
  route: Route,
  request: Read,
  sources: readonly NamedSource[],
): Result<Readonly<Record<string, FactValue>>, 'decision.unreadable'> => {
  const read: Record<string, FactValue> = {};
  for (const { name, from } of sources) {
    const value = oneValue(valuesOf(route, request, from), name);
    if (!value.ok) return value;
    if (value.value !== undefined) read[name] = value.value;
  }
  return accept(read);
};

const readEntities = (
  route: Route,
  request: Read,
  sources: readonly NamedSource[],
): Result<Readonly<Record<string, string>>, 'decision.unreadable'> => {
  const read = readAll(route, request, sources);
  if (!read.ok) return read;
  const ids: Record<string, string> = {};
  for (const [name, value] of Object.entries(read.value)) {
    if (typeof value === 'boolean' || (typeof value === 'number' && !Number.isSafeInteger(value)))
      return unreadable(name);
    const id = canonicalId(String(value));
    if (id !== '') ids[name] = id;
  }
  return accept(ids);
};

const readAmount = (request: Read, pointer: JsonPointer | undefined): Result<number, 'decision.unreadable'> => {
  if (pointer === undefined) return accept(Number.NaN);
  const value = oneValue(inBody(request, pointer), 'amount');
  if (!value.ok) return value;
  if (value.value === undefined) return accept(Number.NaN);
  return Number.isSafeInteger(value.value) && (value.value as number) >= 0
    ? accept(value.value as number)
    : unreadable('amount');
};

/** Whether any honey is there. A body that cannot be read has none that the upstream would read either way. */
const hasHoney = (request: Read, honey: DecisionRule['honey']): boolean =>
  honey.some((pointer) => (inBody(request, pointer)?.length ?? 0) > 0);

/** Reads what a request says, or refuses it where two readers might read otherwise. */
export const readSubject = (
  rule: DecisionRule,
  route: Route,
  request: Read,
): Result<Subject, 'decision.unreadable'> => {
  const entities = readEntities(route, request, rule.entities);
  if (!entities.ok) return entities;
  const facts = readAll(route, request, rule.facts);
  if (!facts.ok) return facts;
  const amount = readAmount(request, rule.amount);
  if (!amount.ok) return amount;
  return accept({
    entities: entities.value,
    facts: facts.value,
    amountMinor: amount.value,
    hasHoney: hasHoney(request, rule.honey),
  });
};
