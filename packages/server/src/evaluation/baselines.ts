/** What anybody could do without clusters: count the devices on an address, or distrust what is new. A world in which that is enough proves nothing. */
import type { RiskEvent } from '@hauberk/decision';
import { bootstrap, type Interval } from './intervals.ts';
import type { WorldTruth } from './world-truth.ts';

const dayMs = 86_400_000;
/** Innocents that a baseline may take along. */
const innocentShare = 0.001;

interface Seen {
  readonly addresses: Set<string>;
  /** The least and the greatest age that the server knew, in milliseconds. */
  youngest: number;
  oldest: number;
}

type Score = (seen: Seen) => number;

/** A recall with its interval over farms. */
export interface BaselineRecall {
  readonly recall: number;
  readonly interval: Interval;
}

/** The least score that at most this share of the good is above; of equal scores none is above. */
export const thresholdAt = (good: readonly number[], share: number): number =>
  [...good].sort((left, right) => right - left)[Math.floor(good.length * share)] ?? Number.NEGATIVE_INFINITY;

/** Gathers what the baselines need while events pass. */
export class Baselines {
  readonly #devicesOn = new Map<string, Set<string>>();
  readonly #seen = new Map<string, Seen>();
  readonly #firstAt = new Map<string, number>();

  /** Takes an event. */
  take({ atMs, entities: { device, address }, attributes }: RiskEvent): void {
    if (device === undefined) return;
    const first = this.#firstAt.get(device) ?? atMs;
    this.#firstAt.set(device, first);
    const days = attributes['device.ageDays'];
    const age = Math.max(atMs - first, typeof days === 'number' ? days * dayMs : 0);
    const seen = this.#seen.get(device) ?? { addresses: new Set(), youngest: age, oldest: age };
    seen.youngest = Math.min(seen.youngest, age);
    seen.oldest = Math.max(seen.oldest, age);
    this.#seen.set(device, seen);
    if (address === undefined) return;
    seen.addresses.add(address);
    const on = this.#devicesOn.get(address) ?? new Set();
    on.add(device);
    this.#devicesOn.set(address, on);
  }

  #recall({ devices }: WorldTruth, score: Score): BaselineRecall {
    const honest: number[] = [];
    const farms = new Map<string, number[]>();
    for (const [device, seen] of this.#seen) {
      const { role, group = '' } = devices.get(device) ?? {};
      if (role === 'honest') honest.push(score(seen));
      if (role === 'farm') farms.set(group, [...(farms.get(group) ?? []), score(seen)]);
    }
    const threshold = thresholdAt(honest, innocentShare);
    const shares = [...farms.values()].map((scores) => ({
      hits: scores.filter((each) => each > threshold).length,
      all: scores.length,
    }));
    const recallOf = (drawn: typeof shares): number => {
      const all = drawn.reduce((sum, each) => sum + each.all, 0);
      return all === 0 ? 0 : drawn.reduce((sum, each) => sum + each.hits, 0) / all;
    };
    return { recall: recallOf(shares), interval: bootstrap(shares, (drawn) => recallOf([...drawn])) };
  }

  #best(truth: WorldTruth, scores: readonly Score[]): BaselineRecall {
    const found = scores.map((score) => this.#recall(truth, score));
    return found.reduce((best, each) => (each.recall > best.recall ? each : best));
  }

  /** Best recall of farm devices at 0.1 % of honest ones by the devices on their addresses: the fullest address, the emptiest, or the mean. */
  sharedAddress(truth: WorldTruth): BaselineRecall {
    const counts = ({ addresses }: Seen): readonly number[] =>
      [...addresses].map((address) => this.#devicesOn.get(address)?.size ?? 0);
    const mean: Score = (seen) => {
      const values = counts(seen);
      return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const fullest: Score = (seen) => Math.max(0, ...counts(seen));
    const emptiest: Score = (seen) => (seen.addresses.size === 0 ? 0 : Math.min(...counts(seen)));
    return this.#best(truth, [fullest, emptiest, mean]);
  }

  /** The same by how new a device is: when it was first seen in the period, or when it was last. */
  newDevice(truth: WorldTruth): BaselineRecall {
    return this.#best(truth, [({ youngest }) => -youngest, ({ oldest }) => -oldest]);
  }
}
