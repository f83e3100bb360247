/** An open session of this JavaScript context: keys and counters that live here and nowhere else. */
import {
  type ClientSession,
  guaranteedWidth,
  maxSequence,
  type RequestSlot,
  type TrustedConfig,
} from '@hauberk/channel/client';
import { toEpochSeconds } from '@hauberk/primitives';
import type { ServerClock } from './clock.ts';

/** How long before its end a session takes no more requests, in milliseconds: one may be a while on its way. */
const retireBeforeMs = 5000;

/** A place in the session, to be settled as soon as the reply's head is here or the request has failed. */
export interface TakenSlot extends RequestSlot {
  readonly settle: () => void;
}

/** One session. */
export class Session {
  readonly client: ClientSession;
  readonly trusted: TrustedConfig;
  readonly clock: ServerClock;
  readonly #unsettled = new Set<number>();
  readonly #queue: ((slot: TakenSlot) => void)[] = [];
  #next = 1;
  constructor(client: ClientSession, trusted: TrustedConfig, clock: ServerClock) {
    this.client = client;
    this.trusted = trusted;
    this.clock = clock;
  }

  /** Whether further requests may start here. */
  isUsable(): boolean {
    const expiresAtMs = this.client.core.expiresAtMs - retireBeforeMs;
    return this.clock.latest() < expiresAtMs && this.#next + this.#queue.length < maxSequence;
  }

  /** Takes the next sequence number, in the order of asking, once the replay window is sure to take it. */
  takeSlot(): Promise<TakenSlot> {
    return new Promise((resolve) => {
      this.#queue.push(resolve);
      this.#admit();
    });
  }

  #admit(): void {
    while (this.#queue.length > 0 && this.#fits()) this.#queue.shift()?.(this.#take());
  }

  /** The gateway takes any order within its guaranteed width, and no more: newest − oldest unsettled stays below it. */
  #fits(): boolean {
    const [oldest = this.#next] = this.#unsettled;
    return this.#next - oldest < guaranteedWidth;
  }

  #take(): TakenSlot {
    const sequence = this.#next;
    this.#next += 1;
    this.#unsettled.add(sequence);
    const settle = (): void => {
      if (this.#unsettled.delete(sequence)) this.#admit();
    };
    return { sequence, created: toEpochSeconds(this.clock.now()), settle };
  }
}
