/** Cross-origin answers. Backup origins of one service call each other's gateway, so preflights are cached for hours, not minutes. */
import { header } from '@hauberk/channel';
import type { RequestHead } from './request-head.ts';

/** What a service allows. */
export interface CorsRule {
  /** Exact origins; never `*`, which would forbid nothing. */
  readonly origins: readonly string[];
  readonly maxAgeSeconds: number;
  readonly exposedHeaders: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly credentials: boolean;
}

/** A rule with its header values written once. */
export interface CompiledCors {
  readonly origins: ReadonlySet<string>;
  readonly maxAge: string;
  readonly exposed: string;
  readonly allowed: string;
  readonly credentials: boolean;
}

/** Request headers that the SDK sends and that are not CORS-safelisted. */
const sdkRequestHeaders = [
  header.ticket,
  header.service,
  header.hello,
  header.stepUp,
  header.timeLeft,
  header.signature,
  header.signatureInput,
  header.contentDigest,
  header.contentType,
  header.authorization,
  header.idempotencyKey,
];

/** Reply headers that the SDK must read to verify a reply, and the few that programs need. */
const sdkReplyHeaders = [
  header.answer,
  header.directives,
  header.signature,
  header.signatureInput,
  header.contentDigest,
  'date',
  'location',
  'retry-after',
];

/** Writes the values of a rule. `covered` are headers that the service's routes cover, either way. */
export const compileCors = (
  rule: CorsRule,
  covered: { readonly request: readonly string[]; readonly reply: readonly string[] },
): CompiledCors => ({
  origins: new Set(rule.origins),
  maxAge: String(rule.maxAgeSeconds),
  exposed: [...new Set([...sdkReplyHeaders, ...covered.reply, ...rule.exposedHeaders])].join(', '),
  allowed: [...new Set([...sdkRequestHeaders, ...covered.request, ...rule.allowedHeaders])].join(', '),
  credentials: rule.credentials,
});

const none: readonly string[] = [];
const varies: readonly string[] = ['vary', 'origin'];

/** The reply headers for a request's origin; for a foreign one only `Vary`, and the browser keeps the reply from the page. */
export const corsHeaders = (cors: CompiledCors | undefined, head: Pick<RequestHead, 'headers'>): readonly string[] => {
  if (cors === undefined) return none;
  const { origin } = head.headers;
  if (typeof origin !== 'string') return varies;
  if (!cors.origins.has(origin)) return varies;
  const headers = ['access-control-allow-origin', origin, 'access-control-expose-headers', cors.exposed, ...varies];
  if (cors.credentials) headers.push('access-control-allow-credentials', 'true');
  return headers;
};

/** Whether a request is a preflight: it is answered here and never reaches an upstream. */
export const isPreflight = (head: RequestHead): boolean =>
  head.target.method === 'OPTIONS' &&
  head.headers['access-control-request-method'] !== undefined &&
  head.headers['origin'] !== undefined;

/** The headers of a preflight answer. `methods` are those that the path offers; a foreign origin is allowed nothing. */
export const preflightHeaders = (
  cors: CompiledCors | undefined,
  head: RequestHead,
  methods: readonly string[],
): readonly string[] => {
  const { origin } = head.headers;
  const vary = ['vary', 'origin, access-control-request-method, access-control-request-headers'];
  if (cors === undefined || typeof origin !== 'string' || !cors.origins.has(origin) || methods.length === 0)
    return vary;
  const headers = ['access-control-allow-origin', origin, 'access-control-allow-methods', methods.join(', ')];
  headers.push('access-control-allow-headers', cors.allowed, 'access-control-max-age', cors.maxAge, ...vary);
  if (cors.credentials) headers.push('access-control-allow-credentials', 'true');
  return headers;
};
