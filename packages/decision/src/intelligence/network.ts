/** Networks: an address of IPv4 or IPv6 with the length of its prefix, as bytes. */

/** A network. */
export interface Network {
  /** 4 or 16 bytes; those beyond the prefix are zero. */
  readonly bytes: readonly number[];
  /** Bits that count. */
  readonly prefix: number;
}

const readV4 = (text: string): readonly number[] | undefined => {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  return parts?.every((part) => part <= 255) ? parts : undefined;
};

const readGroups = (text: string): readonly number[] | undefined => {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    const v4 = index === groups.length - 1 && group.includes('.') ? readV4(group) : undefined;
    if (v4 !== undefined) bytes.push(...v4);
    else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return undefined;
  }
  return bytes;
};

const readV6 = (text: string): readonly number[] | undefined => {
  if (text.length > 45 || !text.includes(':')) return undefined;
  const [before = '', after, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const [left, right] = [readGroups(before), after === undefined ? [] : readGroups(after)];
  if (left === undefined || right === undefined) return undefined;
  const missing = 16 - left.length - right.length;
  if (after === undefined ? missing !== 0 : missing < 2) return undefined;
  return [...left, ...Array.from({ length: missing }, () => 0), ...right];
};

const mask = (bytes: readonly number[], prefix: number): readonly number[] =>
  bytes.map((byte, index) => {
    const bits = Math.max(0, Math.min(8, prefix - index * 8));
    return byte & (0xff00 >> bits) & 0xff;
  });

/** IPv4 written as IPv6 (`::ffff:192.0.2.1`) is IPv4. */
const unmapped = (bytes: readonly number[]): readonly number[] => {
  const isMapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0);
  return isMapped && bytes[10] === 0xff && bytes[11] === 0xff ? bytes.slice(12) : bytes;
};

/** Reads an address or a network (`192.0.2.0/24`); undefined when it is neither. */
export const readNetwork = (text: string): Network | undefined => {
  if (text.length > 49) return undefined;
  const [address = '', length, ...more] = text.split('/');
  const read = readV4(address) ?? readV6(address);
  if (read === undefined || more.length > 0) return undefined;
  const bytes = length === undefined ? unmapped(read) : read;
  const prefix = length === undefined ? bytes.length * 8 : Number(length);
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined;
  return prefix > bytes.length * 8 ? undefined : { bytes: mask(bytes, prefix), prefix };
};

/** Whether the first network holds all of the second. */
export const holdsNetwork = (outer: Network, inner: Network): boolean =>
  outer.bytes.length === inner.bytes.length &&
  outer.prefix <= inner.prefix &&
  mask(inner.bytes, outer.prefix).every((byte, index) => byte === outer.bytes[index]);

/** One text for each network, whatever way it was written. */
export const networkKey = ({ bytes, prefix }: Network): string =>
  `${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}/${prefix}`;

/** The key of the network of that length which an address is in. */
export const networkKeyAround = ({ bytes }: Network, prefix: number): string =>
  networkKey({ bytes: mask(bytes, prefix), prefix });
