/**
 * The head of one request, read once from node's flat header array. Everything that two parsers could read differently is refused here:
 * duplicated framing or signature headers, unusual bytes, and every spelling of a path that a normalising upstream would rewrite.
 */
import type { IncomingMessage } from 'node:http';
import { type HeaderValues, type RequestTarget, targetOf } from '@hauberk/channel';
import { accept, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import { type RequestTrace, type StartTrace, startPlainTrace } from '../observability/trace-context.ts';
import type { ConnectionTrust } from './connection-trust.ts';
import type { WholeRequest } from './whole-request.ts';

/** Why a head is refused. */
export type HeadReason =
  | 'head.method'
  | 'head.target-form'
  | 'head.path-empty-segment'
  | 'head.path-dot-segment'
  | 'head.path-encoded-separator'
  | 'head.path-control'
  | 'head.path-encoding'
  | 'head.path-character'
  | 'head.query-character'
  | 'head.header-value'
  | 'head.duplicate'
  | 'head.framing'
  | 'head.host'
  | 'head.upgrade'
  | 'head.forwarded'
  | 'head.parse'
  | 'head.too-large'
  | 'head.too-slow';

/** A request head that has one reading. */
export interface RequestHead {
  readonly target: RequestTarget;
  /** By lower-case name; repeated list headers are joined, repeated single-valued ones were refused. */
  readonly headers: HeaderValues;
  /** Names and values in turn, as received: what is forwarded. */
  readonly rawHeaders: readonly string[];
  /** The client's address, taken from `X-Forwarded-For` only behind a trusted proxy. */
  readonly address: string;
  /** Whether the client's own connection is TLS. */
  readonly secure: boolean;
  /** When the head was complete. */
  readonly arrivedAt: EpochMs;
  readonly trace: RequestTrace;
}

/** Headers that must not come twice: a second one would be read by somebody else (signature wrapping, request smuggling). */
const singleValued: ReadonlySet<string> = new Set([
  'signature',
  'signature-input',
  'content-digest',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'host',
  'authorization',
  'idempotency-key',
  'origin',
  'range',
  'expect',
  'upgrade',
  'access-control-request-method',
]);

const isSingleValued = (name: string): boolean => singleValued.has(name) || name.startsWith('hauberk-');

/** Any byte but printable ASCII and space: node hands raw bytes over as latin-1, and upstreams differ in what they make of them. */
const strayByte = /[^\x20-\x7e]/;

/** A path that needs no second look: segments of unescaped path characters that do not begin with a dot. */
const plainPath = /^(?:\/[\w~!$&'()*+,;=:@-][\w~!$&'()*+,;=:@.-]*)+\/?$/;
const pathCharacters = /^[\w~!$&'()*+,;=:@.%/[\]|^-]*$/;
const dotSegment = /\/(?:\.|%2e){1,2}(?:\/|$)/i;
const encodedSeparator = /%(?:2f|5c)/i;
const encodedControl = /%(?:[01][0-9a-f]|7f)/i;
/** Escapes of characters that need none (RFC 3986 section 2.3): a decoding upstream would see another route than we do. */
const needlessEscape = /%(?:2d|2e|3[0-9]|4[1-9a-f]|5[0-9a]|5f|6[1-9a-f]|7[0-9a]|7e)/i;
const brokenEscape = /%(?![0-9a-fA-F]{2})/;
/** What the URL standard escapes in a query: such a raw character has more than one spelling. */
const queryStray = /["<>#\s\\]/;

/** Whether the escapes spell UTF-8. Overlong forms such as `%c0%ae` are a dot or a slash to a careless decoder. */
const isUtf8 = (path: string): boolean => {
  if (!path.includes('%')) return true;
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
};

const judgePath = (path: string): HeadReason | undefined => {
  if (plainPath.test(path) || path === '/') return undefined;
  if (path.includes('//')) return 'head.path-empty-segment';
  if (path.includes('\\') || encodedSeparator.test(path)) return 'head.path-encoded-separator';
  if (dotSegment.test(path)) return 'head.path-dot-segment';
  if (encodedControl.test(path)) return 'head.path-control';
  if (brokenEscape.test(path) || needlessEscape.test(path) || !isUtf8(path)) return 'head.path-encoding';
  return pathCharacters.test(path) ? undefined : 'head.path-character';
};

/** Judges a request target as it stands on the request line; undefined when it has exactly one reading. */
export const judgeTarget = (url: string): HeadReason | undefined => {
  if (url.charCodeAt(0) !== 0x2f) return 'head.target-form';
  const mark = url.indexOf('?');
  if (mark < 0) return judgePath(url);
  return judgePath(url.slice(0, mark)) ?? (queryStray.test(url.slice(mark)) ? 'head.query-character' : undefined);
};

type CollectedHeaders = Record<string, string | undefined>;

/** One pass over the flat array, whose names in lower case may be known; the object has no prototype, so that a header named `__proto__` is only a header. */
const collectHeaders = (raw: readonly string[], names?: readonly string[]): CollectedHeaders | HeadReason => {
  const headers: CollectedHeaders = Object.create(null) as CollectedHeaders;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = names?.[index / 2] ?? (raw[index] as string).toLowerCase();
    const value = raw[index + 1] as string;
    if (strayByte.test(value)) return 'head.header-value';
    const held = headers[name];
    if (held === undefined) headers[name] = value;
    else if (isSingleValued(name)) return 'head.duplicate';
    else headers[name] = name === 'cookie' ? `${held}; ${value}` : `${held}, ${value}`;
  }
  return headers;
};

const lengthForm = /^(?:0|[1-9][0-9]{0,14})$/;

/** `Connection` may name nothing that is covered or forwarded: whoever adds a name would strike that header out behind the signature. */
const connectionForm = /^(?:\s*(?:close|keep-alive|te|upgrade|http2-settings)?\s*(?:,|$))+$/i;

const judgeFraming = (headers: CollectedHeaders): HeadReason | undefined => {
  const length = headers['content-length'];
  const coding = headers['transfer-encoding'];
  if (length !== undefined && (coding !== undefined || !lengthForm.test(length))) return 'head.framing';
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'head.framing';
  if (headers['connection'] !== undefined && !connectionForm.test(headers['connection'])) return 'head.framing';
  if (headers['host'] === undefined || headers['host'] === '') return 'head.host';
  if (headers['upgrade'] !== undefined && /(?:^|,)\s*websocket\b/i.test(headers['upgrade'])) return 'head.upgrade';
  return undefined;
};

/** Reads a request's head. Call it as soon as the head is complete: `arrivedAt` is what the age is judged against. */
export const readHead = (
  request: Pick<IncomingMessage | WholeRequest, 'method' | 'url' | 'rawHeaders'> & Partial<Pick<WholeRequest, 'names'>>,
  arrivedAt: EpochMs,
  trust: Pick<ConnectionTrust, 'clientOf' | 'isProxy'>,
  startTrace: StartTrace = startPlainTrace,
): Result<RequestHead, HeadReason> => {
  const method = request.method ?? '';
  const url = request.url ?? '';
  if (method === '' || method === 'CONNECT' || method === 'TRACE') return refuse('head.method', method);
  const targetReason = judgeTarget(url);
  if (targetReason !== undefined) return refuse(targetReason);
  const headers = collectHeaders(request.rawHeaders, request.names);
  if (typeof headers === 'string') return refuse(headers);
  const framingReason = judgeFraming(headers);
  if (framingReason !== undefined) return refuse(framingReason);
  const client = trust.clientOf(headers);
  if (client === undefined) return refuse('head.forwarded');
  return accept({
    target: targetOf(method, url),
    headers,
    rawHeaders: request.rawHeaders,
    address: client.address,
    secure: client.secure,
    arrivedAt,
    trace: startTrace(headers, trust.isProxy),
  });
};

/** Whether a request carries a body by its framing (RFC 9112 section 6.3). */
export const hasBody = (head: RequestHead): boolean => {
  const length = head.headers['content-length'];
  return (length !== undefined && length !== '0') || head.headers['transfer-encoding'] !== undefined;
};
