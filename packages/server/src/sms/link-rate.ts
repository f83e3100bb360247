/** How many messages of a link are taken a second. Pure: time is an argument. */

/** A bucket that fills by `perSecond` and holds as much as comes in one second. */
export class LinkRate {
  readonly #perSecond: number;
  #level: number;
  #at = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#level = perSecond;
  }

  /** Takes one if there is one. */
  take(nowMs: number): boolean {
    const passed = Math.max(0, nowMs - this.#at);
    this.#at = Math.max(this.#at, nowMs);
    this.#level = Math.min(this.#perSecond, this.#level + (passed * this.#perSecond) / 1000);
    if (this.#level < 1) return false;
    this.#level -= 1;
    return true;
  }
}
