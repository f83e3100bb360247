/** Forests that were trained here, as ensembles. */

import { type FeaturePlan, featureNames } from '../learn/feature-plan.ts';
import type { RiskModel } from '../learn/learn.ts';
import type { Forest } from './boosting.ts';
import { type Ensemble, EnsembleBuilder, type EnsembleOutput, nodeKinds } from './ensemble.ts';
import type { Tree } from './tree.ts';

const addTree = (builder: EnsembleBuilder, tree: Tree): void => {
  const first = builder.size;
  builder.beginTree();
  for (let node = 0; node < tree.feature.length; node += 1) {
    const cover = tree.cover?.[node] ?? 0;
    const feature = tree.feature[node] as number;
    if (feature < 0) builder.leaf(tree.value[node] as number, cover);
    else builder.split(feature, nodeKinds.atMost, tree.threshold[node] as number, tree.missingLeft[node] === 1, cover);
  }
  for (let node = 0; node < tree.feature.length; node += 1)
    if ((tree.feature[node] as number) >= 0)
      builder.join(first + node, first + (tree.left[node] as number), first + (tree.right[node] as number));
};

/** A forest as an ensemble: the same score, bit for bit. */
export const forestEnsemble = (forest: Forest, features: readonly string[], output: EnsembleOutput): Ensemble => {
  const builder = new EnsembleBuilder();
  for (const tree of forest.trees) addTree(builder, tree);
  return builder.finish({ features, isSingle: false, base: forest.base, divisor: 1, output });
};

const factOf = (feature: string, plan: FeaturePlan): string => {
  if (feature === 'amount') return 'event.amountMinor';
  // Hours and weekdays of `learn` are those of UTC; those of events have the zone of their schema.
  if (feature === 'hour' || feature === 'weekday') return `utc.${feature}`;
  return plan.numbers.includes(feature) ? `attr.${feature}` : feature;
};

/** The facts of the engine that a plan's features are, in their order. Kinds that are texts of attributes (`=name`) have facts where the schema profiles them, and are missing elsewhere. */
export const factsOfPlan = (plan: FeaturePlan): readonly string[] =>
  featureNames(plan).map((feature) => factOf(feature, plan));

/** A model of `hauberk learn` as an ensemble whose output is its calibrated probability. */
export const learntEnsemble = ({ plan, forest, calibration }: RiskModel): Ensemble =>
  forestEnsemble(forest, factsOfPlan(plan), { kind: 'sigmoid', ...calibration });
