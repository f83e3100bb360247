/** An entity's profile → its facts. Compiled for one kind: only what somebody asks is read, and the windows of one ring in one walk. */
import { days, hours, minutes } from '@hauberk/primitives';
import { EntityFeatureReader, entityFeatures } from '../learn/entity-features.ts';
import type { PolicyValue } from '../policy/syntax.ts';
import type { DistinctRead, DistinctView } from '../windows/distinct.ts';
import { emptyRead, type Profile, type WindowRead } from '../windows/profile.ts';
import { type DistinctPlace, type ProfileLayout, type RingPlace, windowOf } from '../windows/profile-layout.ts';
import { type WindowSpan, windowSpans } from './fact-names.ts';

/** Facts while they are written; a place that is undefined is missing. */
export type FactBuffer = PolicyValue[];

/** Place of a fact that somebody asks; −1 when nobody does. */
export type PlaceOf = (name: string) => number;

/** The spans in milliseconds. */
export const spanMs: Readonly<Record<WindowSpan, number>> = {
  '1m': minutes(1),
  '10m': minutes(10),
  '1h': hours(1),
  '24h': hours(24),
  '7d': days(7),
  '30d': days(30),
};

/** One window of a ring: how many buckets back, and where count and sum go. */
interface RingStep {
  readonly buckets: number;
  readonly count: number;
  readonly sum: number;
}

/** The windows of one ring, nearest first: each walk goes on where the one before ended. */
interface RingWalk {
  readonly ring: RingPlace;
  readonly steps: readonly RingStep[];
}

interface TailStep {
  readonly span: number;
  readonly place: number;
}

interface DistinctStep {
  readonly from: DistinctPlace;
  readonly span: number;
  readonly place: number;
}

const hourMs = 3_600_000;
const headNames = [
  'isNew',
  'ageHours',
  'idleHours',
  'surprise',
  'usualAmount',
  'hourShare',
  'sinceLast',
  'age',
] as const;
type HeadPlaces = Readonly<Record<(typeof headNames)[number], number>>;

/** Whether the rings are those that models learn from. */
const isFull = ({ rings }: ProfileLayout): boolean =>
  [
    ['minute', minutes(1), 60],
    ['hour', hours(1), 24],
    ['day', days(1), 37],
  ].every(([name, width, least]) =>
    rings.some((ring) => ring.name === name && ring.width === width && ring.buckets >= Number(least)),
  ) && rings.some(({ name, hasLabels }) => name === 'day' && hasLabels);

const walksOf = (kind: string, layout: ProfileLayout, placeOf: PlaceOf): readonly RingWalk[] =>
  layout.rings
    .map((ring) => ({
      ring,
      steps: windowSpans.flatMap((span) => {
        const window = windowOf(layout, spanMs[span] as Parameters<typeof windowOf>[1]);
        if (window?.ring !== ring) return [];
        const count = span === '1m' && layout.tail > 0 ? -1 : placeOf(`${kind}.count${span}`);
        const sum = ring.sums < 0 ? -1 : placeOf(`${kind}.sum${span}`);
        return count < 0 && sum < 0 ? [] : [{ buckets: window.buckets, count, sum }];
      }),
    }))
    .filter(({ steps }) => steps.length > 0);

/** Spans that the newest instants answer: a minute, which one bucket tells badly, and what no ring holds. */
const tailsOf = (kind: string, layout: ProfileLayout, placeOf: PlaceOf): readonly TailStep[] =>
  layout.tail === 0
    ? []
    : windowSpans
        .filter(
          (span) => span === '1m' || windowOf(layout, spanMs[span] as Parameters<typeof windowOf>[1]) === undefined,
        )
        .map((span) => ({ span: spanMs[span], place: placeOf(`${kind}.count${span}`) }))
        .filter(({ place }) => place >= 0);

const distinctsOf = (kind: string, layout: ProfileLayout, placeOf: PlaceOf): readonly DistinctStep[] =>
  layout.distinct.flatMap((from) =>
    windowSpans
      .map((span) => ({ from, span: spanMs[span], place: placeOf(`${kind}.distinct.${from.name}${span}`) }))
      .filter(({ place }) => place >= 0),
  );

const known = (value: number): PolicyValue => (Number.isFinite(value) ? value : undefined);

/** See the top of the file. */
export class EntityReader {
  readonly #head: HeadPlaces;
  readonly #walks: readonly RingWalk[];
  readonly #tails: readonly TailStep[];
  readonly #distincts: readonly DistinctStep[];
  readonly #tail: number;
  /** Features of models by their number, and the places of their facts. */
  readonly #learnt: readonly (readonly [feature: number, place: number])[];
  readonly #features: EntityFeatureReader | undefined;
  readonly #scratch: Float64Array;
  readonly #read: WindowRead = emptyRead();
  readonly #distinct: DistinctRead = { count: 0, kind: 0 };

  /** `delayDays` is how long labels take. */
  constructor(kind: string, layout: ProfileLayout, delayDays: number, placeOf: PlaceOf) {
    this.#head = Object.fromEntries(headNames.map((name) => [name, placeOf(`${kind}.${name}`)])) as HeadPlaces;
    this.#walks = walksOf(kind, layout, placeOf);
    this.#tails = tailsOf(kind, layout, placeOf);
    this.#distincts = distinctsOf(kind, layout, placeOf);
    this.#tail = layout.tail;
    const own = new Set<string>(headNames.map((name) => `${kind}.${name}`));
    for (const span of windowSpans) own.add(`${kind}.count${span}`).add(`${kind}.sum${span}`);
    this.#learnt = isFull(layout)
      ? entityFeatures(kind).flatMap((name, feature) => {
          const place = own.has(name) ? -1 : placeOf(name);
          return place < 0 ? [] : [[feature, place] as const];
        })
      : [];
    this.#features = this.#learnt.length === 0 ? undefined : new EntityFeatureReader(layout, delayDays);
    this.#scratch = new Float64Array(this.#features?.width ?? 0);
  }

  /** Writes the facts of the profile as it is now; `rate` is the share of frauds in general. */
  read(profile: Profile, distinct: DistinctView, now: number, amount: number, rate: number, facts: FactBuffer): void {
    this.#readHead(profile, now, amount, facts);
    for (const walk of this.#walks) this.#walk(walk, profile, now, facts);
    for (const { span, place } of this.#tails) {
      const count = profile.exactCount(now, span);
      facts[place] = count < 0 ? this.#tail : count;
    }
    for (const { from, span, place } of this.#distincts) {
      distinct.count(from, now, span, this.#distinct);
      facts[place] = this.#distinct.count;
    }
    if (this.#features === undefined) return;
    this.#features.write(profile, now, amount, rate, this.#scratch, 0);
    for (const [feature, place] of this.#learnt) facts[place] = known(this.#scratch[feature] as number);
  }

  #readHead(profile: Profile, now: number, amount: number, facts: FactBuffer): void {
    const head = this.#head;
    const isNew = profile.events === 0;
    if (head.isNew >= 0) facts[head.isNew] = isNew;
    const age = isNew ? 0 : Math.max(0, now - profile.firstSeen) / hourMs;
    const idle = isNew ? 0 : Math.max(0, now - profile.lastSeen) / hourMs;
    if (head.ageHours >= 0) facts[head.ageHours] = isNew ? undefined : age;
    if (head.idleHours >= 0) facts[head.idleHours] = isNew ? undefined : idle;
    if (head.age >= 0) facts[head.age] = Math.log1p(age);
    if (head.sinceLast >= 0) facts[head.sinceLast] = isNew ? undefined : Math.log1p(idle);
    if (head.surprise >= 0) facts[head.surprise] = isNew ? undefined : profile.surprise(amount);
    if (head.usualAmount >= 0) facts[head.usualAmount] = isNew ? undefined : profile.amountMean;
    if (head.hourShare >= 0) facts[head.hourShare] = profile.hourShare(now);
  }

  #walk({ ring, steps }: RingWalk, profile: Profile, now: number, facts: FactBuffer): void {
    const read = this.#read;
    read.count = 0;
    read.sum = 0;
    let from = 0;
    for (const { buckets, count, sum } of steps) {
      profile.read(ring, now, from, buckets, read);
      from = buckets;
      if (count >= 0) facts[count] = read.count;
      if (sum >= 0) facts[sum] = known(read.sum);
    }
  }
}
