/** How good scores are: area under the ROC curve, average precision, recall at a false-positive rate, calibration error, Brier score. */

const byScoreDown = (scores: Float64Array): Int32Array =>
  Int32Array.from(scores, (_, index) => index).sort(
    (left, right) => (scores[right] as number) - (scores[left] as number),
  );

/** Steps through the rows from the highest score, ties together: true and false positives so far. */
const eachStep = (scores: Float64Array, labels: Uint8Array, visit: (hits: number, alarms: number) => void): void => {
  const order = byScoreDown(scores);
  let hits = 0;
  let alarms = 0;
  for (let index = 0; index < order.length; ) {
    const score = scores[order[index] as number] as number;
    for (; index < order.length && scores[order[index] as number] === score; index += 1)
      if (labels[order[index] as number] === 1) hits += 1;
      else alarms += 1;
    visit(hits, alarms);
  }
};

const countFrauds = (labels: Uint8Array): number => labels.reduce((sum, label) => sum + label, 0);

/** Area under the ROC curve; ties count half. 0.5 when one class is missing. */
export const areaUnderCurve = (scores: Float64Array, labels: Uint8Array): number => {
  const frauds = countFrauds(labels);
  const honest = labels.length - frauds;
  if (frauds === 0 || honest === 0) return 0.5;
  let [area, lastHits, lastAlarms] = [0, 0, 0];
  eachStep(scores, labels, (hits, alarms) => {
    area += ((alarms - lastAlarms) * (hits + lastHits)) / 2;
    [lastHits, lastAlarms] = [hits, alarms];
  });
  return area / (frauds * honest);
};

/** Average precision: the sum of precision times the recall gained at each step (no interpolation). */
export const averagePrecision = (scores: Float64Array, labels: Uint8Array): number => {
  const frauds = countFrauds(labels);
  let [sum, lastHits] = [0, 0];
  eachStep(scores, labels, (hits, alarms) => {
    sum += ((hits - lastHits) / Math.max(1, frauds)) * (hits / (hits + alarms));
    lastHits = hits;
  });
  return sum;
};

/** The highest recall among thresholds whose false-positive rate is at most `rate`. */
export const recallAtFalsePositiveRate = (scores: Float64Array, labels: Uint8Array, rate: number): number => {
  const frauds = countFrauds(labels);
  const allowed = (labels.length - frauds) * rate;
  let best = 0;
  eachStep(scores, labels, (hits, alarms) => {
    if (alarms <= allowed) best = Math.max(best, hits);
  });
  return best / Math.max(1, frauds);
};

/** Expected calibration error over ten bins of equal count: mean distance of the mean score from the share of frauds. */
export const calibrationError = (scores: Float64Array, labels: Uint8Array): number => {
  const order = byScoreDown(scores);
  const size = Math.max(1, Math.ceil(order.length / 10));
  let error = 0;
  for (let from = 0; from < order.length; from += size) {
    const part = order.subarray(from, from + size);
    let [score, frauds] = [0, 0];
    for (const row of part) {
      score += scores[row] as number;
      frauds += labels[row] as number;
    }
    error += Math.abs(score - frauds);
  }
  return error / Math.max(1, order.length);
};
