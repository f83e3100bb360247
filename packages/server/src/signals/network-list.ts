/**
 * What an operator knows of address ranges: which belong to hosting, Tor or VPN, which time zone and which place they serve. One line each, a CIDR block and words:
 * `203.0.113.0/24 hosting zone=480 at=31.2,121.5`. The narrowest block that holds an address speaks for it.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { readCidr } from '../gateway/connection-trust.ts';

/** What is known of an address. */
export interface NetworkFacts {
  readonly isHosting: boolean;
  readonly isTor: boolean;
  readonly isVpn: boolean;
  /** Minutes east of UTC. */
  readonly zoneMinutes: number | undefined;
  /** Degrees. */
  readonly place: { readonly latitude: number; readonly longitude: number } | undefined;
}

/** Looks an address up; undefined when no line speaks of it. */
export type NetworkList = (address: string) => NetworkFacts | undefined;

/** Longest list in characters. */
export const maxNetworkText: number = 64 * 1024 * 1024;

/** A list of an operator's file; it knows nothing where none is configured. */
export const openNetworkList = (file: string | undefined): NetworkList => {
  if (file === undefined) return () => undefined;
  const read = readNetworkList(readFileSync(file, 'utf8'));
  if (!read.ok) throw new Error(`${file}, line ${read.line}: no CIDR block with words that are known`);
  return read.list;
};

const groupsOf = (address: string): readonly string[] => {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array.from({ length: missing }, () => '0'), ...right];
};

/** An address as a number of 32 or 128 bits. */
const numberOf = (address: string, family: 'ipv4' | 'ipv6'): bigint => {
  if (family === 'ipv4') return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const whole =
    dotted === null
      ? address
      : `${dotted[1]}${(Number(dotted[2]) * 256 + Number(dotted[3])).toString(16)}:${(Number(dotted[4]) * 256 + Number(dotted[5])).toString(16)}`;
  return groupsOf(whole.split('%')[0] ?? '').reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
};

const readPlace = (text: string): NetworkFacts['place'] => {
  const [latitude = Number.NaN, longitude = Number.NaN] = text.split(',').map(Number);
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : undefined;
};

const readWords = (words: readonly string[]): NetworkFacts | undefined => {
  const flags = new Set(words);
  const valueOf = (name: string): string | undefined =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const isKnown = words.every(
    (word) =>
      ['hosting', 'tor', 'vpn'].includes(word) ||
      /^(?:zone=[+-]?\d{1,3}|at=-?\d{1,3}(?:\.\d{1,6})?,-?\d{1,3}(?:\.\d{1,6})?)$/.test(word),
  );
  const zone = valueOf('zone');
  const at = valueOf('at');
  const zoneMinutes = zone === undefined ? undefined : Number(zone);
  const place = at === undefined ? undefined : readPlace(at);
  if (!isKnown || words.length === 0 || (at !== undefined && place === undefined)) return undefined;
  if (zoneMinutes !== undefined && !(Number.isInteger(zoneMinutes) && Math.abs(zoneMinutes) <= 840)) return undefined;
  return { isHosting: flags.has('hosting'), isTor: flags.has('tor'), isVpn: flags.has('vpn'), zoneMinutes, place };
};

/** Reads a list. A line that cannot be read refuses the whole: half a list would be silently wrong. */
export const readNetworkList = (
  text: string,
): { readonly ok: true; readonly list: NetworkList } | { readonly ok: false; readonly line: number } => {
  if (text.length > maxNetworkText) return { ok: false, line: 0 };
  const known = {
    ipv4: new Map<number, Map<bigint, NetworkFacts>>(),
    ipv6: new Map<number, Map<bigint, NetworkFacts>>(),
  };
  const same = new Map<string, NetworkFacts>();
  for (const [at, written] of text.split('\n').entries()) {
    const line = written.split('#')[0]?.trim() ?? '';
    if (line === '') continue;
    const [block = '', ...words] = line.split(/\s+/);
    const cidr = readCidr(block);
    const text = words.join(' ');
    // Lists have few kinds of lines and many lines.
    const facts = same.get(text) ?? readWords(words);
    if (cidr === undefined || facts === undefined) return { ok: false, line: at + 1 };
    same.set(text, facts);
    const { address, prefix, family } = cidr;
    const shift = BigInt((family === 'ipv4' ? 32 : 128) - prefix);
    const blocks = known[family].get(prefix) ?? new Map<bigint, NetworkFacts>();
    known[family].set(prefix, blocks.set(numberOf(address, family) >> shift, facts));
  }
  const narrowestFirst = (family: 'ipv4' | 'ipv6') => [...known[family]].toSorted(([one], [other]) => other - one);
  const lists = { ipv4: narrowestFirst('ipv4'), ipv6: narrowestFirst('ipv6') };
  return {
    ok: true,
    list: (address) => {
      const version = isIP(address);
      if (version === 0) return undefined;
      const family = version === 4 ? 'ipv4' : 'ipv6';
      const value = numberOf(address, family);
      const bits = version === 4 ? 32 : 128;
      for (const [prefix, blocks] of lists[family]) {
        const facts = blocks.get(value >> BigInt(bits - prefix));
        if (facts !== undefined) return facts;
      }
      return undefined;
    },
  };
};
