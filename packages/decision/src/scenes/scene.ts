/** What a scene of mobile finance is: the moment at which something is asked of the engine. */
import type { SceneEntity } from './attributes.ts';

/** How much may be collected, least first: what is allowed at one tier is allowed at the later ones. */
export const sceneTiers = ['launch', 'login', 'bind', 'pay'] as const;
/** One of them. */
export type SceneTier = (typeof sceneTiers)[number];

/** What kind of thing is asked: to see, to come in, to move money, or to change what proves who somebody is. */
export const sceneClasses = ['read', 'login', 'money', 'bind'] as const;
/** One of them. */
export type SceneClass = (typeof sceneClasses)[number];

/** What becomes of a request when there is no decision in time. */
export const failModes = ['allow', 'challenge', 'deny'] as const;
/** One of them. */
export type FailMode = (typeof failModes)[number];

/** A scene. */
export interface Scene {
  /** Small letters and hyphens; the `type` of events and the `scenes` of rules. Never used again for something else. */
  readonly code: string;
  readonly en: string;
  readonly zh: string;
  readonly tier: SceneTier;
  readonly class: SceneClass;
  /** Unless the deployment says otherwise. */
  readonly failMode: FailMode;
  /** Entities that its events name; `device`, `session` and `address` may be named in every scene. */
  readonly entities: readonly SceneEntity[];
  /** Attributes that its events may carry, beside `commonAttributes`. */
  readonly attributes: readonly string[];
  /** Techniques of fraud that end here, by their id in MITRE F3 v1.1 or ATT&CK. */
  readonly techniques: readonly string[];
}

/** Entities of every scene. */
export const commonEntities: readonly SceneEntity[] = ['device', 'session', 'address'];
/** Attributes of every scene. */
export const commonAttributes: readonly string[] = [
  'secondsInScene',
  'pastedFields',
  'corrections',
  'attempts',
  'succeeded',
];

/** A row of the catalogue: code, titles, then what it holds. */
export const scene = (
  code: string,
  en: string,
  zh: string,
  [tier, kind, failMode]: readonly [SceneTier, SceneClass, FailMode],
  entities: readonly SceneEntity[],
  attributes: readonly string[],
  techniques: readonly string[],
): Scene => ({ code, en, zh, tier, class: kind, failMode, entities, attributes, techniques });
