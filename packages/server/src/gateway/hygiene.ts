/**
 * Which headers pass the gateway, in both directions. Hop-by-hop headers, everything that the gateway itself speaks to its clients, and
 * every spelling of a header that it owns (case, underscore, dot: many servers fold them to one name) stay behind.
 */
import type { RequestHead } from './request-head.ts';

/** Hop-by-hop (RFC 9110 section 7.6.1) and framing: the next hop makes its own. */
const hopByHop = [
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'proxy-authorization',
  'proxy-authenticate',
  'content-length',
];

/** Request headers that end here: HB/1's own, and what only the gateway may say about the client. */
const ownedRequest: ReadonlySet<string> = new Set([
  ...hopByHop,
  'host',
  'signature',
  'signature-input',
  'content-digest',
  'forwarded',
  'x-real-ip',
  'via',
  // A trace is named by the gateway, or by a trusted proxy through it.
  'traceparent',
  'tracestate',
  'baggage',
  // What re-routes, re-names or re-addresses a request behind our back: nothing of it was verified.
  'x-original-url',
  'x-rewrite-url',
  'x-original-host',
  'x-host',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'true-client-ip',
  'cf-connecting-ip',
  'client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
]);

/** Reply headers that end here. The gateway dates and frames its replies itself. */
const ownedReply: ReadonlySet<string> = new Set([...hopByHop, 'alt-svc', 'date']);

/** HB/1 headers that the application may see: they carry no secret and no fact. */
const visible: ReadonlySet<string> = new Set(['hauberk-service']);

type Verdict = 'pass' | 'strip';

/** Names as received → verdict. Clients send few spellings; the bound keeps an attacker's from piling up. */
const verdictCache = (judge: (name: string) => Verdict): ((name: string) => Verdict) => {
  const kept = new Map<string, Verdict>();
  return (name) => {
    const held = kept.get(name);
    if (held !== undefined) return held;
    const verdict = judge(name.toLowerCase().replace(/[_.]/g, '-'));
    if (kept.size < 2048) kept.set(name, verdict);
    return verdict;
  };
};

const requestVerdict = verdictCache((name) => {
  if (ownedRequest.has(name) || name.startsWith('x-forwarded-')) return 'strip';
  return name.startsWith('hauberk-') && !visible.has(name) ? 'strip' : 'pass';
});

const replyVerdict = verdictCache((name) =>
  ownedReply.has(name) || name.startsWith('hauberk-') || name.startsWith('access-control-') ? 'strip' : 'pass',
);

/** What `Connection` names is hop-by-hop as well; an attacker names what the upstream needs, so it only ever removes the client's own. */
const listedBy = (connection: string | undefined): readonly string[] | undefined =>
  connection === undefined || connection === 'keep-alive' || connection === 'close'
    ? undefined
    : connection
        .toLowerCase()
        .split(',')
        .map((name) => name.trim());

/** How the head is rewritten for an upstream. */
export interface UpstreamHeaderOptions {
  /** Asks the upstream for unencoded replies: what is signed or sealed must not be transformed on the way. */
  readonly identity: boolean;
  /** `content-encoding` was undone here, so it must not be announced. */
  readonly decoded: boolean;
  /** Passes the client's `Host` on instead of the upstream's own. */
  readonly preserveHost: boolean;
}

const plainOptions: UpstreamHeaderOptions = { identity: false, decoded: false, preserveHost: false };

const single = (head: RequestHead, name: string): string | undefined => {
  const value = head.headers[name];
  return typeof value === 'string' ? value : undefined;
};

/**
 * The headers of the upstream request: the client's, cleaned, then the gateway's own and the verified `facts` (names and values in turn).
 * Facts come last and alone: every inbound spelling of them was stripped.
 */
export const upstreamHeaders = (
  head: RequestHead,
  facts: readonly string[],
  options: UpstreamHeaderOptions = plainOptions,
): string[] => {
  const raw = head.rawHeaders;
  const listed = listedBy(single(head, 'connection'));
  const headers: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] as string;
    if (requestVerdict(name) === 'strip') continue;
    if (listed?.includes(name.toLowerCase()) === true) continue;
    if (options.identity && name.length === 15 && name.toLowerCase() === 'accept-encoding') continue;
    if (options.decoded && name.length === 16 && name.toLowerCase() === 'content-encoding') continue;
    headers.push(name, raw[index + 1] as string);
  }
  const host = single(head, 'host') ?? '';
  if (options.preserveHost) headers.push('host', host);
  headers.push('x-forwarded-for', head.address, 'x-forwarded-proto', head.secure ? 'https' : 'http');
  headers.push('x-forwarded-host', host);
  if (options.identity) headers.push('accept-encoding', 'identity');
  head.trace.appendTo(headers);
  for (let index = 0; index < facts.length; index += 1) headers.push(facts[index] as string);
  return headers;
};

const connectionOf = (flat: readonly string[]): string | undefined => {
  for (let index = 0; index + 1 < flat.length; index += 2) if (flat[index] === 'connection') return flat[index + 1];
  return undefined;
};

/** The upstream's reply headers (names in lower case) without hop-by-hop ones, CORS answers and anything that only the gateway may say. */
export const replyHeaders = (flat: readonly string[]): string[] => {
  const listed = listedBy(connectionOf(flat));
  const headers: string[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = flat[index] as string;
    if (replyVerdict(name) === 'strip' || listed?.includes(name) === true) continue;
    headers.push(name, flat[index + 1] as string);
  }
  return headers;
};
