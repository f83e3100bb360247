/**
 * Devices that act together: the same scene within the same seconds, task after task. One coincidence says nothing; what counts is that the same two
 * coincide again at another time. In a crowd (a sale that opens at ten) each device is compared with its nearest predecessors only, who are others every
 * time, so that crowds do not make pairs.
 */
import type { RowStore } from './row-store.ts';

/** How far apart two acts may be, in milliseconds. */
export const togetherMs = 20_000;
/** Partners that a device keeps; the weakest gives way. */
export const partnersPerDevice = 24;
/** Acts before this one that it is compared with. */
const nearest = 12;
/** Coincidences of a pair within this span count once: two people who open the app at one moment go the same way for some minutes. */
const sameTaskMs = 600_000;
/** Seconds after which a coincidence counts half. */
const halfLifeSeconds = 86_400;
/** Scenes whose latest acts are kept; another scene at the same place takes it over. */
const sceneSlots = 512;

/** An act that is remembered for its scene. */
interface Act {
  readonly device: number;
  readonly generation: number;
  readonly atMs: number;
}

/** See the top of the file. */
export class Synchrony {
  readonly #devices: RowStore;
  readonly #partner: Int32Array;
  readonly #partnerGeneration: Int32Array;
  readonly #partnerCount: Float32Array;
  readonly #partnerAt: Float64Array;
  /** The latest acts of each scene, oldest first. */
  readonly #latest: ({ readonly scene: number; acts: Act[] } | undefined)[] = Array.from({ length: sceneSlots });

  constructor(devices: RowStore) {
    this.#devices = devices;
    this.#partner = devices.column(Int32Array, partnersPerDevice);
    this.#partnerGeneration = devices.column(Int32Array, partnersPerDevice);
    this.#partnerCount = devices.column(Float32Array, partnersPerDevice);
    this.#partnerAt = devices.column(Float64Array, partnersPerDevice);
  }

  /** Takes an act; true when it is at least the second coincidence with somebody. Acts come in order of time; `scene` is any 32-bit number. */
  act(device: number, scene: number, atMs: number): boolean {
    const slot = (scene >>> 0) % sceneSlots;
    let kept = this.#latest[slot];
    if (kept?.scene !== scene) {
      kept = { scene, acts: [] };
      this.#latest[slot] = kept;
    }
    let isRepeated = false;
    for (const { device: other, generation, atMs: before } of kept.acts) {
      if (atMs - before > togetherMs || other === device || generation !== this.#devices.generation[other]) continue;
      const mine = this.#count(device, other, atMs);
      const theirs = this.#count(other, device, atMs);
      isRepeated ||= mine > 1.5 || theirs > 1.5;
    }
    kept.acts.push({ device, generation: this.#devices.generation[device] as number, atMs });
    if (kept.acts.length > nearest) kept.acts.shift();
    return isRepeated;
  }

  #decayed(place: number, atMs: number): number {
    const elapsed = Math.max(0, atMs - (this.#partnerAt[place] as number)) / 1000;
    return (this.#partnerCount[place] as number) * 2 ** (-elapsed / halfLifeSeconds);
  }

  #isPartner(place: number): boolean {
    const entry = this.#partner[place] as number;
    return entry !== 0 && this.#partnerGeneration[place] === this.#devices.generation[entry - 1];
  }

  #count(device: number, other: number, atMs: number): number {
    const from = device * partnersPerDevice;
    let into = from;
    let least = Number.POSITIVE_INFINITY;
    for (let place = from; place < from + partnersPerDevice; place += 1) {
      const strength = this.#isPartner(place) ? this.#decayed(place, atMs) : 0;
      if (strength > 0 && this.#partner[place] === other + 1) {
        if (atMs - (this.#partnerAt[place] as number) < sameTaskMs) return strength;
        this.#partnerCount[place] = strength + 1;
        this.#partnerAt[place] = atMs;
        return strength + 1;
      }
      if (strength < least) [least, into] = [strength, place];
    }
    this.#partner[into] = other + 1;
    this.#partnerGeneration[into] = this.#devices.generation[other] as number;
    this.#partnerCount[into] = 1;
    this.#partnerAt[into] = atMs;
    return 1;
  }

  /** Calls `visit` with each device that coincided with this one, and how often, with decay. */
  partners(device: number, at: number, visit: (other: number, count: number) => void): void {
    const from = device * partnersPerDevice;
    for (let place = from; place < from + partnersPerDevice; place += 1) {
      if (!this.#isPartner(place)) continue;
      const count = this.#decayed(place, at * 1000);
      if (count > 0.05) visit((this.#partner[place] as number) - 1, count);
    }
  }

  /** The latest acts of each scene, for a snapshot. */
  save(): readonly { readonly scene: number; readonly acts: readonly Act[] }[] {
    return this.#latest.filter((kept) => kept !== undefined).map(({ scene, acts }) => ({ scene, acts: [...acts] }));
  }

  /** Puts back what {@link save} gave. */
  load(saved: readonly { readonly scene: number; readonly acts: readonly Act[] }[]): void {
    for (const { scene, acts } of saved)
      this.#latest[(scene >>> 0) % sceneSlots] = { scene, acts: acts.slice(-nearest) };
  }
}
