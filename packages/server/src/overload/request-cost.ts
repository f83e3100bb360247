/**
 * What a request costs this thread, with everything that goes on beside it: processor time over requests, measured whenever the thread was busy.
 * Processor time and not time: a processor that was taken away makes no request dearer. A refusal counts for a part of one, so that a flood of
 * refusals does not make requests look dear.
 */

/** Busy time and requests of the recent past. */
export interface RequestCost {
  readonly busyMs: number;
  readonly requests: number;
}

/** A quick machine, until something is measured. */
export const unknownCost: RequestCost = { busyMs: 20, requests: 200 };

/** A refusal in requests; measured with an upstream that takes none. */
const refusalShare = 0.2;
/** Processor time over which the cost is averaged: several turns of the loop, for a turn may hold one step of many requests. */
const settleMs = 400;
/** Dearer requests than this are not thought of: a long task beside them (a collection of garbage, a compiler) would look like one. */
const dearestMs = 5;
/** A thread that was busy for less of the time does what it does beside requests. */
const leastBusy = 0.5;

/** Processor time of one request, in milliseconds. */
export const costOf = ({ busyMs, requests }: RequestCost): number => Math.min(dearestMs, busyMs / requests);

/** Share of the time that may go into refusals while time is short. */
const refusalTime = 0.03;

/** Refusals that may be written in a time. */
export const refusalsIn = (elapsedMs: number, cost: RequestCost): number =>
  Math.max(1, Math.floor((elapsedMs * refusalTime) / (costOf(cost) * refusalShare)));

/** What happened since the last look. */
export interface WorkSeen {
  readonly elapsedMs: number;
  /** Processor time of the thread. */
  readonly busyMs: number;
  readonly admitted: number;
  readonly refused: number;
}

/** Takes it in. */
export const stepCost = (cost: RequestCost, { elapsedMs, busyMs, admitted, refused }: WorkSeen): RequestCost => {
  if (busyMs < elapsedMs * leastBusy) return cost;
  const kept = Math.exp(-busyMs / settleMs);
  const requests = cost.requests * kept + admitted + refused * refusalShare;
  return { busyMs: cost.busyMs * kept + busyMs, requests: Math.max(1, requests) };
};
