/** Models as they are served: code equals arrays, attributions are fair and add up, and models of every make come through a document. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { reasonOf } from '@hauberk/decision';
import type { JsonValue } from '@hauberk/primitives';
import fc from 'fast-check';
import { expectationsOf, pathAttributions, shapleyValues } from '../src/model/attribution.ts';
import { type BoostOptions, boost, forestScore } from '../src/model/boosting.ts';
import { type Ensemble, EnsembleBuilder, flatScore, nodeKinds } from '../src/model/ensemble.ts';
import { generateScore, scoreFunction } from '../src/model/ensemble-code.ts';
import { isolate, usualIsolation, usualPath } from '../src/model/isolation.ts';
import { areaUnderCurve } from '../src/model/measures.ts';
import { modelDocument, readModelFile, readModelJson } from '../src/model/model-document.ts';
import { forestEnsemble, learntEnsemble } from '../src/model/own-ensemble.ts';
import { serveModel } from '../src/model/serve.ts';

const drawer = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
};

/** A random ensemble with every kind of node, and rows that meet its thresholds. */
const randomEnsemble = (seed: number, isSingle: boolean, features = 5): Ensemble => {
  const draw = drawer(seed);
  const builder = new EnsembleBuilder();
  const whole = (below: number): number => Math.floor(draw() * below);
  const grow = (depth: number): number => {
    const cover = 1 + whole(50);
    if (depth === 0 || draw() < 0.2) return builder.leaf(isSingle ? Math.fround(draw() - 0.5) : draw() - 0.5, cover);
    const kind = whole(4);
    const isSet = kind >= nodeKinds.category;
    const asks = isSet
      ? builder.set([whole(40), whole(40), whole(4)])
      : isSingle
        ? Math.fround(whole(9) - 4)
        : whole(9) - 4;
    const node = builder.split(whole(features), kind, asks, draw() < 0.5, cover);
    const left = grow(depth - 1);
    builder.join(node, left, grow(depth - 1));
    return node;
  };
  for (let tree = 0; tree < 11; tree += 1) {
    builder.beginTree();
    grow(4);
  }
  const names = Array.from({ length: features }, (_, place) => `attr.f${place}`);
  const output = { kind: 'sigmoid', slope: -1, offset: 0.5 } as const;
  return builder.finish({ features: names, isSingle, base: isSingle ? Math.fround(0.3) : 0.3, divisor: 1, output });
};
const value = fc.oneof(
  fc.integer({ min: -5, max: 41 }),
  fc.constantFrom(Number.NaN, 0, -0, 1e-36, -1e-36, 3.7, -0.5, 1e300, Number.POSITIVE_INFINITY, 2 ** 31, 0.1),
);
const arbitraryRow = fc.array(value, { minLength: 5, maxLength: 5 }).map((row) => Float64Array.from(row));

test('generated code gives the score of the arrays, bit for bit, at every kind of node and value', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.boolean(),
      fc.array(arbitraryRow, { minLength: 8 }),
      (seed, isSingle, rows) => {
        const ensemble = randomEnsemble(seed, isSingle);
        const [code, arrays] = [scoreFunction(ensemble), scoreFunction(ensemble, 'arrays')];
        assert.equal(code.servedAs, 'code');
        for (const row of rows) assert.equal(code.score(row), arrays.score(row), `seed ${seed}: ${row.join(' ')}`);
      },
    ),
    { numRuns: 60 },
  );
});

const subsets = (count: number): readonly number[] => Array.from({ length: 2 ** count }, (_, bits) => bits);
const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));

/** What the trees say on average when only these features are known: both children by their cover elsewhere. */
const knowing = (ensemble: Ensemble, row: Float64Array, known: number): number => {
  const at = (node: number): number => {
    const feature = ensemble.feature[node] as number;
    if (feature < 0) return ensemble.value[node] as number;
    const [left, right] = [ensemble.left[node] as number, ensemble.right[node] as number];
    if (((known >> feature) & 1) === 1) {
      const single = ensemble.isSingle ? Float32Array.from(row) : row;
      return at(goes(ensemble, node, single[feature] as number) ? left : right);
    }
    const [one, other] = [ensemble.cover[left] as number, ensemble.cover[right] as number];
    return (one * at(left) + other * at(right)) / (one + other);
  };
  return ensemble.roots.reduce((sum, root) => sum + at(root), ensemble.base);
};
const goes = (ensemble: Ensemble, node: number, asked: number): boolean => {
  const one: Ensemble = {
    ...ensemble,
    roots: Int32Array.from([node]),
    base: 0,
    value: ensemble.value.map((_, place) => place),
  };
  const builderRow = new Float64Array(ensemble.features.length).fill(asked);
  const leaf = flatScore({ ...one, isSingle: false }, builderRow);
  const under = (top: number): boolean =>
    top === leaf ||
    ((ensemble.feature[top] as number) >= 0 &&
      (under(ensemble.left[top] as number) || under(ensemble.right[top] as number)));
  return under(ensemble.left[node] as number);
};

test('Shapley values are the definition, over all subsets of features', () => {
  const draw = drawer(4);
  for (let turn = 0; turn < 12; turn += 1) {
    const ensemble = randomEnsemble(turn + 1, false, 4);
    const row = Float64Array.from({ length: 4 }, () => (draw() < 0.1 ? Number.NaN : Math.floor(draw() * 12) - 4));
    const found = shapleyValues(ensemble, expectationsOf(ensemble), row);
    for (let feature = 0; feature < 4; feature += 1) {
      const exact = subsets(4)
        .filter((known) => ((known >> feature) & 1) === 0)
        .reduce((sum, known) => {
          const size = known.toString(2).replaceAll('0', '').length;
          const weight = (factorial(size) * factorial(3 - size)) / factorial(4);
          return sum + weight * (knowing(ensemble, row, known | (1 << feature)) - knowing(ensemble, row, known));
        }, 0);
      assert.ok(Math.abs((found[feature] as number) - exact) < 1e-9, `turn ${turn} feature ${feature}`);
    }
  }
});

test('path attributions and Shapley values add up to the score', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), arbitraryRow, (seed, row) => {
      const ensemble = randomEnsemble(seed, false);
      const expected = expectationsOf(ensemble);
      for (const told of [pathAttributions(ensemble, expected, row), shapleyValues(ensemble, expected, row)])
        assert.ok(Math.abs(told.reduce((sum, each) => sum + each, 0) - flatScore(ensemble, row)) < 1e-9);
    }),
    { numRuns: 60 },
  );
});

const options: BoostOptions = {
  rounds: 40,
  pace: 0.1,
  leaves: 8,
  minHessian: 1,
  minRows: 5,
  l2: 1,
  rowShare: 0.8,
  featureShare: 1,
  seed: 3,
};
const table = (() => {
  const draw = drawer(11);
  const rows = 2000;
  const columns = [0, 1, 2, 3].map(() =>
    Float64Array.from({ length: rows }, () => (draw() < 0.05 ? Number.NaN : draw())),
  );
  const labels = Uint8Array.from({ length: rows }, (_, row) =>
    Number(draw() < ((columns[0]?.[row] as number) > 0.7 ? 0.7 : 0.05)),
  );
  return { rows, columns, labels };
})();
const names = ['payee.count24h', 'attr.age', 'device.distinct.account24h', 'event.hour'];
const forest = boost(table, table.labels, options);
const rowAt = (row: number): Float64Array => Float64Array.from(table.columns, (column) => column[row] as number);

test('a forest that was trained here is served with the same score, and its reasons name what raised it', () => {
  const serving = serveModel(forestEnsemble(forest, names, { kind: 'sigmoid', slope: -1, offset: 0 }), 'ab');
  for (let row = 0; row < 200; row += 1) {
    const features = rowAt(row);
    assert.equal(serving.raw(features), forestScore(forest, features));
    assert.equal(serving.score(features), 1 / (1 + Math.exp(-forestScore(forest, features))));
  }
  const high = rowAt([...table.labels.keys()].find((row) => (table.columns[0]?.[row] as number) > 0.9) as number);
  assert.equal(serving.reasons(high)[0], 'model.burst');
  for (const code of serving.reasons(high)) assert.ok(reasonOf(code), code);
  for (const how of ['path', 'shapley'] as const) {
    const told = serving.explain(high, how);
    assert.equal(told[0]?.feature, 'payee.count24h');
    assert.ok((told[0]?.contribution as number) > 0);
  }
  const low = rowAt([...table.labels.keys()].find((row) => (table.columns[0]?.[row] as number) < 0.3) as number);
  assert.ok(!serving.reasons(low).includes('model.burst'));
});

test('a document brings every ensemble back: ours, what learn writes, and those of others', () => {
  const ensemble = randomEnsemble(77, false);
  const again = readModelJson(JSON.parse(JSON.stringify(modelDocument(ensemble))) as JsonValue);
  assert.ok(again.ok);
  assert.deepEqual(again.value, ensemble);
  const plan = { kinds: ['card'], numbers: ['age'] };
  const model = { plan, labelDelay: 0, forest, calibration: { slope: -1.2, offset: 0.1 } };
  const plain = (_: string, each: unknown): unknown =>
    ArrayBuffer.isView(each) ? Array.from(each as Float64Array) : each;
  const learnt = readModelFile(JSON.stringify({ format: 'hauberk-model-1', ...model }, plain));
  assert.ok(learnt.ok);
  assert.deepEqual(learnt.value, learntEnsemble(model));
  assert.deepEqual(learnt.value.features.slice(0, 4), ['event.amountMinor', 'utc.hour', 'utc.weekday', 'attr.age']);
  for (const name of ['lightgbm-nan', 'xgboost-categories']) {
    const file = JSON.parse(readFileSync(new URL(`../vectors/models/${name}.json`, import.meta.url), 'utf8'));
    for (const text of [file.dump, file.text, file.model].filter((each) => typeof each === 'string')) {
      const read = readModelFile(text);
      assert.ok(read.ok);
      const back = readModelJson(JSON.parse(JSON.stringify(modelDocument(read.value))) as JsonValue);
      assert.ok(back.ok);
      assert.deepEqual(back.value, read.value);
    }
  }
});

test('documents that are none are refused by code', () => {
  const good = JSON.parse(JSON.stringify(modelDocument(randomEnsemble(5, false)))) as Record<string, unknown>;
  const codeOf = (over: Readonly<Record<string, unknown>>): string => {
    const read = readModelJson({ ...good, ...over } as JsonValue);
    return read.ok ? 'read' : read.code;
  };
  assert.equal(codeOf({}), 'read');
  assert.equal(codeOf({ roots: [] }), 'model-file.too-large');
  assert.equal(codeOf({ roots: [0, 0] }), 'model-file.malformed');
  assert.equal(codeOf({ left: good['right'] as number[] }), 'model-file.malformed');
  assert.equal(codeOf({ divisor: 0 }), 'model-file.malformed');
  assert.equal(codeOf({ output: { kind: 'isolation', usual: 0 } }), 'model-file.malformed');
  assert.equal(codeOf({ sets: [] }), 'model-file.malformed');
  assert.equal(codeOf({ value: [1] }), 'model-file.malformed');
  assert.equal(codeOf({ features: ['a'] }), 'model-file.malformed');
  for (const text of ['', '{', 'tree', 'tree\n', '[]', 'null', '1e999', '"NaN"'])
    assert.ok(!readModelFile(text).ok, text);
});

test('isolation forests give lone rows higher scores than rows of the crowd, missing values among them', () => {
  const draw = drawer(21);
  const rows = 1200;
  const isOdd = (row: number): boolean => row % 60 === 0;
  const columns = [0, 1, 2].map(() =>
    Float64Array.from({ length: rows }, (_, row) =>
      draw() < 0.05 ? Number.NaN : isOdd(row) ? 4 + draw() * 8 : draw() + draw() + draw(),
    ),
  );
  const names3 = ['device.count1h', 'device.age', 'attr.level'];
  const ensemble = isolate({ rows, columns }, names3);
  assert.deepEqual(isolate({ rows, columns }, names3), ensemble);
  assert.notDeepEqual(isolate({ rows, columns }, names3, { ...usualIsolation, seed: 1 }), ensemble);
  const serving = serveModel(ensemble, 'cd');
  const scores = Float64Array.from({ length: rows }, (_, row) =>
    serving.score(Float64Array.from(columns, (column) => column[row] as number)),
  );
  const labels = Uint8Array.from({ length: rows }, (_, row) => Number(isOdd(row)));
  assert.ok(areaUnderCurve(scores, labels) > 0.97);
  assert.ok(scores.every((score) => score > 0 && score < 1));
  const again = readModelJson(JSON.parse(JSON.stringify(modelDocument(ensemble))) as JsonValue);
  assert.ok(again.ok);
  assert.deepEqual(again.value, ensemble);
  const odd = Float64Array.from([50, Number.NaN, Number.NaN]);
  assert.equal(serving.reasons(odd)[0], 'model.burst');
  assert.throws(() => isolate({ rows: 1, columns: [new Float64Array(1)] }, ['a']), RangeError);
  const flat = isolate({ rows: 10, columns: [new Float64Array(10)] }, ['a']);
  assert.equal(generateScore(flat)?.(new Float64Array(1)), flatScore(flat, new Float64Array(1)));
  // 2 H(255) − 2 × 255 / 256, as the paper has it.
  assert.ok(Math.abs(usualPath(256) - 10.24) < 0.01);
});
