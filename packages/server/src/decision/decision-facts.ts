/** The scenes and facts of one installation: those of the catalogue and those that its configuration adds. */
import {
  attributesOf,
  entitiesOf,
  type FactSchema,
  type SceneFacts,
  type SchemaCode,
  sceneAttributes,
  scenes,
} from '@hauberk/decision';
import type { Result } from '@hauberk/primitives';
import type { DecisionConfig } from '../config/decision-config.ts';
import { appFactSchema } from './policy-schema.ts';

/** Kinds of entities that every event of a request has. */
export const commonKinds: readonly string[] = ['account', 'address', 'device', 'session'];

type Declared = Pick<DecisionConfig, 'scenes'>;

/** Scenes that a configuration adds, or has in the place of one of the catalogue. */
export const ownScenes = ({ scenes: own }: Declared): readonly SceneFacts[] =>
  Object.entries(own).map(([code, { entities, attributes }]) => ({
    code,
    attributes,
    entities: [...new Set([...commonKinds, ...entities])],
  }));

const catalogue: ReadonlyMap<string, SceneFacts> = new Map(
  scenes.map((scene) => [
    scene.code,
    {
      code: scene.code,
      entities: [...new Set([...commonKinds, ...entitiesOf(scene)])],
      attributes: Object.fromEntries(attributesOf(scene).map((name) => [name, sceneAttributes[name]?.type ?? 'text'])),
    },
  ]),
);

/** Every scene of an installation, by code: what a route may declare in it. */
export const scenesOf = (section: Declared): ReadonlyMap<string, SceneFacts> =>
  new Map([...catalogue, ...ownScenes(section).map((scene) => [scene.code, scene] as const)]);

/** The schema that policies of an installation are read by; `lists` are the names of its lists. */
export const decisionFacts = (section: Declared, lists: readonly string[]): Result<FactSchema, SchemaCode> =>
  appFactSchema(lists, ownScenes(section));
