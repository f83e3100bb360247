/**
 * Streams on routes that declare them: chunked requests, forwarded as their chunks verify, and event-stream replies, sealed chunk by chunk.
 * A bad or missing final chunk resets the upstream request. A sealed heartbeat goes out every 15 s; the stream ends with a final mark when
 * the session expires or the device is revoked, and without one (a transport failure) when the upstream breaks off.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type ChunkedRequest,
  type ChunkOpener,
  type ChunkSealer,
  generationOf,
  maxChunkLength,
  openChunkedRequest,
  protectChunkedReply,
  readProtectedHead,
  tag,
  type VerifiedRequest,
  verifyRequest,
} from '@hauberk/channel';
import { readBody } from './body.ts';
import type { StreamedMessage } from './carrier.ts';
import type { Exchange } from './exchange.ts';
import type { ReplySink, StreamControl, StreamedRequest } from './forward-stream.ts';
import { addHeaders, bindReply, coveredValues, type GatewayReply, unboundHeaders } from './gateway-reply.ts';
import { replyHeaders } from './hygiene.ts';
import {
  answerStopped,
  authorise,
  boundProblem,
  demandOf,
  type Protection,
  unboundProblem,
  upstreamRequest,
} from './protect.ts';
import type { Reason } from './reasons.ts';
import type { Route } from './route.ts';

/** What streams need beside the protected way. */
export interface StreamShell {
  readonly forwardStream: (route: Route, request: StreamedRequest, sink: ReplySink) => StreamControl;
  /** Whether the gateway is shutting down: streams end with their final mark. */
  readonly draining: () => boolean;
}

const heartbeatMs = 15_000;
/** How soon a revocation reaches an open stream. */
const watchMs = 500;

/** The bytes of a request as frames, whatever pieces they arrive in. */
async function* framesOf(
  incoming: IncomingMessage,
): AsyncGenerator<{ readonly head: Uint8Array; readonly sealed: Uint8Array }> {
  let held = Buffer.alloc(0);
  for await (const piece of incoming) {
    held = Buffer.concat([held, piece as Buffer]);
    for (;;) {
      if (held.length < 4) break;
      const length = (held.readUInt32BE(0) & 0x7fff_ffff) + 16;
      if (length > maxChunkLength + 16) throw new ChunkFault();
      if (held.length < 4 + length) break;
      yield { head: held.subarray(0, 4), sealed: held.subarray(4, 4 + length) };
      held = held.subarray(4 + length);
    }
  }
  if (held.length > 0) throw new ChunkFault();
}

/** A chunk that does not verify, or an end without the final one. Thrown into the upstream request, which is reset. */
class ChunkFault extends Error {
  override readonly name = 'ChunkFault';
}

/** The plain body of a chunked request, as it verifies. */
async function* plainChunks(
  incoming: IncomingMessage,
  opener: ChunkOpener,
  cap: number,
  onFault: () => void,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  let final = false;
  try {
    for await (const { head, sealed } of framesOf(incoming)) {
      const opened: ReturnType<ChunkOpener['open']> = final ? undefined : opener.open(head, sealed);
      received += opened?.plaintext.length ?? 0;
      if (opened === undefined || received > cap) throw new ChunkFault();
      final = opened.final;
      if (opened.plaintext.length > 0) yield opened.plaintext;
    }
    if (!final) throw new ChunkFault();
  } catch (error) {
    onFault();
    throw error;
  }
}

type StreamVerified =
  | { readonly ok: true; readonly request: VerifiedRequest; readonly opener: ChunkOpener | undefined }
  | { readonly ok: false; readonly reply: GatewayReply };

const chunkedOf = (value: ChunkedRequest): StreamVerified => ({
  ok: true,
  request: value.request,
  opener: value.opener,
});

const verifyStream = async (protection: Protection, exchange: Exchange): Promise<StreamVerified> => {
  const { crypto } = protection.channel;
  exchange.head.trace.enter('verify');
  const pending = readProtectedHead(protection.channel, exchange.head, demandOf(exchange.route));
  if (!pending.ok) return { ok: false, reply: unboundProblem(exchange, pending.code, pending.detail) };
  exchange.log.deviceId = pending.value.facts.deviceId;
  exchange.log.sessionId = pending.value.facts.sessionId;
  exchange.log.tag = pending.value.parameters.tag;
  const refusal = (refused: {
    readonly code: Reason;
    readonly binding?: VerifiedRequest['binding'];
  }): StreamVerified => {
    if (refused.binding === undefined) return { ok: false, reply: unboundProblem(exchange, refused.code) };
    const extra = { serverTimeMs: protection.now() };
    return {
      ok: false,
      reply: boundProblem(
        crypto,
        exchange,
        refused.binding,
        { reason: refused.code, options: { extra } },
        protection.now(),
      ),
    };
  };
  if (pending.value.parameters.tag === tag.chunked) {
    const opened = openChunkedRequest(crypto, pending.value, protection.now());
    return opened.ok ? chunkedOf(opened.value) : refusal(opened);
  }
  const body = await readBody(exchange.incoming, exchange.route.bodyCapBytes, protection.bodyPace);
  if (!body.ok) return refusal(body);
  const verified = verifyRequest(crypto, pending.value, body.value, protection.now());
  return verified.ok ? { ok: true, request: verified.value, opener: undefined } : refusal(verified);
};

const isEventStream = (headers: readonly string[]): boolean => {
  const index = headers.indexOf('content-type');
  return index >= 0 && /^text\/event-stream\b/i.test(headers[index + 1] ?? '');
};

/** One reply of a stream route: buffered and bound at its end, or sealed chunk by chunk. */
class StreamReply implements ReplySink {
  private control: StreamControl | undefined;
  private sealer: ChunkSealer | undefined;
  private readonly buffered: Uint8Array[] = [];
  private received = 0;
  private status = 0;
  private headers: readonly string[] = [];
  private heartbeat: NodeJS.Timeout | undefined;
  private watch: NodeJS.Timeout | undefined;
  private readonly protection: Protection;
  private readonly shell: StreamShell;
  private readonly exchange: Exchange;
  private readonly request: VerifiedRequest;
  private readonly response: ServerResponse;
  private readonly done: (reply: GatewayReply | undefined) => void;
  faulted = false;

  constructor(
    protection: Protection,
    shell: StreamShell,
    exchange: Exchange,
    request: VerifiedRequest,
    response: ServerResponse,
    done: (reply: GatewayReply | undefined) => void,
  ) {
    this.protection = protection;
    this.shell = shell;
    this.exchange = exchange;
    this.request = request;
    this.response = response;
    this.done = done;
  }

  start(control: StreamControl): void {
    this.control = control;
    this.response.on('close', () => {
      this.stop();
      control.abort();
    });
    this.response.on('drain', () => control.resume());
  }

  onHead(status: number, headers: string[]): void {
    this.status = status;
    this.headers = replyHeaders(headers);
    if (!isEventStream(this.headers)) return;
    const { protection, request, exchange } = this;
    const covered = coveredValues(this.headers, exchange.route.coveredReplyHeaders);
    const opened = protectChunkedReply(
      protection.channel.crypto,
      request.binding,
      { status, headers: covered },
      exchange.route.coveredReplyHeaders,
      protection.now(),
    );
    this.sealer = opened.sealer;
    this.response.writeHead(status, addHeaders(unboundHeaders(this.headers), opened.addedHeaders));
    this.heartbeat = setInterval(() => this.write(new Uint8Array(0), false), heartbeatMs);
    this.watch = setInterval(() => this.watchSession(), watchMs);
  }

  private watchSession(): void {
    const { facts } = this.request;
    const revoked = generationOf(this.protection.channel.devices, facts.deviceRow) !== facts.deviceGeneration;
    if (!revoked && this.protection.now() < facts.expiresAtMs && !this.shell.draining()) return;
    this.exchange.log.detail = revoked ? 'revoked' : 'ended by the gateway';
    this.control?.abort();
    this.onEnd();
  }

  private write(plaintext: Uint8Array, final: boolean): boolean {
    return this.sealer === undefined ? true : this.response.write(this.sealer.seal(plaintext, final));
  }

  onChunk(chunk: Uint8Array): boolean {
    if (this.sealer === undefined) {
      this.received += chunk.length;
      if (this.received <= this.exchange.route.replyCapBytes) this.buffered.push(chunk);
      return true;
    }
    let flowing = true;
    for (let offset = 0; offset < chunk.length; offset += maxChunkLength) {
      flowing = this.write(chunk.subarray(offset, offset + maxChunkLength), false);
    }
    return flowing;
  }

  private stop(): void {
    clearInterval(this.heartbeat);
    clearInterval(this.watch);
  }

  onEnd(): void {
    this.stop();
    const { protection, exchange, request } = this;
    if (this.sealer !== undefined) {
      if (!this.response.writableEnded) {
        this.write(new Uint8Array(0), true);
        this.response.end();
      }
      this.done(undefined);
      return;
    }
    if (this.received > exchange.route.replyCapBytes) {
      this.refuse('upstream.reply-too-large', 'unknown');
      return;
    }
    const reply = { status: this.status, headers: this.headers, body: Buffer.concat(this.buffered) };
    this.done(
      bindReply(
        protection.channel.crypto,
        request.binding,
        reply,
        exchange.route.coveredReplyHeaders,
        protection.now(),
      ),
    );
  }

  private refuse(reason: Reason, execution: 'none' | 'unknown'): void {
    const { protection, exchange, request } = this;
    const stop = { reason, options: { execution } };
    this.done(boundProblem(protection.channel.crypto, exchange, request.binding, stop, protection.now()));
  }

  onFailure(kind: 'not-sent' | 'unknown', code: Reason): void {
    this.stop();
    if (this.sealer !== undefined) {
      // No final mark: the client learns that the stream was cut, not that it was complete.
      this.response.destroy();
      this.exchange.log.reason = code;
      this.done(undefined);
      return;
    }
    this.refuse(this.faulted ? 'request.chunk' : code, kind === 'not-sent' ? 'none' : 'unknown');
  }
}

/** Serves a request on a route that declares `stream`. Answers undefined when the reply was streamed and is already written. */
export const serveStream = async (
  protection: Protection,
  shell: StreamShell,
  exchange: Exchange,
  { incoming, response }: StreamedMessage,
): Promise<GatewayReply | undefined> => {
  const verified = await verifyStream(protection, exchange);
  if (!verified.ok) return verified.reply;
  const { request, opener } = verified;
  const authorised = await authorise(protection, exchange, request);
  if (!authorised.ok) return answerStopped(protection, exchange, request, authorised.stop);
  exchange.head.trace.enter('forward');
  const { body, ...plain } = upstreamRequest(protection, exchange, authorised.value);
  return new Promise((resolve) => {
    const sink = new StreamReply(protection, shell, exchange, request, response, resolve);
    const onFault = (): void => {
      sink.faulted = true;
    };
    const chunks = opener === undefined ? body : plainChunks(incoming, opener, exchange.route.bodyCapBytes, onFault);
    sink.start(shell.forwardStream(exchange.route, { ...plain, body: chunks }, sink));
  });
};
