/**
 * Who may hold a lock in shared memory, and locks that a dead thread cannot hold for ever. A lock is one 32-bit word: even while it is free
 * (a version that grows with every release, so that readers notice a change), odd while somebody holds it (who: a place and its epoch). Whoever
 * supervises threads retires the place of a thread that ended; a word held by a retired place is taken over. Nobody is robbed for being slow.
 */

const places = 512;
const placeBits = 9;
const epochMask = 0x1f_ffff;
/** Looks at a held word before the thread sleeps between looks. */
const patience = 256;
/** Sleeps of a millisecond before a thread gives up. */
const maxSleeps = 2000;

/** What `Owner.take` answers when the word stayed held: no version is odd. */
export const busy = 1;

/** Memory for the owners of locks, shared by every table that they lock. A place is its epoch twice, plus one while it is alive. */
export const reserveOwners = (): SharedArrayBuffer => new SharedArrayBuffer(places * 4);

/** Takes a place for a thread and answers its token, which the thread gets. Throws RangeError when 512 are alive. */
export const joinOwners = (memory: SharedArrayBuffer): number => {
  const words = new Int32Array(memory);
  for (let place = 0; place < places; place += 1) {
    const held = Atomics.load(words, place);
    if ((held & 1) === 1) continue;
    const epoch = ((held >> 1) % epochMask) + 1;
    if (Atomics.compareExchange(words, place, held, epoch * 2 + 1) === held) return (epoch << placeBits) | place;
  }
  throw new RangeError('no place for one more owner of locks');
};

/** Retires the place of a thread that has ended; what it held is free to be taken. Only for threads that cannot run any more. */
export const retireOwner = (memory: SharedArrayBuffer, token: number): void => {
  const epoch = token >>> placeBits;
  Atomics.compareExchange(new Int32Array(memory), token & (places - 1), epoch * 2 + 1, epoch * 2);
};

/** One thread's hand on locks. */
export class Owner {
  /** Place of this owner: below `Owner.places`. */
  readonly place: number;
  /** Place of the dead owner from whom the last `take` took the word; −1 when it was free. */
  takenFrom = -1;
  /** Words that stayed held until this owner gave up. */
  gaveUp = 0;
  readonly #words: Int32Array;
  readonly #held: number;

  static readonly places: number = places;

  /** `token` is from `joinOwners`. */
  constructor(memory: SharedArrayBuffer, token: number) {
    this.#words = new Int32Array(memory);
    this.#held = (token << 1) | 1;
    this.place = token & (places - 1);
  }

  #isAlive(held: number): boolean {
    const token = held >>> 1;
    return Atomics.load(this.#words, token & (places - 1)) === ((token >>> placeBits) << 1) + 1;
  }

  /** Takes the word and answers its version; `busy` when it stayed held for some two seconds. */
  take(words: Int32Array, at: number): number {
    this.takenFrom = -1;
    for (let look = 0; look < patience + maxSleeps; look += 1) {
      const held = Atomics.load(words, at);
      if ((held & 1) === 0) {
        if (Atomics.compareExchange(words, at, held, this.#held) === held) return held;
      } else if (!this.#isAlive(held)) {
        if (Atomics.compareExchange(words, at, held, this.#held) !== held) continue;
        this.takenFrom = (held >>> 1) & (places - 1);
        return 0;
      } else if (look >= patience) Atomics.wait(words, at, held, 1);
    }
    this.gaveUp += 1;
    return busy;
  }

  /** Releases a word with the version after the one that was taken. */
  release(words: Int32Array, at: number, version: number): void {
    Atomics.store(words, at, (version + 2) | 0);
  }

  /** Waits until nobody holds the word and answers its version, for a reader; `busy` when it stayed held, also by a dead owner. */
  await(words: Int32Array, at: number): number {
    for (let look = 0; look < patience + maxSleeps; look += 1) {
      const held = Atomics.load(words, at);
      if ((held & 1) === 0) return held;
      if (!this.#isAlive(held)) return busy;
      if (look >= patience) Atomics.wait(words, at, held, 1);
    }
    return busy;
  }
}
