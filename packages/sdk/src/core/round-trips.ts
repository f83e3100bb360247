/** How long exchanges with one origin take: smoothed time and variance (as TCP does it, RFC 6298), and the slow end of the latest ones. */

/** How many of the latest exchanges are remembered for the slow end. */
const remembered = 32;
/** Fewer samples than these say nothing of the slow end. */
const fewest = 8;

/** The estimate. */
export class RoundTrips {
  #smoothedMs: number | undefined;
  #varianceMs = 0;
  #latest: number[] = [];

  /** Learns from an exchange that got its reply. */
  learn(ms: number): void {
    this.#latest = [...this.#latest, ms].slice(-remembered);
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = ms;
      this.#varianceMs = ms / 2;
      return;
    }
    this.#varianceMs += (Math.abs(ms - this.#smoothedMs) - this.#varianceMs) / 4;
    this.#smoothedMs += (ms - this.#smoothedMs) / 8;
  }

  /** When an exchange is slower than it should be; undefined before the first sample. */
  lateMs(): number | undefined {
    return this.#smoothedMs === undefined ? undefined : this.#smoothedMs + 4 * this.#varianceMs;
  }

  /** What nineteen of twenty exchanges do not exceed; undefined while there are too few. */
  slowMs(): number | undefined {
    if (this.#latest.length < fewest) return undefined;
    return this.#latest.toSorted((one, other) => one - other)[Math.floor(this.#latest.length * 0.95)];
  }
}
