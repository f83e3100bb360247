/** The endpoints of directives: the file of an app's set, and the stream of what comes after. Both are open: what they hold is signed. */
import type { ServerResponse } from 'node:http';
import { networkOf } from '../gateway/address-network.ts';
import type { EndpointAnswer, EndpointCall } from '../gateway/endpoints.ts';
import { problemBody } from '../gateway/problems.ts';
import type { Reason } from '../gateway/reasons.ts';
import type { DirectiveFeed, ServedSet } from './directive-feed.ts';

const refusal = (reason: Reason, instance: string, retryAfter?: number): EndpointAnswer => ({
  reply: problemBody(reason, { execution: 'none', instance, ...(retryAfter === undefined ? {} : { retryAfter }) }),
  reason,
});

const askedSet = (
  feed: DirectiveFeed,
  { head }: EndpointCall,
): { readonly query: URLSearchParams; found?: ServedSet } => {
  const query = new URLSearchParams(head.target.query);
  const [organisation = '', app = '', service = ''] = ['organisation', 'app', 'service'].map(
    (name) => query.get(name) ?? '',
  );
  const found = feed.find(organisation, app, service);
  return found === undefined ? { query } : { query, found };
};

/** How long a copy may be given out: directives that must arrive sooner come by stream or are announced. */
const cachePolicy = 'public, max-age=30, stale-if-error=86400';

/** Serves the file of a set. */
export const serveDirectives = async (feed: DirectiveFeed, call: EndpointCall): Promise<EndpointAnswer> => {
  const { found } = askedSet(feed, call);
  if (found === undefined) return refusal('route.service', call.instance);
  const headers = ['etag', found.etag, 'cache-control', cachePolicy];
  const known = call.head.headers['if-none-match'];
  if (typeof known === 'string' && known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === found.etag))
    return { reply: { status: 304, headers, body: new Uint8Array(0) }, reason: 'ok' };
  headers.push('content-type', 'application/json', 'x-content-type-options', 'nosniff');
  return { reply: { status: 200, headers, body: found.body }, reason: 'ok' };
};

const revisionOf = (text: string | null | undefined): number => {
  const revision = /^\d{1,15}$/.test(text ?? '') ? Number(text) : 0;
  return Number.isSafeInteger(revision) ? revision : 0;
};

/** How long a client that found no place waits; it asks for the file meanwhile. */
const retrySeconds = 30;

/** Opens a stream; undefined once its head is written. Where the client was it says in `revision`, or as browsers do. */
export const streamDirectives = (
  feed: DirectiveFeed,
  call: EndpointCall,
  response: ServerResponse,
  extra: readonly string[],
): EndpointAnswer | undefined => {
  const { query, found } = askedSet(feed, call);
  if (found === undefined) return refusal('route.service', call.instance);
  const address = networkOf(call.head.address);
  const full = feed.refusal(address);
  if (full !== undefined) return refusal(full, call.instance, retrySeconds);
  const headers = ['content-type', 'text/event-stream', 'cache-control', 'no-store, no-transform'];
  headers.push('x-content-type-options', 'nosniff', 'x-accel-buffering', 'no', ...extra);
  response.writeHead(200, headers);
  response.flushHeaders();
  const last = call.head.headers['last-event-id'];
  const since = Math.max(revisionOf(query.get('revision')), revisionOf(typeof last === 'string' ? last : undefined));
  feed.open(found, since, address, response);
  return undefined;
};
