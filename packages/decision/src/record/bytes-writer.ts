/** Bytes of a record, written into one buffer that is used again. Numbers have one form each, so that equal records are equal bytes. */
import { utf8 } from '@hauberk/primitives';

const first = 4096;

/** See the top of the file. */
export class BytesWriter {
  #bytes = new Uint8Array(first);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

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
    this.#need(1);
    this.#bytes[this.#at] = value;
    this.#at += 1;
  }

  /** A whole number from 0 to 2^53 − 1, seven bits a byte, the lowest first. */
  count(value: number): void {
    this.#need(8);
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

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }
}
