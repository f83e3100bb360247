/** Writes replies to the client, and ends connections whose request was not read to its end without losing the reply. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { GatewayReply } from './gateway-reply.ts';
import { unwatch, type Watched, watch } from './sweeper.ts';

const hasLength = (headers: readonly string[]): boolean => {
  for (let index = 0; index < headers.length; index += 2) if (headers[index] === 'content-length') return true;
  return false;
};

/** Replies that have no body by their status (RFC 9110 section 6.4.1). */
const isBodiless = (status: number): boolean => status === 204 || status === 304;

/** Connections that got their last reply. What the parser still makes of their bytes is answered by nothing more. */
const lastReplies = new WeakSet<object>();

/** Whether the last reply of a connection is written. */
export const hadLastReply = (socket: object): boolean => lastReplies.has(socket);

/** How much of an unwanted body is still read, and how long, so that its sender gets to see the reply. */
const lingerBytes = 1_048_576;
const lingerMs = 1000;

/** Reads and drops the rest of a request. A connection that is closed with unread bytes is reset, and the reset overtakes the reply. */
class Lingering implements Watched {
  place = -1;
  private received = 0;
  private readonly until = performance.now() + lingerMs;
  private readonly response: ServerResponse;

  constructor(incoming: IncomingMessage, response: ServerResponse) {
    this.response = response;
    incoming.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      if (this.received > lingerBytes) this.end();
    });
    incoming.on('end', () => this.end());
    incoming.on('close', () => this.end());
    incoming.on('error', () => this.end());
    watch(this);
    incoming.resume();
  }

  check(now: number): void {
    if (now > this.until) this.end();
  }

  private end(): void {
    if (unwatch(this)) this.response.end();
  }
}

/** Longest body that is copied behind its head. */
const joinedBytes = 8192;

/** node writes a head and a text in one piece, but a head and bytes in two; a short body is cheaper to copy than to write apart. */
const endWith = (response: ServerResponse, body: Uint8Array): void => {
  if (body.length > joinedBytes) response.end(body);
  else response.end(Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1'), 'latin1');
};

/** Longer bodies stay in memory while the client does not take them. */
const stallableBytes = 65_536;
/** A client that takes nothing for this long is given up: hundreds of them would hold a gigabyte of replies. */
const stallMs = 30_000;

/** Writes a reply. An unread request body closes the connection: its bytes must not be taken for the next request. */
export const writeReply = (
  incoming: IncomingMessage,
  response: ServerResponse,
  reply: GatewayReply,
  extra: readonly string[],
  isUnread: boolean,
  stallAfterMs: number = stallMs,
): void => {
  // A request whose stream was destroyed has no socket any more, the response keeps it; a reply that waits for the one before has none yet.
  const socket = (response.socket ?? incoming.socket) as Socket | null;
  if (response.headersSent || response.destroyed || socket === null || socket.destroyed) return;
  const { status, body } = reply;
  const headers = extra.length === 0 ? [...reply.headers] : [...reply.headers, ...extra];
  const isHead = incoming.method === 'HEAD';
  if (!isHead && !isBodiless(status) && !hasLength(headers)) headers.push('content-length', String(body.length));
  if (isUnread) {
    headers.push('connection', 'close');
    lastReplies.add(socket);
  }
  response.writeHead(status, headers);
  // node takes the limit back with the end of the reply, and prolongs it while bytes flow.
  if (body.length > stallableBytes) socket.setTimeout(stallAfterMs);
  if (!isUnread) {
    if (isHead || isBodiless(status)) response.end();
    else endWith(response, body);
    return;
  }
  if (!isHead) response.write(body);
  new Lingering(incoming, response);
};
