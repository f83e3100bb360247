/** docs/scenes.md, written from the catalogue. */
import { techniques } from '../reasons/techniques.ts';
import { sceneAttributes, sceneEntities } from './attributes.ts';
import { scenes } from './catalogue.ts';
import { commonAttributes, commonEntities, type Scene, sceneTiers } from './scene.ts';

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const codes = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(' ') || '-';

const sceneRows = (): string =>
  table(
    ['code', 'scene', '场景', 'tier', 'class', 'without an answer', 'entities', 'attributes', 'techniques'],
    scenes.map((scene: Scene) => [
      `\`${scene.code}\``,
      scene.en,
      scene.zh,
      scene.tier,
      scene.class,
      scene.failMode,
      codes(scene.entities),
      codes(scene.attributes),
      scene.techniques.join(' '),
    ]),
  );

const attributeRows = (): string =>
  table(
    ['attribute', 'type', 'what', '含义'],
    Object.entries(sceneAttributes).map(([name, { type, en, zh }]) => [`\`${name}\``, type, en, zh]),
  );

const entityRows = (): string =>
  table(
    ['entity', 'what', '含义'],
    Object.entries(sceneEntities).map(([name, { en, zh }]) => [`\`${name}\``, en, zh]),
  );

const techniqueRows = (): string =>
  table(
    ['id', 'of', 'what', '含义'],
    [...techniques].map(([id, { source, en, zh }]) => [id, source === 'f3' ? 'F3' : 'ATT&CK Mobile', en, zh]),
  );

/** The page. */
export const scenesPage = (): string => `# Scenes

A scene is a moment at which the engine is asked: its code is the \`type\` of the event, the word in the \`scenes\` of a rule, and the scene of a route.
There are ${scenes.length}. This page is written by \`node scripts/decision-pages.ts\` from \`packages/decision/src/scenes/\`, and a test compares the two.

* **tier**: how much may be collected, ${sceneTiers.join(' < ')}; a later tier may collect what an earlier one may.
* **class**: read (seeing), login (coming in), money (moving money or its worth), bind (changing what proves who somebody is).
* **without an answer**: what becomes of the request when there is no decision by the deadline, unless the route says otherwise.
* Every scene may name the entities ${codes(commonEntities)} and carry the attributes ${codes(commonAttributes)}.

${sceneRows()}

## Attributes

A policy asks for an attribute as \`attr.NAME\`. One name has one type and one meaning in every scene. Texts are short codes, never what a customer wrote. None is a
country: country alone is never a reason.

${attributeRows()}

## Entities

Each entity that an event names has a profile, and its counts are fields of policies. Ids are keyed hashes before they are kept.

${entityRows()}

## Techniques

Ids of the [MITRE Fight Fraud Framework](https://ctid.mitre.org/fraud) v1.1, with the ATT&CK ids that it takes over, and of ATT&CK for Mobile; the words are ours.

${techniqueRows()}
`;
