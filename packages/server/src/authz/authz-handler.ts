/** From a question to its answer, with limits, metrics and one line of log: what the pipeline does for requests that the gateway forwards. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EpochMs } from '@hauberk/primitives';
import type { AccessLog } from '../gateway/access-log.ts';
import { networkOf } from '../gateway/address-network.ts';
import { type Exchange, type ExchangeLog, newExchangeLog } from '../gateway/exchange.ts';
import type { Metrics } from '../gateway/metrics.ts';
import type { Plane } from '../gateway/plane.ts';
import type { Protection } from '../gateway/protect.ts';
import type { RateLimiter } from '../gateway/rate-limit.ts';
import type { Reason } from '../gateway/reasons.ts';
import type { RequestHead } from '../gateway/request-head.ts';
import type { Route } from '../gateway/route.ts';
import { findRoute } from '../gateway/route-table.ts';
import { shownMethod } from '../observability/request-privacy.ts';
import { newRequestId, type RequestId, type StartTrace, traceIdOf } from '../observability/trace-context.ts';
import type { OverloadGate } from '../overload/gate.ts';
import type { SeenExchange } from '../report/client-sightings.ts';
import { type AuthzAnswer, answerQuestion, refuseQuestion } from './authz-decision.ts';
import type { AuthzHandler } from './authz-listener.ts';
import { readQuestion } from './authz-question.ts';

/** What answering needs; one per worker thread. */
export interface AuthzPorts {
  readonly plane: () => Plane;
  readonly protection: () => Protection;
  readonly limiter: RateLimiter;
  /** Questions wait for the same thread as requests: what it would shed of those it does not verify of these. */
  readonly gate: OverloadGate;
  readonly metrics: Metrics;
  readonly accessLog: AccessLog;
  readonly now: () => EpochMs;
  readonly startTrace: StartTrace;
  readonly onFinished: (seen: SeenExchange) => void;
  readonly onFault: (error: unknown, instance: RequestId) => void;
}

/** One question while it is answered. */
interface Turn {
  id: RequestId;
  readonly arrivedAt: EpochMs;
  readonly startedAt: number;
  readonly log: ExchangeLog;
  head: RequestHead | undefined;
  route: Route | undefined;
  /** Whether the gate counts it as under way. */
  isAdmitted: boolean;
}

const record = (ports: AuthzPorts, turn: Turn, status: number): void => {
  if (turn.isAdmitted) ports.gate.left();
  const { id, arrivedAt, startedAt, log, head, route } = turn;
  const milliseconds = performance.now() - startedAt;
  const service = route?.service ?? '';
  head?.trace.end({
    method: shownMethod(head.target.method),
    status,
    service,
    route: route?.id ?? 'authz',
    pattern: route?.pattern.text ?? '',
    reason: log.reason,
    outcome: log.outcome,
  });
  const bytes = { bytesIn: Number(head?.headers['content-length'] ?? 0), bytesOut: 0 };
  if (route === undefined) ports.metrics.refused(log.reason);
  else ports.metrics.finished({ service, route: route.id, reason: log.reason, status, milliseconds, ...bytes });
  if (route !== undefined && head !== undefined) ports.onFinished({ head, route, log, at: arrivedAt });
  ports.accessLog.write({
    at: arrivedAt,
    id,
    traceId: traceIdOf(id) ?? '',
    address: head?.address ?? '',
    method: head?.target.method ?? '',
    path: head?.target.path ?? '',
    pattern: route?.pattern.text ?? '',
    status,
    service,
    route: route?.id ?? 'authz',
    reason: log.reason,
    detail: log.detail,
    outcome: route === undefined ? '' : log.outcome,
    decision: log.decision,
    reasons: log.reasons,
    deviceId: log.deviceId,
    sessionId: log.sessionId,
    tag: log.tag,
    ...bytes,
    milliseconds,
  });
};

const overLimit = ({ limiter }: AuthzPorts, route: Route, head: RequestHead, now: EpochMs): Reason | undefined => {
  const { address, route: whole } = route.limits;
  const scope = `${route.service}\n${route.id}`;
  if (address !== undefined && limiter.admit(address, `address\n${scope}`, networkOf(head.address), now) > 0)
    return 'limit.address';
  return whole !== undefined && limiter.admit(whole, `route\n${scope}`, '', now) > 0 ? 'limit.route' : undefined;
};

const refuse = (turn: Turn, reason: Reason, detail = ''): AuthzAnswer => {
  turn.log.reason = reason;
  turn.log.detail = detail;
  return refuseQuestion(reason, turn.id);
};

/** Why a question is shed. What is open to all costs no more than its refusal would. */
const shed = ({ gate, metrics }: AuthzPorts, turn: Turn, route: Route, head: RequestHead) => {
  if (route.protection === 'none') return undefined;
  const reason = gate.refusal(route, head, turn.startedAt);
  turn.isAdmitted = reason === undefined;
  if (reason !== undefined) metrics.shed(route.priority, reason);
  return reason;
};

const answer = async (ports: AuthzPorts, turn: Turn, incoming: IncomingMessage): Promise<AuthzAnswer> => {
  const question = readQuestion(incoming, turn.arrivedAt, ports.startTrace);
  if (!question.ok) return refuse(turn, question.code, question.detail);
  const { head } = question.value;
  turn.head = head;
  turn.id = head.trace.id;
  const found = findRoute(ports.plane().table, head.headers, head.target.method, head.target.path);
  if (!found.ok) return refuse(turn, found.code);
  const { route } = found.value;
  turn.route = route;
  const limit = overLimit(ports, route, head, turn.arrivedAt);
  if (limit !== undefined) return refuse(turn, limit);
  const exchange: Exchange = { id: turn.id, head, route, incoming, log: turn.log };
  const overload = shed(ports, turn, route, head);
  const given = await answerQuestion(ports.protection(), exchange, question.value, overload);
  if (overload !== undefined && given.status !== 200) await new Promise<void>((resolve) => ports.gate.park(resolve));
  return given;
};

const send = (incoming: IncomingMessage, response: ServerResponse, { status, headers, body }: AuthzAnswer): void => {
  // A question whose body was not read ends its connection: the rest would be taken for the next one.
  const isUnread = !incoming.complete && Number(incoming.headers['content-length'] ?? 0) > 0;
  const closing = isUnread ? ['connection', 'close'] : [];
  response.writeHead(status, [...headers, 'content-length', String(body.length), ...closing]);
  response.end(body);
};

/** The handler of a thread's authz listener. */
export const createAuthzHandler =
  (ports: AuthzPorts): AuthzHandler =>
  (incoming, response) => {
    const turn: Turn = {
      id: newRequestId(),
      arrivedAt: ports.now(),
      startedAt: performance.now(),
      log: newExchangeLog(),
      head: undefined,
      route: undefined,
      isAdmitted: false,
    };
    const finish = (given: AuthzAnswer): void => {
      send(incoming, response, given);
      record(ports, turn, given.status);
    };
    answer(ports, turn, incoming).then(finish, (error: unknown) => {
      ports.onFault(error, turn.id);
      // A fault answers no: a proxy that cannot ask must not let pass.
      finish(refuse(turn, 'gateway.fault'));
    });
  };
