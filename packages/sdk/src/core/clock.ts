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
  readonly #host: HostClock;
  #serverMs: number;
  #readAt: number;
  #wallAt: number;
  constructor(host: HostClock, serverMs: number) {
    this.#host = host;
    this.#serverMs = serverMs;
    this.#readAt = host.monotonic();
    this.#wallAt = host.wall();
  }
  /** The server's time now, as far as this device can tell. */
  now(): EpochMs {
    return epochMs(Math.floor(this.#serverMs + this.#host.monotonic() - this.#readAt));
  }
  /**
   * The latest that it may be. Monotonic clocks stand still while some devices sleep, wall clocks do not: good enough to leave a session
   * too early, never to date a request.
   */
  latest(): EpochMs {
    return epochMs(Math.max(this.now(), this.#serverMs + this.#host.wall() - this.#wallAt));
  }
  /** Takes a newer authenticated reading, as a bound `clock` problem brings one. */
  correct(serverMs: number): void {
    this.#serverMs = serverMs;
    this.#readAt = this.#host.monotonic();
    this.#wallAt = this.#host.wall();
  }
}
