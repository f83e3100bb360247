/**
 * What the main thread knows of devices' identities, in shared memory for the path of every request: one row a device, in sets of eight. One thread writes, all
 * read: a row that changes while it is copied is copied again.
 */
import { idHash } from '@hauberk/decision';
import type { IdentityFacts } from '@hauberk/device';
import { canonicalId } from '../decision/canonical-id.ts';

const rowWords = 4;
const setRows = 8;
const word = { low: 0, high: 1, turn: 2, facts: 3 } as const;
const readAttempts = 16;
/** Confidences are kept as whole thousandths and one, above the two lowest bits: 0 is none. */
const unit = 1000;
const bit = { isKnown: 1, isTwin: 2 } as const;

/** Reserves memory for so many devices, at least. */
export const reserveIdentityTable = (devices: number): SharedArrayBuffer =>
  new SharedArrayBuffer(2 ** Math.ceil(Math.log2(Math.max(setRows, devices * 2))) * rowWords * 4);

const packed = ({ isPossibleTwin, aliasConfidence }: IdentityFacts): number =>
  bit.isKnown |
  (isPossibleTwin ? bit.isTwin : 0) |
  (aliasConfidence === undefined ? 0 : (Math.round(aliasConfidence * unit) + 1) << 2);

const unpacked = (facts: number): IdentityFacts => ({
  isPossibleTwin: (facts & bit.isTwin) !== 0,
  ...(facts >> 2 === 0 ? {} : { aliasConfidence: ((facts >> 2) - 1) / unit }),
});

/** See the top of the file. Devices are named by their pseudonyms. */
export class IdentityTable {
  readonly #words: Int32Array;
  readonly #mask: number;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#mask = this.#words.length / (rowWords * setRows) - 1;
  }

  #setOf(low: number): number {
    return (low & this.#mask) * setRows * rowWords;
  }

  /** Writes what is known of a device. In a full set one that is no possible twin gives way; nobody gives way to one that is none where all are. */
  write(low: number, high: number, facts: IdentityFacts): void {
    const words = this.#words;
    const base = this.#setOf(low);
    let [own, mildest] = [-1, base];
    const weight = (row: number): number => (words[row + word.facts] as number) & (bit.isKnown | bit.isTwin);
    for (let row = base; row < base + setRows * rowWords; row += rowWords) {
      if (words[row + word.low] === low && words[row + word.high] === high) own = row;
      if (weight(row) < weight(mildest)) mildest = row;
    }
    const next = packed(facts);
    if (own < 0 && weight(mildest) > (next & (bit.isKnown | bit.isTwin))) return;
    const row = own < 0 ? mildest : own;
    const turn = Atomics.load(words, row + word.turn) | 1;
    Atomics.store(words, row + word.turn, turn);
    Atomics.store(words, row + word.low, low);
    Atomics.store(words, row + word.high, high);
    Atomics.store(words, row + word.facts, next);
    Atomics.store(words, row + word.turn, (turn + 1) | 0);
  }

  /** What is known of a device; undefined when nothing is, or when its row changed all the while. */
  read(low: number, high: number): IdentityFacts | undefined {
    const words = this.#words;
    const base = this.#setOf(low);
    for (let row = base; row < base + setRows * rowWords; row += rowWords)
      if (Atomics.load(words, row + word.low) === low && Atomics.load(words, row + word.high) === high)
        return this.#copy(row, low, high);
    return undefined;
  }

  #copy(row: number, low: number, high: number): IdentityFacts | undefined {
    const words = this.#words;
    for (let attempt = 0; attempt < readAttempts; attempt += 1) {
      const turn = Atomics.load(words, row + word.turn);
      if ((turn & 1) === 1) continue;
      const facts = Atomics.load(words, row + word.facts);
      const isMine = Atomics.load(words, row + word.low) === low && Atomics.load(words, row + word.high) === high;
      if (Atomics.load(words, row + word.turn) === turn) return isMine && facts !== 0 ? unpacked(facts) : undefined;
    }
    return undefined;
  }
}

/** What is known of a device's identity. Reads memory and waits for nothing. */
export type IdentityOf = (deviceId: string) => IdentityFacts | undefined;

/** Reads by the ids of devices, under the key of decisions. */
export const identityReader = (table: IdentityTable, key: Uint8Array): IdentityOf => {
  const hash = idHash(key, 'device');
  const value = { low: 0, high: 0 };
  return (deviceId) => {
    hash(canonicalId(deviceId), value);
    return table.read(value.low, value.high);
  };
};

/** Writes by the ids of devices, under the same key. */
export const identityWriter = (
  table: IdentityTable,
  key: Uint8Array,
): ((deviceId: string, facts: IdentityFacts) => void) => {
  const hash = idHash(key, 'device');
  const value = { low: 0, high: 0 };
  return (deviceId, facts) => {
    hash(canonicalId(deviceId), value);
    table.write(value.low, value.high, facts);
  };
};
