/** How soon a new farm is found: from the first event of its first task until half of those of its devices that have acted for it are clustered. */
import type { RiskEvent } from '@hauberk/decision';
import type { WorldTruth } from './world-truth.ts';

/** Fewest devices that have acted before a farm can count as found: one or two are no farm yet. */
const fewestActed = 3;

interface Watched {
  readonly beganAtMs: number;
  readonly acted: Set<string>;
}

/** Looks at the clusters after every second of event time in which a farm that is not found yet has begun. It only looks. */
export class FarmWatch {
  readonly #truth: WorldTruth;
  readonly #isClustered: (device: string) => boolean;
  readonly #open = new Map<string, Watched>();
  readonly #found = new Map<string, number>();
  #second = 0;

  constructor(truth: WorldTruth, isClustered: (device: string) => boolean) {
    this.#truth = truth;
    this.#isClustered = isClustered;
  }

  /** Notes that an instant has come. */
  advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second === this.#second) return;
    this.#second = second;
    for (const [farm, { beganAtMs, acted }] of this.#open) {
      if (acted.size < fewestActed) continue;
      let clustered = 0;
      for (const device of acted) if (this.#isClustered(device)) clustered += 1;
      if (clustered * 2 < acted.size) continue;
      this.#found.set(farm, (nowMs - beganAtMs) / 1000);
      this.#open.delete(farm);
    }
  }

  /** Notes an event of a farm. */
  take({ id, atMs, entities: { device } }: RiskEvent): void {
    const farm = this.#truth.events.get(id)?.group;
    if (farm === undefined || device === undefined) return;
    if (!this.#truth.newFarms.has(farm) || this.#found.has(farm)) return;
    const watched = this.#open.get(farm) ?? { beganAtMs: atMs, acted: new Set() };
    watched.acted.add(device);
    this.#open.set(farm, watched);
  }

  /** Seconds by farm; a farm that began and was never found counts as infinite. */
  seconds(): ReadonlyMap<string, number> {
    return new Map([
      ...this.#found,
      ...[...this.#open.keys()].map((farm) => [farm, Number.POSITIVE_INFINITY] as const),
    ]);
  }
}
