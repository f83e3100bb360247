/**
 * Rollouts by the thousand, judged by the guard after every crash and at the end of every batch of quiet sessions: harmless ones, and ones whose
 * directive makes sessions crash several times as often. Sessions come one by one and are dealt to the stage by their share.
 */
import { type Random, seededRandom } from '@hauberk/example-bank';
import { type GuardCounts, type GuardSettings, type GuardState, openGuard, watchGuard } from '@hauberk/rollout';

/** What is simulated. */
export interface RolloutSimulation {
  readonly seed: number;
  /** Harmless rollouts, and as many harmful ones. */
  readonly runs: number;
  /** Share of the stage, in thousandths. */
  readonly stagePerMille: number;
  /** Sessions that crash by themselves, in a million. */
  readonly crashesPerMillion: number;
  /** How many times more often with a harmful directive. */
  readonly harm: number;
  /** Crashes, in both arms together, after which a harmless rollout is let go. */
  readonly horizonCrashes: number;
  readonly guard: GuardSettings;
}

/** What came of it. */
export interface RolloutSimulated {
  readonly runs: number;
  /** Share of the harmless rollouts that were halted. */
  readonly falseHalts: number;
  /** Share of the harmful ones that were halted before the horizon. */
  readonly trueHalts: number;
  /** Sessions with the directive when the harmful one was halted: half the runs needed no more. */
  readonly medianSessionsToHalt: number;
  readonly p90SessionsToHalt: number;
}

/** The usual conditions: a stage of 5 %, five crashes in ten thousand sessions, four times as many with the directive. */
export const usualRollouts: Omit<RolloutSimulation, 'seed' | 'runs' | 'guard'> = {
  stagePerMille: 50,
  crashesPerMillion: 500,
  harm: 4,
  horizonCrashes: 1500,
};

/** Failures before the next success of trials that succeed with a chance. */
const gap = (random: Random, chance: number): number => Math.floor(Math.log1p(-random()) / Math.log1p(-chance));

/** Enough expected successes for the normal approximation of their number. */
const many = 40;

/** Successes among trials, counted from success to success where they are few. */
const successes = (random: Random, trials: number, chance: number): number => {
  const expected = trials * chance;
  if (expected >= many) {
    const normal = Math.sqrt(-2 * Math.log1p(-random())) * Math.cos(2 * Math.PI * random());
    return Math.min(trials, Math.max(0, Math.round(expected + Math.sqrt(expected * (1 - chance)) * normal)));
  }
  let count = 0;
  for (let at = gap(random, chance); at < trials; at += 1 + gap(random, chance)) count += 1;
  return count;
};

interface Run {
  readonly halted: boolean;
  readonly sessions: number;
}

const arm = (sessions: number, crashed: number) => ({ sessions, crashed, failed: 0 });

/** One rollout, from crash to crash; each is looked at the moment it happens. */
const rollOut = (random: Random, options: RolloutSimulation, harm: number): Run => {
  const share = options.stagePerMille / 1000;
  const base = options.crashesPerMillion / 1_000_000;
  const crashing = base * (1 - share) + base * harm * share;
  const stagedOfCrash = (base * harm * share) / crashing;
  // A session that did not crash is a little less often one of a harmful directive.
  const stagedOfQuiet = (share * (1 - base * harm)) / (1 - crashing);
  let state: GuardState = openGuard();
  for (let crashes = 0; crashes < options.horizonCrashes; crashes += 1) {
    const quiet = gap(random, crashing);
    const quietStaged = successes(random, quiet, stagedOfQuiet);
    const isStaged = random() < stagedOfCrash ? 1 : 0;
    const counted: GuardCounts = {
      staged: arm(quietStaged + isStaged, isStaged),
      control: arm(quiet - quietStaged + 1 - isStaged, 1 - isStaged),
    };
    state = watchGuard(options.guard, state, counted);
    if (state.halted !== null) break;
  }
  return { halted: state.halted !== null, sessions: state.counts.staged.sessions };
};

/** Runs that were not halted count as longer than any that was. */
const quantile = (runs: readonly Run[], share: number): number => {
  const sorted = runs
    .map(({ halted, sessions }) => (halted ? sessions : Number.POSITIVE_INFINITY))
    .toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.POSITIVE_INFINITY;
};

/** Simulates; `progress` is called after every run. */
export const simulateRollouts = (
  options: RolloutSimulation,
  progress: () => void = () => undefined,
): RolloutSimulated => {
  const random = seededRandom(options.seed);
  const repeat = (harm: number): readonly Run[] =>
    Array.from({ length: options.runs }, () => {
      const run = rollOut(random, options, harm);
      progress();
      return run;
    });
  const harmless = repeat(1);
  const harmful = repeat(options.harm);
  const shareOf = (runs: readonly Run[]): number => runs.filter(({ halted }) => halted).length / runs.length;
  return {
    runs: options.runs,
    falseHalts: shareOf(harmless),
    trueHalts: shareOf(harmful),
    medianSessionsToHalt: quantile(harmful, 0.5),
    p90SessionsToHalt: quantile(harmful, 0.9),
  };
};
