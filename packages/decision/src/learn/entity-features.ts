/**
 * What an event looks like against the profiles of its entities, as numbers. The same features exist for every kind of entity; nothing is made
 * for one data set. Times are logarithms of hours, so that trees find spans of every size; a number that does not exist is NaN.
 */
import { days, hours, minutes } from '@hauberk/primitives';
import type { Profile, WindowRead } from '../windows/profile.ts';
import { emptyRead } from '../windows/profile.ts';
import type { ProfileLayout, ProfileSpec, RingPlace } from '../windows/profile-layout.ts';

/** What is remembered of every entity when nothing else is declared. */
export const defaultProfile: ProfileSpec = {
  rings: [
    { name: 'minute', width: minutes(1), buckets: 61 },
    { name: 'hour', width: hours(1), buckets: 25 },
    { name: 'day', width: days(1), buckets: 64, hasLabels: true },
  ],
  tail: 16,
};

const dayMs = 86_400_000;
/** Windows of events, in days, over the day ring. */
const eventDays = [7, 30] as const;
/** Windows of known frauds: this many days beyond the label delay. */
const labelDays = [2, 7, 14, 30] as const;
/** Settled honest events that an entity without history is thought to have. */
const priorEvents = 4;

const perDays = (name: string, spans: readonly number[]): readonly string[] => spans.map((each) => `${name}${each}d`);

const names: readonly string[] = [
  'count10m',
  'count1h',
  'count24h',
  ...perDays('count', eventDays),
  'sum24h',
  ...perDays('amountOverMean', eventDays),
  ...perDays('outliers', eventDays),
  'outliersShare14d',
  'surprise',
  'usualAmount',
  'hourShare',
  'sinceLast',
  'age',
  ...perDays('frauds', labelDays),
  ...perDays('fraudRate', labelDays),
  'fraudShare',
  'sinceFraud',
  'sinceEpisode',
  'episodeFrauds',
  'cleanRun',
];

/** The names of the features of one kind of entity. */
export const entityFeatures = (kind: string): readonly string[] => names.map((name) => `${kind}.${name}`);

const logHours = (span: number): number => Math.log1p(Math.max(0, span) / 3_600_000);

const ringNamed = (layout: ProfileLayout, name: string): RingPlace => {
  const ring = layout.rings.find((each) => each.name === name);
  if (ring === undefined) throw new RangeError(`no ring ${name}`);
  return ring;
};

/** Writes the features of one entity; see `entityFeatures` for their order. */
export class EntityFeatureReader {
  /** Numbers that `write` writes. */
  readonly width: number = names.length;
  readonly #minute: RingPlace;
  readonly #hour: RingPlace;
  readonly #day: RingPlace;
  readonly #delayDays: number;
  readonly #read: WindowRead = emptyRead();

  /** `delayDays` is how long labels take. */
  constructor(layout: ProfileLayout, delayDays: number) {
    this.#minute = ringNamed(layout, 'minute');
    this.#hour = ringNamed(layout, 'hour');
    this.#day = ringNamed(layout, 'day');
    this.#delayDays = delayDays;
  }

  #window(profile: Profile, ring: RingPlace, now: number, buckets: number): WindowRead {
    const read = this.#read;
    read.count = 0;
    read.sum = 0;
    read.outliers = 0;
    read.settled = 0;
    read.frauds = 0;
    profile.read(ring, now, 0, buckets, read);
    return read;
  }

  /** Writes from `at` on; answers the place after the last. `rate` is the share of frauds in general. */
  write(profile: Profile, now: number, amount: number, rate: number, into: Float64Array, at: number): number {
    let place = at;
    const put = (value: number): void => {
      into[place] = value;
      place += 1;
    };
    put(this.#window(profile, this.#minute, now, 10).count);
    put(this.#window(profile, this.#minute, now, 60).count);
    const day = this.#window(profile, this.#hour, now, 24);
    const sumOfDay = day.sum;
    put(day.count);
    for (const each of eventDays) put(this.#window(profile, this.#day, now, each).count);
    put(sumOfDay);
    for (const each of eventDays) {
      const { count, sum } = this.#window(profile, this.#day, now, each);
      put(count === 0 || sum === 0 ? Number.NaN : (amount * count) / sum);
    }
    for (const each of eventDays) put(this.#window(profile, this.#day, now, each).outliers);
    const fortnight = this.#window(profile, this.#day, now, 14);
    put(fortnight.count === 0 ? Number.NaN : fortnight.outliers / fortnight.count);
    this.#writeHabits(profile, now, amount, put);
    this.#writeLabels(profile, now, rate, put);
    return place;
  }

  #writeHabits(profile: Profile, now: number, amount: number, put: (value: number) => void): void {
    const isNew = profile.events === 0;
    put(isNew ? Number.NaN : profile.surprise(amount));
    put(isNew ? Number.NaN : profile.amountMean);
    put(profile.hourShare(now));
    put(isNew ? Number.NaN : logHours(now - profile.lastSeen));
    put(isNew ? 0 : logHours(now - profile.firstSeen));
  }

  #writeLabels(profile: Profile, now: number, rate: number, put: (value: number) => void): void {
    const reads = labelDays.map((each) => {
      const { frauds, settled } = this.#window(profile, this.#day, now, this.#delayDays + each);
      return { frauds, rate: (frauds + priorEvents * rate) / (settled + priorEvents) };
    });
    for (const { frauds } of reads) put(frauds);
    for (const read of reads) put(read.rate);
    put(profile.fraudShare);
    const had = profile.lastFraud > 0;
    put(had ? (now - profile.lastFraud) / dayMs : Number.NaN);
    put(had ? (now - profile.episodeStart) / dayMs : Number.NaN);
    put(profile.episodeFrauds);
    put(had ? profile.cleanRun : Number.NaN);
  }
}
