/**
 * The schema of facts: dotted names with types for the policy language, made from what scenes declare. It is content-addressed, so that a record can
 * say what its facts mean.
 */
import { accept, type JsonValue, type Result, refuse } from '@hauberk/primitives';
import { type PolicySchema, policySchema } from '../policy/schema.ts';
import type { PolicyType } from '../policy/syntax.ts';
import {
  contextFacts,
  entityFacts,
  eventFacts,
  factPrefix,
  modelFacts,
  reservedNames,
  signalFact,
} from './fact-names.ts';

/** The type of an attribute or a signal. */
export type ScalarType = 'number' | 'text' | 'truth';

/** What the engine needs to know of a scene: its code is the `type` of its events. */
export interface SceneFacts {
  readonly code: string;
  /** Attributes that events of the scene may have, with their types. */
  readonly attributes: Readonly<Record<string, ScalarType>>;
  /** Kinds of entities that events of the scene may have. */
  readonly entities: readonly string[];
}

/** What a schema is made from. */
export interface SchemaDeclaration {
  readonly scenes: readonly SceneFacts[];
  /** Signals that policies may name one by one, by code. */
  readonly signals?: Readonly<Record<string, ScalarType>>;
  /** Names of lists that policies may ask. */
  readonly lists?: readonly string[];
  /** Text attributes whose values have profiles like any entity; `type` is that of the event. */
  readonly profiled?: readonly string[];
  /** Minutes that local time is ahead of UTC, for hours and weekdays; 0 when absent. Fixed: a clock change would make a replay differ. */
  readonly zoneMinutes?: number;
}

/** A schema of facts. */
export interface FactSchema {
  readonly declaration: SchemaDeclaration;
  readonly scenes: ReadonlyMap<string, SceneFacts>;
  /** Kinds of entities in the order of their names; `=NAME` are attributes that have profiles. */
  readonly kinds: readonly string[];
  readonly attributes: ReadonlyMap<string, ScalarType>;
  readonly zoneMinutes: number;
  /** For policies. */
  readonly policy: PolicySchema;
}

/** Why no schema can be made. */
export type SchemaCode = 'schema.name' | 'schema.conflict' | 'schema.too-large' | 'schema.zone';

/** Most kinds, attributes, signals and lists, each. */
export const maxDeclared = 512;
/** Most kinds of entities. */
export const maxKinds = 24;

const isSegment = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name);

const mergeAttributes = (
  scenes: readonly SceneFacts[],
): Result<ReadonlyMap<string, ScalarType>, 'schema.name' | 'schema.conflict'> => {
  const types = new Map<string, ScalarType>();
  for (const { code, attributes } of scenes)
    for (const [name, type] of Object.entries(attributes)) {
      if (!isSegment(name)) return refuse('schema.name', `attribute ${name.slice(0, 64)} of ${code}`);
      if ((types.get(name) ?? type) !== type) return refuse('schema.conflict', `attribute ${name} is of two types`);
      types.set(name, type);
    }
  return accept(new Map([...types].sort(([left], [right]) => (left < right ? -1 : 1))));
};

const kindsOf = (scenes: readonly SceneFacts[], profiled: readonly string[]): readonly string[] =>
  [...new Set([...scenes.flatMap(({ entities }) => entities), ...profiled.map((name) => `=${name}`)])].sort();

const wrongKind = (kinds: readonly string[]): string | undefined =>
  kinds.find((kind) => !kind.startsWith('=') && (!isSegment(kind) || reservedNames.includes(kind)));

const fieldsOf = (
  attributes: ReadonlyMap<string, ScalarType>,
  kinds: readonly string[],
  signals: Readonly<Record<string, ScalarType>>,
): Readonly<Record<string, PolicyType>> =>
  Object.fromEntries([
    ...eventFacts,
    ...contextFacts,
    ...[...attributes].map(([name, type]) => [`attr.${name}`, type] as const),
    ...Object.entries(signals).map(([code, type]) => [signalFact(code), type] as const),
    ...kinds.flatMap((kind) =>
      entityFacts(
        factPrefix(kind),
        kinds.filter((other) => other !== kind && !other.startsWith('=')),
      ),
    ),
    ...modelFacts,
  ]);

/** Makes a schema. The order of scenes does not matter. */
export const factSchema = (declaration: SchemaDeclaration): Result<FactSchema, SchemaCode> => {
  const { scenes, signals = {}, lists = [], profiled = [], zoneMinutes = 0 } = declaration;
  if (!Number.isInteger(zoneMinutes) || Math.abs(zoneMinutes) > 14 * 60) return refuse('schema.zone');
  const kinds = kindsOf(scenes, profiled);
  const attributes = mergeAttributes(scenes);
  if (!attributes.ok) return attributes;
  const wrong = wrongKind(kinds);
  if (wrong !== undefined) return refuse('schema.name', `kind ${wrong.slice(0, 64)}`);
  const noText = profiled.find((name) => name !== 'type' && attributes.value.get(name) !== 'text');
  if (noText !== undefined) return refuse('schema.name', `profiled ${noText.slice(0, 64)} is no text attribute`);
  const codes = Object.keys(signals);
  const wrongSignal = codes.find((code) => !signalFact(code).split('.').every(isSegment));
  if (wrongSignal !== undefined) return refuse('schema.name', `signal ${wrongSignal.slice(0, 64)}`);
  if (new Set(codes.map(signalFact)).size < codes.length) return refuse('schema.conflict', 'two signals of one name');
  if (kinds.length > maxKinds || Math.max(attributes.value.size, codes.length, lists.length) > maxDeclared)
    return refuse('schema.too-large');
  return accept({
    declaration,
    scenes: new Map(scenes.map((scene) => [scene.code, scene])),
    kinds,
    attributes: attributes.value,
    zoneMinutes,
    policy: policySchema(fieldsOf(attributes.value, kinds, signals), lists),
  });
};

/** The schema as JSON, for its hash: everything that decides what a fact means. */
export const schemaDocument = ({ policy, zoneMinutes }: FactSchema): JsonValue => ({
  specVersion: 1,
  zoneMinutes,
  fields: [...policy.fields].map(([name, { type }]) => [name, type]),
  lists: policy.lists,
});
