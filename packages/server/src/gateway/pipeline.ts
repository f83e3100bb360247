/**
 * The way of one request through the data plane: head, endpoint or preflight or route, limits, then whatever serves the route, then the
 * reply and one line of log. Every end of a request passes `finish`, so that none is missing from log and metrics.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { matchPattern } from '@hauberk/channel';
import { type EpochMs, epochMs } from '@hauberk/primitives';
import type { RequestId, RequestTrace, StartTrace, TraceHeaders } from '../observability/trace-context.ts';
import type { OverloadGate } from '../overload/gate.ts';
import type { Priority } from '../overload/priority.ts';
import type { OverloadReason } from '../overload/reasons.ts';
import type { SeenExchange } from '../report/client-sightings.ts';
import type { AccessLog } from './access-log.ts';
import { networkOf } from './address-network.ts';
import { type BodyPace, readBody } from './body.ts';
import { type Carrier, StreamCarrier, type StreamedMessage, WholeCarrier } from './carrier.ts';
import type { ConnectionTrust } from './connection-trust.ts';
import { type CompiledCors, corsHeaders, isPreflight, preflightHeaders } from './cors.ts';
import { type Endpoint, type Endpoints, endpointPrefix, findEndpoint } from './endpoints.ts';
import { type Exchange, type ExchangeLog, newExchangeLog } from './exchange.ts';
import type { GatewayReply } from './gateway-reply.ts';
import type { RequestHandler } from './listener.ts';
import type { Metrics } from './metrics.ts';
import { corsOf, type Plane } from './plane.ts';
import { type ProblemDetails, problemBody, shedProblem } from './problems.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { Reason } from './reasons.ts';
import { hadLastReply } from './reply-writer.ts';
import { hasBody, type RequestHead, readHead } from './request-head.ts';
import type { RateLimit, Route } from './route.ts';
import { findRoute, serviceOf } from './route-table.ts';
import { createShedWhole } from './short-shed.ts';
import type { WholeHandler } from './whole-connection.ts';

/** Serves a request whose route is found; answers undefined when the reply is written already. `extra` are headers of every reply. */
export type ServeRoute = (
  exchange: Exchange,
  streams: StreamedMessage | undefined,
  extra: readonly string[],
) => Promise<GatewayReply | undefined>;

/** What the pipeline of one thread runs on. */
export interface PipelinePorts {
  /** Read once a request: it changes at a reload. */
  readonly plane: () => Plane;
  readonly endpoints: Endpoints;
  readonly serve: ServeRoute;
  readonly limiter: RateLimiter;
  /** Sheds what would only grow old in a queue. */
  readonly gate: OverloadGate;
  /** The limit of one address on enrolment. Hellos have none: copies of one would lock out whoever shares the address. */
  readonly endpointLimit: () => RateLimit;
  readonly bodyPace: () => BodyPace;
  readonly accessLog: AccessLog;
  readonly metrics: Metrics;
  /** Told of every request whose route was found, once it is answered. */
  readonly onFinished?: (seen: SeenExchange) => void;
  readonly now: () => EpochMs;
  readonly startTrace: StartTrace;
  /** A fault of ours: broken invariants and broken I/O, never what a client did. */
  readonly onFault: (error: unknown, instance: RequestId) => void;
}

/** One request while it is served. */
interface Turn {
  readonly trace: RequestTrace;
  readonly id: RequestId;
  readonly carrier: Carrier;
  readonly startedAt: number;
  readonly arrivedAt: EpochMs;
  readonly log: ExchangeLog;
  readonly head: RequestHead | undefined;
  route: Route | undefined;
  /** The endpoint's name when the gateway answers itself. */
  endpoint: string;
  /** Whether the gate counts it as under way. */
  isAdmitted: boolean;
  extra: readonly string[];
}

const none: readonly string[] = [];
const noHeaders: TraceHeaders = {};
const emptyBody = new Uint8Array(0);

/** Whether a name is that of an endpoint; a preflight asks for somebody else's path. */
const isOwn = (endpoint: string): boolean => endpoint !== '' && endpoint !== 'preflight';

const declaredBytes = (head: RequestHead | undefined): number => Number(head?.headers['content-length'] ?? 0);

const record = (ports: PipelinePorts, turn: Turn, status: number, bytesOut: number): void => {
  if (turn.isAdmitted) ports.gate.left();
  turn.isAdmitted = false;
  const { head, route, log, endpoint } = turn;
  const milliseconds = performance.now() - turn.startedAt;
  const bytesIn = declaredBytes(head);
  const service = route?.service ?? '';
  const method = head?.target.method ?? turn.carrier.incoming.method ?? '';
  const pattern = route?.pattern.text ?? (isOwn(endpoint) ? `${endpointPrefix}${endpoint}` : '');
  turn.trace.end({
    method,
    status,
    service,
    route: route?.id ?? endpoint,
    pattern,
    reason: log.reason,
    outcome: log.outcome,
  });
  if (route !== undefined)
    ports.metrics.finished({
      service,
      route: route.id,
      reason: log.reason,
      status,
      milliseconds,
      bytesIn,
      bytesOut,
      traceId: turn.trace.isShown ? turn.trace.traceId : undefined,
      at: turn.arrivedAt,
    });
  else if (endpoint !== '') ports.metrics.endpoint(endpoint, log.reason);
  else ports.metrics.refused(log.reason);
  if (route !== undefined && head !== undefined) ports.onFinished?.({ head, route, log, at: turn.arrivedAt });
  ports.accessLog.write({
    at: turn.arrivedAt,
    id: turn.id,
    traceId: turn.trace.traceId,
    address: head?.address ?? turn.carrier.peer,
    method,
    path: head?.target.path ?? '',
    pattern,
    status,
    service,
    route: route?.id ?? endpoint,
    reason: log.reason,
    detail: log.detail,
    outcome: route === undefined ? '' : log.outcome,
    decision: log.decision,
    reasons: log.reasons,
    deviceId: log.deviceId,
    sessionId: log.sessionId,
    tag: log.tag,
    bytesIn,
    bytesOut,
    milliseconds,
  });
};

/** A body that costs less to drop than its connection to open anew. */
const isShortBody = (head: RequestHead | undefined): boolean => {
  const declared = declaredBytes(head);
  return declared > 0 && declared <= 65_536;
};

const finish = (ports: PipelinePorts, turn: Turn, reply: GatewayReply): void => {
  turn.carrier.write(reply, turn.extra, turn.carrier.isUnread(turn.head));
  record(ports, turn, reply.status, reply.body.length);
};

const refuseTurn = (ports: PipelinePorts, turn: Turn, reason: Reason, details?: Partial<ProblemDetails>): void => {
  turn.log.reason = reason;
  finish(ports, turn, problemBody(reason, { execution: 'none', instance: turn.id, ...details }));
};

/** A fault of ours ends the one request that met it, not the thread. What the upstream did by then is unknown. */
const failTurn = (ports: PipelinePorts, turn: Turn, error: unknown): void => {
  ports.onFault(error, turn.id);
  turn.log.reason = 'gateway.fault';
  if (turn.carrier.status() !== undefined) {
    turn.carrier.destroy();
    record(ports, turn, 500, 0);
    return;
  }
  try {
    finish(ports, turn, problemBody('gateway.fault', { execution: 'unknown', instance: turn.id }));
  } catch (second) {
    ports.onFault(second, turn.id);
    turn.carrier.destroy();
  }
};

/** Sheds a request: refused before anything of it was verified or claimed, so the very same bytes may be sent again. */
const shedTurn = (ports: PipelinePorts, turn: Turn, reason: OverloadReason, priority: Priority | 'endpoint'): void => {
  ports.metrics.shed(priority, reason);
  ports.gate.park(() => {
    try {
      turn.log.reason = reason;
      const reply = shedProblem(reason, turn.id);
      turn.carrier.write(reply, turn.extra, turn.carrier.isUnread(turn.head) && !isShortBody(turn.head));
      record(ports, turn, reply.status, reply.body.length);
    } catch (error) {
      failTurn(ports, turn, error);
    }
  });
};

/** Ends a turn with its reply, or takes note of one that is written already. */
const endTurn = (ports: PipelinePorts, turn: Turn, reply: GatewayReply | undefined): void => {
  try {
    if (reply === undefined) record(ports, turn, turn.carrier.status() ?? 0, 0);
    else finish(ports, turn, reply);
  } catch (error) {
    failTurn(ports, turn, error);
  }
};

const callEndpoint = async (ports: PipelinePorts, turn: Turn, head: RequestHead, endpoint: Endpoint): Promise<void> => {
  const body = hasBody(head)
    ? await readBody(turn.carrier.incoming, endpoint.capBytes, ports.bodyPace())
    : { ok: true as const, value: emptyBody };
  if (!body.ok) {
    refuseTurn(ports, turn, body.code);
    return;
  }
  const answer = await endpoint.serve({
    head,
    body: body.value,
    instance: turn.id,
    incoming: turn.carrier.incoming,
    log: turn.log,
  });
  turn.log.reason = answer.reason;
  if (answer.deviceId !== undefined) turn.log.deviceId = answer.deviceId;
  finish(ports, turn, answer.reply);
};

/** A reply without an end: the request is over, for log and metrics, when its head is written. */
const streamEndpoint = (
  ports: PipelinePorts,
  turn: Turn,
  head: RequestHead,
  stream: NonNullable<Endpoint['stream']>,
  { incoming, response }: StreamedMessage,
): void => {
  try {
    const answer = stream({ head, body: emptyBody, instance: turn.id, incoming, log: turn.log }, response, turn.extra);
    turn.log.reason = answer?.reason ?? 'ok';
    endTurn(ports, turn, answer?.reply);
  } catch (error) {
    failTurn(ports, turn, error);
  }
};

/** False when the reply is a stream and this request came whole: it is node's to carry. */
const serveEndpoint = (ports: PipelinePorts, turn: Turn, head: RequestHead): boolean => {
  const found = findEndpoint(ports.endpoints, head);
  if (found.ok && found.value.stream !== undefined && turn.carrier.streams === undefined) return false;
  if (found.ok) serveFound(ports, turn, head, found.value);
  else refuseTurn(ports, turn, found.code);
  return true;
};

const serveFound = (ports: PipelinePorts, turn: Turn, head: RequestHead, endpoint: Endpoint): void => {
  turn.endpoint = endpoint.name;
  const overload = ports.gate.refusalOf(endpoint.rank, head.address, turn.startedAt);
  if (overload !== undefined) {
    shedTurn(ports, turn, overload, 'endpoint');
    return;
  }
  turn.isAdmitted = true;
  const { name, isLimited, stream } = endpoint;
  const wait = isLimited
    ? ports.limiter.admit(ports.endpointLimit(), `endpoint\n${name}`, networkOf(head.address), turn.arrivedAt)
    : 0;
  if (wait > 0) {
    refuseTurn(ports, turn, 'limit.address', { retryAfter: Math.ceil(wait / 1000) });
    return;
  }
  const { streams } = turn.carrier;
  if (stream !== undefined && streams !== undefined && head.target.method === 'GET') {
    streamEndpoint(ports, turn, head, stream, streams);
    return;
  }
  callEndpoint(ports, turn, head, endpoint).catch((error: unknown) => failTurn(ports, turn, error));
};

/** The methods that a path offers, over the routes of its service. */
const methodsAt = (plane: Plane, head: RequestHead): readonly string[] => {
  const { path } = head.target;
  if (path.startsWith(endpointPrefix)) return ['GET', 'POST'];
  const service = serviceOf(plane.table, head.headers);
  const methods = new Set<string>();
  for (const route of plane.table.routes) {
    if (service !== undefined && route.service !== service) continue;
    if (matchPattern(route.pattern, path) === undefined) continue;
    for (const method of route.methods.length === 0 ? ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] : route.methods)
      methods.add(method);
  }
  return [...methods];
};

const answerPreflight = (
  ports: PipelinePorts,
  turn: Turn,
  plane: Plane,
  head: RequestHead,
  cors: CompiledCors,
): void => {
  turn.endpoint = 'preflight';
  turn.extra = none;
  finish(ports, turn, { status: 204, headers: preflightHeaders(cors, head, methodsAt(plane, head)), body: emptyBody });
};

const overLimit = (ports: PipelinePorts, turn: Turn, route: Route, head: RequestHead): Reason | undefined => {
  const { address, route: whole } = route.limits;
  if (address === undefined && whole === undefined) return undefined;
  const scope = `${route.service}\n${route.id}`;
  if (
    address !== undefined &&
    ports.limiter.admit(address, `address\n${scope}`, networkOf(head.address), turn.arrivedAt) > 0
  )
    return 'limit.address';
  return whole !== undefined && ports.limiter.admit(whole, `route\n${scope}`, '', turn.arrivedAt) > 0
    ? 'limit.route'
    : undefined;
};

/** False when the route's messages may be streams and this request came whole: it is node's to carry. */
const serveRoute = (ports: PipelinePorts, turn: Turn, plane: Plane, head: RequestHead): boolean => {
  const found = findRoute(plane.table, head.headers, head.target.method, head.target.path);
  if (!found.ok) {
    refuseTurn(ports, turn, found.code);
    return true;
  }
  const { route } = found.value;
  if (route.stream && turn.carrier.streams === undefined) return false;
  turn.route = route;
  const overload = turn.isAdmitted ? undefined : ports.gate.refusal(route, head, turn.startedAt);
  if (overload !== undefined) {
    shedTurn(ports, turn, overload, route.priority);
    return true;
  }
  turn.isAdmitted = true;
  const limit = overLimit(ports, turn, route, head);
  if (limit !== undefined) {
    refuseTurn(ports, turn, limit, { retryAfter: 1 });
    return true;
  }
  const exchange: Exchange = { id: turn.id, head, route, incoming: turn.carrier.incoming, log: turn.log };
  ports.serve(exchange, turn.carrier.streams, turn.extra).then(
    (reply) => endTurn(ports, turn, reply),
    (error: unknown) => failTurn(ports, turn, error),
  );
  return true;
};

const route = (ports: PipelinePorts, turn: Turn, head: RequestHead): boolean => {
  const plane = ports.plane();
  const cors = corsOf(plane, head);
  turn.extra = corsHeaders(cors, head);
  if (cors !== undefined && isPreflight(head)) answerPreflight(ports, turn, plane, head, cors);
  else if (head.target.path.startsWith(endpointPrefix)) return serveEndpoint(ports, turn, head);
  else return serveRoute(ports, turn, plane, head);
  return true;
};

/** A turn; a request whose head was refused is named like any other. */
const newTurn = (
  ports: PipelinePorts,
  carrier: Carrier,
  arrivedAt: EpochMs,
  head: RequestHead | undefined,
  isAdmitted = false,
): Turn => {
  const trace = head?.trace ?? ports.startTrace(noHeaders, false);
  return {
    carrier,
    startedAt: performance.now(),
    arrivedAt,
    trace,
    id: trace.id,
    log: newExchangeLog(),
    head,
    route: undefined,
    endpoint: '',
    isAdmitted,
    extra: none,
  };
};

/** The handler of a thread's listener. */
export const createPipeline =
  (ports: PipelinePorts): RequestHandler =>
  (incoming: IncomingMessage, response: ServerResponse, trust: ConnectionTrust): void => {
    // Requests behind one that ended the connection would be executed with nobody to tell (RFC 9112 section 9.6).
    if (hadLastReply(incoming.socket)) return;
    const arrivedAt = ports.now();
    const carrier = new StreamCarrier(incoming, response);
    let turn: Turn | undefined;
    try {
      const head = readHead(incoming, arrivedAt, trust, ports.startTrace);
      turn = newTurn(ports, carrier, arrivedAt, head.ok ? head.value : undefined);
      if (head.ok) route(ports, turn, head.value);
      else {
        turn.log.detail = head.detail ?? '';
        refuseTurn(ports, turn, head.code);
      }
    } catch (error) {
      failTurn(ports, turn ?? newTurn(ports, carrier, arrivedAt, undefined), error);
    }
  };

/** The handler of whole requests. What it does not take, and every refused head, goes the way of `createPipeline`. */
export const createWholePipeline = (ports: PipelinePorts): WholeHandler => {
  const shedWhole = createShedWhole(ports);
  return (request, trust, port, waitedMs): boolean => {
    const verdict = shedWhole(request, trust, port);
    if (verdict === 'shed') return true;
    const isAdmitted = verdict === 'admitted';
    const arrivedAt = epochMs(ports.now() - Math.round(waitedMs));
    const carrier = new WholeCarrier(request, port);
    let turn: Turn | undefined;
    try {
      const head = readHead(request, arrivedAt, trust, ports.startTrace);
      if (!head.ok) {
        if (isAdmitted) ports.gate.left();
        return false;
      }
      turn = newTurn(ports, carrier, arrivedAt, head.value, isAdmitted);
      return route(ports, turn, head.value);
    } catch (error) {
      failTurn(ports, turn ?? newTurn(ports, carrier, arrivedAt, undefined, isAdmitted), error);
      return true;
    }
  };
};
