/** Ordered origins of one service. Failover keeps signatures valid, for the service id is signed and not the authority. */

/** How long the client stays with a backup origin before it tries the preferred one again, in milliseconds. */
const returnAfterMs = 60_000;

/** The origins with the one in use. */
export class EndpointList {
  readonly origins: readonly string[];
  readonly #monotonic: () => number;
  #index = 0;
  #leftAt = 0;
  constructor(origins: readonly string[], monotonic: () => number) {
    this.origins = origins;
    this.#monotonic = monotonic;
  }
  /** The origin to use now. */
  current(): string {
    if (this.#index > 0 && this.#monotonic() - this.#leftAt > returnAfterMs) this.#index = 0;
    return this.origins[this.#index] ?? '';
  }
  /** Leaves an origin that failed; does nothing when another call has left it already. */
  leave(origin: string): void {
    if (this.origins[this.#index] !== origin) return;
    this.#index = (this.#index + 1) % this.origins.length;
    this.#leftAt = this.#monotonic();
  }
}
