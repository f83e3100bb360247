/**
 * Remembers hellos, so that one hello opens one session and one early request. Three tables in shared memory turn by whole generations
 * (an entry is never evicted singly: the eviction boundary would be the attack): the current takes entries, the previous is still looked
 * up. An entry carries the turn it was made in, so an old table needs no clearing that a terminated thread could leave half done.
 */
import type { EpochSeconds } from '@hauberk/primitives';
import { helloSkewSeconds } from './names.ts';

const tables = 3;
const probes = 32;
/** Turns are told apart by 16 bits, never zero; not a multiple of three, so that a number comes back in another table first. */
const turnNumbers = 65_534;

/** The shared register. */
export interface StrikeRegister {
  /** 48 bits of the hash ‖ 16 bits of the turn; zero for none. */
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

/** How long hellos must be remembered: as long as one can be fresh (its clock may be off both ways), and as long as early data can. */
export const helloMemorySeconds = (maxAgeSeconds: number): number =>
  Math.max(2 * helloSkewSeconds, maxAgeSeconds + 30) + 1;

/** Shared bytes of a register that takes `capacity` entries a span. */
export const strikeRegisterBytes = (capacity: number): number => capacity * tables * 8 + 8;

/** Lays the register over shared memory. */
export const openStrikeRegister = (
  memory: SharedArrayBuffer,
  spanSeconds: number,
  bornAt: EpochSeconds,
): StrikeRegister => {
  const capacity = Math.floor((memory.byteLength - 8) / (tables * 8));
  return {
    keys: new BigInt64Array(memory, 0, capacity * tables),
    turns: new Int32Array(memory, capacity * tables * 8, 2),
    capacity,
    spanSeconds,
    bornAt,
  };
};

const tagOf = (turn: number): number => (turn % turnNumbers) + 1;
const tagIn = (entry: bigint): number => Number(BigInt.asUintN(16, entry));

/** A thread may fall this many turns behind the others and still not take a newer entry for an old one. */
const mostBehind = 64;

/** Whether an entry's turn is this one or, as a thread that fell behind may find, a later one. */
const isHeld = (entry: bigint, turn: number): boolean =>
  entry !== 0n && (tagIn(entry) - tagOf(turn) + turnNumbers) % turnNumbers < mostBehind;

const entryOf = (hash: Uint8Array, turn: number): bigint => {
  const high = new DataView(hash.buffer, hash.byteOffset, 8).getBigInt64(0);
  return BigInt.asIntN(64, ((high >> 16n) << 16n) | BigInt(tagOf(turn)));
};

/** Where the probes for a hash begin: other bits than those of the entry. */
const startOf = (register: StrikeRegister, hash: Uint8Array, turn: number): number =>
  (new DataView(hash.buffer, hash.byteOffset + 8, 4).getUint32(0) % register.capacity) +
  (turn % tables) * register.capacity;

const indexOf = (register: StrikeRegister, start: number, probe: number): number => {
  const first = start - (start % register.capacity);
  return first + ((start - first + probe) % register.capacity);
};

const holds = (register: StrikeRegister, hash: Uint8Array, turn: number): boolean => {
  const entry = entryOf(hash, turn);
  const start = startOf(register, hash, turn);
  for (let probe = 0; probe < probes; probe += 1) {
    const held = Atomics.load(register.keys, indexOf(register, start, probe));
    if (held === entry) return true;
    if (!isHeld(held, turn)) return false;
  }
  return false;
};

const insert = (register: StrikeRegister, hash: Uint8Array, turn: number): Strike => {
  const entry = entryOf(hash, turn);
  const start = startOf(register, hash, turn);
  for (let probe = 0; probe < probes; probe += 1) {
    const index = indexOf(register, start, probe);
    for (;;) {
      const held = Atomics.load(register.keys, index);
      if (held === entry) return 'repeated';
      if (isHeld(held, turn)) break;
      if (Atomics.compareExchange(register.keys, index, held, entry) === held) return 'first';
    }
  }
  return 'full';
};

/** The turn never goes back, whatever the clock does. */
const advance = (register: StrikeRegister, turn: number): number => {
  for (;;) {
    const held = Atomics.load(register.turns, 0);
    if (held >= turn) return held;
    if (Atomics.compareExchange(register.turns, 0, held, turn) === held) return turn;
  }
};

/** Whether a hash was struck off already: a look that costs nothing beside a signature check, and remembers nothing. */
export const isStruck = (register: StrikeRegister, hash: Uint8Array): boolean => {
  const turn = Atomics.load(register.turns, 0);
  return holds(register, hash, turn) || (turn > 0 && holds(register, hash, turn - 1));
};

/** Strikes a hash (at least 12 bytes) off: 'first' is answered to at most one caller within the span. */
export const strike = (register: StrikeRegister, hash: Uint8Array, now: EpochSeconds): Strike => {
  const turn = advance(register, Math.floor((now - register.bornAt) / register.spanSeconds));
  const heldBefore = (): boolean => turn > 0 && holds(register, hash, turn - 1);
  if (heldBefore()) return 'repeated';
  const struck = insert(register, hash, turn);
  if (struck !== 'first') return struck;
  // Two threads on both sides of a turn each write first and look at the other's table then: at least one of them sees the other.
  const latest = Atomics.load(register.turns, 0);
  const heldAfter = latest > turn && (latest > turn + 1 || holds(register, hash, turn + 1));
  return heldAfter || heldBefore() ? 'repeated' : 'first';
};
