/** The chains that were seen: a stack text is read, hashed and attributed once, and known by its text from then on. */

import type { Bytes } from '@hauberk/primitives';
import { type ChainFrame, chainId, readStack } from '@hauberk/privacy/client';
import type { Attribution, Owner } from './attribution.ts';
import type { StopRule } from './stop-rules.ts';
import type { OpenRow } from './tally.ts';

/** A chain that was seen. */
export interface KnownChain {
  readonly id: string;
  readonly owner: Owner;
  readonly frames: readonly ChainFrame[];
  /** The rule in force for it, as of `generation` of the rules. */
  stop: StopRule | undefined;
  generation: number;
  isReported: boolean;
  /** The row that its last call was counted in. */
  lastRow: OpenRow | undefined;
}

/** Stack texts that are remembered; beyond it the oldest are read again. */
const maxTexts = 2048;

/** The id of calls whose stack was not taken, or could not be read. */
export const noChain = '0000000000000000';

/** The book. */
export class ChainBook {
  readonly #attribution: Attribution;
  readonly #sha256: (input: Uint8Array) => Bytes;
  readonly #byText = new Map<string, KnownChain | null>();
  readonly #byId = new Map<string, KnownChain>();

  constructor(attribution: Attribution, sha256: (input: Uint8Array) => Bytes) {
    this.#attribution = attribution;
    this.#sha256 = sha256;
  }

  /** The chain of a stack text; null when the text is none that the specification can read. */
  chainOf(text: string): KnownChain | null {
    const known = this.#byText.get(text);
    return known === undefined ? this.#learn(text) : known;
  }

  #learn(text: string): KnownChain | null {
    const frames = readStack(text);
    const chain = frames.ok ? this.#chainOfFrames(frames.value) : null;
    if (this.#byText.size >= maxTexts) this.#forget();
    this.#byText.set(text, chain);
    return chain;
  }

  /** Several texts are one chain: what a specification leaves out (queries of scripts) may differ. */
  #chainOfFrames(frames: readonly ChainFrame[]): KnownChain {
    const id = chainId(frames, this.#sha256);
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const owner = this.#attribution.ownerOf(frames);
    const chain: KnownChain = {
      id,
      owner,
      frames,
      stop: undefined,
      generation: -1,
      isReported: false,
      lastRow: undefined,
    };
    this.#byId.set(id, chain);
    return chain;
  }

  #forget(): void {
    this.#byText.clear();
    // Chains stay as long as their texts do, so that memory is bounded; one that returns is reported again.
    this.#byId.clear();
  }
}
