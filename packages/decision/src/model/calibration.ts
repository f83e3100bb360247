/** Scores → probabilities. Platt's sigmoid (1999) with Lin, Lin and Weng's (2007) targets and Newton steps: two numbers, and no two scores become equal. */

/** probability = 1 / (1 + e^(slope × score + offset)). */
export interface Calibration {
  readonly slope: number;
  readonly offset: number;
}

/** The calibrated probability of a score in log odds. */
export const calibrated = ({ slope, offset }: Calibration, score: number): number =>
  1 / (1 + Math.exp(slope * score + offset));

interface Sums {
  g1: number;
  g2: number;
  h11: number;
  h22: number;
  h21: number;
}

const sumsAt = (scores: Float64Array, targets: Float64Array, slope: number, offset: number): Sums => {
  const sums: Sums = { g1: 0, g2: 0, h11: 1e-12, h22: 1e-12, h21: 0 };
  for (let row = 0; row < scores.length; row += 1) {
    const score = scores[row] as number;
    const chance = calibrated({ slope, offset }, score);
    const weight = chance * (1 - chance);
    const miss = (targets[row] as number) - chance;
    sums.g1 += score * miss;
    sums.g2 += miss;
    sums.h11 += score * score * weight;
    sums.h22 += weight;
    sums.h21 += score * weight;
  }
  return sums;
};

/** −log likelihood, without overflow. */
const lossAt = (scores: Float64Array, targets: Float64Array, slope: number, offset: number): number => {
  let loss = 0;
  for (let row = 0; row < scores.length; row += 1) {
    const exponent = slope * (scores[row] as number) + offset;
    const target = targets[row] as number;
    loss +=
      exponent >= 0
        ? target * exponent + Math.log1p(Math.exp(-exponent))
        : (target - 1) * exponent + Math.log1p(Math.exp(exponent));
  }
  return loss;
};

/** Fits a calibration on scores that the model gave to rows which it did not learn from. */
export const fitCalibration = (scores: Float64Array, labels: Uint8Array): Calibration => {
  const frauds = labels.reduce((sum, label) => sum + label, 0);
  const honest = labels.length - frauds;
  const [high, low] = [(frauds + 1) / (frauds + 2), 1 / (honest + 2)];
  const targets = Float64Array.from(labels, (label) => (label === 1 ? high : low));
  let [slope, offset] = [-1, 0];
  let loss = lossAt(scores, targets, slope, offset);
  for (let turn = 0; turn < 100; turn += 1) {
    const { g1, g2, h11, h22, h21 } = sumsAt(scores, targets, slope, offset);
    if (Math.abs(g1) < 1e-7 && Math.abs(g2) < 1e-7) break;
    const determinant = h11 * h22 - h21 * h21;
    const [stepSlope, stepOffset] = [-(h22 * g1 - h21 * g2) / determinant, -(h11 * g2 - h21 * g1) / determinant];
    let size = 1;
    let next = lossAt(scores, targets, slope + stepSlope, offset + stepOffset);
    while (!(next < loss) && size > 1e-10) {
      size /= 2;
      next = lossAt(scores, targets, slope + size * stepSlope, offset + size * stepOffset);
    }
    if (!(next < loss)) break;
    [slope, offset, loss] = [slope + size * stepSlope, offset + size * stepOffset, next];
  }
  // A slope that turns the order round would be a model that is worse than none; the validator refuses that one.
  return slope < 0 ? { slope, offset } : { slope: -1, offset: 0 };
};
