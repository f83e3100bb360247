/**
 * When each event counts as known. A label counts from the instant at which it was known and never before, or a model would learn from the
 * future; an event without one counts as honest once the label delay has passed. The book remembers settled events for a while, so that a late
 * label still corrects what was settled as honest.
 */

/** An event as the book keeps it. */
export interface BookedEvent {
  readonly id: string;
  readonly at: number;
  /** Rows of its entities. */
  readonly rows: Int32Array;
  isSettled: boolean;
}

/** What happens when an event is settled. */
export type Settle = (event: BookedEvent, isFraud: boolean, wasHonest: boolean) => void;

/** Events that wait for their label. */
export class LabelBook {
  readonly #delay: number;
  readonly #memory: number;
  readonly #settle: Settle;
  readonly #byId = new Map<string, BookedEvent>();
  /** In order of arrival; `#due` is the next to count as honest, `#kept` the next to be forgotten. */
  #waiting: BookedEvent[] = [];
  #due = 0;
  #kept = 0;

  /** `delay` and `memory` in milliseconds; `memory` is how long after an event its label may still come. */
  constructor(delay: number, memory: number, settle: Settle) {
    this.#delay = delay;
    this.#memory = Math.max(delay, memory);
    this.#settle = settle;
  }

  /** Events that the book holds. */
  get size(): number {
    return this.#byId.size;
  }

  /** Takes an event. Events come in order of time, more or less; one that is late waits behind earlier arrivals. */
  expect(id: string, at: number, rows: Int32Array): void {
    const event = { id, at, rows, isSettled: false };
    this.#byId.set(id, event);
    this.#waiting.push(event);
  }

  /** Takes a label that is known now; false when the event is not (or no longer) known. */
  label(id: string, isFraud: boolean): boolean {
    const event = this.#byId.get(id);
    if (event === undefined) return false;
    if (event.isSettled && !isFraud) return true;
    this.#settle(event, isFraud, event.isSettled);
    event.isSettled = true;
    if (isFraud) this.#byId.delete(id);
    return true;
  }

  /** Settles as honest what has waited long enough, and forgets what is too old for any label. */
  advance(now: number): void {
    for (
      let event = this.#waiting[this.#due];
      event !== undefined && event.at + this.#delay <= now;
      event = this.#waiting[this.#due]
    ) {
      this.#due += 1;
      if (event.isSettled) continue;
      this.#settle(event, false, false);
      event.isSettled = true;
    }
    for (
      let event = this.#waiting[this.#kept];
      event !== undefined && event.at + this.#memory <= now;
      event = this.#waiting[this.#kept]
    ) {
      this.#kept += 1;
      this.#byId.delete(event.id);
    }
    if (this.#kept > 65_536) this.#forget();
  }

  #forget(): void {
    this.#waiting = this.#waiting.slice(this.#kept);
    this.#due -= this.#kept;
    this.#kept = 0;
  }
}
