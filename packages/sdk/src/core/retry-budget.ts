/** Repetitions that a client may afford: a token bucket, so that a service in trouble is not asked three times as often by everybody. */

const capacity = 10;
/** What a success gives back. */
const perSuccess = 0.2;
/** Milliseconds that give back one token. */
const perTokenMs = 3000;

/** The bucket. */
export class RetryBudget {
  readonly #monotonic: () => number;
  #tokens = capacity;
  #filledAt: number;
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
    this.#filledAt = monotonic();
  }

  /** Takes a token; false when there is none. */
  take(): boolean {
    const now = this.#monotonic();
    this.#add((now - this.#filledAt) / perTokenMs);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** An exchange got its reply. */
  succeed(): void {
    this.#add(perSuccess);
  }

  #add(tokens: number): void {
    this.#tokens = Math.min(capacity, this.#tokens + Math.max(0, tokens));
  }
}
