/** Bytes and their text forms. Decoders are strict: one value has exactly one accepted spelling. */

/** Bytes that own their memory; what every crypto interface takes and gives. */
export type Bytes = Uint8Array<ArrayBuffer>;

let encoder: InstanceType<typeof TextEncoder> | undefined;
// Marked pure so that what does not use it leaves it out of its bundle.
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 bytes of a string. */
export const utf8 = (text: string): Bytes => {
  // Made at its first use: pages load this at their start, when every interface that is touched costs.
  encoder ??= new TextEncoder();
  return encoder.encode(text);
};

/** The string of UTF-8 bytes, or undefined when they are not well-formed UTF-8. */
export const fromUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
};

/** One array holding the parts in order. */
export const concat = (...parts: readonly Uint8Array[]): Bytes => {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
};

/** Compares in time that depends on the lengths only. Lengths are public. */
export const equalBytes = (left: Uint8Array, right: Uint8Array): boolean => {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index += 1) difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  return difference === 0;
};

const urlAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const standardAlphabet = `${urlAlphabet.slice(0, 62)}+/`;

const encode64 = (bytes: Uint8Array, alphabet: string): string => {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    text += alphabet.charAt(group >> 18) + alphabet.charAt((group >> 12) & 63);
    if (index + 1 < bytes.length) text += alphabet.charAt((group >> 6) & 63);
    if (index + 2 < bytes.length) text += alphabet.charAt(group & 63);
  }
  return text;
};

const valuesOf = (alphabet: string): Int8Array => {
  const values = new Int8Array(128).fill(-1);
  for (let index = 0; index < alphabet.length; index += 1) values[alphabet.charCodeAt(index)] = index;
  return values;
};
const urlValues = /* @__PURE__ */ valuesOf(urlAlphabet);
const standardValues = /* @__PURE__ */ valuesOf(standardAlphabet);

/** The value of one digit; negative, and so is every group that holds it, for anything else. */
const digitAt = (text: string, index: number, values: Int8Array): number => values[text.charCodeAt(index)] ?? -1;

/** Decodes the digits after the last whole group; false when they are not valid to the last bit. */
const decodeTail = (text: string, values: Int8Array, bytes: Uint8Array): boolean => {
  const rest = text.length % 4;
  if (rest === 0) return true;
  const start = text.length - rest;
  const third = rest === 3 ? digitAt(text, start + 2, values) : 0;
  const group = (digitAt(text, start, values) << 12) | (digitAt(text, start + 1, values) << 6) | third;
  bytes[bytes.length - (rest - 1)] = group >> 10;
  if (rest === 3) bytes[bytes.length - 1] = group >> 2;
  // Left-over bits must be zero (RFC 4648 section 3.5): otherwise two spellings would name one value.
  return group >= 0 && (group & (rest === 2 ? 0x3ff : 0b11)) === 0;
};

const decode64 = (text: string, values: Int8Array): Bytes | undefined => {
  if (text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let offset = 0;
  for (let index = 0; index + 4 <= text.length; index += 4) {
    const group =
      (digitAt(text, index, values) << 18) |
      (digitAt(text, index + 1, values) << 12) |
      (digitAt(text, index + 2, values) << 6) |
      digitAt(text, index + 3, values);
    if (group < 0) return undefined;
    bytes[offset] = group >> 16;
    bytes[offset + 1] = group >> 8;
    bytes[offset + 2] = group;
    offset += 3;
  }
  return decodeTail(text, values, bytes) ? bytes : undefined;
};

/** base64url without padding (RFC 4648 section 5). */
export const toBase64Url = (bytes: Uint8Array): string => encode64(bytes, urlAlphabet);
/** Strict base64url without padding; undefined for any other spelling. */
export const fromBase64Url = (text: string): Bytes | undefined => decode64(text, urlValues);

/** base64 with padding (RFC 4648 section 4), as Structured Fields byte sequences carry it. */
export const toBase64 = (bytes: Uint8Array): string => {
  const text = encode64(bytes, standardAlphabet);
  return text + '='.repeat((4 - (text.length % 4)) % 4);
};
/** Strict padded base64; undefined for any other spelling. */
export const fromBase64 = (text: string): Bytes | undefined => {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return decode64(text.slice(0, text.length - padding), standardValues);
};

let hexDigits: readonly string[] | undefined;

/** Lower-case hexadecimal. */
export const toHex = (bytes: Uint8Array): string => {
  hexDigits ??= Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
  let text = '';
  for (const byte of bytes) text += hexDigits[byte] ?? '';
  return text;
};
/** Bytes of an even-length hexadecimal string in either case; undefined for anything else. */
export const fromHex = (text: string): Bytes | undefined => {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1)
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  return bytes;
};
