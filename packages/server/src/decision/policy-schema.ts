/** The facts that policies of an app may ask: what the catalogue of scenes declares, the registered signals, and the app's own lists. One home for whoever checks, compiles or replays. */
import {
  attributesOf,
  entitiesOf,
  type FactSchema,
  factSchema,
  type ScalarType,
  type SceneFacts,
  type SchemaCode,
  sceneAttributes,
  scenes,
  starterLists,
} from '@hauberk/decision';
import { signalRules } from '@hauberk/device';
import type { Result } from '@hauberk/primitives';

/** The scenes of the catalogue as the engine takes them. */
const catalogue: readonly SceneFacts[] = scenes.map((scene) => ({
  code: scene.code,
  attributes: Object.fromEntries(
    attributesOf(scene).map((name): readonly [string, ScalarType] => [name, sceneAttributes[name]?.type ?? 'text']),
  ),
  entities: entitiesOf(scene),
}));

const signals: Readonly<Record<string, ScalarType>> = Object.fromEntries(
  signalRules.map(({ code, form }): readonly [string, ScalarType] => [code, form === 'flag' ? 'truth' : 'number']),
);

/** The schema of an app that has these lists beside those of starter policies; `more` are scenes that its configuration adds. The order of names does not matter. */
export const appFactSchema = (
  lists: readonly string[],
  more: readonly SceneFacts[] = [],
): Result<FactSchema, SchemaCode> =>
  factSchema({ scenes: [...catalogue, ...more], signals, lists: [...new Set([...starterLists, ...lists])].toSorted() });
