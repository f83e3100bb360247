/** Trees, calibration and measures: against definitions, and against what a model must and must not find. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type BoostOptions, boost, forestScore, scoreColumns } from '../src/model/boosting.ts';
import { calibrated, fitCalibration } from '../src/model/calibration.ts';
import { binColumns, binOf } from '../src/model/histogram.ts';
import {
  areaUnderCurve,
  averagePrecision,
  calibrationError,
  recallAtFalsePositiveRate,
} from '../src/model/measures.ts';
import { judgeScores, judgeTable } from '../src/model/validate.ts';

const options: BoostOptions = {
  rounds: 60,
  pace: 0.1,
  leaves: 8,
  minHessian: 1,
  minRows: 5,
  l2: 1,
  rowShare: 0.8,
  featureShare: 1,
  seed: 3,
};

/** Draws by a linear congruence: the same rows in every run. */
const drawer = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
};

const arbitraryScored = fc.array(
  fc.record({ score: fc.integer({ min: 0, max: 9 }), label: fc.integer({ min: 0, max: 1 }) }),
  {
    minLength: 2,
    maxLength: 60,
  },
);

test('measures: the area under the curve is the chance that a fraud scores above an honest event, ties half', () => {
  fc.assert(
    fc.property(arbitraryScored, (rows) => {
      const scores = Float64Array.from(rows, ({ score }) => score);
      const labels = Uint8Array.from(rows, ({ label }) => label);
      let [sum, pairs] = [0, 0];
      for (const fraud of rows.filter(({ label }) => label === 1))
        for (const honest of rows.filter(({ label }) => label === 0)) {
          pairs += 1;
          sum += fraud.score > honest.score ? 1 : fraud.score === honest.score ? 0.5 : 0;
        }
      assert.ok(Math.abs(areaUnderCurve(scores, labels) - (pairs === 0 ? 0.5 : sum / pairs)) < 1e-12);
    }),
  );
});

test('measures: average precision and recall at a rate on a case worked out by hand', () => {
  const scores = Float64Array.from([0.9, 0.8, 0.7, 0.6, 0.5]);
  const labels = Uint8Array.from([1, 0, 1, 0, 0]);
  assert.ok(Math.abs(averagePrecision(scores, labels) - (1 / 2 + (1 / 2) * (2 / 3))) < 1e-12);
  assert.equal(recallAtFalsePositiveRate(scores, labels, 0), 0.5);
  assert.equal(recallAtFalsePositiveRate(scores, labels, 1 / 3), 1);
});

test('bins: a value lies in the bin whose cuts enclose it, and a missing one in bin 0', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.double(), fc.constant(Number.NaN)), { minLength: 1, maxLength: 400 }),
      (values) => {
        const column = Float64Array.from(values);
        const { cuts, bins } = binColumns({ rows: values.length, columns: [column] });
        const [cut, bin] = [cuts[0] as Float64Array, bins[0] as Uint8Array];
        for (const [row, value] of column.entries()) {
          const place = bin[row] as number;
          assert.equal(place, binOf(cut, value));
          if (Number.isNaN(value)) assert.equal(place, 0);
          else {
            assert.ok(place === cut.length + 1 || value <= (cut[place - 1] as number));
            assert.ok(place === 1 || value > (cut[place - 2] as number));
          }
        }
      },
    ),
  );
});

const exclusiveOr = (rows: number) => {
  const draw = drawer(11);
  const columns = [0, 1, 2].map(() => Float64Array.from({ length: rows }, () => (draw() < 0.05 ? Number.NaN : draw())));
  const [left, right] = columns as [Float64Array, Float64Array, Float64Array];
  const labels = Uint8Array.from({ length: rows }, (_, row) =>
    Number((left[row] as number) > 0.5 !== (right[row] as number) > 0.5),
  );
  return { table: { rows, columns }, labels };
};

test('trees find what no single feature tells, with missing values among them', () => {
  const { table, labels } = exclusiveOr(4000);
  const forest = boost(table, labels, options);
  assert.ok(areaUnderCurve(scoreColumns(forest, table), labels) > 0.98);
  const row = Float64Array.from(table.columns, (column) => column[17] as number);
  assert.equal(forestScore(forest, row), scoreColumns(forest, table)[17]);
});

test('training is a function of rows, labels, options and seed', () => {
  const { table, labels } = exclusiveOr(500);
  assert.deepEqual(boost(table, labels, options), boost(table, labels, options));
  assert.notDeepEqual(boost(table, labels, options), boost(table, labels, { ...options, seed: 4 }));
  assert.throws(() => boost(table, new Uint8Array(500), options), RangeError);
});

test('calibration brings scores of the wrong scale to the share of frauds, and keeps their order', () => {
  const draw = drawer(5);
  const rows = 20_000;
  const scores = Float64Array.from({ length: rows }, () => draw() * 6 - 3);
  const labels = Uint8Array.from(scores, (score) => Number(draw() < 1 / (1 + Math.exp(-(0.5 * score - 2)))));
  const calibration = fitCalibration(scores, labels);
  assert.ok(
    Math.abs(calibration.slope + 0.5) < 0.05 && Math.abs(calibration.offset - 2) < 0.1,
    JSON.stringify(calibration),
  );
  const chances = scores.map((score) => calibrated(calibration, score));
  assert.ok(calibrationError(chances, labels) < 0.01);
  assert.equal(areaUnderCurve(chances, labels), areaUnderCurve(scores, labels));
});

test('a model that knows nothing, and a table that holds the label, are refused by name', () => {
  const draw = drawer(9);
  const rows = 3000;
  const noise = Float64Array.from({ length: rows }, () => draw());
  const labels = Uint8Array.from({ length: rows }, () => Number(draw() < 0.05));
  const refusedNoise = judgeScores(noise, labels);
  assert.equal(refusedNoise.ok ? '' : refusedNoise.code, 'model.no-better-than-noise');
  assert.equal(
    judgeScores(
      Float64Array.from(labels, (label) => label + draw()),
      labels,
    ).ok,
    true,
  );
  const leak = Float64Array.from(labels, (label) => 5 - label);
  const leaking = judgeTable({ rows, columns: [noise, leak] }, labels, ['noise', 'chargeback']);
  assert.deepEqual(leaking, { ok: false, code: 'model.leaks-labels', detail: 'chargeback' });
  const few = judgeTable({ rows, columns: [noise] }, new Uint8Array(rows).fill(1, 0, 5), ['noise']);
  assert.equal(few.ok ? '' : few.code, 'model.too-few-labels');
});
