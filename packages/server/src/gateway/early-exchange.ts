/** Early data (0-RTT): a request that brings its hello along. It is forwarded at most once, or the answer says that it was not. */
import {
  header,
  isEarlySafe,
  type OpenedSession,
  readEarlyHead,
  tag,
  type VerifiedRequest,
  verifyRequest,
} from '@hauberk/channel';
import { type Result, refuse } from '@hauberk/primitives';
import { readBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayReply } from './gateway-reply.ts';
import { type HandshakeShell, helloProblem, type JudgedHello, judgeHello, openSession } from './handshake-endpoint.ts';
import { problemBody } from './problems.ts';
import { answerVerified, demandOf, forwardOnce, type Protection } from './protect.ts';
import type { Reason } from './reasons.ts';

/** Routes whose requests must have forward secrecy or a user present never take early data. */
const isEarlyRoute = ({ route, head }: Exchange): boolean => {
  const honoured = route.idempotency.demand !== 'none' && head.headers[header.idempotencyKey] !== undefined;
  return route.protection === 'required' && !route.stepUp && !route.stream && isEarlySafe(head.target.method, honoured);
};

const withAnswer = (reply: GatewayReply, opened: OpenedSession): GatewayReply => ({
  ...reply,
  headers: [...reply.headers, header.answer, opened.answer],
});

/** The handshake succeeds, the early request does not: nothing was forwarded, and the answer says so under `finished`. */
const refuseEarly = (shell: HandshakeShell, exchange: Exchange, judged: JudgedHello, reason: Reason): GatewayReply => {
  exchange.log.reason = 'early.refused';
  exchange.log.detail = reason;
  const opened = openSession(shell, judged, 'refused');
  if (!opened.ok) return problemBody(opened.code, { execution: 'none', instance: exchange.id });
  return withAnswer(problemBody('early.refused', { execution: 'none', instance: exchange.id }), opened.value);
};

interface EarlyVerified {
  readonly request: VerifiedRequest;
  readonly opened: OpenedSession;
}

const verifyEarly = async (
  protection: Protection,
  shell: HandshakeShell,
  exchange: Exchange,
  judged: JudgedHello,
): Promise<Result<EarlyVerified, Reason>> => {
  const { crypto } = protection.channel;
  let opened: OpenedSession | undefined;
  const open = (): Result<OpenedSession> => {
    const result = openSession(shell, judged, 'accepted');
    if (result.ok) opened = result.value;
    return result;
  };
  const pending = readEarlyHead(protection.channel, judged.accepted, exchange.head, demandOf(exchange.route), open);
  if (!pending.ok) return pending;
  if (pending.value.parameters.tag === tag.chunked) return refuse('request.mode');
  const body = await readBody(exchange.incoming, exchange.route.bodyCapBytes, protection.bodyPace);
  if (!body.ok) return body;
  const verified = verifyRequest(crypto, pending.value, body.value, protection.now());
  if (!verified.ok) return refuse(verified.code);
  return opened === undefined
    ? refuse('request.session-gone')
    : { ok: true, value: { request: verified.value, opened } };
};

/** Serves a request that carries `hauberk-hello`. */
export const serveEarly = async (
  protection: Protection,
  shell: HandshakeShell,
  exchange: Exchange,
): Promise<GatewayReply> => {
  const value = exchange.head.headers[header.hello];
  const text = typeof value === 'string' ? value : '';
  const judged = await judgeHello(shell, text);
  if (!judged.ok) {
    exchange.log.reason = judged.code;
    return helloProblem(shell, text, judged.code, exchange.id);
  }
  if (!judged.value.accepted.mayBeEarly || !isEarlyRoute(exchange))
    return refuseEarly(shell, exchange, judged.value, 'early.refused');
  const early = await verifyEarly(protection, shell, exchange, judged.value);
  if (!early.ok) return refuseEarly(shell, exchange, judged.value, early.code);
  const { request, opened } = early.value;
  exchange.log.deviceId = request.facts.deviceId;
  exchange.log.tag = `${request.tag};early`;
  const reply = await answerVerified(protection, exchange, request, (authorised) =>
    forwardOnce(protection, exchange, authorised),
  );
  return withAnswer(reply, opened);
};
