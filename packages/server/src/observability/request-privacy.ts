/**
 * What the access log may say of who sent a request and where it went. Paths hold account numbers, addresses are personal data: unless the
 * operator's policy says otherwise a path is told as its route's pattern and an address without its last part.
 */
import { METHODS } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { outerOf } from '../gateway/problems.ts';

/** How addresses are told. */
export type AddressPolicy = 'full' | 'shortened' | 'none';

/** How paths are told. */
export type PathPolicy = 'pattern' | 'full';

/** The operator's policy. */
export interface RequestPrivacy {
  readonly addresses: AddressPolicy;
  readonly paths: PathPolicy;
}

/** The first three groups of an IPv6 address, `::` written out: a site, not a line. */
const sitePrefix = (address: string): string => {
  const [head = '', tail] = address.split('%', 1)[0]?.split('::', 2) ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: gap }, () => '0'), ...after];
  return `${groups.slice(0, 3).join(':')}::/48`;
};

/** An address without what tells one customer from his neighbours: /24 of IPv4, /48 of IPv6. */
const shortenAddress = (address: string): string => {
  if (isIPv4(address)) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
  return isIPv6(address) ? sitePrefix(address) : '';
};

const mostRemembered = 4096;
const remembered = new Map<string, string>();

/** Clients send many requests; one of them is enough to work it out. */
const shortenOnce = (address: string): string => {
  const held = remembered.get(address);
  if (held !== undefined) return held;
  if (remembered.size >= mostRemembered) remembered.clear();
  const shortened = shortenAddress(address);
  remembered.set(address, shortened);
  return shortened;
};

/** An address as the policy has it. */
export const shownAddress = (address: string, policy: AddressPolicy): string => {
  if (policy === 'full') return address;
  return policy === 'none' ? '' : shortenOnce(address);
};

const methods: ReadonlySet<string> = new Set(METHODS);

/** A method that exists; a proxy that asks may hand over anything. */
export const shownMethod = (method: string): string => (methods.has(method) ? method : 'other');

const details: ReadonlySet<string> = new Set([
  ...Object.keys(outerOf),
  'unprotected',
  'relayed',
  'revoked',
  'ended by the gateway',
  'early data',
  'chunked early data',
  'version or members',
  'address',
  'target',
  'twice',
  'path',
  'purpose',
  'transaction',
  'expired',
  'used',
  'empty',
]);

/** A detail that is one of ours. Some refusals carry what the client wrote, which is not for the log. */
export const shownDetail = (detail: string): string => (detail === '' || details.has(detail) ? detail : '');
