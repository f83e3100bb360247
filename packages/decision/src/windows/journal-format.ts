/**
 * The journal of profiles: every change of a row as 32 bytes, in frames that are written and synced whole. Threads append to buffers of their own; in the file
 * the changes of one row may stand out of order, and each says its order number. What is not a whole frame at the end was never acknowledged.
 */
import { accept, type Result, refuse } from '@hauberk/primitives';

/** A checksum of 32 bits over bytes: CRC-32. The caller brings it, since platforms have fast ones. */
export type Checksum = (bytes: Uint8Array) => number;

/** Why a file of profiles is refused. */
export type ProfileFileCode =
  | 'profiles.foreign'
  | 'profiles.version'
  | 'profiles.layout'
  | 'profiles.damaged'
  | 'profiles.incomplete'
  | 'profiles.gap';

/** Kinds of entries. */
export const entryKind = { event: 1, label: 2, meeting: 3, id: 4, pair: 5 } as const;

/** Flags of a label. */
export const labelFlag = { fraud: 1, wasHonest: 2 } as const;

/** Bytes of an entry. */
export const entryBytes = 32;
/** Bytes before the entries of a frame. */
export const frameHeadBytes = 16;
/** Most entries of a frame. */
export const maxFrameEntries = 65_536;
/** Bytes of the head of a file. */
export const fileHeadBytes = 40;
/** Version of both formats. */
export const profileFormat = 1;

/** What a file is: a snapshot of rows or a journal of changes. */
export type ProfileFileKind = 'snapshot' | 'journal';

const fileMagic = { snapshot: 0x53504248, journal: 0x4a504248 } as const;
const frameMagic = 0x46504248;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The head of a file: magic, version, number, the hash of all layouts (16 hexadecimal digits), checksum. */
export const writeFileHead = (kind: ProfileFileKind, number: number, hash: string, checksum: Checksum): Uint8Array => {
  const bytes = new Uint8Array(fileHeadBytes);
  const view = viewOf(bytes);
  view.setUint32(0, fileMagic[kind], true);
  view.setUint32(4, profileFormat, true);
  view.setFloat64(8, number, true);
  for (let place = 0; place < 16; place += 1) bytes[16 + place] = hash.charCodeAt(place);
  view.setUint32(32, checksum(bytes.subarray(0, 32)), true);
  return bytes;
};

/** Reads the head of a file of a kind and answers its number. */
export const readFileHead = (
  bytes: Uint8Array,
  kind: ProfileFileKind,
  hash: string,
  checksum: Checksum,
): Result<number, ProfileFileCode> => {
  if (bytes.length < fileHeadBytes) return refuse('profiles.incomplete', 'no whole head');
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== fileMagic[kind]) return refuse('profiles.foreign', `no ${kind} of profiles`);
  if (view.getUint32(4, true) !== profileFormat)
    return refuse('profiles.version', `version ${view.getUint32(4, true)}`);
  if (view.getUint32(32, true) !== checksum(bytes.subarray(0, 32))) return refuse('profiles.damaged', 'head');
  const held = String.fromCharCode(...bytes.subarray(16, 32));
  if (held !== hash) return refuse('profiles.layout', 'made with other layouts');
  return accept(view.getFloat64(8, true));
};

/** Changes of one thread until they are taken as bytes. It grows by doubling up to `most` entries; beyond that the oldest do not give way: `isFull` says so. */
export class JournalBuffer {
  /** Entries that found no room. */
  lost = 0;
  readonly #most: number;
  #bytes: Uint8Array;
  #view: DataView;
  #entries = 0;

  constructor(most: number = maxFrameEntries) {
    this.#most = most;
    this.#bytes = new Uint8Array(Math.min(most, 256) * entryBytes);
    this.#view = viewOf(this.#bytes);
  }

  /** Entries that wait. */
  get entries(): number {
    return this.#entries;
  }

  #next(): number {
    if (this.#entries * entryBytes === this.#bytes.length) {
      if (this.#entries >= this.#most) {
        this.lost += 1;
        return -1;
      }
      const wider = new Uint8Array(Math.min(this.#bytes.length * 2, this.#most * entryBytes));
      wider.set(this.#bytes);
      this.#bytes = wider;
      this.#view = viewOf(wider);
    }
    const at = this.#entries * entryBytes;
    this.#entries += 1;
    return at;
  }

  /** A change of a row. `two` is the amount of an event or the thing of a meeting. */
  row(
    kind: number,
    flags: number,
    table: number,
    order: number,
    low: number,
    high: number,
    at: number,
    two: number,
  ): void {
    const place = this.#next();
    if (place < 0) return;
    const view = this.#view;
    view.setUint8(place, kind);
    view.setUint8(place + 1, flags);
    view.setUint16(place + 2, table, true);
    view.setInt32(place + 4, order, true);
    view.setInt32(place + 8, low, true);
    view.setInt32(place + 12, high, true);
    view.setFloat64(place + 16, at, true);
    view.setFloat64(place + 24, two, true);
  }

  /** The id of an event that counted, or a pair that met, at an instant of arrival. */
  memory(kind: number, low: number, high: number, at: number, rightLow: number, rightHigh: number): void {
    const place = this.#next();
    if (place < 0) return;
    const view = this.#view;
    view.setUint32(place, kind, true);
    view.setInt32(place + 4, 0, true);
    view.setInt32(place + 8, low, true);
    view.setInt32(place + 12, high, true);
    view.setFloat64(place + 16, at, true);
    view.setInt32(place + 24, rightLow, true);
    view.setInt32(place + 28, rightHigh, true);
  }

  /** Takes what waits, as bytes of their own. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.#entries * entryBytes);
    this.#entries = 0;
    return bytes;
  }
}

/** A frame of entries: magic, number in the file, entries, checksum over number, count and entries. */
export const writeFrame = (sequence: number, parts: readonly Uint8Array[], checksum: Checksum): Uint8Array => {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length % entryBytes !== 0 || length > maxFrameEntries * entryBytes) throw new RangeError('no whole entries');
  const bytes = new Uint8Array(frameHeadBytes + length);
  const view = viewOf(bytes);
  view.setUint32(0, frameMagic, true);
  view.setUint32(8, sequence, true);
  view.setUint32(12, length / entryBytes, true);
  let at = frameHeadBytes;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  view.setUint32(4, checksum(bytes.subarray(8)), true);
  return bytes;
};

/** What a journal's bytes held. */
export interface JournalRead {
  /** Entries of whole frames, frame by frame. */
  readonly frames: readonly Uint8Array[];
  /** Bytes at the end that are no whole frame: what was being written when the process ended. */
  readonly torn: number;
}

const frameAt = (bytes: Uint8Array, at: number, sequence: number, checksum: Checksum): Uint8Array | undefined => {
  if (at + frameHeadBytes > bytes.length) return undefined;
  const view = viewOf(bytes);
  const entries = view.getUint32(at + 12, true);
  const end = at + frameHeadBytes + entries * entryBytes;
  if (view.getUint32(at, true) !== frameMagic || view.getUint32(at + 8, true) !== sequence) return undefined;
  if (entries === 0 || entries > maxFrameEntries || end > bytes.length) return undefined;
  if (view.getUint32(at + 4, true) !== checksum(bytes.subarray(at + 8, end))) return undefined;
  return bytes.subarray(at + frameHeadBytes, end);
};

/** Whether a whole frame with a higher number begins anywhere later: then what is broken before it was acknowledged once. */
const goesOn = (bytes: Uint8Array, from: number, sequence: number, checksum: Checksum): boolean => {
  const view = viewOf(bytes);
  for (let at = from; at + frameHeadBytes <= bytes.length; at += 1) {
    if (view.getUint32(at, true) !== frameMagic) continue;
    const number = view.getUint32(at + 8, true);
    if (number > sequence && frameAt(bytes, at, number, checksum) !== undefined) return true;
  }
  return false;
};

/** Reads what follows the head of a journal. A broken frame at the end is a torn tail; one in the middle is damage. */
export const readFrames = (bytes: Uint8Array, checksum: Checksum): Result<JournalRead, ProfileFileCode> => {
  const frames: Uint8Array[] = [];
  let at = fileHeadBytes;
  while (at < bytes.length) {
    const frame = frameAt(bytes, at, frames.length + 1, checksum);
    if (frame === undefined) {
      if (goesOn(bytes, at + 1, frames.length + 1, checksum)) return refuse('profiles.damaged', `frame at byte ${at}`);
      return accept({ frames, torn: bytes.length - at });
    }
    frames.push(frame);
    at += frameHeadBytes + frame.length;
  }
  return accept({ frames, torn: 0 });
};
