/**
 * How long a newcomer will wait for a connection to an upstream. By Little's law it is the number that waits over the rate at which they
 * start; and nobody can have waited longer than anybody has been waiting at all, so a burst that just came is no overload.
 */

/** What is known of a queue. */
export interface QueueGauge {
  /** Since when somebody has been waiting, monotonic milliseconds; -1 when nobody is. */
  readonly since: number;
  /** Starts a millisecond, over the time in which somebody waited; 0 while that is not known. */
  readonly rate: number;
}

/** A queue that was never used. */
export const emptyGauge: QueueGauge = { since: -1, rate: 0 };

/** Time over which the rate is averaged. */
const settleMs = 100;

/** Takes in what happened since the last look. A rate is a capacity only while somebody waited. */
export const stepGauge = (
  gauge: QueueGauge,
  seen: { readonly waiting: number; readonly started: number; readonly elapsedMs: number; readonly nowMs: number },
): QueueGauge => {
  if (seen.waiting === 0) return gauge.since < 0 ? gauge : { since: -1, rate: gauge.rate };
  if (gauge.since < 0 || seen.elapsedMs <= 0)
    return { since: gauge.since < 0 ? seen.nowMs : gauge.since, rate: gauge.rate };
  const rate = seen.started / seen.elapsedMs;
  const weight = gauge.rate === 0 ? 1 : Math.min(1, seen.elapsedMs / settleMs);
  return { since: gauge.since, rate: gauge.rate + (rate - gauge.rate) * weight };
};

/** The wait of a newcomer, in milliseconds. */
export const expectedWait = (gauge: QueueGauge, waiting: number, nowMs: number): number => {
  if (waiting === 0 || gauge.since < 0) return 0;
  return Math.min(Math.max(0, nowMs - gauge.since), waiting / gauge.rate);
};
