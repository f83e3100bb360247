/**
 * Rows that were made up to balance the classes before the data was split: copies of frauds, or points between two of them (SMOTE). Folds of such a table share
 * their rows, and every figure measured on it is too good. Real rows of several real-valued features lie on no line between two others.
 */
import type { Columns } from './histogram.ts';

/** Frauds whose copies are counted, at most. */
const mostCompared = 20_000;
/** Frauds that are looked at; neighbours of each. */
const sampled = 200;
const neighbours = 12;
/** Features that must differ between the ends of a line, so that lying on it says something. */
const leastFeatures = 4;
const tolerance = 1e-9;

const rowOf = ({ columns }: Columns, row: number): Float64Array =>
  Float64Array.from(columns, (column) => column[row] as number);

const scalesOf = (rows: readonly Float64Array[]): Float64Array =>
  Float64Array.from(rows[0] ?? [], (_, feature) => {
    const values = rows.map((row) => row[feature] as number).filter((value) => !Number.isNaN(value));
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length);
    return variance > 0 ? Math.sqrt(variance) : 0;
  });

const distance = (left: Float64Array, right: Float64Array, scales: Float64Array): number => {
  let sum = 0;
  for (let feature = 0; feature < scales.length; feature += 1) {
    const scale = scales[feature] as number;
    const step = scale === 0 ? 0 : ((left[feature] as number) - (right[feature] as number)) / scale;
    sum += Number.isNaN(step) ? 1 : step * step;
  }
  return sum;
};

/** Whether a row lies between two others: every feature the same share of the way. */
const isBetween = (row: Float64Array, from: Float64Array, to: Float64Array, scales: Float64Array): boolean => {
  let share = Number.NaN;
  let moving = 0;
  for (let feature = 0; feature < scales.length; feature += 1) {
    const [value, start, end] = [row[feature] as number, from[feature] as number, to[feature] as number];
    if (Number.isNaN(value) || Number.isNaN(start) || Number.isNaN(end)) continue;
    const span = end - start;
    const near = tolerance * Math.max(1, scales[feature] as number, Math.abs(value));
    if (Math.abs(span) <= near) {
      if (Math.abs(value - start) > near) return false;
      continue;
    }
    const here = (value - start) / span;
    if (!(here > 0 && here < 1)) return false;
    if (Number.isNaN(share)) share = here;
    else if (Math.abs(here - share) * Math.abs(span) > near * 10) return false;
    moving += 1;
  }
  return moving >= leastFeatures;
};

const isOnALine = (row: Float64Array, others: readonly Float64Array[], scales: Float64Array): boolean => {
  const near = others
    .filter((other) => other !== row)
    .map((other) => ({ other, far: distance(row, other, scales) }))
    .sort((left, right) => left.far - right.far)
    .slice(0, neighbours)
    .map(({ other }) => other);
  return near.some((from, place) => near.slice(place + 1).some((to) => isBetween(row, from, to, scales)));
};

/** Shares of the frauds that are copies of another fraud, and that lie on a line between two. */
export interface CopiedRows {
  readonly copies: number;
  readonly between: number;
}

/** Looks for made-up rows among the frauds. */
export const copiedRows = (table: Columns, labels: Uint8Array): CopiedRows => {
  const frauds = Array.from(labels.keys()).filter((row) => labels[row] === 1);
  const step = Math.max(1, Math.floor(frauds.length / 2000));
  const rows = frauds.filter((_, place) => place % step === 0).map((row) => rowOf(table, row));
  const seen = new Map<string, number>();
  const all = frauds.slice(0, mostCompared).map((row) => rowOf(table, row).join(' '));
  for (const key of all) seen.set(key, (seen.get(key) ?? 0) + 1);
  const copies = all.filter((key) => (seen.get(key) ?? 0) > 1).length / Math.max(1, all.length);
  const scales = scalesOf(rows);
  const every = Math.max(1, Math.floor(rows.length / sampled));
  const looked = rows.filter((_, place) => place % every === 0);
  const between = looked.filter((row) => isOnALine(row, rows, scales)).length / Math.max(1, looked.length);
  return { copies, between };
};
