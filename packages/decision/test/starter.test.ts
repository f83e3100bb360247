/** The starter policies: every rule fires on what it is for, keeps quiet next to it and without its facts, and can be explained. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import {
  catalogueFacts,
  compilePolicy,
  type FactSchema,
  factSchema,
  factsFrom,
  featureReason,
  joinStarterPolicies,
  type Lists,
  type Policy,
  PolicyEvaluator,
  readPolicy,
  reasonOf,
  reasons,
  type ScalarType,
  sceneOf,
  starterLists,
  starterPolicies,
  techniques,
} from '@hauberk/decision';
import { signalRules } from '@hauberk/device';
import { reasonsPage } from '../src/reasons/page.ts';
import { starterPage } from '../src/starter/page.ts';

interface StarterCase {
  readonly rule: string;
  readonly fires: Readonly<Record<string, unknown>>;
  readonly quiet: readonly Readonly<Record<string, unknown>>[];
}

const { cases } = JSON.parse(readFileSync(new URL('../vectors/starter-cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly StarterCase[];
};

const declared = factSchema({
  scenes: catalogueFacts,
  lists: starterLists,
  signals: Object.fromEntries(
    signalRules.map(({ code, form }): readonly [string, ScalarType] => [code, form === 'flag' ? 'truth' : 'number']),
  ),
});
assert.ok(declared.ok);
const { policy: schema }: FactSchema = declared.value;
const lists: Lists = starterLists.map(() => new Set(['listed']));

const readAll = (document: (typeof starterPolicies)[number]): Policy => {
  const read = readPolicy(document, schema);
  assert.ok(read.ok, read.ok ? '' : JSON.stringify(read.faults, null, 1));
  return read.value;
};

const joined = readAll(joinStarterPolicies('starter'));
const compiled = compilePolicy(joined, schema);
/** Wednesday 10:00 and 02:00 at UTC+8: inside and outside of the schedules that policies have. */
const [day, night] = [Date.UTC(2026, 2, 4, 2), Date.UTC(2026, 2, 3, 18)];

const evaluator = new PolicyEvaluator(compiled);

const firedRules = (scene: string, values: Readonly<Record<string, unknown>>, atMs: number): readonly string[] =>
  evaluator.evaluate(scene, factsFrom(schema, values), lists, atMs).fired.map((place) => joined.rules[place]?.id ?? '');
const ruleOf = (id: string) => {
  const rule = joined.rules.find((each) => each.id === id);
  assert.ok(rule, id);
  return rule;
};
const scenesOf = (id: string): readonly string[] => {
  const { scenes } = ruleOf(id);
  return scenes.length === 0 ? ['transfer', 'app-launch'] : scenes;
};
const instantOf = (id: string): number => (ruleOf(id).schedule === undefined ? day : night);
const without = (values: Readonly<Record<string, unknown>>, path: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(values).filter(([each]) => each !== path));

test('every starter policy is one by itself, and all of them join into one', () => {
  for (const document of starterPolicies) readAll(document);
  assert.equal(
    joined.rules.length,
    starterPolicies.reduce((sum, { rules }) => sum + rules.length, 0),
  );
  assert.ok(joined.rules.length >= 150 && joined.thresholds.length === 2);
  const two = readAll(joinStarterPolicies('two', ['protocol']));
  assert.deepEqual([...new Set(two.rules.map(({ id }) => id.split('.')[0]))], ['base', 'protocol']);
  assert.throws(() => joinStarterPolicies('none', ['nothing']), RangeError);
});

test('every rule has cases, and each fires in every scene of the rule', () => {
  const tried = new Set(cases.map(({ rule }) => rule));
  assert.deepEqual(
    joined.rules.map(({ id }) => id).filter((id) => !tried.has(id)),
    [],
  );
  for (const { rule, fires } of cases)
    for (const scene of scenesOf(rule))
      assert.ok(firedRules(scene, fires, instantOf(rule)).includes(rule), `${rule} in ${scene}`);
});

test('a rule does not fire when one of the facts that it hangs on is missing', () => {
  for (const { rule, fires } of cases) {
    const [scene = ''] = scenesOf(rule);
    for (const path of Object.keys(fires))
      assert.ok(!firedRules(scene, without(fires, path), instantOf(rule)).includes(rule), `${rule} without ${path}`);
  }
});

test('a rule does not fire beyond its boundary, in another scene, or at another time', () => {
  for (const { rule, fires, quiet } of cases) {
    const [scene = ''] = scenesOf(rule);
    assert.ok(quiet.length > 0, rule);
    for (const other of quiet)
      assert.ok(
        !firedRules(scene, { ...fires, ...other }, instantOf(rule)).includes(rule),
        `${rule} ${JSON.stringify(other)}`,
      );
    const { scenes, schedule } = ruleOf(rule);
    if (scenes.length > 0) assert.ok(!firedRules('some-other-scene', fires, instantOf(rule)).includes(rule), rule);
    if (schedule !== undefined) assert.ok(!firedRules(scene, fires, day).includes(rule), rule);
  }
});

test('nothing fires on a request of which nothing is known, in any scene', () => {
  for (const { code } of catalogueFacts)
    assert.deepEqual(evaluator.evaluate(code, factsFrom(schema, {}), lists, day), {
      outcome: 'allow',
      points: 0,
      fired: [],
      obligations: [],
    });
});

test('rules name scenes, attributes and entities of the catalogue: what a scene cannot have, its rule does not hang on', () => {
  for (const { rule, fires } of cases)
    for (const scene of ruleOf(rule).scenes) {
      assert.ok(sceneOf(scene), `${rule} ${scene}`);
      const known = catalogueFacts.find(({ code }) => code === scene);
      for (const path of Object.keys(fires)) {
        const name = /^attr\.(.+)$/.exec(path)?.[1];
        if (name === undefined) continue;
        const isHere = known !== undefined && Object.hasOwn(known.attributes, name);
        const elsewhere = ruleOf(rule).scenes.some((other) =>
          catalogueFacts.some(({ code, attributes }) => code === other && Object.hasOwn(attributes, name)),
        );
        assert.ok(isHere || elsewhere, `${rule}: ${scene} has no ${name}`);
      }
    }
});

test('no rule hangs on a country', () => {
  for (const { rule, fires } of cases)
    for (const path of Object.keys(fires)) assert.doesNotMatch(path, /country|nation|region|city/i, rule);
});

test('every reason is told in both languages with known techniques, and rules carry the techniques of their reason', () => {
  const codes = new Set(reasons.map(({ code }) => code));
  assert.equal(codes.size, reasons.length);
  for (const { code, en, zh, techniques: ids } of reasons) {
    assert.match(code, /^[a-z0-9][a-z0-9.-]{0,63}$/);
    assert.match(en, /^[A-Z].*\.$/);
    assert.match(zh, /\p{Script=Han}.*。$/u);
    assert.ok(ids.length > 0 && ids.every((id) => techniques.has(id)), `${code} ${ids.join(' ')}`);
  }
  for (const { id, reason, tags } of joined.rules) {
    assert.ok(codes.has(reason), `${id} ${reason}`);
    assert.deepEqual(tags, reasonOf(reason)?.techniques, id);
  }
  const used = new Set(joined.rules.map(({ reason }) => reason));
  assert.deepEqual(
    reasons.filter(({ code }) => !code.startsWith('model.') && !used.has(code)).map(({ code }) => code),
    [],
  );
});

test('every feature that a model may get has a reason', () => {
  const unfit = ['event.atMs', 'event.isDuplicate', 'model.score'];
  const named = [...schema.fields].filter(([path, { type }]) => /number|truth/.test(type) && !unfit.includes(path));
  assert.ok(named.length > 500);
  assert.deepEqual(
    named
      .map(([path]) => path)
      .filter((path) => [undefined, 'model.other'].includes(reasonOf(featureReason(path))?.code)),
    [],
  );
  assert.equal(featureReason('weather.mood'), 'model.other');
  assert.equal(featureReason('payee.fraudRate7d'), 'model.known-fraud');
  assert.equal(featureReason('card.amountOverMean30d'), 'model.amount-habit');
  assert.equal(featureReason('device.distinct.account24h'), 'model.spread');
  assert.equal(featureReason('hour'), 'model.hour');
  assert.equal(featureReason('utc.weekday'), 'model.hour');
});

test('docs/starter-policies.md and docs/decision-reasons.md are what the data says', () => {
  const page = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
  assert.equal(page('starter-policies.md'), starterPage());
  assert.equal(page('decision-reasons.md'), reasonsPage());
});
