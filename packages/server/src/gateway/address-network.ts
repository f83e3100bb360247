/** Whom a limit by address counts. */

/** The eight groups of an IPv6 address that was accepted as one; a dotted tail counts as two. */
const groupsOf = (address: string): readonly number[] => {
  const [text = ''] = address.split('%', 1);
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const octet = (index: number): number => Number(dotted?.[index] ?? 0);
  const hexadecimal =
    dotted === null
      ? text
      : `${dotted[1]}${((octet(2) << 8) | octet(3)).toString(16)}:${((octet(4) << 8) | octet(5)).toString(16)}`;
  const [left = '', right] = hexadecimal.split('::');
  const read = (side: string | undefined): readonly number[] =>
    side === undefined || side === '' ? [] : side.split(':').map((group) => Number.parseInt(group, 16));
  const [head, tail] = [read(left), read(right)];
  return [...head, ...Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => 0), ...tail];
};

/**
 * What counts as one client address: an IPv4 address, or the /64 of an IPv6 one. A subscriber has a whole /64 at least, so that one who is
 * counted by single addresses has 2^64 of them. An IPv4 address that is written as an IPv6 one is that IPv4 address.
 */
export const networkOf = (address: string): string => {
  if (!address.includes(':')) return address;
  const groups = groupsOf(address);
  const [, , , , , sixth = 0, seventh = 0, eighth = 0] = groups;
  const isMapped = sixth === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  if (isMapped) return [seventh >> 8, seventh & 0xff, eighth >> 8, eighth & 0xff].join('.');
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
};
