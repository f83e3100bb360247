/** Features in bins: what a tree needs to know of a number is between which cuts it lies. */

/** Most bins of a feature, the one for missing values included. */
export const maxBins = 255;

/** A table of rows by features, each feature a column. `NaN` is missing. */
export interface Columns {
  readonly rows: number;
  readonly columns: readonly Float64Array[];
}

/** The same in bins. Bin 0 is for missing values; bin b holds values above cut b−2 and at most cut b−1. */
export interface BinnedColumns {
  readonly rows: number;
  readonly bins: readonly Uint8Array[];
  /** Rising upper bounds of bins 1, 2, …; the last bin has none. */
  readonly cuts: readonly Float64Array[];
}

const cutsOf = (column: Float64Array, most: number): Float64Array => {
  const sorted = column.filter((value) => !Number.isNaN(value)).sort();
  const cuts: number[] = [];
  const step = sorted.length / most;
  for (let bin = 1; bin < most; bin += 1) {
    const low = sorted[Math.min(sorted.length - 1, Math.ceil(bin * step) - 1)];
    if (low === undefined) break;
    if (low > (cuts.at(-1) ?? Number.NEGATIVE_INFINITY) && low < (sorted.at(-1) as number)) cuts.push(low);
  }
  return Float64Array.from(cuts);
};

/** The bin of one value under rising cuts. */
export const binOf = (cuts: Float64Array, value: number): number => {
  if (Number.isNaN(value)) return 0;
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= (cuts[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low + 1;
};

/** Cuts every column at its quantiles and puts each value into its bin. */
export const binColumns = ({ rows, columns }: Columns): BinnedColumns => {
  const cuts = columns.map((column) => cutsOf(column, maxBins - 1));
  const bins = columns.map((column, feature) =>
    Uint8Array.from(column, (value) => binOf(cuts[feature] as Float64Array, value)),
  );
  return { rows, bins, cuts };
};
