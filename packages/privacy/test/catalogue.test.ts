/** The catalogue holds together: nothing dangles, nothing is listed twice, every entry says what the rules need. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  apiPlatforms,
  type ClauseId,
  checkIds,
  clauseSources,
  clauses,
  dataClasses,
  dataItems,
  exceptionRules,
  isDataItemId,
  privacyChecks,
  purposes,
  scenes,
  sensitiveApiOf,
  sensitiveApis,
  sourceOf,
} from '../src/index.ts';

test('every function yields known items, on a known platform, and is listed once', () => {
  for (const api of sensitiveApis) {
    assert.equal(api.yields.length === 0, api.isExit, api.id);
    assert.deepEqual(
      api.yields.filter((item) => !isDataItemId(item)),
      [],
      api.id,
    );
    assert.match(api.name, /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*$/);
    assert.equal(sensitiveApiOf(api.id), api);
  }
  assert.equal(new Set(sensitiveApis.map(({ id }) => id)).size, sensitiveApis.length);
  assert.deepEqual([...new Set(sensitiveApis.map(({ platform }) => platform))], [...apiPlatforms]);
  assert.equal(sensitiveApiOf('wx:toString'), undefined);
});

test('every scene has a known purpose and allows known items; every purpose has a scene', () => {
  const used = new Set<string>();
  for (const [id, scene] of Object.entries(scenes)) {
    assert.ok(Object.hasOwn(purposes, scene.purpose), id);
    assert.deepEqual(
      scene.allows.filter((item) => !isDataItemId(item)),
      [],
      id,
    );
    assert.equal(new Set(scene.allows).size, scene.allows.length, id);
    used.add(scene.purpose);
  }
  assert.deepEqual([...used].sort(), Object.keys(purposes).sort());
});

test('every clause has a source with a version, and every source has a clause', () => {
  const used = new Set<unknown>();
  for (const [id, text] of Object.entries(clauses)) {
    const source = sourceOf(id as ClauseId);
    assert.ok(source.title.length > 0 && source.version.length > 0, id);
    assert.ok(text.length > 0 && text.length <= 100, id);
    used.add(source);
  }
  assert.deepEqual(used, new Set<unknown>(Object.values(clauseSources)));
});

test('items: ids are unique, classes known, an immutable item is an identifier, biometrics are C3 and special', () => {
  for (const [id, item] of dataItems) {
    assert.equal(item.id, id);
    assert.ok(dataClasses.includes(item.class));
    assert.ok(!item.isImmutable || item.isIdentifier, id);
    assert.ok(item.english !== '' && /\p{Script=Han}/u.test(item.chinese), id);
  }
  const special = [...dataItems.values()].filter((item) => item.special.includes('gdpr-9') && item.id !== 'health');
  assert.deepEqual(
    special.map((item) => item.class),
    ['C3', 'C3', 'C3'],
  );
});

test('a scene that needs no consent allows nothing above C1', () => {
  for (const scene of Object.values(scenes))
    if (scene.isNecessary)
      assert.deepEqual(
        scene.allows.filter((item) => dataItems.get(item)?.class !== 'C1'),
        [],
      );
});

test('every check cites clauses that are here, and every rule that runs answers a check that runs', () => {
  assert.deepEqual(Object.keys(privacyChecks), [...checkIds]);
  for (const id of checkIds) {
    const cited = privacyChecks[id].clauses;
    assert.ok(cited.length > 0 && cited.every((clause) => Object.hasOwn(clauses, clause)), id);
  }
  for (const rule of Object.values(exceptionRules)) assert.notEqual(privacyChecks[rule.check].seen, 'static');
});
