/** Which models may not be used: those that know nothing, and those that know too much. */
import { accept, type Result, refuse } from '@hauberk/primitives';
import { copiedRows } from './copied-rows.ts';
import type { Columns } from './histogram.ts';
import { areaUnderCurve, averagePrecision, calibrationError, recallAtFalsePositiveRate } from './measures.ts';

/** Why a model is refused. */
export type ModelCode =
  | 'model.too-few-labels'
  | 'model.no-better-than-noise'
  | 'model.leaks-labels'
  | 'model.copied-rows';

/** Frauds, and honest rows, that training needs at least. */
export const leastLabels = 20;
/** A single feature that separates better than this holds the label itself. */
const leakAt = 0.995;
/** Shares of frauds that are copies of others, or points between others, from which on a table was made up to balance its classes. */
const mostCopies = 0.5;
const mostBetween = 0.2;
/** Standard errors by which a model must beat chance. */
const noiseErrors = 3;

/** Standard error of an area under the curve (Hanley and McNeil 1982). */
export const areaError = (area: number, frauds: number, honest: number): number => {
  const q1 = area / (2 - area);
  const q2 = (2 * area * area) / (1 + area);
  const variance = area * (1 - area) + (frauds - 1) * (q1 - area * area) + (honest - 1) * (q2 - area * area);
  return Math.sqrt(Math.max(0, variance) / (frauds * honest));
};

const present = (column: Float64Array): Float64Array => column.map((value) => (Number.isNaN(value) ? -1 : value));

/** Judges a table before anything is learnt from it. */
export const judgeTable = (table: Columns, labels: Uint8Array, names: readonly string[]): Result<true, ModelCode> => {
  const frauds = labels.reduce((sum, label) => sum + label, 0);
  const honest = labels.length - frauds;
  if (Math.min(frauds, honest) < leastLabels)
    return refuse(
      'model.too-few-labels',
      `${frauds} frauds and ${honest} honest events; at least ${leastLabels} of each`,
    );
  for (const [index, column] of table.columns.entries()) {
    const area = areaUnderCurve(present(column), labels);
    if (Math.max(area, 1 - area) > leakAt) return refuse('model.leaks-labels', names[index] ?? '');
  }
  const { copies, between } = copiedRows(table, labels);
  if (copies > mostCopies) return refuse('model.copied-rows', `${Math.round(copies * 100)} % of the frauds are copies`);
  if (between > mostBetween)
    return refuse('model.copied-rows', `${Math.round(between * 100)} % of the frauds lie between two others`);
  return accept(true);
};

/** Judges a model by the scores that it gave to rows which it did not learn from. */
export const judgeScores = (scores: Float64Array, labels: Uint8Array): Result<number, ModelCode> => {
  const frauds = labels.reduce((sum, label) => sum + label, 0);
  const area = areaUnderCurve(scores, labels);
  const error = areaError(0.5, frauds, labels.length - frauds);
  return area - noiseErrors * error > 0.5
    ? accept(area)
    : refuse('model.no-better-than-noise', `area ${area.toFixed(3)}`);
};

/** What a model is worth on rows of which it is known what they were. */
export interface ModelWorth {
  readonly area: number;
  readonly averagePrecision: number;
  readonly recallAt1PercentFpr: number;
  readonly calibrationError: number;
}

/** Judges and measures a model on rows that it did not learn from. */
export const judgeModelRows = (chances: Float64Array, labels: Uint8Array): Result<ModelWorth, ModelCode> => {
  const frauds = labels.reduce((sum, label) => sum + label, 0);
  if (Math.min(frauds, labels.length - frauds) < leastLabels)
    return refuse(
      'model.too-few-labels',
      `${frauds} frauds among ${labels.length} rows; at least ${leastLabels} of each`,
    );
  const judged = judgeScores(chances, labels);
  if (!judged.ok) return judged;
  return accept({
    area: judged.value,
    averagePrecision: averagePrecision(chances, labels),
    recallAt1PercentFpr: recallAtFalsePositiveRate(chances, labels, 0.01),
    calibrationError: calibrationError(chances, labels),
  });
};
