/**
 * HalfSipHash-2-4 with a 64-bit result: a short keyed hash on 32-bit words. The key keeps an attacker from choosing names that fall into
 * one bucket of a shared table; node's own HMAC would cost more than the rest of a limit check.
 */

/** A hash value in two halves. */
export interface HashValue {
  low: number;
  high: number;
}

/** A hash under one key; it writes into `into`, so that a check allocates nothing. */
export type KeyedHash = (text: string, into: HashValue) => void;

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/** Uses the first 8 bytes of the key. The hash of texts whose characters are single bytes (addresses, ids, route names); others fold to their low byte. */
export const createKeyedHash = (key: Uint8Array): KeyedHash => {
  if (key.length < 8) throw new RangeError('the key takes 8 bytes');
  const view = new DataView(key.buffer, key.byteOffset, 8);
  const k0 = view.getInt32(0, true);
  const k1 = view.getInt32(4, true);
  let v0 = 0;
  let v1 = 0;
  let v2 = 0;
  let v3 = 0;
  const round = (): void => {
    v0 = (v0 + v1) | 0;
    v1 = rotate(v1, 5) ^ v0;
    v0 = rotate(v0, 16);
    v2 = (v2 + v3) | 0;
    v3 = rotate(v3, 8) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = rotate(v3, 7) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = rotate(v1, 13) ^ v2;
    v2 = rotate(v2, 16);
  };
  const absorb = (word: number): void => {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  };
  const finalRounds = (): number => {
    for (let turn = 0; turn < 4; turn += 1) round();
    return v1 ^ v3;
  };
  return (text, into) => {
    v0 = k0;
    v1 = k1 ^ 0xee;
    v2 = 0x6c796765 ^ k0;
    v3 = 0x74656462 ^ k1;
    const { length } = text;
    const whole = length - (length % 4);
    for (let index = 0; index < whole; index += 4)
      absorb(
        (text.charCodeAt(index) & 0xff) |
          ((text.charCodeAt(index + 1) & 0xff) << 8) |
          ((text.charCodeAt(index + 2) & 0xff) << 16) |
          ((text.charCodeAt(index + 3) & 0xff) << 24),
      );
    let last = length << 24;
    for (let index = whole; index < length; index += 1)
      last |= (text.charCodeAt(index) & 0xff) << ((index - whole) * 8);
    absorb(last);
    v2 ^= 0xee;
    into.low = finalRounds();
    v1 ^= 0xdd;
    into.high = finalRounds();
  };
};
