/**
 * Hands a request to its upstream, once: nothing is ever sent again from here. What became of it is told exactly: `not-sent` only when no
 * byte can have left, otherwise `unknown`, because an upstream may have acted on a request whose reply was lost.
 */

import type { CallWatch } from '../overload/guard.ts';
import type { ExchangeFault, PooledExchange } from './exchange-pool.ts';
import type { Reason } from './reasons.ts';
import type { WholeReply } from './reply-reader.ts';
import { unwatch, type Watched, watch } from './sweeper.ts';
import type { Upstream } from './upstream.ts';

/** Why no usable reply came. */
export type UpstreamReason =
  | 'upstream.unreachable'
  | 'upstream.busy'
  | 'upstream.open'
  | 'deadline.passed'
  | 'upstream.timeout'
  | 'upstream.reset'
  | 'upstream.reply-too-large'
  | 'upstream.reply-malformed'
  | 'reply.stream-undeclared';

/** A request as it goes to the upstream. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path with query, as on the request line. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: Uint8Array | undefined;
}

/** What became of a forwarded request. */
export type ForwardOutcome =
  | {
      readonly kind: 'reply';
      readonly status: number;
      /** Names in lower case and values in turn. */
      readonly headers: string[];
      readonly body: Uint8Array;
    }
  | { readonly kind: 'not-sent'; readonly code: Reason; readonly detail?: string }
  | { readonly kind: 'unknown'; readonly code: UpstreamReason; readonly detail?: string };

const reasonOf: Readonly<Record<ExchangeFault, UpstreamReason>> = {
  unreachable: 'upstream.unreachable',
  reset: 'upstream.reset',
  malformed: 'upstream.reply-malformed',
  'too-large': 'upstream.reply-too-large',
  // A stream has no end to wait for: collecting one would only run into the deadline.
  'event-stream': 'reply.stream-undeclared',
};

/** What may not stand in a header's value; the gateway's own values are judged too, for some come from upstreams. */
const strayByte = /[^\t\x20-\x7e\x80-\xff]/;

/** The request line and headers, or undefined when a value would be read as more than one. */
const requestHead = (upstream: Upstream, { method, path, headers }: UpstreamRequest): string | undefined => {
  let head = `${method} ${path} HTTP/1.1\r\n`;
  let hasHost = false;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] as string;
    const value = headers[index + 1] as string;
    if (strayByte.test(value)) return undefined;
    if (name.length === 4 && name.toLowerCase() === 'host') hasHost = true;
    head += `${name}: ${value}\r\n`;
  }
  return hasHost ? head : `${head}host: ${upstream.host}\r\n`;
};

/** More waiting requests than the upstream's queue takes: refused at once, before anything is sent. */
export const isBusy = (upstream: Upstream): boolean => upstream.inFlight >= upstream.maxInFlight;

/** One whole exchange: its deadline, and its single end. */
class Forwarding implements PooledExchange, Watched {
  place = -1;
  readonly method: string;
  readonly head: string;
  readonly body: Uint8Array | undefined;
  readonly replyCap: number;
  private abort: (() => void) | undefined;
  private readonly upstream: Upstream;
  private readonly expiresAt: number;
  private readonly done: (outcome: ForwardOutcome) => void;
  private readonly calls: CallWatch | undefined;

  constructor(
    upstream: Upstream,
    request: UpstreamRequest,
    head: string,
    limits: { readonly deadlineMs: number; readonly replyCap: number },
    done: (outcome: ForwardOutcome) => void,
    calls: CallWatch | undefined,
  ) {
    this.calls = calls;
    this.upstream = upstream;
    this.method = request.method;
    this.head = head;
    this.body = request.body;
    this.replyCap = limits.replyCap;
    this.expiresAt = performance.now() + limits.deadlineMs;
    this.done = done;
    upstream.inFlight += 1;
    watch(this);
  }

  /** True for the first caller only. */
  private settle(): boolean {
    if (!unwatch(this)) return false;
    this.upstream.inFlight -= 1;
    if (this.abort !== undefined) this.upstream.running -= 1;
    return true;
  }

  onStart(abort: () => void): boolean {
    if (this.place < 0) return false;
    this.abort = abort;
    this.upstream.running += 1;
    this.upstream.started += 1;
    return true;
  }

  onReply({ status, headers, body }: WholeReply): void {
    if (!this.settle()) return;
    this.calls?.succeeded();
    this.done({ kind: 'reply', status, headers, body });
  }

  onFault(fault: ExchangeFault, detail: string): void {
    if (!this.settle()) return;
    // Replies that are merely unwelcome here come from an upstream that works.
    if (fault === 'too-large' || fault === 'event-stream') this.calls?.succeeded();
    else this.calls?.failed();
    this.done({ kind: this.abort === undefined ? 'not-sent' : 'unknown', code: reasonOf[fault], detail });
  }

  check(now: number): void {
    if (now < this.expiresAt || !this.settle()) return;
    this.calls?.failed();
    if (this.abort === undefined) {
      this.upstream.exchanges.withdraw(this);
      this.done({ kind: 'not-sent', code: 'upstream.unreachable', detail: 'deadline before a connection was there' });
      return;
    }
    this.abort();
    this.done({ kind: 'unknown', code: 'upstream.timeout', detail: 'deadline' });
  }
}

/** Forwards a whole request and collects the whole reply. `calls` is told how it ended, unless it was refused here. Never rejects. */
export const forward = (
  upstream: Upstream,
  request: UpstreamRequest,
  deadlineMs: number,
  replyCap: number,
  calls?: CallWatch,
): Promise<ForwardOutcome> =>
  new Promise((resolve) => {
    const head = requestHead(upstream, request);
    if (isBusy(upstream)) resolve({ kind: 'not-sent', code: 'upstream.busy' });
    else if (head === undefined)
      resolve({ kind: 'not-sent', code: 'upstream.unreachable', detail: 'a header that cannot be sent' });
    else upstream.exchanges.send(new Forwarding(upstream, request, head, { deadlineMs, replyCap }, resolve, calls));
  });
