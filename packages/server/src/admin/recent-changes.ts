/** How many devices somebody changed within the last hour: otherwise many would be one after the other. In memory, so a restart forgets. */
import { type EpochMs, hours } from '@hauberk/primitives';

const span = hours(1);
/** Most people and actions that are remembered; the one that was quiet longest goes first. */
const mostNames = 4096;

interface Counted {
  readonly atMs: EpochMs;
  readonly devices: number;
}

/** Counts changes by name. */
export class RecentChanges {
  readonly #counted = new Map<string, readonly Counted[]>();

  /** Devices counted under a name within the last hour. */
  count(name: string, now: EpochMs): number {
    return this.#live(name, now).reduce((sum, { devices }) => sum + devices, 0);
  }

  add(name: string, devices: number, now: EpochMs): void {
    const live = this.#live(name, now);
    this.#counted.delete(name);
    this.#counted.set(name, [...live, { atMs: now, devices }]);
    const [oldest] = this.#counted.keys();
    if (this.#counted.size > mostNames && oldest !== undefined) this.#counted.delete(oldest);
  }

  #live(name: string, now: EpochMs): readonly Counted[] {
    return (this.#counted.get(name) ?? []).filter(({ atMs }) => now - atMs < span);
  }
}
