/**
 * How long a newcomer waits for the event loop. The loop takes in all that is ready, a step of each, and only then looks again: a request waits for one
 * turn to be read and for another one to be answered. Only work that was admitted counts: a turn that is long for another reason (a collection of
 * garbage, a processor that was taken away, a flood of heads) is not made shorter by shedding what comes last.
 */

/** What the last looks at the loop saw. */
export interface LoopLooks {
  /** How much of the time by which each look came late went into admitted requests, in milliseconds, the latest first. */
  readonly late: readonly number[];
  /** Admitted work whose second half is still to come, in milliseconds. */
  readonly carriedMs: number;
}

/** Looks that must agree before a delay counts as one that stands. */
const looksThatAgree = 4;

/** A loop that was never late. */
export const promptLoop: LoopLooks = { late: [], carriedMs: 0 };

/** The next state; `admittedMs` is the work that was admitted since the last look. */
export const stepLooks = (looks: LoopLooks, lateMs: number, admittedMs: number, leastLateMs: number): LoopLooks => {
  if (lateMs < leastLateMs && looks.late.length === 0) return looks;
  const late = [Math.max(0, Math.min(lateMs, admittedMs)), ...looks.late.slice(0, looksThatAgree - 1)];
  return {
    late: late.some((each) => each > 0) ? late : [],
    // All that is ready has had its turn when a look comes in time: nothing is left over.
    carriedMs: lateMs < leastLateMs ? 0 : admittedMs / 2,
  };
};

/** Two turns of the length that all last looks agree on. */
export const standingMs = ({ late }: LoopLooks): number => (late.length < looksThatAgree ? 0 : 2 * Math.min(...late));

/** The wait of a newcomer, in milliseconds, with the work that was admitted since the last look. */
export const waitInLoop = (looks: LoopLooks, admittedMs: number): number =>
  Math.max(standingMs(looks), looks.carriedMs + admittedMs);
