/** A breaker at work before one dependency of a thread. A call that passes a closed one costs a comparison and a counter. */
import { type Breaker, closedBreaker, mayCall, stepBreaker } from './breaker.ts';

/** Told how calls end. */
export interface CallWatch {
  readonly succeeded: () => void;
  readonly failed: () => void;
}

/** A guarded dependency. */
export interface Guard extends CallWatch {
  /** Whether a call may be made now; the caller then tells its end. */
  readonly admits: () => boolean;
  readonly isClosed: () => boolean;
  /** Whether calls are refused now; asks for no try. */
  readonly isOpen: () => boolean;
}

class BreakerGuard implements Guard {
  private state: Breaker = closedBreaker;
  private successes = 0;
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  readonly admits = (): boolean => {
    if (this.state.phase === 'closed') return true;
    const now = this.now();
    const isAdmitted = mayCall(this.state, now);
    this.state = stepBreaker(this.state, { kind: 'ask' }, now);
    return isAdmitted;
  };

  readonly succeeded = (): void => {
    if (this.state.phase === 'closed') this.successes += 1;
    else this.state = stepBreaker(this.state, { kind: 'succeeded' }, this.now());
  };

  readonly failed = (): void => {
    this.state = stepBreaker(this.state, { kind: 'failed', successes: this.successes }, this.now());
    this.successes = 0;
  };

  readonly isClosed = (): boolean => this.state.phase === 'closed';
  readonly isOpen = (): boolean => this.state.phase === 'open' && !mayCall(this.state, this.now());
}

/** A guard whose breaker is closed; `now` is monotonic. */
export const createGuard = (now: () => number = () => performance.now()): Guard => new BreakerGuard(now);
