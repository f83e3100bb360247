/** The trace of one request while OpenTelemetry is on: a span for the request, and one for each phase of it that is sampled. */
import type { Context, Link, Span, SpanKind, SpanStatusCode, Tracer, TraceState } from '@opentelemetry/api';
import {
  companionsOf,
  type Phase,
  type RequestId,
  type RequestTrace,
  readTraceparent,
  readTracestate,
  requestIdOf,
  type StartTrace,
  type TraceEnd,
  type TraceHeaders,
  type TraceId,
} from './trace-context.ts';

/** The parts of the API that a trace is made with. */
export interface TraceMaker {
  readonly tracer: Tracer;
  readonly root: Context;
  readonly withParent: (
    parent: NonNullable<ReturnType<typeof readTraceparent>>,
    state: TraceState | undefined,
  ) => Context;
  readonly under: (span: Span) => Context;
  readonly readState: (text: string) => TraceState;
  readonly kinds: Readonly<Record<'server' | 'client' | 'internal', SpanKind>>;
  readonly failed: SpanStatusCode;
}

interface PhaseSpan {
  readonly phase: Phase;
  readonly span: Span;
  endedAt: number;
}

/** Epoch milliseconds that never go back within a thread. */
const clock = (): number => performance.timeOrigin + performance.now();

const none: readonly string[] = [];

class TracedRequest implements RequestTrace {
  readonly id: RequestId;
  readonly traceId: TraceId;
  readonly isShown: boolean;
  private readonly maker: TraceMaker;
  private readonly span: Span;
  private readonly spanId: string;
  private readonly further: readonly string[];
  private readonly phases: PhaseSpan[] = [];

  constructor(maker: TraceMaker, span: Span, further: readonly string[]) {
    const { traceId, spanId } = span.spanContext();
    this.maker = maker;
    this.span = span;
    this.spanId = spanId;
    this.further = further;
    this.traceId = traceId as TraceId;
    this.id = requestIdOf(traceId, spanId);
    this.isShown = span.isRecording();
  }

  appendTo(headers: string[]): void {
    const spanId = this.phases.at(-1)?.span.spanContext().spanId ?? this.spanId;
    headers.push('traceparent', `00-${this.traceId}-${spanId}-${this.isShown ? '01' : '00'}`);
    for (const part of this.further) headers.push(part);
  }

  enter(phase: Phase): void {
    if (!this.isShown) return;
    const { tracer, kinds, under } = this.maker;
    const at = clock();
    const last = this.phases.at(-1);
    if (last !== undefined) last.endedAt = at;
    const kind = phase === 'forward' ? kinds.client : kinds.internal;
    const span = tracer.startSpan(`hauberk.${phase}`, { kind, startTime: at }, under(this.span));
    this.phases.push({ phase, span, endedAt: at });
  }

  /** The phase that a refusal belongs to: what the upstream did is told of after the forwarding has ended. */
  private blamed({ reason }: TraceEnd): PhaseSpan | undefined {
    const forward = reason.startsWith('upstream.') ? this.phases.find(({ phase }) => phase === 'forward') : undefined;
    return forward ?? this.phases.at(-1);
  }

  private tell(span: Span, { status, reason }: TraceEnd): void {
    span.setAttribute('hauberk.reason', reason);
    if (reason === 'ok') return;
    span.setAttribute('error.type', reason);
    if (status >= 500) span.setStatus({ code: this.maker.failed });
  }

  end(facts: TraceEnd): void {
    if (!this.isShown) return;
    const at = clock();
    const last = this.phases.at(-1);
    if (last !== undefined) last.endedAt = at;
    const blamed = this.blamed(facts);
    if (blamed !== undefined && facts.reason !== 'ok') this.tell(blamed.span, facts);
    for (const { phase, span, endedAt } of this.phases) {
      if (phase === 'decide') span.setAttribute('hauberk.outcome', facts.outcome);
      span.end(endedAt);
    }
    const { span } = this;
    span.updateName(facts.pattern === '' ? facts.method : `${facts.method} ${facts.pattern}`);
    span.setAttributes({
      'http.request.method': facts.method,
      'http.response.status_code': facts.status,
      'hauberk.service': facts.service,
      'hauberk.route': facts.route,
      'hauberk.outcome': facts.outcome,
      ...(facts.pattern === '' ? {} : { 'http.route': facts.pattern }),
    });
    this.tell(span, facts);
    span.end(at);
  }
}

const linksOf = (headers: TraceHeaders): Link[] => {
  const parent = readTraceparent(headers['traceparent']);
  if (parent === undefined) return [];
  const { traceId, spanId, flags } = parent;
  return [{ context: { traceId, spanId, traceFlags: flags, isRemote: true } }];
};

/** Traces with a tracer. A stranger's `traceparent` becomes a link: it can be followed, and it decides nothing. */
export const startTraced =
  (maker: TraceMaker): StartTrace =>
  (headers, isTrusted) => {
    const { tracer, root, withParent, readState, kinds } = maker;
    const parent = isTrusted ? readTraceparent(headers['traceparent']) : undefined;
    const state = parent === undefined ? undefined : readTracestate(headers['tracestate']);
    const context =
      parent === undefined ? root : withParent(parent, state === undefined ? undefined : readState(state));
    const links = parent === undefined ? linksOf(headers) : [];
    const span = tracer.startSpan('request', { kind: kinds.server, links, startTime: clock() }, context);
    return new TracedRequest(maker, span, parent === undefined ? none : companionsOf(headers));
  };
