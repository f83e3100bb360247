/** The catalogue of scenes (docs/scenes.md): where the engine is asked, what may be collected there, and what becomes of a request when there is no answer. */
import type { SceneFacts } from '../engine/fact-schema.ts';
import { type SceneEntity, sceneAttributes } from './attributes.ts';
import { identityScenes } from './identity-scenes.ts';
import { moneyScenes } from './money-scenes.ts';
import { readScenes } from './read-scenes.ts';
import { commonAttributes, commonEntities, type Scene, sceneTiers } from './scene.ts';

/** All scenes, in the order of the page. */
export const scenes: readonly Scene[] = [...identityScenes, ...moneyScenes, ...readScenes];

const byCode: ReadonlyMap<string, Scene> = new Map(scenes.map((each) => [each.code, each]));

/** The scene of a code; undefined when the catalogue has none. */
export const sceneOf = (code: string): Scene | undefined => byCode.get(code);

/** Entities that an event of the scene may name. */
export const entitiesOf = (scene: Scene): readonly SceneEntity[] => [...commonEntities, ...scene.entities];

/** Attributes that an event of the scene may carry. */
export const attributesOf = (scene: Scene): readonly string[] => [...commonAttributes, ...scene.attributes];

/** Whether what may be collected at `needed` may be collected in the scene. */
export const reachesTier = ({ tier }: Scene, needed: Scene['tier']): boolean =>
  sceneTiers.indexOf(tier) >= sceneTiers.indexOf(needed);

/** What the schema of facts takes of the catalogue. */
export const catalogueFacts: readonly SceneFacts[] = scenes.map((scene) => ({
  code: scene.code,
  entities: entitiesOf(scene),
  attributes: Object.fromEntries(
    attributesOf(scene).flatMap((name) => {
      const attribute = sceneAttributes[name];
      return attribute === undefined ? [] : [[name, attribute.type] as const];
    }),
  ),
}));
