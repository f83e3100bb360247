/** Which fields a policy may name, and where their values lie in the facts of an event. */
import type { PolicyType, PolicyValue } from './syntax.ts';

/** Fields by path. The place of a field is its place among the facts. */
export interface PolicySchema {
  readonly fields: ReadonlyMap<string, { readonly type: PolicyType; readonly place: number }>;
  /** Names of lists that policies may ask. */
  readonly lists: readonly string[];
}

/** Facts of one event, in the order of the schema; undefined is missing. */
export type Facts = readonly PolicyValue[];
/** The lists of a schema, in its order. */
export type Lists = readonly ReadonlySet<string>[];

/** Makes a schema of fields in the given order. */
export const policySchema = (
  fields: Readonly<Record<string, PolicyType>>,
  lists: readonly string[] = [],
): PolicySchema => ({
  fields: new Map(Object.entries(fields).map(([path, type], place) => [path, { type, place }])),
  lists,
});

/** Whether a value is of a type; a number that is none is not. */
export const fitsType = (value: unknown, type: PolicyType): value is PolicyValue => {
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value);
  if (type === 'text') return typeof value === 'string';
  if (type === 'truth') return typeof value === 'boolean';
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
};

/** Facts from values by path. A value of another type, or a number that is none, counts as missing; paths that the schema lacks are left out. */
export const factsFrom = ({ fields }: PolicySchema, values: Readonly<Record<string, unknown>>): Facts =>
  Array.from(fields, ([path, { type }]) => {
    const value = Object.hasOwn(values, path) ? values[path] : undefined;
    return fitsType(value, type) ? value : undefined;
  });
