/** The catalogue of scenes holds together: nothing dangles, nothing is listed twice, and every row says what the engine needs. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import {
  attributesOf,
  commonEntities,
  entitiesOf,
  reachesTier,
  type Scene,
  sceneAttributes,
  sceneEntities,
  sceneOf,
  scenes,
  techniques,
} from '@hauberk/decision';
import { maxAttributes, maxEntities } from '../src/quick-event.ts';
import { scenesPage } from '../src/scenes/page.ts';

const hasTwice = (values: readonly string[]): boolean => new Set(values).size !== values.length;

test('at least 40 scenes, each code once, in small letters, with a title in both languages', () => {
  assert.ok(scenes.length >= 40, String(scenes.length));
  assert.equal(hasTwice(scenes.map(({ code }) => code)), false);
  for (const { code, en, zh } of scenes) {
    assert.match(code, /^[a-z]+(?:-[a-z]+)*$/);
    assert.ok(en.length > 0 && en.length <= 60, code);
    assert.match(zh, /\p{Script=Han}/u, code);
    assert.equal(sceneOf(code)?.code, code);
  }
  assert.equal(sceneOf('toString'), undefined);
});

test('every attribute and entity that a scene names is declared, none twice, and an event can hold them all', () => {
  for (const scene of scenes) {
    const [attributes, entities] = [attributesOf(scene), entitiesOf(scene)];
    assert.equal(hasTwice(attributes), false, scene.code);
    assert.equal(hasTwice(entities), false, scene.code);
    for (const name of attributes) assert.ok(Object.hasOwn(sceneAttributes, name), `${scene.code} ${name}`);
    for (const name of entities) assert.ok(Object.hasOwn(sceneEntities, name), `${scene.code} ${name}`);
    assert.ok(attributes.length <= maxAttributes && entities.length <= maxEntities, scene.code);
  }
});

test('every declared attribute and entity is named by a scene', () => {
  const named = new Set<string>(scenes.flatMap((scene) => attributesOf(scene)));
  assert.deepEqual(
    Object.keys(sceneAttributes).filter((name) => !named.has(name)),
    [],
  );
  const kinds = new Set<string>([...commonEntities, ...scenes.flatMap(({ entities }) => entities)]);
  assert.deepEqual(
    Object.keys(sceneEntities).filter((name) => !kinds.has(name)),
    [],
  );
});

test('an attribute can be a field of a policy, says what it is in both languages, and is no country', () => {
  for (const [name, { type, en, zh }] of Object.entries(sceneAttributes)) {
    assert.match(name, /^[a-z][A-Za-z0-9]*$/);
    assert.ok(['number', 'text', 'truth'].includes(type));
    assert.ok(en.length > 0 && /\p{Script=Han}/u.test(zh), name);
    assert.doesNotMatch(`${name} ${en}`, /country|nation|region/i);
  }
});

test('techniques have known ids; every scene has one', () => {
  for (const { code, techniques: ids } of scenes) {
    assert.ok(ids.length > 0, code);
    assert.deepEqual(
      ids.filter((id) => !techniques.has(id)),
      [],
      code,
    );
  }
  for (const [id, { source }] of techniques)
    assert.match(id, source === 'f3' ? /^[FT]1\d{3}(?:\.00\d)?$/ : /^T1\d{3}$/);
});

test('what changes who somebody is fails closed or asks; nothing that moves money passes unasked for but a complaint', () => {
  const unasked = scenes.filter(
    (scene) => scene.failMode === 'allow' && scene.class !== 'read' && scene.code !== 'dispute',
  );
  assert.deepEqual(
    unasked.map(({ code }) => code),
    [],
  );
  for (const { code, class: kind, tier } of scenes) {
    if (kind === 'bind') assert.ok(tier === 'bind' || tier === 'pay', code);
    if (kind === 'login') assert.equal(tier, 'login', code);
  }
});

test('a tier reaches itself and the ones before it', () => {
  const pay = sceneOf('transfer') as Scene;
  const launch = sceneOf('app-launch') as Scene;
  assert.deepEqual(
    [reachesTier(pay, 'launch'), reachesTier(pay, 'pay'), reachesTier(launch, 'launch'), reachesTier(launch, 'login')],
    [true, true, true, false],
  );
});

test('docs/scenes.md is what the catalogue says', () => {
  assert.equal(readFileSync(new URL('../../../docs/scenes.md', import.meta.url), 'utf8'), scenesPage());
});
