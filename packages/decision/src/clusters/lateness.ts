/**
 * The rule for disorder: reports of acts wait until nothing older can come within the allowed lateness, then leave in one order (time, then
 * id), so that any disorder within that lateness gives the same clusters. An id that waits already, or left within the same span, is a duplicate and is
 * dropped. What is later than that is passed on at once and marked: its evidence counts, its instant does not.
 */

/** What can wait. */
export interface Timed {
  readonly id: string;
  readonly atMs: number;
}

/** What became of an arrival. */
export type Arrival = 'waits' | 'late' | 'duplicate';

const isBefore = (left: Timed, right: Timed): boolean =>
  left.atMs < right.atMs || (left.atMs === right.atMs && left.id < right.id);

/** See the top of the file. Holds at most `capacity` arrivals; beyond it the oldest leaves early. */
export class LatenessBuffer<Item extends Timed> {
  readonly #lateness: number;
  readonly #capacity: number;
  readonly #release: (item: Item, isLate: boolean) => void;
  #heap: Item[] = [];
  /** Ids that wait or left lately, in two halves that turn as time passes. */
  #young = new Set<string>();
  #old = new Set<string>();
  #turnAt = Number.NEGATIVE_INFINITY;
  #newest = Number.NEGATIVE_INFINITY;
  /** Everything before this has left. */
  #left = Number.NEGATIVE_INFINITY;
  #counts = { late: 0, duplicate: 0, early: 0 };

  constructor(latenessMs: number, capacity: number, release: (item: Item, isLate: boolean) => void) {
    this.#lateness = latenessMs;
    this.#capacity = capacity;
    this.#release = release;
  }

  /** Late and duplicate arrivals, and those that left early for want of room. */
  get counts(): { readonly late: number; readonly duplicate: number; readonly early: number } {
    return { ...this.#counts };
  }

  /** Arrivals that wait. */
  get size(): number {
    return this.#heap.length;
  }

  /** The newest instant that was told. */
  get newest(): number {
    return this.#newest;
  }

  /** Takes an arrival; what is due leaves before it returns. */
  take(item: Item): Arrival {
    if (this.#young.has(item.id) || this.#old.has(item.id)) {
      this.#counts.duplicate += 1;
      return 'duplicate';
    }
    this.#remember(item);
    if (item.atMs < this.#left) {
      this.#counts.late += 1;
      this.#release(item, true);
      return 'late';
    }
    this.#push(item);
    this.advance(item.atMs);
    if (this.#heap.length > this.#capacity) {
      this.#counts.early += 1;
      this.#leave();
    }
    return 'waits';
  }

  /** Tells that this instant has come: what can no longer be overtaken leaves. */
  advance(nowMs: number): void {
    if (nowMs > this.#newest) this.#newest = nowMs;
    const due = this.#newest - this.#lateness;
    while (this.#heap.length > 0 && (this.#heap[0] as Item).atMs < due) this.#leave();
    if (due > this.#left) this.#left = due;
  }

  /** Lets everything leave; what comes afterwards with an older instant is late. */
  flush(): void {
    while (this.#heap.length > 0) this.#leave();
  }

  /** What waits, oldest first, with the clocks; for a snapshot. */
  save(): { readonly waiting: readonly Item[]; readonly newest: number | null; readonly left: number | null } {
    const waiting = [...this.#heap].sort((left, right) => (isBefore(left, right) ? -1 : 1));
    const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
    return { waiting, newest: orNull(this.#newest), left: orNull(this.#left) };
  }

  /** Puts back what {@link save} gave. */
  load(saved: {
    readonly waiting: readonly Item[];
    readonly newest: number | null;
    readonly left: number | null;
  }): void {
    this.#newest = saved.newest ?? Number.NEGATIVE_INFINITY;
    this.#left = saved.left ?? Number.NEGATIVE_INFINITY;
    for (const item of saved.waiting) {
      this.#remember(item);
      this.#push(item);
    }
  }

  #remember({ id, atMs }: Item): void {
    const isFull = this.#young.size >= this.#capacity;
    if (isFull || atMs > this.#turnAt + this.#lateness * 2) {
      this.#old = this.#young;
      this.#young = new Set();
      this.#turnAt = Math.max(atMs, this.#turnAt);
    }
    this.#young.add(id);
  }

  #leave(): void {
    const first = this.#pop();
    if (first.atMs > this.#left) this.#left = first.atMs;
    this.#release(first, false);
  }

  #push(item: Item): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(item, heap[parent] as Item)) break;
      heap[at] = heap[parent] as Item;
      at = parent;
    }
    heap[at] = item;
  }

  #pop(): Item {
    const heap = this.#heap;
    const first = heap[0] as Item;
    const last = heap.pop() as Item;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Item, heap[child] as Item)) child += 1;
      if (!isBefore(heap[child] as Item, last)) break;
      heap[at] = heap[child] as Item;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
