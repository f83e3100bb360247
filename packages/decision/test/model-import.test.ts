/** Models of others: scores equal to theirs bit for bit, on rows with missing values, zeros, categories and values on both sides of thresholds. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import type { JsonValue, Result } from '@hauberk/primitives';
import fc from 'fast-check';
import { expectationsOf, pathAttributions, shapleyValues } from '../src/model/attribution.ts';
import { type Ensemble, flatScore, outputOf } from '../src/model/ensemble.ts';
import { generateScore, scoreFunction } from '../src/model/ensemble-code.ts';
import { readLightGbmJson } from '../src/model/import-lightgbm.ts';
import { readLightGbmText } from '../src/model/import-lightgbm-text.ts';
import { readXgboostJson, singleBelow, xgboostJson } from '../src/model/import-xgboost.ts';

interface Golden {
  readonly rows: readonly (readonly (number | null)[])[];
  readonly raw: readonly number[];
  readonly probability: readonly number[];
  readonly contributions: readonly (readonly number[])[];
  readonly dump: string;
  readonly text: string;
  readonly model: string;
}

const golden = (name: string): Golden =>
  JSON.parse(readFileSync(new URL(`../vectors/models/${name}.json`, import.meta.url), 'utf8')) as Golden;
const rowsOf = ({ rows }: Golden): readonly Float64Array[] =>
  rows.map((row) => Float64Array.from(row, (value) => value ?? Number.NaN));
const must = (read: Result<Ensemble>): Ensemble => {
  assert.ok(read.ok, read.ok ? '' : `${read.code} ${read.detail}`);
  return read.value;
};

/** Raw scores and contributions of LightGBM's averaged forests are sums; its probabilities are of the average. */
const summed = (ensemble: Ensemble): Ensemble => ({ ...ensemble, divisor: 1 });

const lightGbm = ['lightgbm-nan', 'lightgbm-zero', 'lightgbm-none', 'lightgbm-forest'];
const xgboost = ['xgboost-numeric', 'xgboost-categories', 'xgboost-base'];

const checkScores = (name: string, ensemble: Ensemble, file: Golden): void => {
  const generated = scoreFunction(ensemble);
  const arrays = scoreFunction(ensemble, 'arrays');
  assert.equal(generated.servedAs, 'code');
  assert.equal(arrays.servedAs, 'arrays');
  for (const [place, row] of rowsOf(file).entries()) {
    const where = `${name} row ${place}: ${row.join(' ')}`;
    assert.equal(arrays.score(row), file.raw[place], where);
    assert.equal(generated.score(row), file.raw[place], where);
  }
};

test('LightGBM: JSON and text give its scores, bit for bit, as arrays and as code', () => {
  for (const name of lightGbm) {
    const file = golden(name);
    const fromJson = must(readLightGbmJson(JSON.parse(file.dump) as JsonValue));
    const fromText = must(readLightGbmText(file.text));
    checkScores(name, summed(fromJson), file);
    checkScores(`${name} text`, summed(fromText), file);
    for (const [place, row] of rowsOf(file).entries())
      for (const read of [fromJson, fromText]) {
        const chance = outputOf(read.output, scoreFunction(read).score(row));
        assert.ok(Math.abs(chance - (file.probability[place] as number)) < 1e-15, name);
      }
  }
});

test('XGBoost: margins are its own, bit for bit, as arrays and as code; probabilities to single precision', () => {
  for (const name of xgboost) {
    const file = golden(name);
    const ensemble = must(readXgboostJson(JSON.parse(xgboostJson(file.model)) as JsonValue));
    checkScores(name, ensemble, file);
    for (const [place, raw] of file.raw.entries())
      assert.ok(Math.abs(outputOf(ensemble.output, raw) - (file.probability[place] as number)) < 2e-7, name);
  }
});

test('Shapley values are those of LightGBM and XGBoost', () => {
  for (const name of [...lightGbm, ...xgboost]) {
    const file = golden(name);
    const read = name.startsWith('light')
      ? readLightGbmJson(JSON.parse(file.dump) as JsonValue)
      : readXgboostJson(JSON.parse(xgboostJson(file.model)) as JsonValue);
    const ensemble = summed(must(read));
    const expected = expectationsOf(ensemble);
    for (const [place, theirs] of file.contributions.entries()) {
      const ours = shapleyValues(ensemble, expected, rowsOf(file)[place] as Float64Array);
      for (const [feature, value] of theirs.entries())
        assert.ok(Math.abs((ours[feature] as number) - value) < 2e-6, `${name} row ${place} feature ${feature}`);
    }
  }
});

test('both kinds of attributions add up to the score', () => {
  for (const name of lightGbm) {
    const file = golden(name);
    const ensemble = must(readLightGbmText(file.text));
    const expected = expectationsOf(ensemble);
    for (const row of rowsOf(file))
      for (const told of [pathAttributions(ensemble, expected, row), shapleyValues(ensemble, expected, row)]) {
        const sum = told.reduce((all, each) => all + each, 0);
        assert.ok(Math.abs(sum - flatScore(ensemble, row)) < 1e-9, name);
      }
  }
});

test('thresholds of single precision: left below one is left up to the number below it', () => {
  for (const value of [1, 0.1, -0.1, 1e-40, -1e-40, 3e38, -3e38, 1e-45].map(Math.fround)) {
    const below = singleBelow(value);
    assert.equal(Math.fround(below), below);
    assert.ok(below < value);
    const middle = Math.fround((below + value) / 2);
    assert.ok(middle === below || middle === value);
  }
  assert.equal(singleBelow(0), -1.401298464324817e-45);
  assert.equal(singleBelow(-0), -1.401298464324817e-45);
});

test('NaN of XGBoost becomes null outside of texts alone', () => {
  assert.equal(xgboostJson('{"a NaN":[NaN, 1],"\\"NaN":NaN}'), '{"a NaN":[null, 1],"\\"NaN":null}');
});

const codeOf = (read: Result<Ensemble>): string => (read.ok ? 'read' : read.code);
const leaf = { leaf_value: 1, leaf_count: 1 };
const light = (over: Readonly<Record<string, unknown>>, tree: unknown = leaf): JsonValue =>
  ({
    num_class: 1,
    num_tree_per_iteration: 1,
    feature_names: ['a', 'b'],
    objective: 'binary sigmoid:1',
    tree_info: [{ tree_structure: tree }],
    ...over,
  }) as unknown as JsonValue;
const split = (over: Readonly<Record<string, unknown>>): unknown => ({
  split_feature: 0,
  threshold: 1,
  decision_type: '<=',
  missing_type: 'NaN',
  default_left: true,
  internal_count: 2,
  left_child: leaf,
  right_child: leaf,
  ...over,
});
const nested = (depth: number): unknown => (depth === 0 ? leaf : split({ left_child: nested(depth - 1) }));

test('models that are not served, too large, or contradict themselves are refused by code', () => {
  assert.equal(codeOf(readLightGbmJson(light({}))), 'read');
  assert.equal(codeOf(readLightGbmJson(light({ num_class: 3 }))), 'model-file.unsupported');
  assert.equal(codeOf(readLightGbmJson(light({ objective: 'regression sqrt' }))), 'model-file.unsupported');
  assert.equal(codeOf(readLightGbmJson(light({ objective: 'multiclass num_class:3' }))), 'model-file.unsupported');
  assert.equal(codeOf(readLightGbmJson(light({ feature_names: ['a', 'a'] }))), 'model-file.malformed');
  assert.equal(codeOf(readLightGbmJson(light({ tree_info: [] }))), 'model-file.too-large');
  assert.equal(codeOf(readLightGbmJson(light({}, split({ split_feature: 2 })))), 'model-file.malformed');
  assert.equal(
    codeOf(readLightGbmJson(light({}, split({ decision_type: '==', threshold: '1||x' })))),
    'model-file.malformed',
  );
  assert.equal(
    codeOf(readLightGbmJson(light({}, split({ decision_type: '==', threshold: '70000' })))),
    'model-file.too-large',
  );
  assert.equal(codeOf(readLightGbmJson(light({}, { leaf_value: 1, leaf_coeff: [1] }))), 'model-file.unsupported');
  assert.equal(codeOf(readLightGbmJson(light({}, nested(128)))), 'read');
  assert.equal(codeOf(readLightGbmJson(light({}, nested(129)))), 'model-file.too-large');
  const { text } = golden('lightgbm-nan');
  assert.equal(codeOf(readLightGbmText(text.replace('version=v4', 'version=v9'))), 'model-file.unsupported');
  assert.equal(codeOf(readLightGbmText(text.replace('left_child=1 3', 'left_child=1 1'))), 'model-file.malformed');
  assert.equal(codeOf(readLightGbmText(text.replace('left_child=1', 'left_child=0'))), 'model-file.malformed');
  assert.equal(codeOf(readLightGbmText(text.replace('num_leaves=9', 'num_leaves=8'))), 'model-file.malformed');
  assert.equal(codeOf(readLightGbmText(text.slice(0, 900))), 'model-file.malformed');
  const model = xgboostJson(golden('xgboost-categories').model);
  const changed = (from: string | RegExp, to: string): string =>
    codeOf(readXgboostJson(JSON.parse(model.replace(from, to)) as JsonValue));
  assert.equal(changed('"gbtree"', '"dart"'), 'model-file.unsupported');
  assert.equal(changed('binary:logistic', 'multi:softmax'), 'model-file.unsupported');
  assert.equal(changed(/"left_children":\[1,/, '"left_children":[0,'), 'model-file.malformed');
  assert.equal(changed(/"right_children":\[2,/, '"right_children":[1,'), 'model-file.malformed');
  assert.equal(changed(/"base_score":"[^"]*"/, '"base_score":"1E0"'), 'model-file.malformed');
  assert.equal(changed(/"base_score":"[^"]*"/, '"base_score":"[5E-1]"'), 'read');
});

test('whatever is made of a model file, it is read or refused by a code, and what is read scores', () => {
  const files = [
    golden('lightgbm-nan').text,
    golden('lightgbm-zero').dump,
    xgboostJson(golden('xgboost-categories').model),
  ];
  const mutation = fc.record({
    file: fc.integer({ min: 0, max: files.length - 1 }),
    edits: fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        cut: fc.integer({ min: 0, max: 12 }),
        put: fc.constantFrom('', '9', '-1', '1e999', 'null', '[]', '{}', '0.5', ' ', '=', ',', '\n', '"x"', '99999999'),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  });
  let readable = 0;
  fc.assert(
    fc.property(mutation, ({ file, edits }) => {
      let text = files[file] as string;
      for (const { at, cut, put } of edits) {
        const place = Math.floor(at * text.length);
        text = `${text.slice(0, place)}${put}${text.slice(place + cut)}`;
      }
      let read: Result<Ensemble>;
      try {
        read =
          file === 0
            ? readLightGbmText(text)
            : (file === 1 ? readLightGbmJson : readXgboostJson)(JSON.parse(text) as JsonValue);
      } catch (error) {
        assert.ok(error instanceof SyntaxError);
        return;
      }
      if (!read.ok) {
        assert.match(read.code, /^model-file\./);
        return;
      }
      readable += 1;
      const row = new Float64Array(read.value.features.length).fill(1);
      assert.equal(generateScore(read.value)?.(row), flatScore(read.value, row));
    }),
    { numRuns: 300 },
  );
  assert.ok(readable > 0);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const read of [readLightGbmJson(value as JsonValue), readXgboostJson(value as JsonValue)])
        assert.ok(!read.ok && read.code.startsWith('model-file.'));
    }),
    { numRuns: 300 },
  );
});
