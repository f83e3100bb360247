/**
 * Observe mode: a bank watches before it refuses. Requests that verify are served as protected ones; plain requests that are unsigned or fail are
 * forwarded, stripped of forged facts and marked `unverified` with the reason. A sealed body that does not open is refused: nobody could read it.
 */
import { header, readProtectedHead, readSignatureInput, tag, verifyRequest } from '@hauberk/channel';
import { timeLeft } from '../overload/time-left.ts';
import { readBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import { unverifiedFacts } from './facts.ts';
import type { GatewayReply } from './gateway-reply.ts';
import { replyHeaders, upstreamHeaders } from './hygiene.ts';
import { staticReply } from './plain-exchange.ts';
import { problemBody } from './problems.ts';
import { answerVerified, demandOf, forwardOnce, type Protection, unboundProblem } from './protect.ts';
import type { Reason } from './reasons.ts';

const isReadable = ({ head }: Exchange): boolean => {
  const input = head.headers[header.signatureInput];
  const read = typeof input === 'string' ? readSignatureInput(input) : undefined;
  return read === undefined || read.parameters.tag === tag.signed;
};

/** Forwards a request outside HB/1 with the facts that are known of it; its reply is not bound. */
export const forwardUnbound = async (
  protection: Protection,
  { head, route, log, id }: Exchange,
  body: Uint8Array,
  facts: readonly string[],
): Promise<GatewayReply> => {
  const { method, path, query } = head.target;
  const options = { identity: false, decoded: false, preserveHost: protection.preserveHost(route) };
  head.trace.enter('forward');
  const request = {
    method,
    path: query === '?' ? path : path + query,
    headers: upstreamHeaders(head, facts, options),
    body: body.length === 0 && (method === 'GET' || method === 'HEAD') ? undefined : body,
  };
  const outcome = await protection.forward(route, request, timeLeft(head, protection.now));
  head.trace.enter('reply');
  if (outcome.kind === 'reply')
    return { status: outcome.status, headers: replyHeaders(outcome.headers), body: outcome.body };
  log.reason = outcome.code;
  return problemBody(outcome.code, { execution: outcome.kind === 'not-sent' ? 'none' : 'unknown', instance: id });
};

/** Forwards a request that nobody vouches for, and says so to the upstream. */
export const forwardUnverified = async (
  protection: Protection,
  exchange: Exchange,
  body: Uint8Array,
  reason: Reason | 'unprotected',
): Promise<GatewayReply> => {
  const { head, route, log } = exchange;
  log.detail = reason;
  const facts = unverifiedFacts(
    protection.channel.crypto,
    protection.factsKey(route),
    head.target,
    route,
    reason,
    protection.now(),
  );
  return forwardUnbound(protection, exchange, body, facts);
};

/** Watching refuses nobody for a signature; what the route itself answers to everybody it answers here, too. */
const serveUnverified = async (
  protection: Protection,
  exchange: Exchange,
  body: Uint8Array,
  reason: Reason,
): Promise<GatewayReply> => {
  protection.risk?.refused(exchange, reason);
  const fixed = exchange.route.outcome === 'allow' ? undefined : await staticReply(protection, exchange);
  return fixed ?? forwardUnverified(protection, exchange, body, reason);
};

/** Serves a request on a route whose protection is observed. */
export const serveObserved = async (protection: Protection, exchange: Exchange): Promise<GatewayReply> => {
  const { head, route, incoming } = exchange;
  head.trace.enter('verify');
  const pending = readProtectedHead(protection.channel, head, demandOf(route));
  if (!pending.ok && !isReadable(exchange)) return unboundProblem(exchange, pending.code, pending.detail);
  const body = await readBody(incoming, route.bodyCapBytes, protection.bodyPace);
  if (!body.ok) return unboundProblem(exchange, body.code);
  if (!pending.ok) return serveUnverified(protection, exchange, body.value, pending.code);
  const verified = verifyRequest(protection.channel.crypto, pending.value, body.value, protection.now());
  if (verified.ok) {
    exchange.log.deviceId = verified.value.facts.deviceId;
    exchange.log.tag = verified.value.tag;
    return answerVerified(protection, exchange, verified.value, (authorised) =>
      forwardOnce(protection, exchange, authorised),
    );
  }
  return isReadable(exchange)
    ? serveUnverified(protection, exchange, body.value, verified.code)
    : unboundProblem(exchange, verified.code);
};
