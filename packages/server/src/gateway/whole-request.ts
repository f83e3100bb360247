/**
 * Reads a request that lies whole in memory and has nothing unusual about it: the strict subset of HTTP/1.1 that API clients send. It judges
 * nothing: what it does not know, it leaves to node's parser, byte for byte, so that there is one place where odd messages are refused.
 */

/** A request in one piece. It stands where node's `IncomingMessage` does. */
export interface WholeRequest {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: '1.1';
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  /** The names in lower case. */
  readonly names: readonly string[];
  readonly body: Uint8Array;
}

/** What the bytes of a connection begin with: a request and where it ends, the first part of one, or something for node. */
export type WholeRead =
  | { readonly kind: 'request'; readonly request: WholeRequest; readonly end: number }
  | { readonly kind: 'partial' }
  | { readonly kind: 'other' };

/** Longest body that is waited for here, in bytes; node takes longer ones as they come. */
export const longestWholeBody = 65_536;

const partial: WholeRead = { kind: 'partial' };
const other: WholeRead = { kind: 'other' };

const headEnd = Buffer.from('\r\n\r\n');
const requestLine = /^(GET|POST|PUT|PATCH|DELETE|OPTIONS) (\/[\x21-\x7e]*) HTTP\/1\.1$/;
/** Lines of printable ASCII and tabs, each ended by exactly one CRLF. */
const plainLines = /^(?:[\t\x20-\x7e]+\r\n)+$/;
const token = /^[\w!#$%&'*+.^`|~-]+$/;
const lengthForm = /^(?:0|[1-9]\d{0,6})$/;

/** How a header bears on the framing: not at all, by its length, or in a way that is node's to judge. */
type Bearing = 'none' | 'length' | 'connection' | 'other';

const bearings: Readonly<Record<string, Bearing>> = {
  'content-length': 'length',
  connection: 'connection',
  'proxy-connection': 'other',
  'transfer-encoding': 'other',
  expect: 'other',
  upgrade: 'other',
  'http2-settings': 'other',
  te: 'other',
  trailer: 'other',
};

interface KnownName {
  /** The one copy of this spelling: what is looked up by it later need not be hashed again. */
  readonly name: string;
  readonly lower: string;
  readonly bearing: Bearing;
}

/** Names as received. Clients send few spellings; the bound is for those of an attacker. */
const known = new Map<string, KnownName>();

const knownName = (name: string): KnownName => {
  const held = known.get(name);
  if (held !== undefined) return held;
  const lower = name.toLowerCase();
  const bearing = token.test(name) ? (bearings[lower] ?? 'none') : 'other';
  const fresh = { name, lower, bearing };
  if (known.size < 2048) known.set(name, fresh);
  return fresh;
};

interface Fields {
  readonly rawHeaders: string[];
  readonly names: string[];
  /** Bytes of the body; 0 when nothing says that there is one. */
  readonly length: number;
}

const readFields = (head: string, start: number, mostHeaders: number): Fields | undefined => {
  const rawHeaders: string[] = [];
  const names: string[] = [];
  let length = -1;
  for (let at = start; at < head.length; ) {
    const end = head.indexOf('\r\n', at);
    const colon = head.indexOf(':', at);
    if (colon < 0 || colon > end) return undefined;
    const { name, lower, bearing } = knownName(head.slice(at, colon));
    const value = head.slice(colon + 1, end).trim();
    if (bearing === 'length') {
      if (length >= 0 || !lengthForm.test(value)) return undefined;
      length = Number(value);
    } else if (bearing === 'other' || (bearing === 'connection' && value.toLowerCase() !== 'keep-alive')) {
      return undefined;
    }
    rawHeaders.push(name, value);
    names.push(lower);
    at = end + 2;
  }
  return names.length > mostHeaders ? undefined : { rawHeaders, names, length: Math.max(0, length) };
};

/** Limits of a listener. */
export interface WholeLimits {
  readonly headerBytes: number;
  readonly headers: number;
}

/** Reads what a connection's bytes begin with. The body of a request is a view of them. */
export const readWhole = (bytes: Buffer, limits: WholeLimits): WholeRead => {
  const end = bytes.indexOf(headEnd);
  if (end < 0) return bytes.length < limits.headerBytes ? partial : other;
  if (end > limits.headerBytes) return other;
  const head = bytes.toString('latin1', 0, end + 2);
  if (!plainLines.test(head)) return other;
  const lineEnd = head.indexOf('\r\n');
  const line = requestLine.exec(head.slice(0, lineEnd));
  if (line === null) return other;
  const fields = readFields(head, lineEnd + 2, limits.headers);
  if (fields === undefined || fields.length > longestWholeBody) return other;
  const bodyEnd = end + 4 + fields.length;
  if (bodyEnd > bytes.length) return partial;
  const [, method = '', url = ''] = line;
  const body = bytes.subarray(end + 4, bodyEnd);
  return {
    kind: 'request',
    request: { method, url, httpVersion: '1.1', rawHeaders: fields.rawHeaders, names: fields.names, body },
    end: bodyEnd,
  };
};
