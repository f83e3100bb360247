/** Reads what `BytesWriter` wrote, strictly: what it would have written otherwise is malformed, and so is the end where more is needed. */
import { fromUtf8 } from '@hauberk/primitives';

/** The bytes are no record. It never leaves this room: readers of records answer a refusal. */
export class RecordFault extends Error {
  override readonly name = 'RecordFault';
}

/** Bytes up to which a text is put together here, which costs less than a decoder does; most are names. */
const shortText = 24;

/** See the top of the file. */
export class BytesReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Throws `RecordFault` with this reason. */
  fail(reason: string): never {
    throw new RecordFault(`${reason} before byte ${this.#at}`);
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) this.fail('the end');
    this.#at += count;
    return at;
  }

  byte(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  /** The next byte, which stays; −1 at the end. */
  peek(): number {
    return this.#bytes[this.#at] ?? -1;
  }

  /** A whole number up to `most`, in its shortest form. */
  count(most: number = Number.MAX_SAFE_INTEGER): number {
    let value = 0;
    let factor = 1;
    for (let turn = 0; turn < 8; turn += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if ((byte === 0 && turn > 0) || value > most) this.fail('a number out of its bounds');
        return value;
      }
      factor *= 0x80;
    }
    return this.fail('a number without end');
  }

  /** A finite double. */
  double(): number {
    const value = this.#view.getFloat64(this.#take(8), true);
    return Number.isFinite(value) ? value : this.fail('no finite number');
  }

  raw(bytes: number): Uint8Array {
    const at = this.#take(bytes);
    return this.#bytes.slice(at, at + bytes);
  }

  /** Passes over bytes. */
  skip(bytes: number): void {
    this.#take(bytes);
  }

  /** A text of at most `most` bytes. */
  text(most: number): string {
    const length = this.count(most);
    const at = this.#take(length);
    if (length <= shortText) {
      const text = this.#ascii(at, at + length);
      if (text !== undefined) return text;
    }
    return fromUtf8(this.#bytes.subarray(at, at + length)) ?? this.fail('no UTF-8');
  }

  /** The text of plain ASCII bytes; undefined where one of them is not. */
  #ascii(from: number, to: number): string | undefined {
    let text = '';
    for (let at = from; at < to; at += 1) {
      const byte = this.#bytes[at] as number;
      if (byte >= 0x80) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Fails when something is left. */
  end(): void {
    if (this.#at !== this.#bytes.length) this.fail('more than a record');
  }
}
