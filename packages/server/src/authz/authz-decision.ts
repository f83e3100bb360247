/**
 * The answer to a question of nginx or Envoy: 200 with verified facts, or 401 or 403. Headers, signature and one-time use are checked as in the
 * full mode, on the same windows; the body only where it came along. What a reply would be needed for was refused as configuration.
 */
import {
  type PendingRequest,
  type RequestRefusal,
  readProtectedHead,
  tag,
  type VerifiedRequest,
  verifyRequest,
  verifyUnseenBody,
} from '@hauberk/channel';
import { refuse } from '@hauberk/primitives';
import { readBody } from '../gateway/body.ts';
import type { Exchange } from '../gateway/exchange.ts';
import { factPrefix, unverifiedFacts, verifiedFacts } from '../gateway/facts.ts';
import { judgementFacts } from '../gateway/judgement.ts';
import { outerOf, outerProblems, problemBody } from '../gateway/problems.ts';
import { authorise, demandOf, type Protection } from '../gateway/protect.ts';
import type { Reason } from '../gateway/reasons.ts';
import type { Route } from '../gateway/route.ts';
import type { OverloadReason } from '../overload/reasons.ts';
import type { AuthzQuestion, SeenBody } from './authz-question.ts';

/** An answer. */
export interface AuthzAnswer {
  readonly status: 200 | 401 | 403;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

const nothing = new Uint8Array(0);
/** nginx takes 2xx, 401 and 403 from `auth_request` and makes a 500 of anything else, so the outer code travels beside. */
const problemHeader = 'hauberk-problem';

/** A refusal. The inner reason stays in the log. */
export const refuseQuestion = (reason: Reason, instance: string): AuthzAnswer => {
  const { code, status } = outerProblems[outerOf[reason]];
  const problem = problemBody(reason, { execution: 'unknown', instance });
  return {
    status: status === 401 ? 401 : 403,
    headers: [...problem.headers, problemHeader, code],
    body: problem.body,
  };
};

const allow = (facts: readonly string[]): AuthzAnswer => ({ status: 200, headers: facts, body: nothing });

type Verified =
  | { readonly ok: true; readonly value: VerifiedRequest }
  | RequestRefusal
  | { readonly ok: false; readonly code: Reason };

const verifyBody = async (
  protection: Protection,
  pending: PendingRequest,
  { route }: Exchange,
  seen: SeenBody,
  incoming: Exchange['incoming'],
): Promise<Verified> => {
  const { crypto } = protection.channel;
  if (seen === 'unseen') {
    // A digest that nobody compares lets a proxy's attacker send another amount under a good signature.
    if (route.class === 'money' || route.class === 'bind') return { ok: false, code: 'authz.body-required' };
    return verifyUnseenBody(crypto, pending, protection.now());
  }
  if (seen === 'none') return verifyRequest(crypto, pending, nothing, protection.now());
  const body = await readBody(incoming, route.bodyCapBytes, protection.bodyPace);
  return body.ok ? verifyRequest(crypto, pending, body.value, protection.now()) : body;
};

const verify = async (protection: Protection, exchange: Exchange, seen: SeenBody): Promise<Verified> => {
  const { head, route, incoming, log } = exchange;
  head.trace.enter('verify');
  const pending = readProtectedHead(protection.channel, head, demandOf(route));
  if (!pending.ok) return pending;
  // Sealed bodies would reach the upstream sealed.
  if (pending.value.parameters.tag !== tag.signed) return { ok: false, code: 'request.mode' };
  log.deviceId = pending.value.facts.deviceId;
  log.sessionId = pending.value.facts.sessionId;
  log.tag = pending.value.parameters.tag;
  return verifyBody(protection, pending.value, exchange, seen, incoming);
};

const unverified = (protection: Protection, exchange: Exchange, reason: Reason | 'unprotected'): AuthzAnswer => {
  const { head, route, log } = exchange;
  log.detail = reason;
  const key = protection.factsKey(route);
  return allow(unverifiedFacts(protection.channel.crypto, key, head.target, route, reason, protection.now()));
};

const refused = (exchange: Exchange, reason: Reason): AuthzAnswer => {
  exchange.log.reason = reason;
  return refuseQuestion(reason, exchange.id);
};

const answerUnprotected = async (protection: Protection, exchange: Exchange): Promise<AuthzAnswer> => {
  const { route, log } = exchange;
  log.outcome = route.outcome;
  if (route.outcome === 'deny') return refused(exchange, 'outcome.deny');
  if (route.outcome === 'slow' && !(await protection.hold())) return refused(exchange, 'outcome.slow-full');
  return unverified(protection, exchange, 'unprotected');
};

const answerVerified = async (
  protection: Protection,
  exchange: Exchange,
  request: VerifiedRequest,
  seen: SeenBody,
): Promise<AuthzAnswer> => {
  const authorised = await authorise(protection, exchange, request);
  if (!authorised.ok) return refused(exchange, authorised.stop.reason);
  const { route, id } = exchange;
  const key = protection.factsKey(route);
  const { login, judgement } = authorised.value;
  const body = [`${factPrefix}body`, seen === 'unseen' ? 'unseen' : 'verified', ...judgementFacts(judgement)];
  return allow(verifiedFacts(protection.channel.crypto, key, request, route, login, id, protection.now(), body));
};

/**
 * Answers a question whose route is found and within its limits. With `shed` nothing is verified: a required route is refused for it, and a
 * watched one, which nobody is refused on, is told as unverified.
 */
export const answerQuestion = async (
  protection: Protection,
  exchange: Exchange,
  { body }: Pick<AuthzQuestion, 'body'>,
  shed?: OverloadReason,
): Promise<AuthzAnswer> => {
  const { route } = exchange;
  if (!isEnforcedByProxy(route)) return refused(exchange, 'authz.enforcement');
  if (route.protection === 'none') return answerUnprotected(protection, exchange);
  const verified = shed === undefined ? await verify(protection, exchange, body) : refuse(shed);
  if (verified.ok) return answerVerified(protection, exchange, verified.value, body);
  return route.protection === 'observe'
    ? unverified(protection, exchange, verified.code)
    : refused(exchange, verified.code);
};

const isEnforcedByProxy = (route: Route): boolean => route.enforcement === 'proxy';
