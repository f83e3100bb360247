/**
 * The sequential guard: halts a rollout when sessions with the new directive crash, or meet errors, more often than sessions without it. It may
 * look after every session for as long as it likes: what it holds is an e-process (a nonnegative supermartingale that starts at one when the
 * new directive does no harm), so by Ville's inequality it ever exceeds 1/α with probability at most α. docs/rollout.md has the argument.
 */

/** Sessions of one arm, and those of them that crashed or met an error. */
export interface ArmCounts {
  readonly sessions: number;
  readonly crashed: number;
  readonly failed: number;
}

/** What was counted, by arm: devices that are to have the directive, and devices beside them that are not yet. */
export interface GuardCounts {
  readonly staged: ArmCounts;
  readonly control: ArmCounts;
}

/** What is guarded. */
export const guardMetrics = ['crash', 'error'] as const;
/** One of them. */
export type GuardMetric = (typeof guardMetrics)[number];

/** How strict a guard is. */
export interface GuardSettings {
  /** Most probable share of harmless rollouts that are halted, over all metrics and all looks; in thousandths, 1 to 200. */
  readonly falseHaltPerMille: number;
  /** Sessions in a million that may crash, whatever the control's do; null where only the control counts. */
  readonly crashesPerMillion: number | null;
  /** The same for errors. */
  readonly errorsPerMillion: number | null;
}

/** Evidence against one metric: for each rate ratio of the mixture, the logarithm of its likelihood ratio. */
interface Evidence {
  readonly control: readonly number[];
  readonly baseline: readonly number[];
}

/** A guard that is watching. */
export interface GuardState {
  readonly counts: GuardCounts;
  readonly crash: Evidence;
  readonly error: Evidence;
  /** The metric that halted it; nothing is counted after. */
  readonly halted: GuardMetric | null;
}

/** The settings unless told otherwise. */
export const defaultGuard: GuardSettings = { falseHaltPerMille: 10, crashesPerMillion: null, errorsPerMillion: null };

/**
 * How many times more often something may happen: the alternatives of the mixture, with their weights. Fourfold harm is met soonest; the ends
 * see to it that an outright breakage is met at once and a quarter more in the end.
 */
const ratios: readonly (readonly [ratio: number, weight: number])[] = [
  [1.25, 0.05],
  [1.5, 0.08],
  [2, 0.14],
  [3, 0.2],
  [4.5, 0.22],
  [7, 0.14],
  [12, 0.09],
  [30, 0.05],
  [200, 0.03],
];

const noCounts: ArmCounts = { sessions: 0, crashed: 0, failed: 0 };
const zeros: readonly number[] = ratios.map(() => 0);
const noEvidence: Evidence = { control: zeros, baseline: zeros };

/** A guard that has seen nothing. */
export const openGuard = (): GuardState => ({
  counts: { staged: noCounts, control: noCounts },
  crash: noEvidence,
  error: noEvidence,
  halted: null,
});

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** Whether counts can be: no more crashes than sessions. */
export const areCounts = ({ staged, control }: GuardCounts): boolean =>
  [staged, control].every(
    ({ sessions, crashed, failed }) =>
      [sessions, crashed, failed].every(isCount) && crashed <= sessions && failed <= sessions,
  );

interface Look {
  readonly sessions: number;
  readonly hits: number;
  readonly controlSessions: number;
  readonly controlHits: number;
}

/**
 * Given how many sessions of a batch were hit, those of the staged arm are hypergeometric when the arms do not differ. Hoeffding (1963): the
 * expectation of a convex function of such a count is at most that under the binomial with the same share, where each of these factors is one.
 * Fewer hits make each factor smaller, so the bound holds as well where the directive does good.
 */
const againstControl = (logs: readonly number[], look: Look): readonly number[] => {
  const { sessions, hits, controlSessions, controlHits } = look;
  const all = sessions + controlSessions;
  const share = all === 0 ? 0 : sessions / all;
  return ratios.map(
    ([ratio], index) =>
      (logs[index] ?? 0) + hits * Math.log(ratio) - (hits + controlHits) * Math.log1p(share * (ratio - 1)),
  );
};

/** Against a rate that is declared to be bearable: the likelihood ratio of that many times as much, at most one half. */
const againstBaseline = (logs: readonly number[], rate: number, { sessions, hits }: Look): readonly number[] =>
  ratios.map(([ratio], index) => {
    const worse = Math.min(rate * ratio, Math.max(0.5, rate));
    return (
      (logs[index] ?? 0) + hits * Math.log(worse / rate) + (sessions - hits) * (Math.log1p(-worse) - Math.log1p(-rate))
    );
  });

const logMixture = (logs: readonly number[]): number => {
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, log, index) => sum + (ratios[index]?.[1] ?? 0) * Math.exp(log - most), 0));
};

/** A declared rate between none and all; undefined where there is no such rate to go by. */
const rateOf = (perMillion: number | null): number | undefined =>
  perMillion === null || !(perMillion > 0 && perMillion < 1_000_000) ? undefined : perMillion / 1_000_000;

/** The evidence against a metric as an e-value: under 1 nothing speaks against it, `1/α` halts. With a baseline it is the mean of both. */
const eValue = ({ control, baseline }: Evidence, rate: number | undefined): number => {
  const byControl = Math.exp(logMixture(control));
  return rate === undefined ? byControl : (byControl + Math.exp(logMixture(baseline))) / 2;
};

const lookAt = (metric: GuardMetric, { staged, control }: GuardCounts): Look => {
  const hitsOf = ({ crashed, failed }: ArmCounts): number => (metric === 'crash' ? crashed : failed);
  return {
    sessions: staged.sessions,
    hits: hitsOf(staged),
    controlSessions: control.sessions,
    controlHits: hitsOf(control),
  };
};

const weigh = (evidence: Evidence, look: Look, rate: number | undefined): Evidence => ({
  control: againstControl(evidence.control, look),
  baseline: rate === undefined ? evidence.baseline : againstBaseline(evidence.baseline, rate, look),
});

const joined = (one: ArmCounts, other: ArmCounts): ArmCounts => ({
  sessions: one.sessions + other.sessions,
  crashed: one.crashed + other.crashed,
  failed: one.failed + other.failed,
});

const rateOfMetric = (settings: GuardSettings, metric: GuardMetric): number | undefined =>
  rateOf(metric === 'crash' ? settings.crashesPerMillion : settings.errorsPerMillion);

/** The evidence against each metric, and where it halts. */
export const guardEvidence = (
  settings: GuardSettings,
  state: GuardState,
): { readonly [Metric in GuardMetric]: number } & { readonly haltsAt: number } => ({
  crash: eValue(state.crash, rateOfMetric(settings, 'crash')),
  error: eValue(state.error, rateOfMetric(settings, 'error')),
  haltsAt: (guardMetrics.length * 1000) / settings.falseHaltPerMille,
});

/**
 * Counts sessions that ended since the last look and judges. How the stream is cut into batches does not matter to the bound, but the staged
 * share of a batch must not depend on how its sessions ended.
 */
export const watchGuard = (settings: GuardSettings, state: GuardState, counted: GuardCounts): GuardState => {
  if (state.halted !== null || !areCounts(counted)) return state;
  const next: GuardState = {
    counts: {
      staged: joined(state.counts.staged, counted.staged),
      control: joined(state.counts.control, counted.control),
    },
    crash: weigh(state.crash, lookAt('crash', counted), rateOfMetric(settings, 'crash')),
    error: weigh(state.error, lookAt('error', counted), rateOfMetric(settings, 'error')),
    halted: null,
  };
  const evidence = guardEvidence(settings, next);
  const halted = guardMetrics.find((metric) => evidence[metric] >= evidence.haltsAt) ?? null;
  return { ...next, halted };
};
