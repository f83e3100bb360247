/**
 * Duplicate events: an id counts once within a horizon of arrival. Ids are remembered for at least the horizon and at most twice as long, while fewer
 * arrive than the filter was made for; beyond that it forgets early and counts it. It never passes a duplicate that it remembers, and takes a new id for a
 * duplicate with a probability below 2^−27: it compares 32 bits of a keyed hash beside the place, over chains that are short at half load.
 */
import { entryKind, type JournalBuffer } from './journal-format.ts';
import { reserveStripes, type StripeShape, TurningStripes } from './turning-stripes.ts';

/** What a filter is made for. */
export interface DuplicateShape {
  /** Events that arrive within the horizon. */
  readonly events: number;
  /** Milliseconds. */
  readonly horizon: number;
}

const stripeCount = 256;

const shapeOf = ({ events, horizon }: DuplicateShape): StripeShape => ({
  stripes: stripeCount,
  // Twice as many slots as ids, and room for uneven stripes.
  halfWords: 2 ** Math.ceil(Math.log2(Math.max(64, (events / stripeCount) * 2.5))),
  period: horizon,
});

/** Memory for a filter. */
export const reserveDuplicateFilter = (shape: DuplicateShape): SharedArrayBuffer => reserveStripes(shapeOf(shape));

/** What the filter says of an id. */
export const seenBefore = { no: 0, yes: 1, unknown: 2 } as const;

/** One thread's hand on the filter. */
export class DuplicateFilter {
  /** Duplicates that this thread met. */
  duplicates = 0;
  /** Where it is kept; for snapshots. */
  readonly stripes: TurningStripes;
  readonly #journal: JournalBuffer | undefined;
  readonly #mask: number;

  constructor(
    shape: DuplicateShape,
    memory: SharedArrayBuffer,
    owners: SharedArrayBuffer,
    token: number,
    journal?: JournalBuffer,
  ) {
    const cut = shapeOf(shape);
    this.#journal = journal;
    this.stripes = new TurningStripes(cut, memory, owners, token);
    this.#mask = cut.halfWords - 1;
  }

  #find(from: number, home: number, tag: number): number {
    const { words } = this.stripes;
    for (let step = 0; step <= this.#mask; step += 1) {
      const at = from + ((home + step) & this.#mask);
      const found = words[at];
      if (found === tag) return -1;
      if (found === 0) return at;
    }
    return from + home;
  }

  /** Remembers an event's id, given as a keyed hash; tells whether it was there (`seenBefore`). For one id, one thread alone is told that it was not. `now` is the instant of arrival. */
  take(low: number, high: number, now: number): number {
    const held = this.stripes;
    if (!held.enter(low, now)) return seenBefore.unknown;
    const home = (low >>> 8) & this.#mask;
    const tag = high === 0 ? 1 : high | 0;
    const place = this.#find(held.filling, home, tag);
    const isOld = place < 0 || this.#find(held.before, home, tag) < 0;
    if (!isOld) {
      held.words[place] = tag;
      held.countEntry((this.#mask + 1) >>> 1);
    } else this.duplicates += 1;
    held.leave();
    if (!isOld) this.#journal?.memory(entryKind.id, low, high, now, 0, 0);
    return isOld ? seenBefore.yes : seenBefore.no;
  }

  /** Stripes that forgot before the horizon. */
  get forgotEarly(): number {
    return this.stripes.turnedEarly();
  }
}
