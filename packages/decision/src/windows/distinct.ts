/**
 * How many different things an entity met in a span: devices of an account, accounts of an address. Few are kept one by one with the second
 * of their last meeting, and any span is exact to the second; when they are more, a sketch from the shared pool goes on, and a span is whole panes. Without a sketch
 * the least recent one gives way, and the count is a lower bound for spans that reach back to it.
 */
import { entryKind } from './journal-format.ts';
import { type DistinctPlace, field } from './profile-layout.ts';
import type { ProfileTable } from './profile-table.ts';
import { RowView } from './row-view.ts';
import { addToSketch, estimateSketch, type SketchPlace } from './sketch.ts';

/** What a distinct count is worth. */
export const distinctKind = { exact: 0, sketched: 1, atLeast: 2 } as const;

/** A distinct count. Written in place, so that a read allocates nothing. */
export interface DistinctRead {
  count: number;
  /** One of `distinctKind`. */
  kind: number;
}

/** A view of the distinct counts of one row. Things are 32-bit halves of keyed hashes. */
export class DistinctView extends RowView {
  readonly #sketch: SketchPlace;

  constructor(table: ProfileTable) {
    super(table);
    this.#sketch = { pool: table.sketches, at: 0 };
  }

  /** Takes a meeting with a thing; false when it was too late and changed nothing. Call before the event itself is added, or after: the order of arrival does not matter. */
  meet(place: DistinctPlace, thing: number, at: number): boolean {
    if (at < this.number(field.lastSeen) - this.table.layout.lateness) {
      this.table.countLate();
      return false;
    }
    this.changed(entryKind.meeting, this.table.layout.distinct.indexOf(place), at, thing);
    const second = Math.floor(at / 1000);
    if (this.#hasSketch(place)) this.#addToSketch(place, thing | 0, second);
    else this.#keep(place, thing | 0, second);
    return true;
  }

  #hasSketch(place: DistinctPlace): boolean {
    return place.sketch >= 0 && this.word(place.sketch) > 0;
  }

  #openSketch(place: DistinctPlace): SketchPlace {
    this.#sketch.at = (this.word(place.sketch) - 1) * this.table.layout.sketchWords;
    return this.#sketch;
  }

  #addToSketch(place: DistinctPlace, thing: number, second: number): void {
    addToSketch(this.#openSketch(place), place.panes, Math.floor((second * 1000) / place.paneWidth), thing);
  }

  /** The place of a thing, else of the least recent one; an empty place is the least recent of all. */
  #placeFor(place: DistinctPlace, thing: number): number {
    let oldest = 0;
    for (let each = 0; each < place.exact; each += 1) {
      const second = this.word(place.seconds + each) >>> 0;
      if (second > 0 && this.word(place.things + each) === thing) return each;
      if (second < this.word(place.seconds + oldest) >>> 0) oldest = each;
    }
    return oldest;
  }

  #keep(place: DistinctPlace, thing: number, second: number): void {
    const into = this.#placeFor(place, thing);
    const before = this.word(place.seconds + into) >>> 0;
    const isSame = before > 0 && this.word(place.things + into) === thing;
    if (before === 0 || isSame) {
      this.setWord(place.things + into, thing);
      this.setWord(place.seconds + into, Math.max(before, second));
      return;
    }
    if (this.#beginSketch(place, before, second)) this.#addToSketch(place, thing, second);
    else this.#forget(place, into, before, thing, second);
  }

  #forget(place: DistinctPlace, into: number, before: number, thing: number, second: number): void {
    const forgotten = this.word(place.forgotten) >>> 0;
    this.setWord(place.forgotten, Math.max(forgotten, Math.min(before, second)));
    if (second < before) return;
    this.setWord(place.things + into, thing);
    this.setWord(place.seconds + into, second);
  }

  /** Moves to a sketch when the thing that would give way still counts in some span of it, and the pool has one left. */
  #beginSketch(place: DistinctPlace, victim: number, second: number): boolean {
    if (place.sketch < 0 || (second - victim) * 1000 >= place.paneWidth * place.panes) return false;
    const taken = this.table.takeSketch();
    if (taken < 0) return false;
    this.setWord(place.sketch, taken + 1);
    const sketch = this.#openSketch(place);
    sketch.pool.words[sketch.at * 2] = 0;
    for (let each = 0; each < place.exact; each += 1)
      this.#addToSketch(place, this.word(place.things + each), this.word(place.seconds + each) >>> 0);
    return true;
  }

  /**
   * Different things met in (now − span, now], for an instant that is not before the newest meeting. Exact to the second; sketched: of the whole panes that `span` holds, the
   * one of `now` among them, with a standard error of `sketchError`; at least: more things gave way than are counted.
   */
  count(place: DistinctPlace, now: number, span: number, into: DistinctRead): void {
    if (this.#hasSketch(place)) {
      const newest = Math.floor(now / place.paneWidth);
      const panes = Math.max(1, Math.floor(span / place.paneWidth));
      into.count = estimateSketch(this.#openSketch(place), place.panes, newest, newest - panes + 1);
      into.kind = distinctKind.sketched;
      return;
    }
    const from = (now - span) / 1000;
    let count = 0;
    for (let each = 0; each < place.exact; each += 1) {
      const second = this.word(place.seconds + each) >>> 0;
      if (second > 0 && second > from) count += 1;
    }
    into.count = count;
    into.kind = this.word(place.forgotten) >>> 0 > from ? distinctKind.atLeast : distinctKind.exact;
  }
}
