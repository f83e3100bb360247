/**
 * Which features moved a score, and how far. Two ways, both of which add up to the score:
 *
 * * path attributions (Saabas 2014): at each split on the way the change of what training saw on average goes to the feature that is asked. One walk
 *   a tree; this is what a decision pays for.
 * * Shapley values (TreeSHAP, Lundberg, Erion and Lee 2018, path-dependent): fair to features that stand deep in a tree; for offline questions.
 */
import { type Ensemble, goesLeft, nodeKinds } from './ensemble.ts';

/** What training saw on average, worked out once for a model. */
export interface Expectations {
  /** By how much a step to the node changes the average of the leaves below, weighed by what training saw; 0 for roots. What was never counted weighs the same. */
  readonly steps: Float64Array;
  /** The score when nothing is known, before it is divided. */
  readonly known: number;
}

/** Works the expectations of a model out. */
export const expectationsOf = (ensemble: Ensemble): Expectations => {
  const { feature, left, right, value, cover, roots, base } = ensemble;
  const expected = Float64Array.from(value);
  const steps = new Float64Array(value.length);
  // Children stand behind their parents: builders add nodes from the root down.
  for (let node = feature.length - 1; node >= 0; node -= 1) {
    if ((feature[node] as number) < 0) continue;
    const [first, second] = [left[node] as number, right[node] as number];
    const [one, other] = [cover[first] as number, cover[second] as number];
    const [share, rest] = one + other > 0 ? [one, other] : [1, 1];
    const mean = (share * (expected[first] as number) + rest * (expected[second] as number)) / (share + rest);
    expected[node] = mean;
    steps[first] = (expected[first] as number) - mean;
    steps[second] = (expected[second] as number) - mean;
  }
  return { steps, known: roots.reduce((sum, root) => sum + (expected[root] as number), base) };
};

const rounded = (ensemble: Ensemble, features: ArrayLike<number>): ArrayLike<number> =>
  ensemble.isSingle ? Float32Array.from(features) : features;

/** Path attributions: one a feature, and last what the score is when nothing is known. */
export const pathAttributions = (
  ensemble: Ensemble,
  { steps, known }: Expectations,
  features: ArrayLike<number>,
  into: Float64Array = new Float64Array(ensemble.features.length + 1),
): Float64Array => {
  const row = rounded(ensemble, features);
  const { feature, kind, threshold, missingLeft, left, right, roots, divisor } = ensemble;
  const last = ensemble.features.length;
  into.fill(0);
  into[last] = known;
  for (let tree = 0; tree < roots.length; tree += 1) {
    let node = roots[tree] as number;
    for (let asked = feature[node] as number; asked >= 0; asked = feature[node] as number) {
      const value = row[asked] as number;
      // The usual kind of node is asked here: a call at every step would double the time.
      const isLeft =
        kind[node] === nodeKinds.atMost && value === value
          ? value <= (threshold[node] as number)
          : value === value
            ? goesLeft(ensemble, node, value)
            : missingLeft[node] === 1;
      node = (isLeft ? left : right)[node] as number;
      into[asked] = (into[asked] as number) + (steps[node] as number);
    }
  }
  if (divisor !== 1) for (let place = 0; place <= last; place += 1) into[place] = (into[place] as number) / divisor;
  return into;
};

/** A feature on the way to a leaf: shares of the subsets that flow through without and with it, and the weight of paths of each length. */
interface Step {
  feature: number;
  zero: number;
  one: number;
  weight: number;
}

const extend = (path: readonly Step[], zero: number, one: number, feature: number): Step[] => {
  const depth = path.length;
  const next = path.map((step) => ({ ...step }));
  next.push({ feature, zero, one, weight: depth === 0 ? 1 : 0 });
  for (let place = depth - 1; place >= 0; place -= 1) {
    const [step, after] = [next[place] as Step, next[place + 1] as Step];
    after.weight += (one * step.weight * (place + 1)) / (depth + 1);
    step.weight = (zero * step.weight * (depth - place)) / (depth + 1);
  }
  return next;
};

const unwind = (path: readonly Step[], at: number): Step[] => {
  const depth = path.length - 1;
  const { one, zero } = path[at] as Step;
  const next = path.map((step) => ({ ...step }));
  let carried = (next[depth] as Step).weight;
  for (let place = depth - 1; place >= 0; place -= 1) {
    const step = next[place] as Step;
    if (one === 0) step.weight = (step.weight * (depth + 1)) / (zero * (depth - place));
    else {
      const was = step.weight;
      step.weight = (carried * (depth + 1)) / ((place + 1) * one);
      carried = was - (step.weight * zero * (depth - place)) / (depth + 1);
    }
  }
  for (let place = at; place < depth; place += 1) {
    const [step, after] = [next[place] as Step, next[place + 1] as Step];
    [step.feature, step.zero, step.one] = [after.feature, after.zero, after.one];
  }
  next.pop();
  return next;
};

const unwoundWeight = (path: readonly Step[], at: number): number =>
  unwind(path, at).reduce((sum, { weight }) => sum + weight, 0);

const walk = (
  ensemble: Ensemble,
  row: ArrayLike<number>,
  node: number,
  path: readonly Step[],
  into: Float64Array,
): void => {
  const asked = ensemble.feature[node] as number;
  if (asked < 0) {
    const value = ensemble.value[node] as number;
    for (let place = 1; place < path.length; place += 1) {
      const { feature, one, zero } = path[place] as Step;
      into[feature] = (into[feature] as number) + unwoundWeight(path, place) * (one - zero) * value;
    }
    return;
  }
  const [left, right] = [ensemble.left[node] as number, ensemble.right[node] as number];
  const isLeft = goesLeft(ensemble, node, row[asked] as number);
  const [hot, cold] = isLeft ? [left, right] : [right, left];
  const earlier = path.findIndex((step, place) => place > 0 && step.feature === asked);
  const { zero, one } = earlier < 0 ? { zero: 1, one: 1 } : (path[earlier] as Step);
  const rest = earlier < 0 ? path : unwind(path, earlier);
  const [hotShare, coldShare] = sharesOf(ensemble, hot, cold);
  if (hotShare * zero > 0 || one > 0) walk(ensemble, row, hot, extend(rest, hotShare * zero, one, asked), into);
  // A child that training never reached has no share in any average.
  if (coldShare * zero > 0) walk(ensemble, row, cold, extend(rest, coldShare * zero, 0, asked), into);
};

const sharesOf = ({ cover }: Ensemble, hot: number, cold: number): readonly [number, number] => {
  const [one, other] = [cover[hot] as number, cover[cold] as number];
  return one + other > 0 ? [one / (one + other), other / (one + other)] : [0.5, 0.5];
};

/** Shapley values: one a feature, and last what the score is when nothing is known. */
export const shapleyValues = (
  ensemble: Ensemble,
  { known }: Expectations,
  features: ArrayLike<number>,
): Float64Array => {
  const row = rounded(ensemble, features);
  const into = new Float64Array(ensemble.features.length + 1);
  into[ensemble.features.length] = known;
  for (const root of ensemble.roots) walk(ensemble, row, root, extend([], 1, 1, -1), into);
  return ensemble.divisor === 1 ? into : into.map((each) => each / ensemble.divisor);
};
