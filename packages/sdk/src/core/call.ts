/** One call of `fetch`, read: its target, its headers and its plain bytes, as the host's own `Request` would send them. */
import {
  findConfigRoute,
  type GatewayConfig,
  header,
  type ProtectionMode,
  type RequestTarget,
} from '@hauberk/channel/client';
import { unlessAborted } from './deadline.ts';
import { HauberkError } from './hauberk-error.ts';
import { collect } from './plain-call.ts';
import type { PassedOptions } from './transport.ts';

/** What `fetch` takes first. */
export type FetchInput = string | URL | Request;

/** What the client needs of a route. */
export interface CallRoute {
  readonly mode: ProtectionMode;
  readonly coveredHeaders: readonly string[];
  readonly coveredReplyHeaders: readonly string[];
  readonly publicQuery: readonly string[];
  readonly idempotency: 'none' | 'optional' | 'required';
  readonly chunked: boolean;
  readonly replies: 'bound' | 'unbound';
}

/** What the journal says of a call, and is told of it. */
export interface Journey {
  /** Earlier attempts of the entry: each doubles the wait for a reply. */
  readonly tries: number;
  /** Whether the user is there to be asked. */
  readonly isAttended: boolean;
  /** Whether some attempt may have reached the service. */
  mayHaveRun: boolean;
}

/** A call, ready to be protected. */
export interface Call {
  readonly target: RequestTarget;
  readonly headers: Readonly<Record<string, string>>;
  /** The plain body, whole; empty for streams and for methods without one. */
  readonly body: Uint8Array;
  readonly stream: ReadableStream<Uint8Array> | undefined;
  readonly hasBody: boolean;
  readonly signal: AbortSignal | undefined;
  readonly options: PassedOptions;
  readonly route: CallRoute;
  /** Set on calls of the journal: one attempt at a time, for the journal repeats on its own. */
  readonly journey?: Journey;
  /** Whether a second execution does no harm: a safe method, or an idempotency key on a route that honours it. */
  readonly isRepeatable: boolean;
}

/** Whether a method asks for nothing but reading (RFC 9110, section 9.2.1). */
export const isSafeMethod = (method: string): boolean => method === 'GET' || method === 'HEAD' || method === 'OPTIONS';

/** Path and query of a target, as the URL carries them. */
export const pathOf = ({ path, query }: RequestTarget): string => (query === '?' ? path : path + query);

const unsupported = (detail: string): HauberkError =>
  new HauberkError('unsupported', { phase: 'connect', execution: 'none', detail });

const refuseUnsupported = (init: RequestInit | undefined): void => {
  if (init?.redirect === 'follow' || init?.redirect === 'manual') throw unsupported(`redirect: ${init.redirect}`);
  if (init?.integrity !== undefined && init.integrity !== '') throw unsupported('integrity');
  if (init?.mode === 'no-cors') throw unsupported('mode: no-cors');
};

/** The URL of a call; one that is not below an endpoint of this service is refused, for it would leave unprotected. */
const resolveUrl = (input: FetchInput, endpoints: readonly string[]): URL => {
  const text = input instanceof Request ? input.url : String(input);
  const url = new URL(text, endpoints[0]);
  if (endpoints.includes(url.origin) && url.username === '' && url.password === '') return url;
  throw new HauberkError('foreign-endpoint', { phase: 'connect', execution: 'none', detail: url.origin });
};

const defaultRoute = (mode: ProtectionMode): CallRoute => ({
  mode,
  coveredHeaders: [],
  coveredReplyHeaders: [],
  publicQuery: [],
  idempotency: 'none',
  chunked: false,
  replies: 'bound',
});

const ownHeaders: ReadonlySet<string> = new Set([header.signature, header.signatureInput, header.contentDigest]);

const readHeaders = (headers: Headers): Record<string, string> => {
  const read: Record<string, string> = {};
  headers.forEach((value, name) => {
    // The channel's own headers are never the caller's; a plain digest on a sealed request would be a guessing oracle.
    if (!name.startsWith('hauberk-') && !ownHeaders.has(name)) read[name] = value;
  });
  return read;
};

const passedOptions = (init: RequestInit | undefined): PassedOptions => {
  const { credentials, keepalive, referrerPolicy } = init ?? {};
  return {
    ...(credentials === undefined ? {} : { credentials }),
    ...(keepalive === undefined ? {} : { keepalive }),
    ...(referrerPolicy === undefined ? {} : { referrerPolicy }),
  };
};

/** The host's own reading of the arguments: method, headers and body bytes are exactly those that it would send. */
const buildRequest = (url: URL, input: FetchInput, init: RequestInit | undefined, isStream: boolean): Request => {
  const settings: RequestInit & { duplex?: 'half' } = { ...init };
  if (isStream) settings.duplex = 'half';
  return new Request(input instanceof Request ? input : url, settings);
};

const allowsQuery = (route: CallRoute, url: URL): boolean =>
  route.mode !== 'sealed' || [...url.searchParams.keys()].every((name) => route.publicQuery.includes(name));

/** The bytes of a body: a stream stays one only where the route takes sealed chunks. */
const readBody = async (request: Request, isChunked: boolean) => {
  if (isChunked && request.body !== null) return { body: new Uint8Array(0), stream: request.body };
  return { body: await collect(request.body), stream: undefined };
};

/** Reads the arguments of `fetch` against the signed config. Throws what `fetch` throws for them. */
export const readCall = async (
  config: GatewayConfig,
  endpoints: readonly string[],
  newKey: () => string,
  input: FetchInput,
  init?: RequestInit,
): Promise<Call> => {
  refuseUnsupported(init);
  const url = resolveUrl(input, endpoints);
  const isStream = init?.body instanceof ReadableStream;
  const request = buildRequest(url, input, init, isStream);
  const { method } = request;
  const route = findConfigRoute(config, method, url.pathname) ?? defaultRoute(config.defaultMode);
  if (!allowsQuery(route, url)) throw unsupported('query-not-public');
  const headers = readHeaders(request.headers);
  const isSafe = isSafeMethod(method);
  // Where the route honours keys every call has one, so that a lost reply can be asked for again.
  if (!isSafe && route.idempotency !== 'none') headers[header.idempotencyKey] ??= newKey();
  const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
  const { body, stream } = await unlessAborted(readBody(request, isStream && route.chunked), signal);
  return {
    target: { method, path: url.pathname, query: url.search === '' ? '?' : url.search },
    headers,
    body,
    stream,
    hasBody: method !== 'GET' && method !== 'HEAD',
    signal,
    options: passedOptions(init),
    route,
    isRepeatable: stream === undefined && (isSafe || route.idempotency !== 'none'),
  };
};

/** A call of the client's own to an endpoint of the gateway: always sealed, never repeated unless it says so. */
export const ownCall = (path: string, contentType: string, body: Uint8Array, isRepeatable: boolean): Call => ({
  target: { method: 'POST', path, query: '?' },
  headers: { [header.contentType]: contentType },
  body,
  stream: undefined,
  hasBody: true,
  signal: undefined,
  options: {},
  route: defaultRoute('sealed'),
  isRepeatable,
});
