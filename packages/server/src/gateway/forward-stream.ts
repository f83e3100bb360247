/** Forwards requests whose body or reply is a stream, through a general client: what flows piece by piece needs its back pressure. */
import type { Dispatcher } from 'undici';
import { isBusy, type UpstreamReason } from './forward.ts';
import { unwatch, type Watched, watch } from './sweeper.ts';
import type { Upstream } from './upstream.ts';

/** Where the parts of a streamed reply go. Returning `false` from `onChunk` pauses the upstream until `resume()`. */
export interface ReplySink {
  readonly onHead: (status: number, headers: string[]) => void;
  readonly onChunk: (chunk: Uint8Array) => boolean;
  readonly onEnd: () => void;
  /** Exactly one of `onEnd` and `onFailure` is called, once. */
  readonly onFailure: (kind: 'not-sent' | 'unknown', code: UpstreamReason, detail: string) => void;
}

/** The reins of a streamed exchange. */
export interface StreamControl {
  readonly resume: () => void;
  /** Resets the upstream connection; nothing is called afterwards. */
  readonly abort: () => void;
}

/** A streamed request: its body may be produced piece by piece; a producer that throws resets the upstream request. */
export interface StreamedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: string[];
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined;
}

type ReplyHeaders = Readonly<Record<string, string | string[] | undefined>>;

const flatten = (headers: ReplyHeaders): string[] => {
  const flat: string[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string') flat.push(name, value);
    else if (value !== undefined) for (const each of value) flat.push(name, each);
  }
  return flat;
};

const abortReason = new Error('the gateway gave the request up');
const errorCode = (error: Error): string => {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : error.name;
};

const malformedReply: ReadonlySet<string> = new Set([
  'HTTPParserError',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);

const reasonOfError = (code: string): UpstreamReason =>
  code.startsWith('HPE_') || malformedReply.has(code) ? 'upstream.reply-malformed' : 'upstream.reset';

/** What both ways of forwarding share: the start mark, the deadline, the single end. */
abstract class Forwarding implements Dispatcher.DispatchHandler, Watched {
  place = -1;
  protected controller: Dispatcher.DispatchController | undefined;
  private expiresAt: number;
  private settled = false;
  private readonly upstream: Upstream;

  constructor(upstream: Upstream, deadlineMs: number) {
    upstream.inFlight += 1;
    this.upstream = upstream;
    this.expiresAt = performance.now() + deadlineMs;
    watch(this);
  }

  protected abstract onFailure(kind: 'not-sent' | 'unknown', code: UpstreamReason, detail: string): void;

  /** True for the first caller only. */
  protected settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.upstream.inFlight -= 1;
    if (this.controller !== undefined) this.upstream.running -= 1;
    unwatch(this);
    return true;
  }

  protected extend(untilMonotonicMs: number): void {
    this.expiresAt = untilMonotonicMs;
  }

  protected fail(code: UpstreamReason, detail: string): void {
    const { controller } = this;
    if (!this.settle()) return;
    controller?.abort(abortReason);
    this.onFailure(controller === undefined ? 'not-sent' : 'unknown', code, detail);
  }

  /** Ends it from our side without telling the sink. */
  giveUp(): void {
    if (this.settle()) this.controller?.abort(abortReason);
  }

  check(now: number): void {
    if (now < this.expiresAt) return;
    if (this.controller === undefined) this.fail('upstream.unreachable', 'deadline before a connection was there');
    else this.fail('upstream.timeout', 'deadline');
  }

  /** Called right before the first byte is written; a request that was given up in the queue is never sent. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.settled) {
      controller.abort(abortReason);
      return;
    }
    this.controller = controller;
    this.upstream.running += 1;
    this.upstream.started += 1;
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController): void {
    controller.abort(abortReason);
    this.fail('upstream.reply-malformed', 'unasked upgrade');
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = errorCode(error);
    this.fail(this.controller === undefined ? 'upstream.unreachable' : reasonOfError(code), code);
  }
}

class StreamedForwarding extends Forwarding {
  private readonly sink: ReplySink;
  private readonly lifeMs: number;

  constructor(upstream: Upstream, deadlineMs: number, lifeMs: number, sink: ReplySink) {
    super(upstream, deadlineMs);
    this.sink = sink;
    this.lifeMs = lifeMs;
  }

  /** The deadline holds for the head; a stream may then live as long as its route allows. */
  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ReplyHeaders): void {
    if (status < 200) return;
    this.extend(performance.now() + this.lifeMs);
    this.sink.onHead(status, flatten(headers));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.sink.onChunk(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.settle()) this.sink.onEnd();
  }

  resume(): void {
    this.controller?.resume();
  }

  protected onFailure(kind: 'not-sent' | 'unknown', code: UpstreamReason, detail: string): void {
    this.sink.onFailure(kind, code, detail);
  }
}

/** Forwards a request whose body or reply is a stream. The reply's head must come within the deadline, its end within `lifeMs`. */
export const forwardStream = (
  upstream: Upstream,
  request: StreamedRequest,
  limits: { readonly deadlineMs: number; readonly lifeMs: number },
  sink: ReplySink,
): StreamControl => {
  const refused: StreamControl = { resume: () => undefined, abort: () => undefined };
  if (isBusy(upstream)) {
    sink.onFailure('not-sent', 'upstream.busy', 'too many requests under way');
    return refused;
  }
  const forwarding = new StreamedForwarding(upstream, limits.deadlineMs, limits.lifeMs, sink);
  const { method, path, headers, body } = request;
  // undici takes any async iterable as a body; its type names only the streams.
  const options = { method, path, headers, body: (body ?? null) as Uint8Array | null };
  upstream.streams.dispatch(options, forwarding);
  return { resume: () => forwarding.resume(), abort: () => forwarding.giveUp() };
};
