/** Bytes of a record, written into one buffer that is used again. Numbers have one form each, so that equal records are equal bytes. */
import { utf8 } from '@hauberk/primitives';

const first = 4096;
/** Records are cut from slabs of this size, which is cheaper than memory of its own for each. */
const slabBytes = 16_384;

/** See the top of the file. */
export class BytesWriter {
  #bytes = new Uint8Array(first);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #slab = new Uint8Array(0);
  #slabUsed = 0;

  #need(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + count));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  /** Begins anew. */
  reset(): void {
    this.#at = 0;
  }

  byte(value: number): void {
    if (this.#at === this.#bytes.length) this.#need(1);
    this.#bytes[this.#at] = value;
    this.#at += 1;
  }

  /** A whole number from 0 to 2^53 − 1, seven bits a byte, the lowest first. */
  count(value: number): void {
    this.#need(8);
    if (value < 0x80) {
      this.#bytes[this.#at] = value;
      this.#at += 1;
      return;
    }
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#at] = (rest % 0x80) | 0x80;
      this.#at += 1;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at] = rest;
    this.#at += 1;
  }

  /** Four bytes, the highest first, as hexadecimal text has them. */
  bigWord(value: number): void {
    this.#need(4);
    const bytes = this.#bytes;
    const at = this.#at;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.#at = at + 4;
  }

  /** A double, eight bytes, the lowest first. */
  double(value: number): void {
    this.#need(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  raw(bytes: Uint8Array): void {
    this.#need(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** A text: its length in bytes of UTF-8, then those. A lone surrogate becomes U+FFFD. */
  text(text: string): void {
    const { length } = text;
    this.#need(length + 8);
    const from = this.#at;
    this.count(length);
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) {
        this.#at = from;
        const bytes = utf8(text);
        this.count(bytes.length);
        this.raw(bytes);
        return;
      }
      this.#bytes[this.#at] = unit;
      this.#at += 1;
    }
  }

  /** A copy of what was written. It may share its buffer with other copies. */
  finish(): Uint8Array {
    const length = this.#at;
    if (length > slabBytes / 4) return this.#bytes.slice(0, length);
    if (this.#slabUsed + length > this.#slab.length) {
      this.#slab = new Uint8Array(slabBytes);
      this.#slabUsed = 0;
    }
    const copy = this.#slab.subarray(this.#slabUsed, this.#slabUsed + length);
    const bytes = this.#bytes;
    for (let index = 0; index < length; index += 1) copy[index] = bytes[index] as number;
    this.#slabUsed += length;
    return copy;
  }
}
