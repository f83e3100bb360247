/**
 * What a pattern says of observations. Bindings are sets of observations that satisfy an expression; their number is bounded, and beyond the bound
 * nothing is said. MATCHES is not evaluated: an expression from outside may take a reader any time it likes.
 */
import { accept, type JsonValue, type Result, refuse } from '@hauberk/primitives';
import { holdsNetwork, readNetwork } from './network.ts';
import type { Comparison, ObjectPath, Observations, PatternValue } from './pattern.ts';
import { instantOf } from './stix-time.ts';

/** What was seen at a time: objects of STIX. */
export interface SeenAtOnce {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly objects: readonly Readonly<Record<string, JsonValue>>[];
}

/** Why nothing is said. */
export type MatchCode = 'pattern.too-many' | 'pattern.no-matches';

type Binding = readonly number[];
const maxBindings = 4096;

class MatchProblem extends Error {
  readonly code: MatchCode;
  constructor(code: MatchCode) {
    super(code);
    this.code = code;
  }
}

const isMembers = (value: JsonValue | undefined): value is Readonly<Record<string, JsonValue>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Values at a path below an object. */
const valuesAt = (value: JsonValue | undefined, steps: ObjectPath['steps']): readonly JsonValue[] => {
  const [step, ...rest] = steps;
  if (step === undefined) return value === undefined ? [] : [value];
  if (step === '*' && Array.isArray(value)) return value.flatMap((each: JsonValue) => valuesAt(each, rest));
  if (typeof step === 'number') return Array.isArray(value) ? valuesAt(value[step], rest) : [];
  return isMembers(value) && Object.hasOwn(value, step) ? valuesAt(value[step], rest) : [];
};

/** `%` stands for any characters, `_` for one. Two places to go back to at most, so the time is bounded by the product of the lengths. */
export const isLike = (text: string, pattern: string): boolean => {
  let [at, from, starAt, textAt] = [0, 0, -1, 0];
  while (at < text.length) {
    const sign = pattern[from];
    if (sign === '%') {
      starAt = from;
      textAt = at;
      from += 1;
    } else if (sign === '_' || sign === text[at]) {
      at += 1;
      from += 1;
    } else if (starAt >= 0) {
      from = starAt + 1;
      textAt += 1;
      at = textAt;
    } else return false;
  }
  while (pattern[from] === '%') from += 1;
  return from === pattern.length;
};

const comparable = (value: JsonValue): string | number | undefined => {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? (instantOf(value) ?? value) : undefined;
};

const isOrdered = (value: JsonValue, operator: string, wanted: PatternValue): boolean => {
  const [left, right] = [comparable(value), comparable(wanted)];
  if (left === undefined || right === undefined || typeof left !== typeof right) return false;
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
};

const isEqual = (value: JsonValue, wanted: PatternValue): boolean => {
  if (value === wanted) return true;
  const [left, right] = [instantOf(value), instantOf(wanted)];
  return left !== undefined && left === right;
};

const holdsText = (value: JsonValue, operator: string, wanted: PatternValue): boolean => {
  if (typeof value !== 'string' || typeof wanted !== 'string') return false;
  if (operator === 'LIKE') return isLike(value, wanted);
  const [one, other] = [readNetwork(value), readNetwork(wanted)];
  if (one === undefined || other === undefined) return false;
  return operator === 'ISSUBSET' ? holdsNetwork(other, one) : holdsNetwork(one, other);
};

const holds = (value: JsonValue, operator: string, values: readonly PatternValue[]): boolean => {
  const wanted = values[0] as PatternValue;
  switch (operator) {
    case '=':
      return isEqual(value, wanted);
    case '!=':
      return !isEqual(value, wanted);
    case 'IN':
      return values.some((each) => isEqual(value, each));
    case 'LIKE':
    case 'ISSUBSET':
    case 'ISSUPERSET':
      return holdsText(value, operator, wanted);
    case 'MATCHES':
      throw new MatchProblem('pattern.no-matches');
    case '<':
    case '<=':
    case '>':
    case '>=':
      return isOrdered(value, operator, wanted);
    case 'EXISTS':
      return true;
  }
  return false;
};

const showsObject = (comparison: Comparison, object: Readonly<Record<string, JsonValue>>): boolean => {
  if (comparison.kind !== 'test')
    return comparison.kind === 'and'
      ? comparison.parts.every((part) => showsObject(part, object))
      : comparison.parts.some((part) => showsObject(part, object));
  const { path, operator, values, isNegated } = comparison;
  if (object['type'] !== path.type) return false;
  // No value at the path: no comparison is true, negated or not (section 9.6).
  return valuesAt(object, path.steps).some((value) => holds(value, operator, values) !== isNegated);
};

/** Whether one observation shows what a comparison asks. */
export const shows = (comparison: Comparison, { objects }: SeenAtOnce): boolean =>
  comparison.kind === 'or'
    ? comparison.parts.some((part) => objects.some((object) => showsObject(part, object)))
    : objects.some((object) => showsObject(comparison, object));

const capped = (bindings: readonly Binding[]): readonly Binding[] => {
  if (bindings.length > maxBindings) throw new MatchProblem('pattern.too-many');
  return bindings;
};

const areDisjoint = (left: Binding, right: Binding): boolean => !right.some((each) => left.includes(each));

class Matcher {
  readonly #seen: readonly SeenAtOnce[];

  constructor(seen: readonly SeenAtOnce[]) {
    this.#seen = seen;
  }

  bindings(of: Observations): readonly Binding[] {
    switch (of.kind) {
      case 'observation':
        return this.#seen.flatMap((each, index) => (shows(of.comparison, each) ? [[index]] : []));
      case 'or':
        return capped(of.parts.flatMap((part) => this.bindings(part)));
      case 'and':
        return this.#joined(of.parts, areDisjoint);
      case 'followed-by':
        return this.#joined(of.parts, (left, right) => areDisjoint(left, right) && this.#isBefore(left, right));
      case 'within':
        return this.bindings(of.of).filter(
          (binding) => this.#last(binding) - this.#first(binding) <= of.seconds * 1000,
        );
      case 'between':
        return this.bindings(of.of).filter(
          (binding) => this.#first(binding) >= of.startMs && this.#last(binding) < of.stopMs,
        );
      case 'repeats':
        return this.#repeated(this.bindings(of.of), of.times);
    }
  }

  #joined(parts: readonly Observations[], fit: (left: Binding, right: Binding) => boolean): readonly Binding[] {
    const [first, ...others] = parts.map((part) => this.bindings(part));
    let joined = first ?? [];
    for (const other of others) {
      const next: Binding[] = [];
      for (const left of joined)
        for (const right of other) {
          if (fit(left, right)) next.push([...left, ...right]);
          if (next.length > maxBindings) throw new MatchProblem('pattern.too-many');
        }
      joined = next;
    }
    return joined;
  }

  /** So many bindings that share nothing, in the order of time: one run of them, the tightest that ends at each. */
  #repeated(bindings: readonly Binding[], times: number): readonly Binding[] {
    if (times > bindings.length) return [];
    const byTime = [...bindings].sort((left, right) => this.#first(left) - this.#first(right));
    const runs: Binding[] = [];
    for (let end = 0; end < byTime.length; end += 1) {
      const run: number[] = [];
      let taken = 0;
      for (let at = end; at >= 0 && taken < times; at -= 1) {
        const binding = byTime[at] as Binding;
        if (!areDisjoint(run, binding)) continue;
        run.push(...binding);
        taken += 1;
      }
      if (taken === times) runs.push(run);
    }
    return capped(runs);
  }

  #isBefore(left: Binding, right: Binding): boolean {
    return this.#last(left) <= this.#first(right);
  }

  #first(binding: Binding): number {
    return Math.min(...binding.map((index) => this.#seen[index]?.firstMs ?? 0));
  }

  #last(binding: Binding): number {
    return Math.max(...binding.map((index) => this.#seen[index]?.lastMs ?? 0));
  }
}

/** Whether observations satisfy a pattern. */
export const matchesPattern = (
  pattern: Observations,
  observations: readonly SeenAtOnce[],
): Result<boolean, MatchCode> => {
  try {
    return accept(new Matcher(observations).bindings(pattern).length > 0);
  } catch (error) {
    if (error instanceof MatchProblem) return refuse(error.code);
    throw error;
  }
};
