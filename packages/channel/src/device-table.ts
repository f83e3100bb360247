/**
 * Devices with live sessions, in shared memory: the generation that every request's ticket is compared with (revocation reaches
 * all threads with one store) and the ring of the device's sessions (over quota it loses its oldest, never the newest hello).
 * Open addressing; the key is one 64-bit word, published last. A row serves another device only once every ticket that names it has
 * expired; a thread that dies while it lays a row out takes that one row with it. When all rows are in use, new devices are refused; a flood of
 * devices of the lowest tier ends where the reserved rows begin.
 */
import type { EpochSeconds } from '@hauberk/primitives';
import type { SlotReference } from './session-table.ts';

const rowWords = 32;
const generationWord = 2;
const cursorWord = 3;
const ringWord = 4;
const keepWord = 26;
const challengeWord = 28;
/** Step-up challenges that one device may have open at a time. */
export const challengesPerDevice = 4;
/** Sessions that one device may hold at a time: tabs, workers, restarts. */
export const sessionsPerDevice = 11;
const probes = 64;
/** Rows change hands at most this often under one caller before it gives up. */
const attempts = 16;
/** Looks at a row that another thread is laying out before that thread counts as dead: many times what the layout takes. */
const patience = 4096;

/** Keys that no device has: a row never used, and one that a thread is laying out. */
const unused = 0n;
const busy = -1n;

/** The shared device table. */
export interface DeviceTable {
  readonly words: Int32Array;
  /** The same memory in 64-bit words; a row's key is its first. */
  readonly keys: BigInt64Array;
  readonly capacity: number;
  /** Whether every fourth row is kept from devices of the lowest tier, whose number anybody can raise. */
  readonly reserves: boolean;
}

/** Shared bytes for `capacity` devices. */
export const deviceTableBytes = (capacity: number): number => capacity * rowWords * 4;

/** Lays the table over shared memory. */
export const openDeviceTable = (memory: SharedArrayBuffer, reserves = false): DeviceTable => ({
  words: new Int32Array(memory),
  keys: new BigInt64Array(memory),
  capacity: memory.byteLength / (rowWords * 4),
  reserves,
});

/** The table key of a device: the first eight bytes of its random id, never one of those with a meaning. */
export const deviceTableKey = (deviceId: Uint8Array): bigint => {
  const key = new DataView(deviceId.buffer, deviceId.byteOffset, 8).getBigInt64(0);
  return key === unused || key === busy ? 1n : key;
};

const keyIndex = (row: number): number => row * (rowWords / 2);
const minuteOf = (instant: EpochSeconds): number => Math.floor(instant / 60);

/** The rows that a key may be in, in the order in which they are tried. */
const placesOf = (table: DeviceTable, key: bigint): readonly number[] => {
  const start = Number(BigInt.asUintN(32, key)) % table.capacity;
  return Array.from({ length: Math.min(probes, table.capacity) }, (_, probe) => (start + probe) % table.capacity);
};

const isReserved = ({ reserves }: DeviceTable, row: number): boolean => reserves && row % 4 === 3;

/** The row of a device, or undefined when it has none. */
export const findDeviceRow = (table: DeviceTable, key: bigint): number | undefined => {
  for (const row of placesOf(table, key)) {
    const held = Atomics.load(table.keys, keyIndex(row));
    if (held === key) return row;
    // A reserved one may have been passed over.
    if (held === unused && !isReserved(table, row)) return undefined;
  }
  return undefined;
};

/** Raises a word, never lowers it. */
const raise = (table: DeviceTable, index: number, value: number): void => {
  for (;;) {
    const held = Atomics.load(table.words, index);
    if (held >= value || Atomics.compareExchange(table.words, index, held, value) === held) return;
  }
};

/** Keeps a device's row until then; false when it serves another by now. First the promise, then the look: whoever takes a row does it the other way round. */
export const keepDeviceRow = (table: DeviceTable, row: number, key: bigint, until: EpochSeconds): boolean => {
  raise(table, row * rowWords + keepWord, minuteOf(until) + 1);
  return Atomics.load(table.keys, keyIndex(row)) === key;
};

const isKept = (table: DeviceTable, row: number, now: EpochSeconds): boolean =>
  Atomics.load(table.words, row * rowWords + keepWord) >= minuteOf(now);

/** The key of a row, once whoever lays it out is done: it may be for the very device that the caller wants a row for. */
const settledKey = (table: DeviceTable, row: number): bigint => {
  let held = Atomics.load(table.keys, keyIndex(row));
  for (let look = 0; held === busy && look < patience; look += 1) held = Atomics.load(table.keys, keyIndex(row));
  return held;
};

/** The first row that is the device's own or may be taken for it. */
const placeFor = (table: DeviceTable, key: bigint, now: EpochSeconds, isLowest: boolean): number | undefined =>
  placesOf(table, key).find((row) => {
    const held = settledKey(table, row);
    if (held === key) return true;
    if (isLowest && isReserved(table, row)) return false;
    return held === unused || (held !== busy && !isKept(table, row, now));
  });

const takeRow = (
  table: DeviceTable,
  row: number,
  key: bigint,
  generation: number,
  now: EpochSeconds,
  until: EpochSeconds,
): boolean => {
  const held = Atomics.load(table.keys, keyIndex(row));
  if (held === busy || held === key || Atomics.compareExchange(table.keys, keyIndex(row), held, busy) !== held)
    return false;
  if (held !== unused && isKept(table, row, now)) {
    Atomics.store(table.keys, keyIndex(row), held);
    return false;
  }
  // The row is this thread's alone until its key is published.
  for (let word = generationWord; word < rowWords; word += 1) Atomics.store(table.words, row * rowWords + word, 0);
  Atomics.store(table.words, row * rowWords + generationWord, generation);
  Atomics.store(table.words, row * rowWords + keepWord, minuteOf(until) + 1);
  Atomics.store(table.keys, keyIndex(row), key);
  return true;
};

/**
 * The row of a device, made when absent with the recorded generation and kept until then; undefined when all rows are in use. A device of the lowest
 * tier gets none of the reserved rows.
 */
export const openDeviceRow = (
  table: DeviceTable,
  key: bigint,
  generation: number,
  now: EpochSeconds,
  until: EpochSeconds,
  isLowest = false,
): number | undefined => {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const own = findDeviceRow(table, key);
    if (own !== undefined) {
      if (!keepDeviceRow(table, own, key, until)) continue;
      raise(table, own * rowWords + generationWord, generation);
      return own;
    }
    const row = placeFor(table, key, now, isLowest);
    if (row === undefined) return undefined;
    if (takeRow(table, row, key, generation, now, until)) return row;
  }
  return undefined;
};

/** Raises a device's generation, never lowers it: tickets of an older one are void from this instant on. Two threads may have made a row each. */
export const raiseGeneration = (table: DeviceTable, row: number, generation: number): void => {
  raise(table, row * rowWords + generationWord, generation);
  const key = Atomics.load(table.keys, keyIndex(row));
  for (const other of placesOf(table, key)) {
    if (other !== row && Atomics.load(table.keys, keyIndex(other)) === key)
      raise(table, other * rowWords + generationWord, generation);
  }
};

/**
 * Voids every ticket of a device below that generation. A row is made for a device that has none: a hello that read the record just before
 * the revocation then finds the new generation. False when all rows are in use: then such a hello is refused as well.
 */
export const revokeDeviceRow = (
  table: DeviceTable,
  key: bigint,
  generation: number,
  now: EpochSeconds,
  until: EpochSeconds,
): boolean => {
  const row = openDeviceRow(table, key, generation, now, until);
  if (row !== undefined) raiseGeneration(table, row, generation);
  return row !== undefined;
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
