/**
 * W3C Trace Context (Recommendation of 2021, version 00): the ids of a request, and what the upstream gets of them. A `traceparent` is
 * believed only from trusted proxies and other nodes. Anybody else's would let a client choose the ids under which it is logged and
 * whether it is sampled (section 3.4 lets a front gateway restart the trace); it becomes a link of the span at most.
 */
import { randomBytes } from 'node:crypto';

declare const traceIdMark: unique symbol;
declare const requestIdMark: unique symbol;

/** 32 lower-case hexadecimal digits, not all zero. */
export type TraceId = string & { readonly [traceIdMark]: true };

/** Names one request: its trace id, `-`, and the 16 digits of its span. Protects nothing. */
export type RequestId = string & { readonly [requestIdMark]: true };

/** A `traceparent` that was read. */
export interface TraceParent {
  readonly traceId: TraceId;
  readonly spanId: string;
  /** Bit 0: sampled. */
  readonly flags: number;
}

/** The parts of a request that get a span of their own, in the order in which they come. */
export type Phase = 'verify' | 'decide' | 'forward' | 'reply';

/** What is told of a request at its end. Codes and names of the configuration; nothing that a client wrote. */
export interface TraceEnd {
  readonly method: string;
  readonly status: number;
  readonly service: string;
  readonly route: string;
  /** The route's path pattern. */
  readonly pattern: string;
  readonly reason: string;
  readonly outcome: string;
}

/** The trace of one request. */
export interface RequestTrace {
  readonly id: RequestId;
  readonly traceId: TraceId;
  /** Whether an exemplar may name it: with tracing on, only what is sampled can be looked up. */
  readonly isShown: boolean;
  /** Appends the trace headers for the next hop: names and values in turn. */
  readonly appendTo: (headers: string[]) => void;
  /** Ends the phase that runs and begins another. Costs nothing while tracing is off. */
  readonly enter: (phase: Phase) => void;
  /** Ends the trace; called once. */
  readonly end: (facts: TraceEnd) => void;
}

/** The headers that this reads, by lower-case name. */
export type TraceHeaders = Readonly<Record<string, string | undefined>>;

/** Begins the trace of a request. `isTrusted`: whether whoever sent the headers may name the trace. */
export type StartTrace = (headers: TraceHeaders, isTrusted: boolean) => RequestTrace;

const parentForm = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.{0,256})?$/;
const zeroTrace = '0'.repeat(32);
const zeroSpan = '0'.repeat(16);

/** Reads a `traceparent` (section 3.2); undefined for anything that is none. A later version is read as far as version 00 goes. */
export const readTraceparent = (text: string | undefined): TraceParent | undefined => {
  const match = text === undefined || text.length > 320 ? null : parentForm.exec(text);
  if (match === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '00', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (traceId === zeroTrace || spanId === zeroSpan) return undefined;
  return { traceId: traceId as TraceId, spanId, flags: Number.parseInt(flags, 16) };
};

const stateMember = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/;

/** A `tracestate` that may be passed on (section 3.3): at most 32 well-formed members in 512 characters; undefined otherwise. */
export const readTracestate = (text: string | undefined): string | undefined => {
  if (text === undefined || text.length > 512) return undefined;
  const members = text.split(',').map((member) => member.trim());
  const filled = members.filter((member) => member !== '');
  return filled.length > 0 && filled.length <= 32 && filled.every((member) => stateMember.test(member))
    ? filled.join(',')
    : undefined;
};

/** Longest `baggage` that is passed on (W3C Baggage, section 3.3.2). */
const baggageBytes = 8192;

/** What travels beside a trusted parent: names and values in turn. */
export const companionsOf = (headers: TraceHeaders): readonly string[] => {
  const state = readTracestate(headers['tracestate']);
  const baggage = headers['baggage'];
  return [
    ...(state === undefined ? [] : ['tracestate', state]),
    ...(baggage === undefined || baggage.length > baggageBytes ? [] : ['baggage', baggage]),
  ];
};

const none: readonly string[] = [];
const poolBytes = 4096;
let pool = '';
let offset = 0;

/** Random digits; drawn in large pieces, because one call of the generator a request would cost more than the rest of the trace. */
const digits = (count: number): string => {
  if (offset + count > pool.length) {
    pool = randomBytes(poolBytes).toString('hex');
    offset = 0;
  }
  offset += count;
  return pool.slice(offset - count, offset);
};

/** A fresh trace id. All zero, which the standard forbids, comes once in 2^128. */
const newTraceId = (): TraceId => digits(32) as TraceId;

/** The id of a request within its trace. */
export const requestIdOf = (traceId: string, spanId: string): RequestId => `${traceId}-${spanId}` as RequestId;

const idForm = /^[0-9a-f]{32}-[0-9a-f]{16}$/;

/** The trace id in a request id; undefined when the text is none. */
export const traceIdOf = (id: string): TraceId | undefined =>
  id.length === 49 && idForm.test(id) ? (id.slice(0, 32) as TraceId) : undefined;

/** A trace that is named everywhere and recorded nowhere. A trusted parent is passed on as it came: no span of ours stands between. */
class PlainTrace implements RequestTrace {
  readonly id: RequestId;
  readonly traceId: TraceId;
  readonly isShown = true;
  private readonly parent: string | undefined;
  private readonly further: readonly string[];

  constructor(traceId: TraceId, parent: string | undefined, further: readonly string[]) {
    this.traceId = traceId;
    this.id = requestIdOf(traceId, digits(16));
    this.parent = parent;
    this.further = further;
  }

  appendTo(headers: string[]): void {
    headers.push('traceparent', this.parent ?? `00-${this.id}-00`);
    for (const part of this.further) headers.push(part);
  }

  enter(): void {}

  end(): void {}
}

/** Traces without a tracer. */
export const startPlainTrace: StartTrace = (headers, isTrusted) => {
  const text = isTrusted ? headers['traceparent'] : undefined;
  const parent = readTraceparent(text);
  return parent === undefined
    ? new PlainTrace(newTraceId(), undefined, none)
    : new PlainTrace(parent.traceId, text, companionsOf(headers));
};

const noHeaders: TraceHeaders = {};

/** The id of a request that never became one. */
export const newRequestId = (): RequestId => startPlainTrace(noHeaders, false).id;
