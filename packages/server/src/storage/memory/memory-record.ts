/** What the stores in memory share: rows by scope, and a switch that makes the store full. */
import { type EpochMs, type Refusal, refuse } from '@hauberk/primitives';
import { type Scope, scopeKey } from '../scope.ts';
import type { StorageRefusal } from '../storage-refusal.ts';
import type { DeviceRows } from './memory-device-store.ts';

/** Something that loses rows when a device loses its rights. */
export type Stripper = (scope: Scope, device: string, now: EpochMs) => void;

/** The shared part of the stores in memory. */
export class MemoryRecord {
  /** Every write is refused as it is on a full disk. */
  isFull = false;
  readonly #devices = new Map<string, DeviceRows>();
  readonly #strippers: Stripper[] = [];

  devices(scope: Scope): DeviceRows {
    return rowsIn(this.#devices, scope, () => ({ devices: new Map(), keys: new Map(), appraisals: new Map() }));
  }

  /** Runs a write after the callers of this tick, as a group does; all of it or nothing. */
  async write<Answer>(run: () => Answer): Promise<Answer | Refusal<StorageRefusal>> {
    await Promise.resolve();
    return this.isFull ? refuse('storage-full') : run();
  }

  onStrip(stripper: Stripper): void {
    this.#strippers.push(stripper);
  }

  strip(scope: Scope, device: string, now: EpochMs): void {
    for (const stripper of this.#strippers) stripper(scope, device, now);
  }
}

/** The rows of a scope, made when absent. */
export const rowsIn = <Rows>(scopes: Map<string, Rows>, scope: Scope, make: () => Rows): Rows => {
  const key = scopeKey(scope);
  const held = scopes.get(key);
  if (held !== undefined) return held;
  const made = make();
  scopes.set(key, made);
  return made;
};
