/** Ordered origins of one service. Failover keeps signatures valid, for the service id is signed and not the authority. */
import { RoundTrips } from './round-trips.ts';

/** How long an origin is left after its first failure, in milliseconds; doubled by every further one. */
const leaveMs = 60_000;
const longestLeaveMs = 900_000;

/** What is known of one origin. */
class Endpoint {
  readonly origin: string;
  readonly trips: RoundTrips = new RoundTrips();
  failures = 0;
  leftAt: number = Number.NEGATIVE_INFINITY;
  constructor(origin: string) {
    this.origin = origin;
  }
  /** When it may be used again. */
  get backAt(): number {
    return this.leftAt + Math.min(longestLeaveMs, leaveMs * 2 ** (this.failures - 1));
  }
}

/** Origins that failed and for how much longer they are left, in milliseconds. */
export type EndpointMemory = Readonly<Record<string, number>>;

/** The origins with the one in use. */
export class EndpointList {
  readonly origins: readonly string[];
  readonly #endpoints: readonly [Endpoint, ...Endpoint[]];
  readonly #monotonic: () => number;
  readonly #onLeave: () => void;
  constructor(origins: readonly string[], monotonic: () => number, onLeave: () => void = () => undefined) {
    this.origins = origins;
    this.#onLeave = onLeave;
    const [first = '', ...others] = origins;
    this.#endpoints = [new Endpoint(first), ...others.map((origin) => new Endpoint(origin))];
    this.#monotonic = monotonic;
  }

  /** The origin to use now: the most preferred that did not fail lately, or the one whose failure is the longest ago. */
  current(): string {
    return this.#best(this.#endpoints).origin;
  }

  /** Another origin than that one, for a second try beside the first; the same where there is no other. */
  beside(origin: string): string {
    const [first, ...others] = this.#endpoints.filter((endpoint) => endpoint.origin !== origin);
    return first === undefined ? origin : this.#best([first, ...others]).origin;
  }

  /** Leaves an origin that failed; does nothing when another call has left it already. */
  leave(origin: string): void {
    const endpoint = this.#best(this.#endpoints);
    if (endpoint.origin !== origin) return;
    endpoint.failures += 1;
    endpoint.leftAt = this.#monotonic();
    this.#onLeave();
  }

  /** An origin answered. Its failures are forgotten, its time is learnt. */
  thrive(origin: string, ms: number): void {
    const endpoint = this.#find(origin);
    if (endpoint === undefined) return;
    endpoint.failures = 0;
    endpoint.leftAt = Number.NEGATIVE_INFINITY;
    endpoint.trips.learn(ms);
  }

  /** How long an origin's reply is worth waiting for, doubled for every earlier try; `most` before anything is known of it. */
  patienceMs(origin: string, least: number, most: number, tries: number): number {
    const late = this.#find(origin)?.trips.lateMs();
    return late === undefined ? most : Math.min(most, Math.max(least, late) * 2 ** tries);
  }

  /** When a reply of an origin is slow enough for a second try beside it; undefined while too little is known. */
  slowMs(origin: string): number | undefined {
    return this.#find(origin)?.trips.slowMs();
  }

  /** What the next start should know. */
  memory(): EndpointMemory {
    const now = this.#monotonic();
    return Object.fromEntries(
      this.#endpoints.filter(({ backAt }) => backAt > now).map(({ origin, backAt }) => [origin, backAt - now]),
    );
  }

  /** Takes over what an earlier start knew; what failed since then stands. */
  recall(memory: EndpointMemory): void {
    const now = this.#monotonic();
    for (const endpoint of this.#endpoints) {
      const leftForMs = memory[endpoint.origin];
      if (leftForMs === undefined || !(leftForMs > 0) || endpoint.failures > 0) continue;
      endpoint.failures = 1;
      endpoint.leftAt = now + Math.min(longestLeaveMs, leftForMs) - leaveMs;
    }
  }

  #find(origin: string): Endpoint | undefined {
    return this.#endpoints.find((endpoint) => endpoint.origin === origin);
  }

  #best([first, ...others]: readonly [Endpoint, ...Endpoint[]]): Endpoint {
    const now = this.#monotonic();
    const usable = [first, ...others].find(({ backAt }) => backAt <= now);
    return usable ?? others.reduce((best, endpoint) => (endpoint.leftAt < best.leftAt ? endpoint : best), first);
  }
}
