/** How a request came and how its reply goes: through node's streams, or whole. The pipeline does not care which. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayReply } from './gateway-reply.ts';
import { writeReply } from './reply-writer.ts';
import { hasBody, type RequestHead } from './request-head.ts';
import type { PreparedReply } from './whole-connection.ts';
import type { WholeRequest } from './whole-request.ts';

/** Both directions as node's streams, for what comes or goes in pieces. */
export interface StreamedMessage {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
}

/** One request's way in and out. */
export interface Carrier {
  readonly incoming: IncomingMessage | WholeRequest;
  /** There when the request came through node's streams. */
  readonly streams: StreamedMessage | undefined;
  /** The address at the other end of the connection. */
  readonly peer: string;
  /** Whether the connection cannot carry another request: bytes are still to come, or its head had more than one reading. */
  isUnread(head: RequestHead | undefined): boolean;
  write(reply: GatewayReply, extra: readonly string[], isUnread: boolean): void;
  /** The status that is on its way; undefined before that. */
  status(): number | undefined;
  destroy(): void;
}

/** A request through node's streams. */
export class StreamCarrier implements Carrier {
  readonly incoming: IncomingMessage;
  private readonly response: ServerResponse;

  constructor(incoming: IncomingMessage, response: ServerResponse) {
    this.incoming = incoming;
    this.response = response;
  }

  get streams(): StreamedMessage {
    return { incoming: this.incoming, response: this.response };
  }

  get peer(): string {
    return this.incoming.socket.remoteAddress ?? '';
  }

  isUnread(head: RequestHead | undefined): boolean {
    return head === undefined || (!this.incoming.complete && hasBody(head));
  }

  write(reply: GatewayReply, extra: readonly string[], isUnread: boolean): void {
    writeReply(this.incoming, this.response, reply, extra, isUnread);
  }

  status(): number | undefined {
    return this.response.headersSent ? this.response.statusCode : undefined;
  }

  destroy(): void {
    this.response.destroy();
  }
}

/** Where the reply to a whole request goes. */
export interface WholeReplyPort {
  readonly peer: string;
  answer(reply: GatewayReply, extra: readonly string[]): void;
  /** The same for a reply that many requests get. */
  answerPrepared(reply: PreparedReply, extra: readonly string[]): void;
  destroy(): void;
}

/** A request in one piece. */
export class WholeCarrier implements Carrier {
  readonly incoming: WholeRequest;
  readonly streams = undefined;
  private readonly port: WholeReplyPort;
  private written: number | undefined;

  constructor(incoming: WholeRequest, port: WholeReplyPort) {
    this.incoming = incoming;
    this.port = port;
  }

  get peer(): string {
    return this.port.peer;
  }

  isUnread(): boolean {
    return false;
  }

  write(reply: GatewayReply, extra: readonly string[]): void {
    this.port.answer(reply, extra);
    this.written = reply.status;
  }

  status(): number | undefined {
    return this.written;
  }

  destroy(): void {
    this.port.destroy();
  }
}
