/** Watching models: what must not be learnt from, features that drift, and which of two is better. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ChampionBook } from '../src/model/champion.ts';
import { copiedRows } from '../src/model/copied-rows.ts';
import { DriftWatch, driftReference, stabilityIndex } from '../src/model/drift.ts';
import { judgeScores, judgeTable } from '../src/model/validate.ts';

const drawer = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
};

const features = 6;
const names = Array.from({ length: features }, (_, feature) => `f${feature}`);
const makeRows = (count: number, seed: number): Float64Array[] => {
  const draw = drawer(seed);
  return Array.from({ length: count }, () => Float64Array.from({ length: features }, () => draw() + draw()));
};
const tableOf = (rows: readonly Float64Array[]) => ({
  rows: rows.length,
  columns: names.map((_, feature) => Float64Array.from(rows, (row) => row[feature] as number)),
});

test('rows that were made up to balance the classes are refused: copies, and points between two frauds', () => {
  const honest = makeRows(2000, 1);
  const frauds = makeRows(60, 2);
  const judge = (more: readonly Float64Array[]) => {
    const rows = [...honest, ...frauds, ...more];
    const labels = Uint8Array.from(rows, (_, row) => Number(row >= honest.length));
    return { judged: judgeTable(tableOf(rows), labels, names), copied: copiedRows(tableOf(rows), labels) };
  };
  const plain = judge([]);
  assert.equal(plain.judged.ok, true);
  assert.deepEqual(plain.copied, { copies: 0, between: 0 });
  const copied = judge(frauds.map((row) => row.slice()));
  assert.equal(copied.judged.ok ? '' : copied.judged.code, 'model.copied-rows');
  assert.equal(copied.copied.copies, 1);
  // SMOTE: a random share of the way from a fraud to one of its nearest.
  const draw = drawer(3);
  const nearest = (row: Float64Array): Float64Array =>
    [...frauds].filter((other) => other !== row).sort((left, right) => apart(row, left) - apart(row, right))[
      Math.floor(draw() * 5)
    ] as Float64Array;
  const smote = Array.from({ length: 400 }, (_, index) => {
    const from = frauds[index % frauds.length] as Float64Array;
    const [to, share] = [nearest(from), draw()];
    return from.map((value, feature) => value + share * ((to[feature] as number) - value));
  });
  const made = judge(smote);
  assert.equal(made.judged.ok ? '' : made.judged.code, 'model.copied-rows');
  assert.ok(made.copied.between > 0.5, String(made.copied.between));
});
const apart = (left: Float64Array, right: Float64Array): number =>
  left.reduce((sum, value, feature) => sum + (value - (right[feature] as number)) ** 2, 0);

test('pure noise is refused in all of ten tries but by chance, and a leak is found among missing values', () => {
  let passed = 0;
  for (let seed = 1; seed <= 10; seed += 1) {
    const draw = drawer(seed);
    const scores = Float64Array.from({ length: 4000 }, () => draw());
    if (
      judgeScores(
        scores,
        Uint8Array.from(scores, () => Number(draw() < 0.03)),
      ).ok
    )
      passed += 1;
  }
  assert.ok(passed <= 1, String(passed));
  const rows = makeRows(1000, 5);
  const labels = Uint8Array.from(rows, (_, row) => Number(row % 20 === 0));
  for (const [row, values] of rows.entries()) values[3] = labels[row] === 1 ? (values[3] as number) : Number.NaN;
  assert.deepEqual(judgeTable(tableOf(rows), labels, names), { ok: false, code: 'model.leaks-labels', detail: 'f3' });
});

test('stability index: zero for the same shares, and a case worked out by hand', () => {
  assert.equal(stabilityIndex([0.5, 0.5], [0.5, 0.5]), 0);
  const byHand = (0.7 - 0.5) * Math.log(0.7 / 0.5) + (0.3 - 0.5) * Math.log(0.3 / 0.5);
  assert.ok(Math.abs(stabilityIndex([0.5, 0.5], [0.7, 0.3]) - byHand) < 1e-12);
  assert.ok(Number.isFinite(stabilityIndex([1, 0], [0, 1])));
});

test('drift: the same population stays steady, a shifted and a vanished feature are told, and old rows fade', () => {
  const reference = driftReference(tableOf(makeRows(5000, 7)), names);
  const watch = new DriftWatch(reference, 4000);
  assert.deepEqual(watch.drift(), []);
  for (const row of makeRows(3000, 8)) watch.observe(row);
  assert.deepEqual([...new Set(watch.drift().map(({ grade }) => grade))], ['steady']);
  for (const row of makeRows(20_000, 9)) {
    row[1] = (row[1] as number) + 0.6;
    row[4] = Number.NaN;
    watch.observe(row);
  }
  const drift = new Map(watch.drift().map((each) => [each.name, each]));
  assert.equal(drift.get('f1')?.grade, 'drifted');
  assert.equal(drift.get('f4')?.grade, 'drifted');
  assert.equal(drift.get('f0')?.grade, 'steady');
  assert.equal(watch.drift()[0]?.name, 'f4');
  assert.ok(watch.rows <= 4000);
  const few = new DriftWatch(reference);
  few.observe(makeRows(1, 3)[0] as Float64Array);
  assert.ok((few.drift()[0]?.expected as number) > 1);
});

test('champion and challenger: a better one is found, an equal one never is over a long stream', () => {
  const run = (seed: number, catches: readonly [number, number], asks: readonly [number, number], events: number) => {
    const draw = drawer(seed);
    const book = new ChampionBook(0.05);
    let first: string | undefined;
    for (let event = 0; event < events; event += 1) {
      const isFraud = draw() < 0.05;
      const [champion, challenger] = isFraud ? catches : asks;
      book.observe({ champion: draw() < champion, challenger: draw() < challenger, isFraud });
      if (event % 50 === 0 && first === undefined && book.report().verdict !== 'undecided')
        first = book.report().verdict;
    }
    return { first, report: book.report() };
  };
  assert.equal(run(1, [0.6, 0.85], [0.01, 0.01], 20_000).first, 'better');
  assert.equal(run(2, [0.85, 0.6], [0.01, 0.01], 20_000).first, 'worse');
  assert.equal(run(3, [0.7, 0.7], [0.01, 0.05], 20_000).first, 'worse');
  assert.equal(run(4, [0.5, 0.9], [0.01, 0.05], 20_000).report.verdict, 'mixed');
  let alarms = 0;
  for (let seed = 1; seed <= 60; seed += 1)
    if (run(seed * 7, [0.7, 0.7], [0.02, 0.02], 4000).first !== undefined) alarms += 1;
  assert.ok(alarms <= 6, String(alarms));
  const { report } = run(1, [0.6, 0.85], [0.01, 0.01], 2000);
  assert.equal(report.fraud.rows + report.honest.rows, 2000);
});
