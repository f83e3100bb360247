/**
 * A client connection whose requests come whole: read, answered and written here, without the general machinery of a stream in each
 * direction. The first request that is anything else hands the connection over to node's server for good, with all bytes that were not used.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { WholeReplyPort } from './carrier.ts';
import type { ConnectionTrust } from './connection-trust.ts';
import type { GatewayReply } from './gateway-reply.ts';
import { unwatchConnection, type Watched, watchConnection } from './sweeper.ts';
import { readWhole, type WholeLimits, type WholeRequest } from './whole-request.ts';

/** Answers a whole request, once, through `port`; `false` leaves it to node's server. `waitedMs` went by between its first piece and its last. */
export type WholeHandler = (
  request: WholeRequest,
  trust: ConnectionTrust,
  port: WholeReplyPort,
  waitedMs: number,
) => boolean;

/** What the connections of a listener share. */
export interface WholeConnectionOptions {
  readonly limits: WholeLimits & { readonly keepAliveTimeoutMs: number; readonly headersTimeoutMs: number };
  readonly handle: WholeHandler;
  /** node's own server, which takes over. */
  readonly handOver: (socket: Socket) => void;
  readonly isDraining: () => boolean;
}

/** How long the rest of a request is waited for before node's timeouts are left to judge. */
const patienceMs = 1000;
/** Pieces that the first part of a request may come in; a sender of smaller ones is node's. */
const mostPieces = 8;
/** Longest body that is copied behind its head: one write of a text costs less than one of two pieces. */
const joinedBytes = 8192;
/** A client that takes nothing for this long is given up. */
const stallMs = 30_000;
/** How long a client may take to close its side after its last reply. */
const lingerMs = 1000;

const nothing = new Uint8Array(0);

/** What may not stand in a header's value (RFC 9110 section 5.5). */
const strayByte = /[^\t\x20-\x7e\x80-\xff]/;

let dateText = '';
let dateSecond = 0;

/** The date of a reply (RFC 9110 section 6.6.1), made anew once a second. */
const httpDate = (): string => {
  const now = Date.now();
  const second = Math.floor(now / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(now).toUTCString();
  }
  return dateText;
};

/** A header that would be read as more than one is a fault of ours, not of a client. */
class UnwritableHeader extends Error {
  override readonly name = 'UnwritableHeader';
}

const headerLines = (headers: readonly string[]): string => {
  let lines = '';
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const value = headers[index + 1] as string;
    if (strayByte.test(value)) throw new UnwritableHeader(headers[index]);
    lines += `${headers[index]}: ${value}\r\n`;
  }
  return lines;
};

const names = (headers: readonly string[], name: string): boolean => {
  for (let index = 0; index < headers.length; index += 2) if (headers[index] === name) return true;
  return false;
};

/** Replies that have no body by their status (RFC 9110 section 6.4.1). */
const isBodiless = (status: number): boolean => status === 204 || status === 304;

/** A reply's head up to what differs from one connection to the next. */
const headStart = ({ status, headers, body }: GatewayReply): string => {
  const length = isBodiless(status) || names(headers, 'content-length') ? '' : `content-length: ${body.length}\r\n`;
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${headerLines(headers)}${length}`;
};

const headEnd = (extra: readonly string[], ending: string): string =>
  `${headerLines(extra)}date: ${httpDate()}\r\n${ending}\r\n`;

/** A reply that is written once and sent many times. */
export interface PreparedReply {
  readonly status: number;
  /** Bytes of the body. */
  readonly bytes: number;
  readonly start: string;
  readonly body: string;
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** Writes what all copies of a reply share. */
export const prepareReply = (reply: GatewayReply): PreparedReply => ({
  status: reply.status,
  bytes: reply.body.length,
  start: headStart(reply),
  body: latin1(reply.body),
});

/** What a connection is about: waiting for a request, serving one, waiting until its reply is taken, or waiting for its end. */
type State = 'idle' | 'serving' | 'writing' | 'closing';

/** One connection. */
export class WholeConnection implements Watched, WholeReplyPort {
  place = -1;
  private readonly socket: Socket;
  private readonly trust: ConnectionTrust;
  private readonly options: WholeConnectionOptions;
  private state: State = 'idle';
  /** When the present wait began, on the monotonic clock. */
  private since = performance.now();
  /** Bytes that are not used yet, and in how many pieces they came. */
  private held: Buffer | undefined;
  private pieces = 0;
  private isAdvancing = false;
  private isEnding = false;
  private hasServed = false;

  constructor(socket: Socket, trust: ConnectionTrust, options: WholeConnectionOptions) {
    this.socket = socket;
    this.trust = trust;
    this.options = options;
    socket.on('data', this.onData);
    socket.on('end', this.onEnd);
    socket.on('drain', this.onDrain);
    socket.on('error', this.onError);
    socket.on('close', this.onClose);
    watchConnection(this);
  }

  get peer(): string {
    return this.trust.peer;
  }

  /** Whether a request is being served or its reply written. */
  get isUnderWay(): boolean {
    return this.state !== 'idle';
  }

  /** Closes as soon as nothing is under way. */
  drain(): void {
    if (this.state === 'idle') this.socket.destroy();
    else this.isEnding = true;
  }

  check(now: number): void {
    const age = now - this.since;
    switch (this.state) {
      case 'serving':
        return;
      case 'writing':
        if (age > stallMs) this.socket.destroy();
        return;
      case 'closing':
        if (age > lingerMs) this.socket.destroy();
        return;
      case 'idle':
        this.checkIdle(age);
    }
  }

  private checkIdle(ageMs: number): void {
    const { headersTimeoutMs, keepAliveTimeoutMs } = this.options.limits;
    if (this.held !== undefined) {
      if (ageMs > Math.min(patienceMs, headersTimeoutMs)) this.handOver();
    } else if (ageMs > (this.hasServed ? keepAliveTimeoutMs : headersTimeoutMs)) this.socket.destroy();
  }

  private readonly onData = (chunk: Buffer): void => {
    if (this.state === 'closing') return;
    if (this.held === undefined && this.state === 'idle') this.since = performance.now();
    this.pieces += 1;
    this.held = this.held === undefined ? chunk : Buffer.concat([this.held, chunk]);
    if (this.state === 'idle') this.advance();
    // One request at a time: what comes behind it waits in the kernel.
    else this.socket.pause();
  };

  /** Nothing will follow; what is under way is still answered. */
  private readonly onEnd = (): void => {
    if (this.state === 'idle') this.close();
    else this.isEnding = true;
  };

  private readonly onDrain = (): void => {
    if (this.state === 'writing') this.becomeIdle();
  };

  private readonly onError = (): void => {
    this.socket.destroy();
  };

  private readonly onClose = (): void => {
    unwatchConnection(this);
  };

  private enter(state: State): void {
    this.state = state;
    this.since = performance.now();
  }

  private close(): void {
    this.enter('closing');
    this.held = undefined;
    this.socket.end();
    if (this.socket.isPaused()) this.socket.resume();
  }

  /** Serves what lies there, request by request. */
  private advance(): void {
    if (this.isAdvancing) return;
    this.isAdvancing = true;
    while (this.state === 'idle' && this.held !== undefined && !this.socket.destroyed) {
      if (!this.serveNext(this.held)) break;
    }
    this.isAdvancing = false;
    if (this.state === 'idle' && this.socket.isPaused()) this.socket.resume();
  }

  /** False when there is no whole request, or none for us. */
  private serveNext(bytes: Buffer): boolean {
    const read = readWhole(bytes, this.options.limits);
    if (read.kind === 'partial' && this.pieces <= mostPieces) return false;
    if (read.kind === 'request') {
      const waitedMs = this.pieces > 1 ? performance.now() - this.since : 0;
      this.state = 'serving';
      this.held = read.end === bytes.length ? undefined : bytes.subarray(read.end);
      if (this.options.handle(read.request, this.trust, this, waitedMs)) {
        this.pieces = this.held === undefined ? 0 : 1;
        this.hasServed = true;
        return true;
      }
      this.state = 'idle';
      this.held = bytes;
    }
    this.handOver();
    return false;
  }

  answer(reply: GatewayReply, extra: readonly string[]): void {
    if (!this.canAnswer()) return;
    const body = isBodiless(reply.status) ? nothing : reply.body;
    this.write(headStart(reply) + headEnd(extra, this.ending()), body);
    this.answered();
  }

  answerPrepared({ start, body }: PreparedReply, extra: readonly string[]): void {
    if (!this.canAnswer()) return;
    this.socket.write(start + headEnd(extra, this.ending()) + body, 'latin1');
    this.answered();
  }

  destroy(): void {
    this.socket.destroy();
  }

  private canAnswer(): boolean {
    return this.state === 'serving' && !this.socket.destroyed;
  }

  /** Whether the reply that is about to be written is the last one. */
  private isLast(): boolean {
    return this.isEnding || this.options.isDraining();
  }

  private ending(): string {
    if (this.isLast()) return 'connection: close\r\n';
    return `connection: keep-alive\r\nkeep-alive: timeout=${Math.floor(this.options.limits.keepAliveTimeoutMs / 1000)}\r\n`;
  }

  private answered(): void {
    if (this.isLast()) this.close();
    else if (this.socket.writableLength > 0) this.enter('writing');
    else this.becomeIdle();
  }

  private write(head: string, body: Uint8Array): void {
    const { socket } = this;
    if (body.length <= joinedBytes) {
      socket.write(head + latin1(body), 'latin1');
      return;
    }
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.uncork();
  }

  private becomeIdle(): void {
    if (this.isEnding) {
      this.close();
      return;
    }
    this.enter('idle');
    this.advance();
  }

  /** Gives the connection to node's server with every byte that was not used. */
  private handOver(): void {
    const { socket, held } = this;
    unwatchConnection(this);
    socket.off('data', this.onData);
    socket.off('end', this.onEnd);
    socket.off('drain', this.onDrain);
    socket.off('error', this.onError);
    socket.off('close', this.onClose);
    socket.pause();
    this.held = undefined;
    if (held !== undefined) socket.unshift(held);
    this.options.handOver(socket);
    process.nextTick(() => socket.resume());
  }
}
