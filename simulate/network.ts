/** Many customers on a bad network, at the same time, and what the bank and they say in the end. */
import { startNetworkWorld } from './network-world.ts';
import { type Conditions, type RunOutcome, runCustomer } from './virtual-customer.ts';

/** What a simulation shows. Times are unscaled. */
export interface NetworkReport {
  readonly runs: number;
  /** Payments that the user was told as sent, in time, and that are booked once. */
  readonly completed: number;
  /** Payments that are booked more than once. */
  readonly doubled: number;
  /** Payments whose end nobody told the user, or told wrongly. */
  readonly lost: number;
  readonly p50Seconds: number;
  readonly p99Seconds: number;
  readonly kills: number;
  /** How often each other end was told. */
  readonly others: Readonly<Record<string, number>>;
}

/** Thirty percent loss, round trips of three seconds, a fifth of the connections cut, apps killed up to three times. */
export const trainConditions: Conditions = {
  weather: { roundTripMs: 3000, loss: 0.3, cuts: 0.2, refusals: 0.05, retransmitMs: 1000 },
  budgetMs: 900_000,
  kills: 3,
  scale: 10,
};

/** How many runs there are at the same time, unless told. */
export const usualConcurrency = 100;

/** How a run ended, from the bank's books and from what the user was told. */
export const judgeRun = ({ told, booked }: RunOutcome): 'completed' | 'doubled' | 'lost' | 'other' => {
  if (booked > 1) return 'doubled';
  if (told === 'sent') return booked === 1 ? 'completed' : 'lost';
  // `unknown` is honest either way; every other end says that nothing was booked.
  if (told === undefined || (told !== 'unknown' && booked === 1)) return 'lost';
  return 'other';
};

const quantile = (sorted: readonly number[], share: number): number =>
  Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;

/** The report over all runs. */
export const summariseRuns = (outcomes: readonly RunOutcome[]): NetworkReport => {
  const judged = outcomes.map((outcome) => ({ outcome, verdict: judgeRun(outcome) }));
  const count = (wanted: string): number => judged.filter(({ verdict }) => verdict === wanted).length;
  const seconds = judged
    .filter(({ verdict }) => verdict === 'completed')
    .map(({ outcome }) => outcome.seconds)
    .toSorted((one, other) => one - other);
  const others: Record<string, number> = {};
  for (const { outcome, verdict } of judged) {
    if (verdict === 'completed') continue;
    const name = `${verdict}: ${outcome.told ?? 'nothing'} ${outcome.reason}`.trimEnd();
    others[name] = (others[name] ?? 0) + 1;
  }
  return {
    runs: outcomes.length,
    completed: count('completed'),
    doubled: count('doubled'),
    lost: count('lost'),
    p50Seconds: quantile(seconds, 0.5),
    p99Seconds: quantile(seconds, 0.99),
    kills: outcomes.reduce((sum, { killed }) => sum + killed, 0),
    others,
  };
};

/** Runs a simulation. `onRun` is told of every run that ends. */
export const simulateNetwork = async (
  {
    seed,
    runs,
    conditions = trainConditions,
    concurrency = usualConcurrency,
  }: {
    readonly seed: number;
    readonly runs: number;
    readonly conditions?: Conditions;
    readonly concurrency?: number;
  },
  onRun: (outcome: RunOutcome) => void = () => undefined,
): Promise<NetworkReport> => {
  const world = await startNetworkWorld();
  const outcomes: RunOutcome[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < runs) {
      const run = next;
      next += 1;
      const outcome = await runCustomer(world, conditions, seed, run);
      outcomes.push(outcome);
      onRun(outcome);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(concurrency, runs) }, work));
  } finally {
    await world.close();
  }
  return summariseRuns(outcomes);
};
