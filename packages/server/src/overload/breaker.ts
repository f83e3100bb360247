/**
 * A circuit breaker as a pure machine. A dependency that fails half of its calls is not asked for a while: nobody waits for what will not
 * come, and what comes back is not met by everything that was held up. Then one call at a time tries whether it is well again.
 */

/** State of a breaker. Times are monotonic milliseconds. */
export type Breaker =
  | { readonly phase: 'closed'; readonly since: number; readonly failures: number; readonly successes: number }
  | { readonly phase: 'open'; readonly until: number; readonly openMs: number }
  | { readonly phase: 'half-open'; readonly tryingSince: number; readonly passed: number; readonly openMs: number };

/** What happens to a breaker: a call asks, or ended. `successes` are those since the last event, which are not told one by one. */
export type BreakerEvent =
  | { readonly kind: 'ask' }
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly successes: number };

/** Failures are counted over this time. */
const windowMs = 10_000;
/** Fewer failures than this open nothing, whatever their share. */
const leastFailures = 10;
/** How long it stays open at first; each failed try doubles it. */
const firstOpenMs = 1000;
const longestOpenMs = 30_000;
/** Successful tries in a row that close it. */
const triesToClose = 3;
/** A try whose end is not told by then (it was refused on the way, or takes long) gives way to another. */
const tryMs = 10_000;

/** A breaker that lets everything pass. */
export const closedBreaker: Breaker = { phase: 'closed', since: 0, failures: 0, successes: 0 };

const open = (openMs: number, now: number): Breaker => ({ phase: 'open', until: now + openMs, openMs });

const countFailure = (state: Breaker & { readonly phase: 'closed' }, successes: number, now: number): Breaker => {
  const isOld = now - state.since >= windowMs;
  const counted = {
    since: isOld ? now : state.since,
    failures: (isOld ? 0 : state.failures) + 1,
    successes: (isOld ? 0 : state.successes) + successes,
  };
  const opens = counted.failures >= leastFailures && counted.failures >= counted.successes;
  return opens ? open(firstOpenMs, now) : { phase: 'closed', ...counted };
};

const tryOne = (openMs: number, passed: number, now: number): Breaker => ({
  phase: 'half-open',
  tryingSince: now,
  passed,
  openMs,
});

/** The next state. After `ask` the call may be made exactly if `mayCall` says so of the state before. */
export const stepBreaker = (state: Breaker, event: BreakerEvent, now: number): Breaker => {
  switch (state.phase) {
    case 'closed':
      return event.kind === 'failed' ? countFailure(state, event.successes, now) : state;
    case 'open':
      // Calls that were under way when it opened say nothing new.
      return event.kind === 'ask' && now >= state.until ? tryOne(state.openMs, 0, now) : state;
    case 'half-open':
      if (event.kind === 'failed') return open(Math.min(state.openMs * 2, longestOpenMs), now);
      if (event.kind === 'ask') return mayCall(state, now) ? tryOne(state.openMs, state.passed, now) : state;
      return state.passed + 1 >= triesToClose
        ? { ...closedBreaker, since: now }
        : { ...state, tryingSince: -1, passed: state.passed + 1 };
  }
};

/** Whether a call that asks now may be made. */
export const mayCall = (state: Breaker, now: number): boolean => {
  if (state.phase === 'closed') return true;
  if (state.phase === 'open') return now >= state.until;
  return state.tryingSince < 0 || now - state.tryingSince >= tryMs;
};
