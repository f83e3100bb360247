/** Reads a request body up to its cap: the declared length is judged before a byte is read, a slow sender is given up. */
import type { IncomingMessage } from 'node:http';
import { accept, type DurationMs, type Result, refuse } from '@hauberk/primitives';
import { type BodyCollector, CollectingRequest } from './collecting-request.ts';
import { unwatch, type Watched, watch } from './sweeper.ts';
import type { WholeRequest } from './whole-request.ts';

/** Why a body is refused. */
export type BodyReason = 'body.too-large' | 'body.too-slow' | 'body.aborted';

/** How fast a body must come. */
export interface BodyPace {
  /** Judged only after this time, so that a slow start is no offence. */
  readonly grace: DurationMs;
  /** Average from the head on. */
  readonly minBytesPerSecond: number;
  /** The whole body must be there by then, however steadily it drips. */
  readonly deadline: DurationMs;
}

const nothing = new Uint8Array(0);

/** The declared length of a body, or undefined when it is chunked. node's `headers` would build an object for this one value. */
const declaredLength = (raw: readonly string[]): number | undefined => {
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] as string;
    if (name.length === 14 && name.toLowerCase() === 'content-length') return Number(raw[index + 1]);
  }
  return undefined;
};

class BodyReader implements BodyCollector, Watched {
  place = -1;
  private readonly chunks: Buffer[] = [];
  private received = 0;
  private readonly startedAt = performance.now();
  private readonly request: IncomingMessage;
  private readonly cap: number;
  private readonly pace: BodyPace;
  private readonly settle: (result: Result<Uint8Array, BodyReason>) => void;

  constructor(
    request: IncomingMessage,
    cap: number,
    pace: BodyPace,
    settle: (result: Result<Uint8Array, BodyReason>) => void,
  ) {
    this.request = request;
    this.cap = cap;
    this.pace = pace;
    this.settle = settle;
    watch(this);
    if (request instanceof CollectingRequest && request.collect(this)) return;
    // The listeners stay: the request is used once, and taking them off costs more than the calls that come after the end.
    request.on('data', (chunk: Buffer) => this.onData(chunk));
    request.on('end', () => this.onEnd());
    // Without an `error` listener node tells a broken connection by `close` alone.
    request.on('close', () => this.onClose());
  }

  onData(chunk: Buffer): void {
    if (this.place < 0) return;
    this.received += chunk.length;
    if (this.received > this.cap) this.finish(refuse('body.too-large'));
    else this.chunks.push(chunk);
  }

  onEnd(): void {
    const [first] = this.chunks;
    this.finish(accept(this.chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.chunks)));
  }

  onClose(): void {
    this.finish(refuse('body.aborted'));
  }

  check(now: number): void {
    const age = now - this.startedAt;
    const isLate = age > this.pace.deadline;
    const isSlow = age > this.pace.grace && this.received < (age / 1000) * this.pace.minBytesPerSecond;
    if (isLate || isSlow) this.finish(refuse('body.too-slow'));
  }

  private finish(result: Result<Uint8Array, BodyReason>): void {
    if (!unwatch(this)) return;
    if (!result.ok) {
      if (this.request instanceof CollectingRequest) this.request.stopCollecting();
      this.request.pause();
    }
    this.settle(result);
  }
}

/**
 * Reads the whole body; answers at once when it is there. After a refusal the rest of it is unread: the connection must be closed with the answer. The result is a value,
 * never an exception: what a client does is no fault of ours.
 */
export const readBody = (
  request: IncomingMessage | WholeRequest,
  capBytes: number,
  pace: BodyPace,
): Result<Uint8Array, BodyReason> | Promise<Result<Uint8Array, BodyReason>> => {
  if ('body' in request) {
    const { length: received } = request.body;
    return received > capBytes ? refuse('body.too-large', `declared ${received}`) : accept(request.body);
  }
  const length = declaredLength(request.rawHeaders);
  if (length !== undefined && length > capBytes) return refuse('body.too-large', `declared ${length}`);
  if (length === 0) return accept(nothing);
  if (request.destroyed && !request.complete) return refuse('body.aborted');
  return new Promise((resolve) => {
    new BodyReader(request, capBytes, pace, resolve);
  });
};
