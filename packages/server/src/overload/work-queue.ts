/**
 * The queue in the event loop. Its length cannot be seen: admitted requests wait in the kernel, in streams and in promises, a step of each at
 * every turn. So it is kept as work: what a request costs is added when it is admitted, and time takes it away again. The cost is measured
 * whenever the loop was busy throughout; a refusal counts for a fifth, so that a flood of refusals does not make requests look dear.
 */

/** What is known of the loop's work. */
export interface WorkQueue {
  /** Admitted work that is not done yet, in milliseconds. */
  readonly backlogMs: number;
  /** Busy time and requests of the recent past: their ratio is the cost of one, with everything that goes on beside it. */
  readonly busyMs: number;
  readonly requests: number;
}

/** An idle loop of a quick machine, until something is measured. */
export const idleWork: WorkQueue = { backlogMs: 0, busyMs: 20, requests: 200 };

/** A refusal in requests. */
const refusalShare = 0.2;
/** Time over which the cost is averaged: several turns of the loop, for a turn may hold one step of many requests. */
const settleMs = 400;
/** Dearer requests than this are not thought of: a processor that was taken away would look like one. */
const dearestMs = 5;

/** Processor time of one request, in milliseconds. */
export const costOf = ({ busyMs, requests }: WorkQueue): number => Math.min(dearestMs, busyMs / requests);

/** Share of the time that may go into refusals while time is short. */
const refusalTime = 0.05;

/** Refusals that may be written in a time. */
export const refusalsIn = (elapsedMs: number, queue: WorkQueue): number =>
  Math.max(1, Math.floor((elapsedMs * refusalTime) / (costOf(queue) * refusalShare)));

/** Takes in what happened since the last look. */
export const stepWork = (
  queue: WorkQueue,
  seen: {
    readonly elapsedMs: number;
    readonly admitted: number;
    readonly refused: number;
    /** Whether the loop was busy all the time. */
    readonly isBusy: boolean;
  },
): WorkQueue => {
  const { elapsedMs, admitted, refused, isBusy } = seen;
  const backlogMs = Math.max(0, queue.backlogMs + admitted * costOf(queue) - elapsedMs);
  if (!isBusy) return { ...queue, backlogMs };
  const kept = Math.exp(-elapsedMs / settleMs);
  const requests = queue.requests * kept + admitted + refused * refusalShare;
  return { backlogMs, busyMs: queue.busyMs * kept + elapsedMs, requests: Math.max(1, requests) };
};
