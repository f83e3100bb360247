/**
 * One profile: how an event changes it, and what it says at an instant. Declared rule for disorder: an event counts in every ring that still
 * holds its bucket, and in the tail, whenever it comes; what follows the order of arrival (mean, hours, last instant) takes only events that are not older
 * than the newest; one that is older than that by more than the layout's lateness changes nothing.
 */
import { entryKind, labelFlag } from './journal-format.ts';
import type { ProfileLayout, RingPlace } from './profile-layout.ts';
import { field } from './profile-layout.ts';
import type { ProfileTable } from './profile-table.ts';
import { RowView } from './row-view.ts';
import { addToTail, countTail } from './tail.ts';

/** What a window of a ring holds. Written in place, so that a read allocates nothing. */
export interface WindowRead {
  count: number;
  sum: number;
  outliers: number;
  settled: number;
  frauds: number;
}

/** A reading with nothing in it. */
export const emptyRead = (): WindowRead => ({ count: 0, sum: 0, outliers: 0, settled: 0, frauds: 0 });

/** How fast the usual amount follows: one over the memory in events. */
const amountPace = 0.05;
/** A surprise counts at most this many deviations, so that a burst of fraud does not become usual. */
const surpriseCap = 2;
/** Deviations above the mean from which an amount is an outlier. */
const outlierFrom = 2.5;
/** Gap after which a fraud begins a new episode, in milliseconds. */
const episodeGap = 21 * 86_400_000;
/** How fast the share of frauds among settled events follows. */
const sharePace = 0.2;

/** A view of one row that is moved from row to row; not for two rows at once. Its changes belong between `enter` and `leave` of the table. */
export class Profile extends RowView {
  readonly #layout: ProfileLayout;

  constructor(table: ProfileTable) {
    super(table);
    this.#layout = table.layout;
  }

  /** Events in all. */
  get events(): number {
    return this.word(field.events);
  }
  /** Changes that the row has seen. */
  get order(): number {
    return this.word(field.order);
  }
  /** First event, epoch milliseconds; 0 when there was none. */
  get firstSeen(): number {
    return this.number(field.firstSeen);
  }
  /** Newest event, epoch milliseconds; 0 when there was none. */
  get lastSeen(): number {
    return this.number(field.lastSeen);
  }
  /** Usual logarithm of one plus the amount. */
  get amountMean(): number {
    return this.#layout.amountsAt < 0 ? 0 : this.single(this.#layout.amountsAt);
  }
  /** Deviation of that logarithm. */
  get amountDeviation(): number {
    return this.#layout.amountsAt < 0 ? 0 : Math.sqrt(this.single(this.#layout.amountsAt + 1));
  }
  /** First fraud of the episode that is on or was last, epoch milliseconds; 0 when there was none. */
  get episodeStart(): number {
    return this.#episode(0);
  }
  /** Newest event known as fraud, epoch milliseconds; 0 when there was none. */
  get lastFraud(): number {
    return this.#episode(1);
  }
  /** Share of frauds among the newest settled events, recent ones heavier. */
  get fraudShare(): number {
    return this.#episode(2);
  }
  /** Frauds of that episode. */
  get episodeFrauds(): number {
    return this.#layout.episodesAt < 0 ? 0 : this.word(this.#layout.episodesAt * 2 + 6);
  }
  /** Honest events settled since the newest fraud. */
  get cleanRun(): number {
    return this.#layout.episodesAt < 0 ? 0 : this.word(this.#layout.episodesAt * 2 + 7);
  }

  #episode(offset: number): number {
    return this.#layout.episodesAt < 0 ? 0 : this.number(this.#layout.episodesAt + offset);
  }

  /** Deviations of an amount from what is usual; 0 while too little is known. */
  surprise(amount: number): number {
    const { amountsAt } = this.#layout;
    if (amountsAt < 0 || this.word(amountsAt + 2) < 3) return 0;
    return (Math.log1p(amount) - this.amountMean) / Math.max(0.15, this.amountDeviation);
  }

  /** Share of the entity's events in this hour of the day (UTC) and its neighbours; 1 while too little is known. */
  hourShare(at: number): number {
    const { hoursAt } = this.#layout;
    if (hoursAt < 0) return 1;
    const hour = Math.floor(at / 3_600_000) % 24;
    let all = 0;
    for (let each = 0; each < 24; each += 1) all += this.byte(hoursAt + each);
    if (all < 8) return 1;
    const near =
      this.byte(hoursAt + ((hour + 23) % 24)) + this.byte(hoursAt + hour) + this.byte(hoursAt + ((hour + 1) % 24));
    return near / all;
  }

  /** Takes an event; false when it was too late and changed nothing. An amount that is not a number counts as none. */
  add(at: number, amount: number): boolean {
    const newest = this.lastSeen;
    if (at < newest - this.#layout.lateness) {
      this.table.countLate();
      return false;
    }
    const money = Number.isNaN(amount) ? 0 : amount;
    const outlier = this.surprise(money) >= outlierFrom ? 1 : 0;
    for (const ring of this.#layout.rings) this.#addToRing(ring, at, money, outlier);
    if (this.#layout.tail > 0) addToTail(this, at, newest);
    this.addWord(field.events, 1);
    this.changed(entryKind.event, 0, at, money);
    if (newest === 0 || at < this.firstSeen) this.setNumber(field.firstSeen, at);
    if (at < newest) return true;
    this.setNumber(field.lastSeen, at);
    this.#follow(money);
    this.#countHour(at);
    return true;
  }

  #follow(amount: number): void {
    const { amountsAt } = this.#layout;
    if (amountsAt < 0) return;
    const weight = this.word(amountsAt + 2);
    const pace = Math.max(amountPace, 1 / (weight + 1));
    const deviation = Math.max(0.15, this.amountDeviation);
    const raw = Math.log1p(amount) - this.amountMean;
    const cap = weight < 3 ? Number.POSITIVE_INFINITY : surpriseCap * deviation;
    const step = Math.min(cap, Math.max(-cap, raw));
    const variance = this.single(amountsAt + 1);
    this.setSingle(amountsAt, weight === 0 ? raw : this.amountMean + pace * step);
    this.setSingle(amountsAt + 1, weight === 0 ? 0.25 : variance + pace * (step * step * (1 - pace) - variance));
    if (weight < 2 ** 30) this.setWord(amountsAt + 2, weight + 1);
  }

  #countHour(at: number): void {
    const { hoursAt } = this.#layout;
    if (hoursAt < 0) return;
    const place = hoursAt + (Math.floor(at / 3_600_000) % 24);
    const count = this.byte(place) + 1;
    this.setByte(place, count);
    if (count < 255) return;
    for (let each = hoursAt; each < hoursAt + 24; each += 1) this.setByte(each, this.byte(each) >>> 1);
  }

  #count(ring: RingPlace, offset: number): number {
    return ring.isNarrow ? this.half(offset) : this.word(offset);
  }

  #countUp(ring: RingPlace, offset: number): void {
    if (!ring.isNarrow) this.addWord(offset, 1);
    else if (this.half(offset) < 65_535) this.setHalf(offset, this.half(offset) + 1);
  }

  #clear(ring: RingPlace, place: number): void {
    const { isNarrow, counts, outliers, settled, sums, frauds } = ring;
    const zero = (offset: number): void => {
      if (offset < 0) return;
      if (isNarrow) this.setHalf(offset + place, 0);
      else this.setWord(offset + place, 0);
    };
    zero(counts);
    zero(outliers);
    zero(settled);
    zero(frauds);
    if (sums < 0) return;
    if (isNarrow) this.setSingle(sums + place, 0);
    else this.setNumber(sums + place, 0);
  }

  /** Turns the ring so that it holds the bucket; false when the bucket is gone for good. The newest bucket is that of the newest event. */
  #turn(ring: RingPlace, bucket: number): boolean {
    const newest = this.lastSeen;
    // A row that saw nothing is empty already.
    if (newest === 0) return true;
    const head = Math.floor(newest / ring.width);
    if (bucket <= head) return bucket > head - ring.buckets;
    const first = Math.max(head + 1, bucket - ring.buckets + 1);
    for (let each = first; each <= bucket; each += 1) this.#clear(ring, each % ring.buckets);
    return true;
  }

  #addToRing(ring: RingPlace, at: number, amount: number, outlier: number): void {
    const bucket = Math.floor(at / ring.width);
    if (!this.#turn(ring, bucket)) return;
    const place = bucket % ring.buckets;
    this.#countUp(ring, ring.counts + place);
    if (outlier === 1 && ring.outliers >= 0) this.#countUp(ring, ring.outliers + place);
    if (ring.sums < 0) return;
    if (ring.isNarrow) this.setSingle(ring.sums + place, this.single(ring.sums + place) + amount);
    else this.setNumber(ring.sums + place, this.number(ring.sums + place) + amount);
  }

  /** Adds to `into` the buckets `from` (newest) to `to` (oldest, excluded) back from `now`'s; what the ring does not hold counts nothing. */
  read(ring: RingPlace, now: number, from: number, to: number, into: WindowRead): void {
    const head = Math.floor(this.lastSeen / ring.width);
    const bucketNow = Math.floor(now / ring.width);
    const newest = Math.min(head, bucketNow - from);
    const oldest = Math.max(head - ring.buckets, bucketNow - to, -1);
    for (let bucket = newest; bucket > oldest; bucket -= 1) {
      const place = bucket % ring.buckets;
      into.count += this.#count(ring, ring.counts + place);
      if (ring.outliers >= 0) into.outliers += this.#count(ring, ring.outliers + place);
      if (ring.sums >= 0) into.sum += ring.isNarrow ? this.single(ring.sums + place) : this.number(ring.sums + place);
      if (!ring.hasLabels) continue;
      into.settled += this.#count(ring, ring.settled + place);
      into.frauds += this.#count(ring, ring.frauds + place);
    }
  }

  /** Events of (now − span, now], exactly, when the tail reaches back that far; otherwise -1. */
  exactCount(now: number, span: number): number {
    return countTail(this, now, span);
  }

  /** Settles an event of this entity: what it was is known now. `wasHonest` tells that it was settled as honest before. */
  settle(at: number, isFraud: boolean, wasHonest: boolean): void {
    this.changed(entryKind.label, (isFraud ? labelFlag.fraud : 0) | (wasHonest ? labelFlag.wasHonest : 0), at, 0);
    // An event that the row never took (it was late, or the row is younger) is in no ring.
    if (at <= this.lastSeen) this.#settleInRings(at, isFraud, wasHonest);
    const { episodesAt } = this.#layout;
    if (episodesAt < 0) return;
    this.setNumber(episodesAt + 2, this.fraudShare + sharePace * ((isFraud ? 1 : 0) - this.fraudShare));
    if (isFraud) this.#countFraud(at, episodesAt);
    else this.addWord(episodesAt * 2 + 7, 1);
  }

  #settleInRings(at: number, isFraud: boolean, wasHonest: boolean): void {
    for (const ring of this.#layout.rings) {
      const bucket = Math.floor(at / ring.width);
      if (!ring.hasLabels || !this.#turn(ring, bucket)) continue;
      if (!wasHonest) this.#countUp(ring, ring.settled + (bucket % ring.buckets));
      if (isFraud) this.#countUp(ring, ring.frauds + (bucket % ring.buckets));
    }
  }

  #countFraud(at: number, episodesAt: number): void {
    const isNew = this.lastFraud === 0 || at - this.lastFraud > episodeGap;
    if (isNew) {
      this.setNumber(episodesAt, at);
      this.setWord(episodesAt * 2 + 6, 0);
    }
    if (at < this.episodeStart) this.setNumber(episodesAt, at);
    this.addWord(episodesAt * 2 + 6, 1);
    this.setWord(episodesAt * 2 + 7, 0);
    if (at > this.lastFraud) this.setNumber(episodesAt + 1, at);
  }
}
