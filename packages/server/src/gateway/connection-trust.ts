/** Who is at the other end of a connection: the peer itself, or, behind a trusted proxy, whom that proxy names. */
import { BlockList, isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { HeaderValues } from '@hauberk/channel';

/** The client of one request. */
export interface ClientAddress {
  readonly address: string;
  readonly secure: boolean;
}

/** What one connection's peer may say about its clients. Built once per connection. */
export interface ConnectionTrust {
  readonly peer: string;
  readonly isProxy: boolean;
  /** The client of a request on this connection; undefined when a trusted proxy sent something that is no address. */
  readonly clientOf: (headers: HeaderValues) => ClientAddress | undefined;
}

/** The addresses of trusted proxies. */
export type ProxyList = (address: string) => boolean;

/** IPv4 clients of a dual-stack listener appear as `::ffff:a.b.c.d`; one client must have one address. */
export const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;

/** Reads `address/prefix` or a lone address into its parts; undefined when it is neither. */
export const readCidr = (
  text: string,
): { readonly address: string; readonly prefix: number; readonly family: 'ipv4' | 'ipv6' } | undefined => {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const version = isIP(address);
  if (version === 0) return undefined;
  const widest = version === 4 ? 32 : 128;
  const prefixText = slash < 0 ? String(widest) : text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(prefixText) || Number(prefixText) > widest) return undefined;
  return { address, prefix: Number(prefixText), family: version === 4 ? 'ipv4' : 'ipv6' };
};

/** Compiles CIDR texts into one test. Texts that are no CIDR were refused as configuration. */
export const proxyList = (cidrs: readonly string[]): ProxyList => {
  if (cidrs.length === 0) return () => false;
  const list = new BlockList();
  for (const text of cidrs) {
    const cidr = readCidr(text);
    if (cidr === undefined) throw new RangeError(`no CIDR: ${text}`);
    list.addSubnet(cidr.address, cidr.prefix, cidr.family);
  }
  return (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
};

const forwardedClient = (headers: HeaderValues, peer: ClientAddress, proxies: ProxyList): ClientAddress | undefined => {
  const chain = headers['x-forwarded-for'];
  const secure = headers['x-forwarded-proto'] === 'https';
  if (typeof chain !== 'string') return { address: peer.address, secure };
  const hops = chain.split(',');
  // From the right: each hop vouches for the one to its left only while it is one of ours.
  for (let index = hops.length - 1; index >= 0; index -= 1) {
    const address = plainAddress((hops[index] ?? '').trim());
    if (isIP(address) === 0) return undefined;
    if (index === 0 || !proxies(address)) return { address, secure };
  }
  return peer;
};

/** The trust of a fresh connection. */
export const connectionTrust = (socket: Socket, proxies: ProxyList): ConnectionTrust => {
  const peer = plainAddress(socket.remoteAddress ?? '');
  const direct: ClientAddress = { address: peer, secure: (socket as TLSSocket).encrypted === true };
  if (peer === '' || !proxies(peer)) return { peer, isProxy: false, clientOf: () => direct };
  return { peer, isProxy: true, clientOf: (headers) => forwardedClient(headers, direct, proxies) };
};
