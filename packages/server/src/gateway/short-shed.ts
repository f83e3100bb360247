/**
 * The short way of a shed request. While the event loop is what is short, a refusal must cost next to nothing: whoever asks again and again would
 * otherwise take the time of those who are served. So the gate is asked with a short head before a trace, a turn or a line of log is
 * made, and the reply is written once for many. Each is counted: in the metrics like any other request, in the access log in one line
 * for all of a route, under the id that their problems name.
 */
import type { EpochMs } from '@hauberk/primitives';
import { newRequestId, type RequestId, traceIdOf } from '../observability/trace-context.ts';
import type { OverloadGate } from '../overload/gate.ts';
import type { OverloadReason } from '../overload/reasons.ts';
import type { AccessLog, JoinedEntry } from './access-log.ts';
import type { WholeReplyPort } from './carrier.ts';
import type { ConnectionTrust } from './connection-trust.ts';
import { corsHeaders } from './cors.ts';
import type { Metrics } from './metrics.ts';
import { corsOf, type Plane } from './plane.ts';
import { shedProblem } from './problems.ts';
import type { Route } from './route.ts';
import { findRoute } from './route-table.ts';
import { readShortHead } from './short-head.ts';
import { type PreparedReply, prepareReply } from './whole-connection.ts';
import type { WholeRequest } from './whole-request.ts';

/** What shedding runs on; part of the pipeline's ports. */
export interface ShedPorts {
  readonly plane: () => Plane;
  readonly gate: OverloadGate;
  readonly accessLog: AccessLog;
  readonly metrics: Metrics;
  readonly now: () => EpochMs;
  readonly onFault: (error: unknown, instance: RequestId) => void;
}

/** What became of a request here: shed, or counted by the gate as under way, or not looked at. What is not shed goes the way of all others. */
export type ShortVerdict = 'shed' | 'admitted' | 'unjudged';

/** Judges a whole request. */
export type ShedWhole = (request: WholeRequest, trust: ConnectionTrust, port: WholeReplyPort) => ShortVerdict;

/** So long the refusals of a thread share an id, and those of a route a line of log. */
const sharedMs = 250;
/** `Retry-After` of one, two and three seconds in turn. */
const spread = 3;

/** The refusals of one stretch of time: their replies, and their lines of log. */
class Stretch {
  readonly id = newRequestId();
  readonly until: number;
  private readonly replies = new Map<OverloadReason, readonly PreparedReply[]>();
  private readonly lines = new Map<Route, JoinedEntry>();
  private turn = 0;

  constructor(nowMs: number) {
    this.until = nowMs + sharedMs;
  }

  reply(reason: OverloadReason): PreparedReply {
    let replies = this.replies.get(reason);
    if (replies === undefined) {
      replies = Array.from({ length: spread }, () => prepareReply(shedProblem(reason, this.id)));
      this.replies.set(reason, replies);
    }
    this.turn = (this.turn + 1) % spread;
    return replies[this.turn] as PreparedReply;
  }

  /** The line of a route; another one when the one before is written, or tells of another reason. */
  line(route: Route, reason: OverloadReason, { status }: PreparedReply, { accessLog, now }: ShedPorts): JoinedEntry {
    const held = this.lines.get(route);
    if (held !== undefined && !held.isWritten && held.reason === reason) return held;
    const { service, id, pattern } = route;
    const fresh: JoinedEntry = {
      at: now(),
      id: this.id,
      traceId: traceIdOf(this.id) ?? '',
      pattern: pattern.text,
      status,
      service,
      route: id,
      reason,
      count: 0,
      bytesIn: 0,
      bytesOut: 0,
      longestMs: 0,
      isWritten: false,
    };
    this.lines.set(route, fresh);
    accessLog.join(fresh);
    return fresh;
  }
}

/** A request that is shed and waits for its refusal. */
interface Shed {
  readonly route: Route;
  readonly reason: OverloadReason;
  readonly startedAt: number;
  readonly bytesIn: number;
  readonly extra: readonly string[];
  readonly port: WholeReplyPort;
}

const count = (
  ports: ShedPorts,
  shed: Shed,
  { status, bytes }: PreparedReply,
  line: JoinedEntry,
  nowMs: number,
): void => {
  const { route, reason, startedAt, bytesIn } = shed;
  const { service, id } = route;
  const milliseconds = nowMs - startedAt;
  ports.metrics.finished({ service, route: id, reason, status, milliseconds, bytesIn, bytesOut: bytes });
  line.count += 1;
  line.bytesIn += bytesIn;
  line.bytesOut += bytes;
  line.longestMs = Math.max(line.longestMs, milliseconds);
};

/** Sheds for one thread. */
export const createShedWhole = (ports: ShedPorts): ShedWhole => {
  let stretch = new Stretch(0);
  const end = (shed: Shed): void => {
    const nowMs = performance.now();
    if (nowMs >= stretch.until) stretch = new Stretch(nowMs);
    try {
      const reply = stretch.reply(shed.reason);
      shed.port.answerPrepared(reply, shed.extra);
      count(ports, shed, reply, stretch.line(shed.route, shed.reason, reply, ports), nowMs);
    } catch (error) {
      ports.onFault(error, stretch.id);
      shed.port.destroy();
    }
  };
  return (request, trust, port) => {
    const startedAt = performance.now();
    if (!ports.gate.isPressed(startedAt)) return 'unjudged';
    const head = readShortHead(request, trust);
    if (head === undefined) return 'unjudged';
    const plane = ports.plane();
    const found = findRoute(plane.table, head.headers, head.method, head.path);
    if (!found.ok || found.value.route.stream) return 'unjudged';
    const { route } = found.value;
    const reason = ports.gate.refusal(route, head, startedAt);
    if (reason === undefined) return 'admitted';
    ports.metrics.shed(route.priority, reason);
    const extra = corsHeaders(corsOf(plane, head), head);
    const shed = { route, reason, startedAt, bytesIn: request.body.length, extra, port };
    ports.gate.park(() => end(shed));
    return 'shed';
  };
};
