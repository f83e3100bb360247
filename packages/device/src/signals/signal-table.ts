/**
 * The signals in force of many devices, in shared memory: every thread writes what reports bring and reads it in the path of each request. Rows
 * stand in sets of eight; a device's key names its set, and in a full set the device that was silent longest gives way. Writers of a set wait for
 * each other; a reader copies a row and looks whether it was changed meanwhile. A row holds the newest 24 signals: the one that ends first gives way.
 */
import type { SignalVoice } from './signal-report.ts';

/** Who vouches for a signal, least believed first. */
export const provenances = ['web', 'native', 'server', 'tee'] as const;
/** One of them. */
export type Provenance = SignalVoice | 'server' | 'tee';

const rowWords = 64;
const setRows = 8;
const keyLow = 0;
const keyHigh = 1;
const turnWord = 2;
const seenWord = 3;
const counterWord = 4;
const hashWord = 5;
const usedWord = 7;
/** Seven words that the gateway's own senses keep between requests; what they mean is theirs. */
const noteWord = 8;
const lockWord = 15;
const slotWord = 16;
/** Signals that one row holds. */
export const signalsPerDevice: number = (rowWords - slotWord) / 2;
/** Looks at a lock before whoever holds it counts as dead. */
const patience = 65_536;
const readAttempts = 64;

/** The shared table. */
export interface SignalTable {
  readonly words: Int32Array;
  readonly sets: number;
}

/** Key of a device: two halves of a keyed hash, never both zero. */
export interface SignalKey {
  low: number;
  high: number;
}

/** One signal as a row holds it. A flag that is set has the value 1. */
export interface HeldSignal {
  readonly index: number;
  readonly value: number;
  readonly provenance: Provenance;
  /** Epoch seconds from which it counts no more. */
  readonly untilS: number;
}

/** A place to read into; made once a thread. */
export interface SignalRow {
  used: number;
  /** Epoch seconds of the newest report, 0 before the first. */
  seenS: number;
  counter: number;
  readonly slots: Int32Array;
}

/** How a report follows the one before. */
export type Succession = 'first' | 'next' | 'same' | 'gap' | 'stale' | 'broken';

/** What a report says of itself. */
export interface ReportStep {
  readonly counter: number;
  /** First 64 bits of the hash of this report and of the one before; undefined in the first. */
  readonly hash: SignalKey;
  readonly previous: SignalKey | undefined;
  readonly atS: number;
}

/** Shared bytes for at least that many devices. */
export const signalTableBytes = (devices: number): number => Math.ceil(devices / setRows) * setRows * rowWords * 4;

/** Lays the table over shared memory. */
export const openSignalTable = (memory: SharedArrayBuffer): SignalTable => ({
  words: new Int32Array(memory),
  sets: memory.byteLength / (rowWords * setRows * 4),
});

/** A place to read into. */
export const newSignalRow = (): SignalRow => ({
  used: 0,
  seenS: 0,
  counter: 0,
  slots: new Int32Array(signalsPerDevice * 2),
});

const setOf = ({ sets }: SignalTable, { low }: SignalKey): number => ((low >>> 0) % sets) * setRows * rowWords;

const rowOf = ({ words }: SignalTable, base: number, { low, high }: SignalKey): number | undefined => {
  for (let row = base; row < base + setRows * rowWords; row += rowWords)
    if (Atomics.load(words, row + keyLow) === low && Atomics.load(words, row + keyHigh) === high) return row;
  return undefined;
};

const lock = ({ words }: SignalTable, base: number): void => {
  for (let look = 0; look < patience; look += 1)
    if (Atomics.compareExchange(words, base + lockWord, 0, 1) === 0) return;
  // Whoever held it died: the row that it wrote has an odd turn, which the next writer of that row ends.
  Atomics.store(words, base + lockWord, 1);
};

const silentLongest = ({ words }: SignalTable, base: number): number => {
  let oldest = base;
  for (let row = base; row < base + setRows * rowWords; row += rowWords) {
    if (words[row + keyLow] === 0 && words[row + keyHigh] === 0) return row;
    if ((words[row + seenWord] ?? 0) >>> 0 < (words[oldest + seenWord] ?? 0) >>> 0) oldest = row;
  }
  return oldest;
};

/** Runs a change of a device's row, which is made when absent. Nothing in `change` may throw. */
const changeRow = <Answer>(
  table: SignalTable,
  key: SignalKey,
  atS: number,
  change: (words: Int32Array, row: number) => Answer,
): Answer => {
  const { words } = table;
  const base = setOf(table, key);
  lock(table, base);
  const own = rowOf(table, base, key);
  const row = own ?? silentLongest(table, base);
  const turn = Atomics.load(words, row + turnWord) | 1;
  Atomics.store(words, row + turnWord, turn);
  if (own === undefined) {
    for (let word = keyLow; word < rowWords; word += 1)
      if (word !== turnWord && word !== lockWord) Atomics.store(words, row + word, 0);
    Atomics.store(words, row + keyLow, key.low);
    Atomics.store(words, row + keyHigh, key.high);
    // So that the next newcomer of a full set does not take this very row.
    Atomics.store(words, row + seenWord, atS | 0);
  }
  const answer = change(words, row);
  Atomics.store(words, row + turnWord, (turn + 1) | 0);
  Atomics.store(words, base + lockWord, 0);
  return answer;
};

const packed = ({ index, value, provenance }: HeldSignal): number =>
  (provenances.indexOf(provenance) << 20) | (index << 10) | (value & 1023);
const sameSignal = (one: number, other: number): boolean => one >>> 10 === other >>> 10;

const enter = (words: Int32Array, row: number, signal: HeldSignal): void => {
  const word = packed(signal);
  const used = words[row + usedWord] ?? 0;
  let place = -1;
  let first = 0;
  for (let slot = 0; slot < used; slot += 1) {
    const at = row + slotWord + slot * 2;
    if (sameSignal(words[at] ?? 0, word)) place = slot;
    if ((words[at + 1] ?? 0) >>> 0 < (words[row + slotWord + first * 2 + 1] ?? 0) >>> 0) first = slot;
  }
  if (place >= 0) {
    // What was observed later counts: reports come late, and not always in order.
    if ((words[row + slotWord + place * 2 + 1] ?? 0) >>> 0 > signal.untilS) return;
  } else if (used < signalsPerDevice) {
    place = used;
    Atomics.store(words, row + usedWord, used + 1);
  } else if ((words[row + slotWord + first * 2 + 1] ?? 0) >>> 0 < signal.untilS) place = first;
  else return;
  Atomics.store(words, row + slotWord + place * 2, word);
  Atomics.store(words, row + slotWord + place * 2 + 1, signal.untilS | 0);
};

/** Puts signals in force. */
export const holdSignals = (table: SignalTable, key: SignalKey, signals: readonly HeldSignal[], atS: number): void => {
  if (signals.length > 0)
    changeRow(table, key, atS, (words, row) => {
      for (const signal of signals) enter(words, row, signal);
    });
};

const successionOf = (words: Int32Array, row: number, { counter, hash, previous }: ReportStep): Succession => {
  const held = (words[row + counterWord] ?? 0) >>> 0;
  const isHeld = (other: SignalKey): boolean =>
    words[row + hashWord] === other.low && words[row + hashWord + 1] === other.high;
  if (held === 0) return 'first';
  if (counter === held && isHeld(hash)) return 'same';
  if (counter <= held) return 'stale';
  if (counter > held + 1) return 'gap';
  return previous !== undefined && isHeld(previous) ? 'next' : 'broken';
};

/** Takes the next report of a device and says how it follows the one before. A counter never goes back. */
export const stepReport = (table: SignalTable, key: SignalKey, step: ReportStep): Succession =>
  changeRow(table, key, step.atS, (words, row) => {
    const succession = successionOf(words, row, step);
    if (step.atS > (words[row + seenWord] ?? 0) >>> 0) Atomics.store(words, row + seenWord, step.atS | 0);
    if (succession === 'stale' || succession === 'same') return succession;
    Atomics.store(words, row + counterWord, step.counter | 0);
    Atomics.store(words, row + hashWord, step.hash.low);
    Atomics.store(words, row + hashWord + 1, step.hash.high);
    return succession;
  });

/** Swaps one word of a device's notes and answers what stood there, 0 when nothing did. */
export const swapNote = (table: SignalTable, key: SignalKey, note: number, value: number, atS: number): number =>
  changeRow(table, key, atS, (words, row) => Atomics.exchange(words, row + noteWord + note, value));

/** Copies a device's row; false when there is none, or when it changed hands all the while. Allocates nothing. */
export const readSignalRow = (table: SignalTable, key: SignalKey, into: SignalRow): boolean => {
  const { words } = table;
  for (let attempt = 0; attempt < readAttempts; attempt += 1) {
    const row = rowOf(table, setOf(table, key), key);
    if (row === undefined) return false;
    const turn = Atomics.load(words, row + turnWord);
    if ((turn & 1) === 1) continue;
    into.used = Math.min(Atomics.load(words, row + usedWord), signalsPerDevice);
    into.seenS = Atomics.load(words, row + seenWord) >>> 0;
    into.counter = Atomics.load(words, row + counterWord) >>> 0;
    for (let word = 0; word < into.used * 2; word += 1) into.slots[word] = Atomics.load(words, row + slotWord + word);
    const isMine = Atomics.load(words, row + keyLow) === key.low && Atomics.load(words, row + keyHigh) === key.high;
    if (isMine && Atomics.load(words, row + turnWord) === turn) return true;
  }
  return false;
};

/** The signal in a slot of a copied row. */
export const slotOf = ({ slots }: SignalRow, slot: number): HeldSignal => {
  const word = slots[slot * 2] ?? 0;
  return {
    index: (word >>> 10) & 1023,
    value: word & 1023,
    provenance: provenances[(word >>> 20) & 3] ?? 'web',
    untilS: (slots[slot * 2 + 1] ?? 0) >>> 0,
  };
};
