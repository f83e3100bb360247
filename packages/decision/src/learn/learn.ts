/** Events and labels → a model and what it is worth: streamed through the online memory, trained on one span, scored on a later one. */
import { accept, type Result, refuse } from '@hauberk/primitives';
import type { RiskEvent, RiskLabel } from '../event.ts';
import { type BoostOptions, boost, type Forest, forestScore, scoreColumns } from '../model/boosting.ts';
import { type Calibration, calibrated, fitCalibration } from '../model/calibration.ts';
import type { Columns } from '../model/histogram.ts';
import { areaUnderCurve, averagePrecision, calibrationError, recallAtFalsePositiveRate } from '../model/measures.ts';
import { judgeScores, judgeTable, type ModelCode } from '../model/validate.ts';
import { entityIdOf, type FeaturePlan, featureNames, planFeatures } from './feature-plan.ts';
import { RiskMemory } from './risk-memory.ts';

/** A span of event time, half open, in epoch milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What to learn from. */
export interface LearnInput {
  /** In any order; duplicates count once, the first. */
  readonly events: readonly RiskEvent[];
  readonly labels: readonly RiskLabel[];
  readonly train: Span;
  readonly test: Span;
  /** How long labels take, in milliseconds; an event without a label counts as honest after that. */
  readonly labelDelay: number;
  /** When given, only these events of the test span are scored; all are streamed. */
  readonly scoreOnly?: ReadonlySet<string>;
  readonly key: Uint8Array;
}

/** A trained model with what it needs to be used. */
export interface RiskModel {
  readonly plan: FeaturePlan;
  readonly labelDelay: number;
  readonly forest: Forest;
  readonly calibration: Calibration;
}

/** How good a model was on the test span. */
export interface LearnReport {
  readonly rows: { readonly train: number; readonly test: number };
  readonly auc: number;
  readonly averagePrecision: number;
  readonly recallAt1PercentFpr: number;
  readonly ece: number;
}

/** Why nothing was learnt. */
export type LearnCode = ModelCode | 'learn.spans' | 'learn.no-events' | 'learn.label-before-event';

/** Trees for some ten thousand to some million rows with few frauds: small ones, many, each on a share of what there is. */
export const usualBoost: BoostOptions = {
  rounds: 150,
  pace: 0.05,
  leaves: 8,
  minHessian: 1,
  minRows: 20,
  l2: 5,
  rowShare: 0.8,
  featureShare: 0.5,
  seed: 20_250_101,
};
const folds = 3;

class Rows {
  readonly #columns: number[][];
  readonly labels: number[] = [];

  constructor(width: number) {
    this.#columns = Array.from({ length: width }, () => []);
  }

  add(vector: Float64Array, isFraud: boolean): void {
    for (let feature = 0; feature < vector.length; feature += 1)
      this.#columns[feature]?.push(vector[feature] as number);
    this.labels.push(isFraud ? 1 : 0);
  }

  table(): Columns {
    return { rows: this.labels.length, columns: this.#columns.map((column) => Float64Array.from(column)) };
  }
}

const isIn = ({ from, to }: Span, at: number): boolean => at >= from && at < to;

const inOrder = (events: readonly RiskEvent[]): readonly RiskEvent[] => {
  const seen = new Set<string>();
  const once = events.filter(({ id }) => !seen.has(id) && seen.add(id));
  return once.some((event, index) => event.atMs < (once[index - 1]?.atMs ?? 0))
    ? once.sort((left, right) => left.atMs - right.atMs)
    : once;
};

interface Streamed {
  readonly train: Rows;
  readonly test: Rows;
}

/** Streams everything; a row is taken when its event happens, with what was known then. */
const streamRows = (input: LearnInput, events: readonly RiskEvent[], plan: FeaturePlan): Streamed => {
  const { labels, train, test, labelDelay, scoreOnly, key } = input;
  const memory = new RiskMemory({ plan, labelDelay, key, capacity: countEntities(events, plan) });
  const frauds = new Set(labels.filter(({ fraud }) => fraud).map(({ eventId }) => eventId));
  const due = [...labels].sort((left, right) => left.knownAtMs - right.knownAtMs);
  const rows = { train: new Rows(memory.width), test: new Rows(memory.width) };
  const vector = new Float64Array(memory.width);
  let next = 0;
  for (const event of events) {
    for (let label = due[next]; label !== undefined && label.knownAtMs <= event.atMs; label = due[next]) {
      memory.label(label.eventId, label.fraud);
      next += 1;
    }
    memory.advance(event.atMs);
    const places = memory.rowsOf(event);
    const into = isIn(train, event.atMs) ? rows.train : isIn(test, event.atMs) ? rows.test : undefined;
    if (into !== undefined && (into === rows.train || (scoreOnly?.has(event.id) ?? true))) {
      memory.view(event, places, vector);
      into.add(vector, frauds.has(event.id));
    }
    memory.take(event, places);
  }
  return rows;
};

const countEntities = (events: readonly RiskEvent[], plan: FeaturePlan): number => {
  const seen = new Set<string>();
  for (const event of events) {
    for (const kind of plan.kinds) {
      const id = entityIdOf(event, kind);
      if (id !== undefined) seen.add(`${kind}\n${id}`);
    }
  }
  return seen.size + 1;
};

const takeRows = ({ columns }: Columns, rows: Int32Array): Columns => ({
  rows: rows.length,
  columns: columns.map((column) => Float64Array.from(rows, (row) => column[row] as number)),
});

/** Scores of rows by models that did not see them. Folds are spans of time, so that neighbours in time do not help. */
const scoresOutOfFold = (table: Columns, labels: Uint8Array): Float64Array => {
  const scores = new Float64Array(table.rows);
  const foldOf = (row: number): number => Math.floor((row * folds) / table.rows);
  const all = Int32Array.from({ length: table.rows }, (_, row) => row);
  for (let fold = 0; fold < folds; fold += 1) {
    const inside = all.filter((row) => foldOf(row) !== fold);
    const outside = all.filter((row) => foldOf(row) === fold);
    const part = Uint8Array.from(inside, (row) => labels[row] as number);
    const frauds = part.reduce((sum, label) => sum + label, 0);
    if (frauds === 0 || frauds === part.length) continue;
    const found = scoreColumns(boost(takeRows(table, inside), part, usualBoost), takeRows(table, outside));
    for (const [place, row] of outside.entries()) scores[row] = found[place] as number;
  }
  return scores;
};

const checkSpans = ({ train, test, labels, events }: LearnInput): Result<true, LearnCode> => {
  if (!(train.from < train.to && test.from < test.to && train.to <= test.from))
    return refuse('learn.spans', 'the test span begins after the training span');
  const times = new Map(events.map(({ id, atMs }) => [id, atMs]));
  const early = labels.find(({ eventId, knownAtMs }) => knownAtMs < (times.get(eventId) ?? Number.NEGATIVE_INFINITY));
  return early === undefined ? accept(true) : refuse('learn.label-before-event', early.eventId);
};

/** Learns. Pure: the same input gives the same model and the same report. */
export const learn = (
  input: LearnInput,
): Result<{ readonly model: RiskModel; readonly report: LearnReport }, LearnCode> => {
  const checked = checkSpans(input);
  if (!checked.ok) return checked;
  const events = inOrder(input.events);
  const plan = planFeatures(events);
  const streamed = streamRows(input, events, plan);
  const [table, test] = [streamed.train.table(), streamed.test.table()];
  if (table.rows === 0 || test.rows === 0) return refuse('learn.no-events', 'none in the training or the test span');
  const [labels, truth] = [Uint8Array.from(streamed.train.labels), Uint8Array.from(streamed.test.labels)];
  const judged = judgeTable(table, labels, featureNames(plan));
  if (!judged.ok) return judged;
  const outOfFold = scoresOutOfFold(table, labels);
  const worth = judgeScores(outOfFold, labels);
  if (!worth.ok) return worth;
  const calibration = fitCalibration(outOfFold, labels);
  const forest = boost(table, labels, usualBoost);
  const chances = scoreColumns(forest, test).map((score) => calibrated(calibration, score));
  const report = {
    rows: { train: table.rows, test: test.rows },
    auc: areaUnderCurve(chances, truth),
    averagePrecision: averagePrecision(chances, truth),
    recallAt1PercentFpr: recallAtFalsePositiveRate(chances, truth, 0.01),
    ece: calibrationError(chances, truth),
  };
  return accept({ model: { plan, labelDelay: input.labelDelay, forest, calibration }, report });
};

/** The probability that an event with these features is fraud. */
export const fraudChance = ({ forest, calibration }: RiskModel, features: Float64Array): number =>
  calibrated(calibration, forestScore(forest, features));
