/** The GSM 7-bit default alphabet with its extension table, packed and not (3GPP TS 23.038, 6.1.2 and 6.2.1). */
import type { Bytes } from '@hauberk/primitives';

const basic =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';

const escape = 0x1b;
const carriageReturn = 0x0d;

const extension: ReadonlyMap<number, string> = new Map([
  [0x0a, '\f'],
  [0x14, '^'],
  [0x28, '{'],
  [0x29, '}'],
  [0x2f, '\\'],
  [0x3c, '['],
  [0x3d, '~'],
  [0x3e, ']'],
  [0x40, '|'],
  [0x65, '€'],
]);

const septetsOf: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...Array.from(basic, (sign, at) => [sign, [at]] as const).filter(([, [at]]) => at !== escape),
  ...Array.from(extension, ([at, sign]) => [sign, [escape, at]] as const),
]);

/** Septets, one an octet, to text; undefined when one has more than seven bits. */
export const readSeptets = (septets: Uint8Array): string | undefined => {
  let text = '';
  for (let at = 0; at < septets.length; at += 1) {
    const septet = septets[at] ?? 0;
    if (septet > 0x7f) return undefined;
    if (septet !== escape) {
      text += basic.charAt(septet);
      continue;
    }
    at += 1;
    const next = septets[at];
    if (next === undefined) return text;
    if (next > 0x7f) return undefined;
    // What the extension table lacks reads as the basic sign, a second escape as a space (6.2.1.1).
    text += extension.get(next) ?? (next === escape ? ' ' : basic.charAt(next));
  }
  return text;
};

/** Text to septets, one an octet; undefined when a sign is not in the alphabet. */
export const writeSeptets = (text: string): Bytes | undefined => {
  const septets: number[] = [];
  for (const sign of text) {
    const found = septetsOf.get(sign);
    if (found === undefined) return undefined;
    septets.push(...found);
  }
  return Uint8Array.from(septets);
};

/**
 * Packed octets to septets. `skippedBits` stand before the first septet, 0 to 6: after a user data header they fill up to its boundary.
 * A last septet that could be the padding of a full octet (0, or a carriage return) is taken for padding, as 6.1.2.3.1 has it.
 */
export const unpackSeptets = (octets: Uint8Array, skippedBits = 0): Bytes => {
  const count = Math.max(0, Math.floor((octets.length * 8 - skippedBits) / 7));
  const septets = new Uint8Array(count);
  for (let at = 0; at < count; at += 1) {
    const bit = skippedBits + at * 7;
    const pair = (octets[bit >> 3] ?? 0) | ((octets[(bit >> 3) + 1] ?? 0) << 8);
    septets[at] = (pair >> (bit & 7)) & 0x7f;
  }
  const last = septets.at(-1);
  const isFull = (octets.length * 8 - skippedBits) % 7 === 0;
  return isFull && (last === 0 || last === carriageReturn) ? septets.slice(0, -1) : septets;
};

/** Septets to packed octets; where seven bits are left over a carriage return fills them, so that no `@` appears. */
export const packSeptets = (septets: Uint8Array, skippedBits = 0): Bytes => {
  const bits = skippedBits + septets.length * 7;
  const octets = new Uint8Array(Math.ceil(bits / 8));
  const put = (septet: number, bit: number): void => {
    const shifted = septet << (bit & 7);
    octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (shifted & 0xff);
    if (shifted > 0xff) octets[(bit >> 3) + 1] = (octets[(bit >> 3) + 1] ?? 0) | (shifted >> 8);
  };
  for (const [at, septet] of septets.entries()) put(septet, skippedBits + at * 7);
  if (octets.length * 8 - bits === 7) put(carriageReturn, bits);
  return octets;
};
