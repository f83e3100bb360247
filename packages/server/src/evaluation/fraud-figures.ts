/** Decisions and clusters held against the truth: the figures of `hauberk evaluate fraud`. */
import type { Outcome, RiskEvent } from '@hauberk/decision';
import type { Baselines } from './baselines.ts';
import { bootstrap, type Interval, median, wilson } from './intervals.ts';
import type { WorldTruth } from './world-truth.ts';

/** The figures; docs/fraud-evaluation.md defines each. */
export interface FraudFigures {
  readonly farmRecall: number;
  readonly innocentsClustered: number;
  readonly attacksStopped: Readonly<Record<string, number>>;
  readonly honestStepUps: number;
  /** Null when no new farm was found half of the time, or there was none. */
  readonly secondsToNewFarm: number | null;
  readonly baselineSharedAddressRecall: number;
  readonly baselineNewDeviceRecall: number;
  readonly ci95: Readonly<Record<string, Interval | readonly [number | null, number | null]>>;
}

/** Kinds of attacks that are the work of machines: slowed down, they are stopped, for they live on speed. */
const machines: ReadonlySet<string> = new Set([
  'coupon-bot',
  'ticket-bot',
  'scraper',
  'farm-coupon',
  'farm-account',
  'farm-ticket',
]);

/** Whether an outcome stops an attack of this kind. */
export const isStopped = (outcome: Outcome, kind: string): boolean =>
  outcome === 'challenge' || outcome === 'deny' || outcome === 'trap' || (outcome === 'slow' && machines.has(kind));

const isFelt = (outcome: Outcome): boolean => outcome !== 'allow' && outcome !== 'observe';

interface Share {
  hits: number;
  all: number;
}

const shareOf = (parts: readonly Share[]): number => {
  const all = parts.reduce((sum, part) => sum + part.all, 0);
  return all === 0 ? 0 : parts.reduce((sum, part) => sum + part.hits, 0) / all;
};

const rounded = (value: number): number => Math.round(value * 1e5) / 1e5;
const roundedInterval = ([low, high]: Interval): Interval => [rounded(low), rounded(high)];
const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? rounded(value) : null);

/** Counts decisions by what their events truly were. */
export class FraudTally {
  readonly #truth: WorldTruth;
  /** By kind, then gang. */
  readonly #attacks = new Map<string, Map<string, Share>>();
  readonly #honest: Share = { hits: 0, all: 0 };
  /** Reasons of decisions that honest people felt, and how often. */
  readonly honestReasons: Map<string, number> = new Map();
  /** Events of attacks that were not stopped, by kind and scene. */
  readonly missed: Map<string, number> = new Map();

  constructor(truth: WorldTruth) {
    this.#truth = truth;
  }

  /** Counts a decision. */
  take({ id, type }: RiskEvent, outcome: Outcome, reasons: readonly string[]): void {
    const attack = this.#truth.events.get(id);
    if (attack === undefined) {
      this.#honest.all += 1;
      if (!isFelt(outcome)) return;
      this.#honest.hits += 1;
      for (const reason of reasons) this.honestReasons.set(reason, (this.honestReasons.get(reason) ?? 0) + 1);
      return;
    }
    const gangs = this.#attacks.get(attack.kind) ?? new Map<string, Share>();
    this.#attacks.set(attack.kind, gangs);
    const share = gangs.get(attack.group) ?? { hits: 0, all: 0 };
    gangs.set(attack.group, share);
    share.all += 1;
    if (isStopped(outcome, attack.kind)) share.hits += 1;
    else this.missed.set(`${attack.kind} ${type}`, (this.missed.get(`${attack.kind} ${type}`) ?? 0) + 1);
  }

  /** The figures, with what was clustered at any time, and the seconds to each new farm. */
  figures(clustered: ReadonlySet<string>, seconds: ReadonlyMap<string, number>, baselines: Baselines): FraudFigures {
    const farms = this.#farms(clustered);
    const innocents = this.#innocents(clustered);
    const kinds = [...this.#attacks].sort(([left], [right]) => (left < right ? -1 : 1));
    const times = [...seconds.values()];
    const address = baselines.sharedAddress(this.#truth);
    const newness = baselines.newDevice(this.#truth);
    return {
      farmRecall: rounded(shareOf([...farms.values()])),
      innocentsClustered: rounded(shareOf([innocents])),
      attacksStopped: Object.fromEntries(kinds.map(([kind, gangs]) => [kind, rounded(shareOf([...gangs.values()]))])),
      honestStepUps: rounded(shareOf([this.#honest])),
      secondsToNewFarm: finiteOrNull(median(times)),
      baselineSharedAddressRecall: rounded(address.recall),
      baselineNewDeviceRecall: rounded(newness.recall),
      ci95: {
        farmRecall: roundedInterval(bootstrap([...farms.values()], shareOf)),
        innocentsClustered: roundedInterval(wilson(innocents.hits, innocents.all)),
        honestStepUps: roundedInterval(wilson(this.#honest.hits, this.#honest.all)),
        secondsToNewFarm: bootstrap(times, median).map(finiteOrNull) as [number | null, number | null],
        baselineSharedAddressRecall: roundedInterval(address.interval),
        baselineNewDeviceRecall: roundedInterval(newness.interval),
        ...Object.fromEntries(
          kinds.map(([kind, gangs]) => [
            `attacksStopped.${kind}`,
            roundedInterval(bootstrap([...gangs.values()], shareOf)),
          ]),
        ),
      },
    };
  }

  #farms(clustered: ReadonlySet<string>): ReadonlyMap<string, Share> {
    const farms = new Map<string, Share>();
    for (const [device, { role, group = '' }] of this.#truth.devices) {
      if (role !== 'farm') continue;
      const farm = farms.get(group) ?? { hits: 0, all: 0 };
      farms.set(group, farm);
      farm.all += 1;
      if (clustered.has(device)) farm.hits += 1;
    }
    return farms;
  }

  #innocents(clustered: ReadonlySet<string>): Share {
    const share = { hits: 0, all: 0 };
    for (const [device, { role }] of this.#truth.devices) {
      if (role !== 'honest') continue;
      share.all += 1;
      if (clustered.has(device)) share.hits += 1;
    }
    return share;
  }
}
