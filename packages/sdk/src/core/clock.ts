/** Time as the client may believe it: the server's, carried on by a clock that nobody can set. */
import { type EpochMs, epochMs } from '@hauberk/primitives';

/** The host's clocks. */
export interface HostClock {
  /** Milliseconds that never go back, from any origin. */
  readonly monotonic: () => number;
  /** The device's wall clock: a hint, never proof. */
  readonly wall: () => number;
}

/** Authenticated server time. It is a lower bound: half a round trip is not added, for an attacker could stretch it. */
export class ServerClock {
  readonly #monotonic: () => number;
  #serverMs: number;
  #readAt: number;
  constructor(monotonic: () => number, serverMs: number) {
    this.#monotonic = monotonic;
    this.#serverMs = serverMs;
    this.#readAt = monotonic();
  }
  /** The server's time now, as far as this device can tell. */
  now(): EpochMs {
    return epochMs(Math.floor(this.#serverMs + this.#monotonic() - this.#readAt));
  }
  /** Takes a newer authenticated reading, as a bound `clock` problem brings one. */
  correct(serverMs: number): void {
    this.#serverMs = serverMs;
    this.#readAt = this.#monotonic();
  }
}
