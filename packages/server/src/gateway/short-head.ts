/** As much of a head as it takes to judge whether a whole request is shed: its path and a few headers. Everything else is left unread. */
import { header } from '@hauberk/channel';
import type { ConnectionTrust } from './connection-trust.ts';
import { endpointPrefix } from './endpoints.ts';
import type { RequestHead } from './request-head.ts';
import type { WholeRequest } from './whole-request.ts';

/** It stands where a head does when a route is looked for, a caller told from others and an origin judged. */
export interface ShortHead extends Pick<RequestHead, 'headers' | 'address'> {
  readonly method: string;
  readonly path: string;
}

const wanted: ReadonlySet<string> = new Set([
  'host',
  'origin',
  'x-forwarded-for',
  header.service,
  header.ticket,
  header.hello,
]);

/** The wanted headers; undefined when one comes twice. */
const wantedHeaders = ({ names, rawHeaders }: WholeRequest): Record<string, string> | undefined => {
  const headers: Record<string, string> = {};
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] as string;
    if (!wanted.has(name)) continue;
    if (headers[name] !== undefined) return undefined;
    headers[name] = rawHeaders[index * 2 + 1] as string;
  }
  return headers;
};

/** Reads it; undefined for what has a way of its own (preflights, endpoints, what is odd), which the whole head decides. */
export const readShortHead = (request: WholeRequest, trust: ConnectionTrust): ShortHead | undefined => {
  const { method, url } = request;
  if (method === 'OPTIONS' || url.startsWith(endpointPrefix)) return undefined;
  const headers = wantedHeaders(request);
  const client = headers && trust.clientOf(headers);
  if (headers === undefined || client === undefined) return undefined;
  const mark = url.indexOf('?');
  return { method, path: mark < 0 ? url : url.slice(0, mark), headers, address: client.address };
};
