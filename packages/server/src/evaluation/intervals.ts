/** How sure a figure is: 95 % intervals, by formula where cases are independent and by drawing groups again where they are not. */

/** Lower and upper bound. */
export type Interval = readonly [low: number, high: number];

const z = 1.959_963_984_540_054;

/** Wilson's interval of a share: `hits` of `all` independent cases. */
export const wilson = (hits: number, all: number): Interval => {
  if (all === 0) return [0, 1];
  const share = hits / all;
  const middle = share + (z * z) / (2 * all);
  const reach = z * Math.sqrt((share * (1 - share)) / all + (z * z) / (4 * all * all));
  const scale = 1 + (z * z) / all;
  return [Math.max(0, (middle - reach) / scale), Math.min(1, (middle + reach) / scale)];
};

const draws = 1000;

/** The middle 95 % of a statistic over groups that are drawn again with replacement. Devices of one farm, and events of one gang, are no independent cases. The same groups give the same interval. */
export const bootstrap = <Group>(
  groups: readonly Group[],
  statistic: (drawn: readonly Group[]) => number,
): Interval => {
  if (groups.length === 0) return [0, 1];
  let state = 20_261_121;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
  const found = Array.from({ length: draws }, () =>
    statistic(groups.map(() => groups[Math.floor(next() * groups.length)] as Group)),
  ).sort((left, right) => left - right);
  return [found[Math.floor(draws * 0.025)] as number, found[Math.ceil(draws * 0.975) - 1] as number];
};

/** Middle of numbers; NaN of none. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};
