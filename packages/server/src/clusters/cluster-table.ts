/**
 * What the main thread has found out about clusters, in shared memory for the path of every request: one row a device, in sets of eight. One thread writes, all
 * read: a row that changes while it is copied is copied again.
 */
import { type ClusterFacts, type ClusterGrade, clusterGrades, idHash } from '@hauberk/decision';
import { canonicalId } from '../decision/canonical-id.ts';

const rowWords = 8;
const setRows = 8;
const word = { low: 0, high: 1, turn: 2, size: 3, kinds: 4, grade: 5, score: 6 } as const;
const readAttempts = 16;
/** Scores are kept as whole thousandths, so that a row is words only. */
const scoreUnit = 1000;

/** Reserves memory for the members of so many clusters, at least. */
export const reserveClusterTable = (devices: number): SharedArrayBuffer =>
  new SharedArrayBuffer(2 ** Math.ceil(Math.log2(Math.max(setRows, devices * 2))) * rowWords * 4);

/** See the top of the file. Devices are named by their pseudonyms: 16 hexadecimal digits. */
export class ClusterTable {
  readonly #words: Int32Array;
  readonly #mask: number;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#mask = this.#words.length / (rowWords * setRows) - 1;
  }

  #setOf(low: number): number {
    return (low & this.#mask) * setRows * rowWords;
  }

  /** Writes a device's facts; undefined takes them away. In a full set whoever is in the mildest cluster gives way. */
  write(low: number, high: number, facts: ClusterFacts | undefined): void {
    const words = this.#words;
    const base = this.#setOf(low);
    let [own, mildest] = [-1, base];
    for (let row = base; row < base + setRows * rowWords; row += rowWords) {
      if (words[row + word.low] === low && words[row + word.high] === high) own = row;
      if ((words[row + word.grade] as number) < (words[mildest + word.grade] as number)) mildest = row;
    }
    if (own < 0 && facts === undefined) return;
    const row = own < 0 ? mildest : own;
    const turn = Atomics.load(words, row + word.turn) | 1;
    Atomics.store(words, row + word.turn, turn);
    Atomics.store(words, row + word.low, facts === undefined ? 0 : low);
    Atomics.store(words, row + word.high, facts === undefined ? 0 : high);
    Atomics.store(words, row + word.size, facts?.size ?? 0);
    Atomics.store(words, row + word.kinds, facts?.kinds ?? 0);
    Atomics.store(words, row + word.grade, facts === undefined ? 0 : clusterGrades.indexOf(facts.grade));
    Atomics.store(words, row + word.score, Math.round((facts?.score ?? 0) * scoreUnit));
    Atomics.store(words, row + word.turn, (turn + 1) | 0);
  }

  /** A device's facts; undefined when it is in no cluster, or when its row changed all the while. */
  read(low: number, high: number): ClusterFacts | undefined {
    const words = this.#words;
    const base = this.#setOf(low);
    for (let row = base; row < base + setRows * rowWords; row += rowWords)
      if (Atomics.load(words, row + word.low) === low && Atomics.load(words, row + word.high) === high)
        return this.#copy(row, low, high);
    return undefined;
  }

  #copy(row: number, low: number, high: number): ClusterFacts | undefined {
    const words = this.#words;
    for (let attempt = 0; attempt < readAttempts; attempt += 1) {
      const turn = Atomics.load(words, row + word.turn);
      if ((turn & 1) === 1) continue;
      const facts = {
        size: Atomics.load(words, row + word.size),
        kinds: Atomics.load(words, row + word.kinds),
        score: Atomics.load(words, row + word.score) / scoreUnit,
        grade: clusterGrades[Atomics.load(words, row + word.grade)] as ClusterGrade,
      };
      const isMine = Atomics.load(words, row + word.low) === low && Atomics.load(words, row + word.high) === high;
      if (Atomics.load(words, row + word.turn) === turn) return isMine && facts.size > 0 ? facts : undefined;
    }
    return undefined;
  }
}

/** What is known of a device's cluster. Reads memory and waits for nothing. */
export type ClusterOf = (deviceId: string) => ClusterFacts | undefined;

/** Reads facts by the ids of devices, under the key of decisions. */
export const clusterReader = (table: ClusterTable, key: Uint8Array): ClusterOf => {
  const hash = idHash(key, 'device');
  const value = { low: 0, high: 0 };
  return (deviceId) => {
    hash(canonicalId(deviceId), value);
    return table.read(value.low, value.high);
  };
};

/** Devices that clusters are looked for among: as many as entities have profiles, within what one thread keeps up with. */
export const clusterDevices = ({ profiles }: { readonly profiles: number }): number => Math.min(262_144, profiles);
