/**
 * Chunked sealing (the STREAM construction): frames of `u32 header ‖ ciphertext ‖ tag`, header = final bit (top) ‖ plaintext length.
 * Nonce = 64-bit counter ‖ three zero bytes ‖ final flag, under a key that serves one message, so no frame can move, repeat, drop or be the end
 * unless it was. Chunk 0 is empty: its tag, with the signature base as associated bytes, is the message's `Signature`.
 */
import type { Bytes } from '@hauberk/primitives';
import { sequenceBytes } from './key-schedule.ts';

/** Longest plaintext of one frame in bytes. */
export const maxChunkLength = 65_536;
/** Bytes of a frame besides its plaintext: header and tag. */
export const chunkOverhead = 20;

/** A frame header taken apart. */
export interface ChunkHeader {
  readonly final: boolean;
  readonly plaintextLength: number;
}

/** Nonce of chunk `counter`. */
export const chunkNonce = (counter: number, final: boolean): Bytes => {
  const nonce = new Uint8Array(12);
  nonce.set(sequenceBytes(counter), 0);
  nonce[11] = final ? 1 : 0;
  return nonce;
};

/** The four header bytes, which are the frame's associated bytes too. A longer chunk than the cap is a fault of the caller: no reader would take it. */
export const encodeChunkHeader = ({ final, plaintextLength }: ChunkHeader): Bytes => {
  if (plaintextLength > maxChunkLength) throw new RangeError(`chunk of ${plaintextLength} bytes`);
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, plaintextLength + (final ? 0x8000_0000 : 0));
  return bytes;
};

/** Reads a frame header; undefined when the length is over the cap. */
export const readChunkHeader = (bytes: Uint8Array): ChunkHeader | undefined => {
  const word = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  const plaintextLength = word & 0x7fff_ffff;
  return plaintextLength > maxChunkLength ? undefined : { final: word >= 0x8000_0000, plaintextLength };
};
