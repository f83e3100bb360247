import type { Bytes } from '@hauberk/primitives';

/** The most that `getRandomValues` fills in one call. */
const largestDraw = 65_536;

/** Random bytes from a source with a quota per call. */
export const randomInPieces = (length: number, fill: (piece: Bytes) => void): Bytes => {
  const drawn = new Uint8Array(length);
  for (let start = 0; start < length; start += largestDraw) fill(drawn.subarray(start, start + largestDraw));
  return drawn;
};
