/**
 * One profile: how an event changes it, and what it says at an instant. Declared rule for disorder: an event counts in every ring that still
 * holds its bucket, whenever it comes; what follows the order of arrival (mean, tail, last instant) takes only events that are not older than the newest.
 */
import type { ProfileLayout, RingPlace } from './profile-layout.ts';
import { field } from './profile-layout.ts';
import type { ProfileTable, RowChunk } from './profile-table.ts';

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

/** A view of one row that is moved from row to row; not for two rows at once. */
export class Profile {
  readonly #table: ProfileTable;
  readonly #layout: ProfileLayout;
  #chunk: RowChunk;
  /** First 8-byte word of the row. */
  #at = 0;

  constructor(table: ProfileTable) {
    this.#table = table;
    this.#layout = table.layout;
    this.#chunk = table.chunkOf(0);
  }

  /** Looks at a row. */
  open(row: number): this {
    this.#chunk = this.#table.chunkOf(row);
    this.#at = this.#table.wordOf(row);
    return this;
  }

  #word(offset: number): number {
    return this.#chunk.words[this.#at * 2 + offset] as number;
  }

  #number(offset: number): number {
    return this.#chunk.numbers[this.#at + offset] as number;
  }

  #setWord(offset: number, value: number): void {
    this.#chunk.words[this.#at * 2 + offset] = value;
  }

  #addWord(offset: number, value: number): void {
    const { words } = this.#chunk;
    const at = this.#at * 2 + offset;
    words[at] = (words[at] as number) + value;
  }

  #setNumber(offset: number, value: number): void {
    this.#chunk.numbers[this.#at + offset] = value;
  }

  /** Events in all. */
  get events(): number {
    return this.#word(field.events);
  }
  /** Changes that the row has seen. */
  get order(): number {
    return this.#word(field.order);
  }
  /** First event, epoch milliseconds; 0 when there was none. */
  get firstSeen(): number {
    return this.#number(field.firstSeen);
  }
  /** Newest event, epoch milliseconds; 0 when there was none. */
  get lastSeen(): number {
    return this.#number(field.lastSeen);
  }
  /** Usual logarithm of one plus the amount. */
  get amountMean(): number {
    return this.#number(field.amountMean);
  }
  /** Deviation of that logarithm. */
  get amountDeviation(): number {
    return Math.sqrt(this.#number(field.amountVariance));
  }
  /** First fraud of the episode that is on or was last, epoch milliseconds; 0 when there was none. */
  get episodeStart(): number {
    return this.#number(field.episodeStart);
  }
  /** Newest event known as fraud, epoch milliseconds; 0 when there was none. */
  get lastFraud(): number {
    return this.#number(field.lastFraud);
  }
  /** Frauds of that episode. */
  get episodeFrauds(): number {
    return this.#word(field.episodeFrauds);
  }
  /** Honest events settled since the newest fraud. */
  get cleanRun(): number {
    return this.#word(field.cleanRun);
  }
  /** Share of frauds among the newest settled events, recent ones heavier. */
  get fraudShare(): number {
    return this.#number(field.fraudShare);
  }

  /** Deviations of an amount from what is usual; 0 while too little is known. */
  surprise(amount: number): number {
    if (this.#number(field.amountWeight) < 3) return 0;
    return (Math.log1p(amount) - this.amountMean) / Math.max(0.15, this.amountDeviation);
  }

  /** Share of the entity's events in this hour of the day (UTC) and its neighbours; 1 while too little is known. */
  hourShare(at: number): number {
    const hour = Math.floor(at / 3_600_000) % 24;
    const { bytes } = this.#chunk;
    const from = (this.#at + field.hours) * 8;
    let all = 0;
    for (let each = 0; each < 24; each += 1) all += bytes[from + each] as number;
    if (all < 8) return 1;
    const near = (offset: number): number => bytes[from + ((hour + offset + 24) % 24)] as number;
    return (near(-1) + near(0) + near(1)) / all;
  }

  /** Takes an event. */
  add(at: number, amount: number): void {
    const surprise = this.surprise(amount);
    for (const ring of this.#layout.rings) this.#addToRing(ring, at, amount, surprise >= outlierFrom ? 1 : 0);
    this.#addWord(field.events, 1);
    this.#addWord(field.order, 1);
    if (this.firstSeen === 0 || at < this.firstSeen) this.#setNumber(field.firstSeen, at);
    if (at < this.lastSeen) return;
    this.#setNumber(field.lastSeen, at);
    this.#follow(amount);
    this.#countHour(at);
    if (this.#layout.tail > 0) this.#addToTail(at);
  }

  #addToTail(at: number): void {
    const taken = this.#word(field.tailTaken);
    this.#setNumber(this.#layout.tailAt + (taken % this.#layout.tail), at);
    this.#setWord(field.tailTaken, (taken + 1) | 0);
  }

  #follow(amount: number): void {
    const weight = this.#number(field.amountWeight);
    const pace = Math.max(amountPace, 1 / (weight + 1));
    const deviation = Math.max(0.15, this.amountDeviation);
    const raw = Math.log1p(amount) - this.amountMean;
    const cap = weight < 3 ? Number.POSITIVE_INFINITY : surpriseCap * deviation;
    const step = Math.min(cap, Math.max(-cap, raw));
    this.#setNumber(field.amountMean, weight === 0 ? raw : this.amountMean + pace * step);
    const variance = this.#number(field.amountVariance);
    this.#setNumber(
      field.amountVariance,
      weight === 0 ? 0.25 : variance + pace * (step * step * (1 - pace) - variance),
    );
    this.#setNumber(field.amountWeight, weight + 1);
  }

  #countHour(at: number): void {
    const { bytes } = this.#chunk;
    const from = (this.#at + field.hours) * 8;
    const place = from + (Math.floor(at / 3_600_000) % 24);
    const count = (bytes[place] as number) + 1;
    bytes[place] = count;
    if (count < 255) return;
    for (let each = 0; each < 24; each += 1) bytes[from + each] = (bytes[from + each] as number) >>> 1;
  }

  /** Turns the ring so that it holds the bucket; false when the bucket is gone for good. */
  #turn(ring: RingPlace, bucket: number): boolean {
    const head = this.#word(ring.head);
    if (bucket <= head) return bucket > head - ring.buckets;
    const first = Math.max(head + 1, bucket - ring.buckets + 1);
    for (let each = first; each <= bucket; each += 1) {
      const place = each % ring.buckets;
      this.#setWord(ring.counts + place, 0);
      this.#setWord(ring.outliers + place, 0);
      this.#setNumber(ring.sums + place, 0);
      if (!ring.hasLabels) continue;
      this.#setWord(ring.settled + place, 0);
      this.#setWord(ring.frauds + place, 0);
    }
    this.#setWord(ring.head, bucket);
    return true;
  }

  #addToRing(ring: RingPlace, at: number, amount: number, outlier: number): void {
    const bucket = Math.floor(at / ring.width);
    if (!this.#turn(ring, bucket)) return;
    const place = bucket % ring.buckets;
    this.#addWord(ring.counts + place, 1);
    this.#addWord(ring.outliers + place, outlier);
    this.#setNumber(ring.sums + place, this.#number(ring.sums + place) + amount);
  }

  /** Adds to `into` the buckets `from` (newest) to `to` (oldest, excluded) back from `now`'s; what the ring does not hold counts nothing. */
  read(ring: RingPlace, now: number, from: number, to: number, into: WindowRead): void {
    const head = this.#word(ring.head);
    const bucketNow = Math.floor(now / ring.width);
    const newest = Math.min(head, bucketNow - from);
    const oldest = Math.max(head - ring.buckets, bucketNow - to, -1);
    const { words, numbers } = this.#chunk;
    const base = this.#at * 2;
    for (let bucket = newest; bucket > oldest; bucket -= 1) {
      const place = bucket % ring.buckets;
      into.count += words[base + ring.counts + place] as number;
      into.outliers += words[base + ring.outliers + place] as number;
      into.sum += numbers[this.#at + ring.sums + place] as number;
      if (!ring.hasLabels) continue;
      into.settled += words[base + ring.settled + place] as number;
      into.frauds += words[base + ring.frauds + place] as number;
    }
  }

  /** Events of (now − span, now], exactly, when the tail reaches back that far; otherwise -1. */
  exactCount(now: number, span: number): number {
    const { tail, tailAt } = this.#layout;
    const taken = this.#word(field.tailTaken);
    const held = Math.min(taken, tail);
    let count = 0;
    for (let back = 1; back <= held; back += 1) {
      const at = this.#number(tailAt + ((taken - back) % tail));
      if (at <= now - span) return count;
      if (at <= now) count += 1;
    }
    return taken > tail ? -1 : count;
  }

  /** Settles an event of this entity: what it was is known now. `wasHonest` tells that it was settled as honest before. */
  settle(at: number, isFraud: boolean, wasHonest: boolean): void {
    for (const ring of this.#layout.rings) {
      if (!ring.hasLabels || !this.#turn(ring, Math.floor(at / ring.width))) continue;
      const place = Math.floor(at / ring.width) % ring.buckets;
      if (!wasHonest) this.#addWord(ring.settled + place, 1);
      if (isFraud) this.#addWord(ring.frauds + place, 1);
    }
    this.#addWord(field.order, 1);
    this.#setNumber(field.fraudShare, this.fraudShare + sharePace * ((isFraud ? 1 : 0) - this.fraudShare));
    if (isFraud) this.#countFraud(at);
    else this.#addWord(field.cleanRun, 1);
  }

  #countFraud(at: number): void {
    const isNew = this.lastFraud === 0 || at - this.lastFraud > episodeGap;
    if (isNew) {
      this.#setNumber(field.episodeStart, at);
      this.#setWord(field.episodeFrauds, 0);
    }
    if (at < this.episodeStart) this.#setNumber(field.episodeStart, at);
    this.#addWord(field.episodeFrauds, 1);
    this.#setWord(field.cleanRun, 0);
    if (at > this.lastFraud) this.#setNumber(field.lastFraud, at);
  }
}
