/**
 * Whether a queue stands. A queue that drains again is a burst, which queues are for; one that does not is an overload (CoDel, RFC 8289:
 * delay above a target for a whole interval). Leaving takes half the target for longer, so that the two states do not flutter.
 */

/** State of one queue. */
export interface Pressure {
  readonly isShedding: boolean;
  /** Since when the age has been beyond the mark that would change the state, monotonic milliseconds; -1 when it is not. */
  readonly since: number;
}

/** No queue. */
export const noPressure: Pressure = { isShedding: false, since: -1 };

/** How long a queue stands before it counts as an overload. */
const standsMs = 100;
/** How long it must be short before it no longer does. */
const calmsMs = 500;

/** The next state, given the age of the queue at this moment. */
export const stepPressure = (state: Pressure, ageMs: number, nowMs: number, targetMs: number): Pressure => {
  const { isShedding, since } = state;
  const isBeyond = isShedding ? ageMs < targetMs / 2 : ageMs >= targetMs;
  if (!isBeyond) return since < 0 ? state : { isShedding, since: -1 };
  if (since < 0) return { isShedding, since: nowMs };
  return nowMs - since >= (isShedding ? calmsMs : standsMs) ? { isShedding: !isShedding, since: -1 } : state;
};
