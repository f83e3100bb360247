/**
 * Devices with live sessions, in shared memory: the generation that every request's ticket is compared with (revocation reaches
 * all threads with one store) and the ring of the device's sessions (over quota it loses its oldest, never the newest hello).
 * Open addressing; the key is one 64-bit word, so publishing it is one atomic step. Rows are never removed; when full, refused.
 */
import type { SlotReference } from './session-table.ts';

const rowWords = 32;
const generationWord = 2;
const cursorWord = 3;
const ringWord = 4;
const challengeWord = 28;
/** Step-up challenges that one device may have open at a time. */
export const challengesPerDevice = 4;
/** Sessions that one device may hold at a time: tabs, workers, restarts. */
export const sessionsPerDevice = 12;
const probes = 64;

/** The shared device table. */
export interface DeviceTable {
  readonly words: Int32Array;
  /** The same memory in 64-bit words; a row's key is its first. */
  readonly keys: BigInt64Array;
  readonly capacity: number;
}

/** Shared bytes for `capacity` devices. */
export const deviceTableBytes = (capacity: number): number => capacity * rowWords * 4;

/** Lays the table over shared memory. */
export const openDeviceTable = (memory: SharedArrayBuffer): DeviceTable => ({
  words: new Int32Array(memory),
  keys: new BigInt64Array(memory),
  capacity: memory.byteLength / (rowWords * 4),
});

/** The table key of a device: the first eight bytes of its random id, never zero. */
export const deviceTableKey = (deviceId: Uint8Array): bigint => {
  const key = new DataView(deviceId.buffer, deviceId.byteOffset, 8).getBigInt64(0);
  return key === 0n ? 1n : key;
};

const keyIndex = (row: number): number => row * (rowWords / 2);

/** The row of a device, made when absent with the recorded generation; undefined when the table is full. */
export const openDeviceRow = (table: DeviceTable, key: bigint, generation: number): number | undefined => {
  const start = Number(BigInt.asUintN(32, key)) % table.capacity;
  for (let probe = 0; probe < Math.min(probes, table.capacity); probe += 1) {
    const row = (start + probe) % table.capacity;
    const held = Atomics.compareExchange(table.keys, keyIndex(row), 0n, key);
    if (held !== 0n && held !== key) continue;
    raiseGeneration(table, row, generation);
    return row;
  }
  return undefined;
};

/** The row of a device, or undefined when it has none. */
export const findDeviceRow = (table: DeviceTable, key: bigint): number | undefined => {
  const start = Number(BigInt.asUintN(32, key)) % table.capacity;
  for (let probe = 0; probe < Math.min(probes, table.capacity); probe += 1) {
    const row = (start + probe) % table.capacity;
    const held = Atomics.load(table.keys, keyIndex(row));
    if (held === key) return row;
    if (held === 0n) return undefined;
  }
  return undefined;
};

/** Raises a device's generation, never lowers it: tickets of an older one are void from this instant on. */
export const raiseGeneration = (table: DeviceTable, row: number, generation: number): void => {
  const index = row * rowWords + generationWord;
  for (;;) {
    const held = Atomics.load(table.words, index);
    if (held >= generation || Atomics.compareExchange(table.words, index, held, generation) === held) return;
  }
};

/** The device's present generation. */
export const generationOf = (table: DeviceTable, row: number): number =>
  Atomics.load(table.words, row * rowWords + generationWord);

/** Enters a new session into the device's ring and answers the one that fell out of it, which the caller ends. */
export const enterSession = (table: DeviceTable, row: number, session: SlotReference): SlotReference | undefined => {
  const base = row * rowWords;
  const turn = (Atomics.add(table.words, base + cursorWord, 1) >>> 0) % sessionsPerDevice;
  const index = base + ringWord + turn * 2;
  const slot = Atomics.exchange(table.words, index, session.slot + 1) - 1;
  const generation = Atomics.exchange(table.words, index + 1, session.generation);
  return slot < 0 ? undefined : { slot, generation };
};

/** Remembers an open step-up challenge of a device by 32 bits of it (never zero); over the limit the place that `turn` names gives way. */
export const openChallenge = (table: DeviceTable, row: number, challengeMark: number, turn: number): void => {
  const base = row * rowWords + challengeWord;
  // The table's words are signed: an unsigned mark would be stored as another number than it is looked up by.
  const mark = challengeMark | 0;
  for (let place = 0; place < challengesPerDevice; place += 1) {
    if (Atomics.compareExchange(table.words, base + place, 0, mark) === 0) return;
  }
  Atomics.store(table.words, base + (turn & (challengesPerDevice - 1)), mark);
};

/** Consumes a challenge: true for exactly one caller. */
export const consumeChallenge = (table: DeviceTable, row: number, challengeMark: number): boolean => {
  const base = row * rowWords + challengeWord;
  const mark = challengeMark | 0;
  for (let place = 0; place < challengesPerDevice; place += 1) {
    if (Atomics.compareExchange(table.words, base + place, mark, 0) === mark) return true;
  }
  return false;
};
