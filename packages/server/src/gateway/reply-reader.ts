/**
 * Reads the reply to one request from the bytes of an upstream connection (RFC 9112). Strict, and a strict subset: whatever two readers
 * could frame differently is malformed, for on a kept connection the rest of one customer's reply would become the next customer's.
 */

/** A whole reply. */
export interface WholeReply {
  readonly status: number;
  /** Names in lower case and values in turn, as many as came. */
  readonly headers: string[];
  readonly body: Uint8Array;
  /** Whether the connection may carry another request. */
  readonly isReusable: boolean;
}

/** Why bytes are no reply, or none that is wanted. */
export type ReplyFault = 'malformed' | 'too-large' | 'event-stream';

/** What reading came to: more bytes are needed, the reply is whole, or it is refused. */
export type ReadState = 'more' | 'done' | ReplyFault;

/** Longest head, informational ones before it included, and longest trailer, in bytes. */
const headLimit = 65_536;
/** Longest line of a chunk's size, extensions included. */
const sizeLineLimit = 1024;

const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');
const nothing = new Uint8Array(0);

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
/** Lines without control characters, each ended by exactly one CRLF. */
const plainLines = /^(?:[\t\x20-\x7e\x80-\xff]*\r\n)+$/;
/** Characters that a line cannot hold. */
const stray = /[^\t\x20-\x7e\x80-\xff]/;
const token = /^[\w!#$%&'*+.^`|~-]+$/;
const digits = /^\d{1,15}$/;
const chunkSize = /^([0-9a-fA-F]{1,8})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?$/;
const eventStream = /^text\/event-stream\b/i;

/** Names as received → lower case, or undefined for what is no name. Upstreams send few spellings; the bound is for the others. */
const names = new Map<string, string | undefined>();

const nameOf = (raw: string): string | undefined => {
  const held = names.get(raw);
  if (held !== undefined) return held;
  const name = token.test(raw) ? raw.toLowerCase() : undefined;
  if (names.size < 1024) names.set(raw, name);
  return name;
};

/** How the end of a body is told. */
type Framing =
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

interface Head {
  readonly status: number;
  readonly headers: string[];
  readonly framing: Framing;
  readonly isReusable: boolean;
}

interface Fields {
  readonly headers: string[];
  length: number | undefined;
  isChunked: boolean;
  isClosing: boolean;
  isEventStream: boolean;
}

/** What the names that frame a message say; false when it cannot be trusted. */
const noteField = (fields: Fields, name: string, value: string): boolean => {
  switch (name) {
    case 'content-length':
      if (fields.length !== undefined || fields.isChunked || !digits.test(value)) return false;
      fields.length = Number(value);
      return true;
    case 'transfer-encoding':
      if (fields.isChunked || fields.length !== undefined || value.toLowerCase() !== 'chunked') return false;
      fields.isChunked = true;
      return true;
    case 'connection':
      if (value.toLowerCase() !== 'keep-alive') fields.isClosing = true;
      return true;
    case 'content-type':
      if (value.length >= 17 && eventStream.test(value)) fields.isEventStream = true;
      return true;
    default:
      return true;
  }
};

const readFields = (text: string, start: number): Fields | undefined => {
  const fields: Fields = {
    headers: [],
    length: undefined,
    isChunked: false,
    isClosing: false,
    isEventStream: false,
  };
  for (let at = start; at < text.length; ) {
    const end = text.indexOf('\r\n', at);
    const colon = text.indexOf(':', at);
    if (colon < 0 || colon > end) return undefined;
    const name = nameOf(text.slice(at, colon));
    if (name === undefined) return undefined;
    const value = text.slice(colon + 1, end).trim();
    if (!noteField(fields, name, value)) return undefined;
    fields.headers.push(name, value);
    at = end + 2;
  }
  return fields;
};

/** Replies that have no body, whatever their headers say (RFC 9112 section 6.3). */
const isBodiless = (status: number, isHead: boolean): boolean => isHead || status === 204 || status === 304;

const framingOf = (status: number, isHead: boolean, { isChunked, length }: Fields): Framing => {
  if (isBodiless(status, isHead)) return { kind: 'length', length: 0 };
  if (isChunked) return { kind: 'chunked' };
  return length === undefined ? { kind: 'close' } : { kind: 'length', length };
};

/** Reads a head with its last CRLF, or tells why not. */
const readHead = (text: string, isHead: boolean): Head | 'informational' | ReplyFault => {
  const end = text.indexOf('\r\n');
  const line = statusLine.exec(text.slice(0, end));
  if (line === null || !plainLines.test(text)) return 'malformed';
  const status = Number(line[2]);
  const fields = readFields(text, end + 2);
  // 101 answers an upgrade that was never asked for.
  if (fields === undefined || status === 101) return 'malformed';
  if (status < 200) return 'informational';
  if (fields.isEventStream && !isHead) return 'event-stream';
  if (fields.isChunked && line[1] === '0') return 'malformed';
  const framing = framingOf(status, isHead, fields);
  const isReusable = line[1] === '1' && !fields.isClosing && framing.kind !== 'close';
  return { status, headers: fields.headers, framing, isReusable };
};

/** Where in a chunked body the next byte stands. */
type ChunkPlace = 'size' | 'data' | 'data-end' | 'trailer';

/** Takes a chunked body apart (RFC 9112 section 7.1). Trailers are read over and dropped. */
class ChunkedBody {
  private place: ChunkPlace = 'size';
  private left = 0;
  private trailerBytes = 0;
  /** Bytes of an unfinished line. */
  private held: Buffer = Buffer.alloc(0);
  private readonly take: (piece: Uint8Array) => boolean;

  /** `take` gets each piece of the body, which is valid during the call, and answers whether there is room. */
  constructor(take: (piece: Uint8Array) => boolean) {
    this.take = take;
  }

  /** Takes bytes in; `rest` of the answer are those behind the body. */
  push(input: Buffer): { readonly state: ReadState; readonly rest: number } {
    const bytes = this.held.length === 0 ? input : Buffer.concat([this.held, input]);
    let at = 0;
    while (at < bytes.length) {
      const next = this.place === 'data' ? this.readData(bytes, at) : this.readLine(bytes, at);
      if (typeof next === 'string') {
        if (next !== 'more') return { state: next, rest: 0 };
        break;
      }
      if (next < 0) return { state: 'done', rest: bytes.length + next + 1 };
      at = next;
    }
    this.held = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
    return { state: 'more', rest: 0 };
  }

  private readData(bytes: Buffer, at: number): number | ReplyFault {
    const end = Math.min(bytes.length, at + this.left);
    if (!this.take(bytes.subarray(at, end))) return 'too-large';
    this.left -= end - at;
    if (this.left === 0) this.place = 'data-end';
    return end;
  }

  /** The place behind one line; below zero, -1 - that place, when it was the last. */
  private readLine(bytes: Buffer, at: number): number | 'more' | ReplyFault {
    const limit = this.place === 'trailer' ? headLimit : sizeLineLimit;
    const end = bytes.indexOf(lineEnd, at);
    if (end < 0) return bytes.length - at > limit ? 'malformed' : 'more';
    if (end - at > limit) return 'malformed';
    const line = bytes.toString('latin1', at, end);
    if (stray.test(line)) return 'malformed';
    return this.applyLine(line, end + 2);
  }

  private applyLine(line: string, behind: number): number | ReplyFault {
    if (this.place === 'size') {
      const size = chunkSize.exec(line);
      if (size === null) return 'malformed';
      this.left = Number.parseInt(size[1] ?? '', 16);
      this.place = this.left === 0 ? 'trailer' : 'data';
      return behind;
    }
    if (this.place === 'data-end') {
      this.place = 'size';
      return line === '' ? behind : 'malformed';
    }
    this.trailerBytes += line.length + 2;
    if (this.trailerBytes > headLimit) return 'malformed';
    return line === '' ? -1 - behind : behind;
  }
}

/** Reads one reply. Its bytes may come in any pieces; each is used during `push` and copied if it must last. */
export class ReplyReader {
  private readonly isHead: boolean;
  private readonly bodyLimit: number;
  private head: Head | undefined;
  private headBytes = 0;
  /** Bytes of an unfinished head. */
  private held: Buffer | undefined;
  private chunked: ChunkedBody | undefined;
  private pieces: Uint8Array[] = [];
  private received = 0;
  private surplus = 0;

  /** `isHead`: the request was a HEAD. `bodyLimit`: longest body, in bytes. */
  constructor(isHead: boolean, bodyLimit: number) {
    this.isHead = isHead;
    this.bodyLimit = bodyLimit;
  }

  /** Takes bytes in. */
  push(input: Buffer): ReadState {
    if (this.head !== undefined) return this.pushBody(this.head, input);
    const bytes = this.held === undefined ? input : Buffer.concat([this.held, input]);
    this.held = undefined;
    return this.pushHead(bytes);
  }

  /** The connection ended: that is the end of a body without another one, and of nothing else. */
  end(): ReadState {
    return this.head?.framing.kind === 'close' ? 'done' : 'malformed';
  }

  /** The reply, once it is done. */
  reply(): WholeReply {
    if (this.head === undefined) throw new Error('the reply is not whole');
    const { status, headers, isReusable } = this.head;
    const [first] = this.pieces;
    const body =
      this.pieces.length === 1 && first !== undefined
        ? first
        : this.pieces.length === 0
          ? nothing
          : Buffer.concat(this.pieces);
    return { status, headers, body, isReusable: isReusable && this.surplus === 0 };
  }

  private pushHead(bytes: Buffer): ReadState {
    const end = bytes.indexOf(headEnd);
    if (end < 0 || this.headBytes + end > headLimit) {
      if (end >= 0 || this.headBytes + bytes.length > headLimit) return 'malformed';
      this.held = Buffer.from(bytes);
      return 'more';
    }
    this.headBytes += end + 4;
    const head = readHead(bytes.toString('latin1', 0, end + 2), this.isHead);
    if (typeof head === 'string' && head !== 'informational') return head;
    const rest = bytes.subarray(end + 4);
    if (head === 'informational') return rest.length === 0 ? 'more' : this.pushHead(rest);
    this.head = head;
    if (head.framing.kind === 'length' && head.framing.length > this.bodyLimit) return 'too-large';
    return this.pushBody(head, rest);
  }

  private readonly take = (piece: Uint8Array): boolean => {
    this.received += piece.length;
    if (this.received > this.bodyLimit) return false;
    if (piece.length > 0) this.pieces.push(Buffer.from(piece));
    return true;
  };

  private pushBody({ framing }: Head, bytes: Buffer): ReadState {
    if (framing.kind === 'length') return this.pushLength(framing.length, bytes);
    if (framing.kind === 'close') return this.take(bytes) ? 'more' : 'too-large';
    this.chunked ??= new ChunkedBody(this.take);
    const { state, rest } = this.chunked.push(bytes);
    this.surplus = rest;
    return state;
  }

  private pushLength(length: number, bytes: Buffer): ReadState {
    const missing = length - this.received;
    this.surplus = Math.max(0, bytes.length - missing);
    if (!this.take(this.surplus === 0 ? bytes : bytes.subarray(0, missing))) return 'too-large';
    return this.received === length ? 'done' : 'more';
  }
}
