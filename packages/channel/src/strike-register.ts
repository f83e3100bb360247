/**
 * Remembers hello hashes, so that one hello opens one session and one early request. Three tables in shared memory turn by whole
 * generations (an entry is never evicted singly: the eviction boundary would be the attack): the current takes entries, the previous is
 * still looked up, the third is cleared for its next turn. Full means refused.
 */
import type { EpochSeconds } from '@hauberk/primitives';

const tables = 3;
const probes = 32;

/** The shared register. */
export interface StrikeRegister {
  readonly keys: BigInt64Array;
  /** Word 0: the current turn, counted in spans since birth. */
  readonly turns: Int32Array;
  readonly capacity: number;
  /** An entry is remembered for at least this many seconds. */
  readonly spanSeconds: number;
  readonly bornAt: EpochSeconds;
}

/** What the register says: first time, seen before, or no room to remember. */
export type Strike = 'first' | 'repeated' | 'full';

/** Shared bytes of a register that takes `capacity` entries a span. */
export const strikeRegisterBytes = (capacity: number): number => capacity * tables * 8 + 8;

/** Lays the register over shared memory. */
export const openStrikeRegister = (
  memory: SharedArrayBuffer,
  spanSeconds: number,
  bornAt: EpochSeconds,
): StrikeRegister => {
  const capacity = (memory.byteLength - 8) / (tables * 8);
  return {
    keys: new BigInt64Array(memory, 0, capacity * tables),
    turns: new Int32Array(memory, capacity * tables * 8, 2),
    capacity,
    spanSeconds,
    bornAt,
  };
};

const turnTo = (register: StrikeRegister, turn: number): void => {
  const held = Atomics.load(register.turns, 0);
  if (held >= turn || Atomics.compareExchange(register.turns, 0, held, turn) !== held) return;
  // The winner clears the table of the next turn, and more after a long silence.
  const stale = Math.min(turn - held, tables - 1);
  for (let ahead = 1; ahead <= stale; ahead += 1) {
    const table = (turn + ahead) % tables;
    register.keys.fill(0n, table * register.capacity, (table + 1) * register.capacity);
  }
};

const holds = (register: StrikeRegister, table: number, key: bigint): boolean => {
  const start = Number(BigInt.asUintN(32, key)) % register.capacity;
  for (let probe = 0; probe < probes; probe += 1) {
    const held = Atomics.load(register.keys, table * register.capacity + ((start + probe) % register.capacity));
    if (held === key) return true;
    if (held === 0n) return false;
  }
  return false;
};

const insert = (register: StrikeRegister, table: number, key: bigint): Strike => {
  const start = Number(BigInt.asUintN(32, key)) % register.capacity;
  for (let probe = 0; probe < probes; probe += 1) {
    const index = table * register.capacity + ((start + probe) % register.capacity);
    const held = Atomics.compareExchange(register.keys, index, 0n, key);
    if (held === 0n) return 'first';
    if (held === key) return 'repeated';
  }
  return 'full';
};

/** Strikes a hash off: 'first' is answered to exactly one caller within the span. */
export const strike = (register: StrikeRegister, hash: Uint8Array, now: EpochSeconds): Strike => {
  const key = new DataView(hash.buffer, hash.byteOffset, 8).getBigInt64(0) || 1n;
  const turn = Math.floor((now - register.bornAt) / register.spanSeconds);
  turnTo(register, turn);
  const current = Math.max(turn, Atomics.load(register.turns, 0));
  if (current > 0 && holds(register, (current - 1) % tables, key)) return 'repeated';
  return insert(register, current % tables, key);
};
