/** When a caller is looked at: rarely, for a stack costs some forty times what a count does. */

/** More than `count` calls of a function within `windowMs` milliseconds are an exception. */
export interface FrequencyLimit {
  readonly count: number;
  readonly windowMs: number;
}

/** While there is reason to be wary, one stack of a function in so many milliseconds is taken at least. */
const waryMs = 250;

/** Calls per surface, and what they ask for. */
export class StackPolicy {
  readonly #calls: Float64Array;
  readonly #demanded: Uint8Array;
  readonly #windowStart: Float64Array;
  readonly #windowCount: Uint32Array;
  readonly #nextWary: Float64Array;
  readonly #firstCalls: number;
  readonly #sampleEvery: number;
  readonly #frequency: FrequencyLimit;
  /** Any odd start will do: who is sampled is no secret, only not always the same. */
  #random = 0x9e37_79b9;
  #untilSample: number;
  /** Nobody sees the app, or nobody was asked yet. */
  isWary = false;
  /** Stacks that were asked for. */
  stacks = 0;
  /** Whether the last call that asked for its caller was an exception. */
  isException = false;

  constructor(surfaces: number, firstCalls: number, sampleEvery: number, frequency: FrequencyLimit) {
    this.#calls = new Float64Array(surfaces);
    this.#demanded = new Uint8Array(surfaces);
    this.#windowStart = new Float64Array(surfaces).fill(Number.NEGATIVE_INFINITY);
    this.#windowCount = new Uint32Array(surfaces);
    this.#nextWary = new Float64Array(surfaces);
    this.#firstCalls = firstCalls;
    this.#sampleEvery = sampleEvery;
    this.#frequency = frequency;
    this.#untilSample = sampleEvery;
  }

  callsOf(slot: number): number {
    return this.#calls[slot] ?? 0;
  }

  /** Says of which surfaces the caller is always looked at: a stop asks for it. */
  demand(slots: readonly number[]): void {
    this.#demanded.fill(0);
    for (const slot of slots) this.#demanded[slot] = 1;
  }

  /** Counts a call and says whether its caller must be looked at. */
  count(slot: number, nowMs: number): boolean {
    const calls = (this.#calls[slot] ?? 0) + 1;
    this.#calls[slot] = calls;
    this.isException = this.#isTooOften(slot, nowMs) || (this.isWary && this.#isDue(slot, nowMs));
    const isWanted = this.isException || this.#demanded[slot] === 1 || calls <= this.#firstCalls || this.#isSampled();
    if (isWanted) this.stacks += 1;
    return isWanted;
  }

  /** The call that goes over the limit, once a window; the gateway slides its windows exactly. */
  #isTooOften(slot: number, nowMs: number): boolean {
    if (nowMs - (this.#windowStart[slot] ?? 0) > this.#frequency.windowMs) {
      this.#windowStart[slot] = nowMs;
      this.#windowCount[slot] = 0;
    }
    const count = (this.#windowCount[slot] ?? 0) + 1;
    this.#windowCount[slot] = count;
    return count === this.#frequency.count + 1;
  }

  #isDue(slot: number, nowMs: number): boolean {
    if (nowMs < (this.#nextWary[slot] ?? 0)) return false;
    this.#nextWary[slot] = nowMs + waryMs;
    return true;
  }

  /** Distances between samples are drawn from 1 to twice the mean, so that nothing periodic hides between them. */
  #isSampled(): boolean {
    if (this.#sampleEvery === 0) return false;
    this.#untilSample -= 1;
    if (this.#untilSample > 0) return false;
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    this.#untilSample = 1 + ((this.#random >>> 0) % (2 * this.#sampleEvery - 1));
    return true;
  }
}
