/**
 * HMAC-SHA256 (RFC 2104) from two one-shot hashes. node's `Hmac` and the KeyObject that it wants are native objects, which are made, fetched
 * for and collected anew with each request: three times the price of the hashing itself. Texts of 32 characters go between the hashes for
 * the same reason: a Buffer of its own costs more than they do.
 */
import { createHash, hash } from 'node:crypto';
import type { Bytes } from '@hauberk/primitives';

const blockLength = 64;
const digestLength = 32;
/** Longer messages are not copied. */
const copiedLength = 16_384;

/** One block of a key: hashed when it is longer, padded with zeros when it is shorter. */
export class HmacKey {
  readonly block: Uint8Array;
  constructor(key: Uint8Array) {
    this.block = new Uint8Array(blockLength);
    if (key.length > blockLength) this.block.set(hash('sha256', key, 'buffer'));
    else this.block.set(key);
  }
}

const inner = Buffer.allocUnsafeSlow(blockLength + copiedLength);
const outer = Buffer.allocUnsafeSlow(blockLength + digestLength);

const pad = (target: Uint8Array, block: Uint8Array, value: number): void => {
  for (let index = 0; index < blockLength; index += 1) target[index] = (block[index] ?? 0) ^ value;
};

const innerHash = (message: Uint8Array): string => {
  if (message.length > copiedLength)
    return createHash('sha256').update(inner.subarray(0, blockLength)).update(message).digest('binary');
  inner.set(message, blockLength);
  return hash('sha256', inner.subarray(0, blockLength + message.length), 'binary');
};

const bytesOf = (text: string): Bytes => {
  const bytes = new Uint8Array(digestLength);
  for (let index = 0; index < digestLength; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
};

/** SHA-256 of a message, in one shot. */
export const sha256 = (message: Uint8Array): Bytes => bytesOf(hash('sha256', message, 'binary'));

const outerHash = (key: HmacKey, innerText: string): Bytes => {
  pad(outer, key.block, 0x5c);
  outer.write(innerText, blockLength, 'latin1');
  return bytesOf(hash('sha256', outer, 'binary'));
};

/** The MAC of a message. */
export const hmacSha256 = (key: HmacKey, message: Uint8Array): Bytes => {
  pad(inner, key.block, 0x36);
  return outerHash(key, innerHash(message));
};

/** The MAC of a text's UTF-8 bytes, which are written where they are hashed. */
export const hmacSha256Text = (key: HmacKey, text: string): Bytes => {
  // A UTF-16 unit becomes three bytes at most.
  if (text.length * 3 > copiedLength) return hmacSha256(key, Buffer.from(text));
  pad(inner, key.block, 0x36);
  const length = inner.write(text, blockLength);
  return outerHash(key, hash('sha256', inner.subarray(0, blockLength + length), 'binary'));
};
