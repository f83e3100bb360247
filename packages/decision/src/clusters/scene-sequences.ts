/**
 * The way that a device takes through the scenes: its last six, when they follow within minutes of each other. Most ways are everybody's and say nothing; a
 * script's own way is evidence like any other, and weighs as much as it is rare.
 */
import type { RowStore } from './row-store.ts';

/** Scenes of a sequence. */
const length = 6;
/** Longest pause between two of them, in seconds. */
const pauseSeconds = 300;

/** See the top of the file. */
export class SceneSequences {
  readonly #scenes: Int32Array;
  readonly #count: Uint8Array;
  readonly #at: Uint32Array;

  constructor(devices: RowStore) {
    this.#scenes = devices.column(Int32Array, length);
    this.#count = devices.column(Uint8Array, 1);
    this.#at = devices.column(Uint32Array, 1);
  }

  /** Takes an act; answers the sequence that it ends, as text. `scene` is any 32-bit number. */
  act(device: number, scene: number, at: number): string | undefined {
    const from = device * length;
    const isNew = at - (this.#at[device] as number) > pauseSeconds;
    const before = isNew ? 0 : (this.#count[device] as number);
    this.#at[device] = at;
    if (before === length) this.#scenes.copyWithin(from, from + 1, from + length);
    const count = Math.min(before + 1, length);
    this.#scenes[from + count - 1] = scene;
    this.#count[device] = count;
    return count < length ? undefined : this.#scenes.subarray(from, from + length).join(' ');
  }
}
