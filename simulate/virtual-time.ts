/** Virtual time: many stories side by side on one thread, each waiting for its moments; nothing waits for the real clock. */

interface Waiting {
  readonly atMs: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Moments are this coarse, so that stories meet in one and their calls interleave. */
const grainMs = 50;

/** A binary heap by time, then by order. */
class Moments {
  readonly #heap: Waiting[] = [];

  get size(): number {
    return this.#heap.length;
  }

  get first(): Waiting | undefined {
    return this.#heap[0];
  }

  #isBefore(one: number, other: number): boolean {
    const [left, right] = [this.#heap[one], this.#heap[other]];
    if (left === undefined || right === undefined) return false;
    return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
  }

  #swap(one: number, other: number): void {
    const held = this.#heap[one] as Waiting;
    this.#heap[one] = this.#heap[other] as Waiting;
    this.#heap[other] = held;
  }

  add(waiting: Waiting): void {
    this.#heap.push(waiting);
    for (let at = this.#heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  take(): Waiting | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (first === undefined || last === undefined || this.#heap.length === 0) return first;
    this.#heap[0] = last;
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const least = this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(least, at)) return first;
      this.#swap(at, least);
      at = least;
    }
  }
}

/** The clock and the queue of everything that waits for it. */
export class VirtualTime {
  readonly #moments = new Moments();
  #nowMs = 0;
  #orders = 0;

  /** Since the start of the simulation. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Waits for so long, rounded up to the grain. */
  sleep(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.#orders += 1;
      const atMs = Math.ceil((this.#nowMs + Math.max(0, ms)) / grainMs) * grainMs;
      this.#moments.add({ atMs, order: this.#orders, wake });
    });
  }

  /** Runs until nothing waits any more. Everything that wakes in one moment runs interleaved. */
  async run(): Promise<void> {
    while (this.#moments.size > 0) {
      const { atMs } = this.#moments.first as Waiting;
      this.#nowMs = atMs;
      while (this.#moments.first?.atMs === atMs) this.#moments.take()?.wake();
      // No story does I/O, so after one turn of the loop all of them wait again.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
