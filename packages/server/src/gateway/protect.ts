/**
 * The protected way of one request (design section 3): head, body, verify, claim, age; then login, grants, steps, step-up, limits,
 * idempotency; then forward, keep, bind. Every arrow takes what the one before minted, so a skipped check does not compile.
 */
import {
  type ChannelGateway,
  header,
  type PendingRequest,
  type ReplyBinding,
  type RequestReason,
  type RequestRefusal,
  type RouteDemand,
  readProtectedHead,
  type VerifiedRequest,
  verifyRequest,
} from '@hauberk/channel';
import type { EpochMs, Result, SecretKey, SyncCrypto } from '@hauberk/primitives';
import type { BoundState, BoundStates } from '../decision/bound-states.ts';
import type { Stories } from '../decision/stories.ts';
import { timeLeft } from '../overload/time-left.ts';
import type { Login } from '../storage/login-store.ts';
import { type BodyPace, readBody } from './body.ts';
import { type Approval, decide, noApproval } from './decide.ts';
import type { Exchange } from './exchange.ts';
import { verifiedFacts } from './facts.ts';
import type { ForwardOutcome, UpstreamRequest } from './forward.ts';
import { bindReply, type GatewayReply } from './gateway-reply.ts';
import { bodyOnce, checkObjects } from './grants.ts';
import type { Hold } from './hold.ts';
import { replyHeaders, upstreamHeaders } from './hygiene.ts';
import {
  beginIdempotent,
  type IdempotencyPorts,
  settleIdempotent,
  storageReasonOf,
  type UpstreamReply,
} from './idempotency.ts';
import { type Judgement, judgementFacts, type RiskJudge } from './judgement.ts';
import { applyLoginRule, LoginNotKept, type LoginPorts, requireLogin } from './logins.ts';
import { type ProblemDetails, problemBody } from './problems.ts';
import type { Reason } from './reasons.ts';
import type { BoundRule, Route } from './route.ts';
import { checkStepUp, demandStepUp, type StepUpPorts } from './step-up.ts';

/** Everything that the protected way needs; one per worker thread. */
export interface Protection {
  readonly channel: ChannelGateway;
  readonly logins: LoginPorts;
  readonly stepUp: StepUpPorts;
  readonly idempotency: IdempotencyPorts;
  readonly now: () => EpochMs;
  readonly bodyPace: BodyPace;
  readonly factsKey: (route: Route) => SecretKey;
  readonly preserveHost: (route: Route) => boolean;
  /** Hands a request to the route's upstream, once. */
  readonly forward: (route: Route, request: UpstreamRequest, leftMs?: number) => Promise<ForwardOutcome>;
  /** What stands against a request on a route for bound devices; undefined when nothing does. */
  readonly checkBound: (rule: BoundRule, authorised: Authorised) => Promise<Reason | undefined>;
  /** Counts a request of a verified device; false when it is over its limit. */
  readonly admitDevice: (route: Route, deviceId: string, now: EpochMs) => boolean;
  /** A dependency that failed; the request goes on as its route's fail mode says. */
  readonly onFault: (error: unknown) => void;
  /** The revision of directives that replies to an app name; undefined before the first directive. */
  readonly announcement: (app: string, service: string) => string | undefined;
  /** Holds a request back (`slow`); false when too many are held already. */
  readonly hold: Hold;
  /** Judges requests of routes that have a decision; absent where nothing decides. */
  readonly risk?: RiskJudge | undefined;
  /** How devices stand to the bindings of their customers; absent where nothing binds. */
  readonly bound?: BoundStates | undefined;
  /** What traps tell. */
  readonly stories: Pick<Stories, 'tell' | 'tarry'>;
}

/** A request that passed everything before the upstream. */
export interface Authorised {
  readonly request: VerifiedRequest;
  readonly login: Login | undefined;
  /** How the device stands to the customer's binding; undefined where nobody asked or nobody knows. */
  readonly bound?: BoundState | undefined;
  /** What was decided; undefined on routes without a decision. */
  readonly judgement?: Judgement;
  /** Refuses the request unless an outcome of it was kept. */
  readonly unlessStored?: Stop;
}

/** A value that may be there at once. */
export type Eventual<Value> = Value | Promise<Value>;

/** What the channel demands on a route. */
export const demandOf = (route: Route): RouteDemand => ({
  service: route.service,
  mode: route.mode,
  chunked: route.stream,
  coveredHeaders: route.coveredHeaders,
  publicQuery: route.publicQuery,
  maxAgeSeconds: route.maxAgeSeconds,
});

/** A refusal with what its problem says beside the code. */
export interface Stop {
  readonly reason: Reason;
  readonly options?: ProblemOptions;
  /** Told instead of a problem: a trap. */
  readonly story?: UpstreamReply;
}

/** What a refusal may say beside its code. */
type ProblemOptions = Partial<Pick<ProblemDetails, 'execution' | 'extra' | 'retryAfter'>>;

const stop = (reason: Reason, options?: ProblemOptions): { readonly ok: false; readonly stop: Stop } =>
  options === undefined ? { ok: false, stop: { reason } } : { ok: false, stop: { reason, options } };

/** A value, or why not. */
export type Passed<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly stop: Stop };

/** A problem that nobody can believe: replay, unverified, unread. Says nothing about execution that an attacker could use. */
export const unboundProblem = (exchange: Exchange, reason: Reason, detail?: string): GatewayReply => {
  exchange.log.reason = reason;
  exchange.log.detail = detail ?? '';
  return problemBody(reason, { execution: 'unknown', instance: exchange.id });
};

/** A problem bound to its request: only the holder of the binding, which claimed the sequence number, can make one. */
export const boundProblem = (
  crypto: SyncCrypto,
  exchange: Exchange,
  binding: ReplyBinding,
  { reason, options }: Stop,
  now: EpochMs,
): GatewayReply => {
  exchange.log.reason = reason;
  const problem = problemBody(reason, { execution: 'none', instance: exchange.id, ...options });
  return bindReply(crypto, binding, problem, [], now);
};

/** Judges the head of a request that comes in one piece. */
const readPending = (
  { channel }: Protection,
  { head, route, log }: Exchange,
): Result<PendingRequest, RequestReason> => {
  head.trace.enter('verify');
  const pending = readProtectedHead(channel, head, demandOf(route));
  if (!pending.ok) return pending;
  log.deviceId = pending.value.facts.deviceId;
  log.sessionId = pending.value.facts.sessionId;
  log.tag = pending.value.parameters.tag;
  return pending;
};

const passed: Passed<true> = { ok: true, value: true };
const unasked: Passed<Approval> = { ok: true, value: noApproval };
const noLogin: Passed<undefined> = { ok: true, value: undefined };

const checkOutcome = ({ route, log }: Exchange): Passed<true> => {
  log.outcome = route.outcome;
  return route.outcome === 'deny' ? stop('outcome.deny') : passed;
};

const checkLimits = (protection: Protection, route: Route, request: VerifiedRequest, now: EpochMs): Passed<true> => {
  if (request.facts.tier < route.minTier) return stop('route.tier', { extra: { tier: route.tierName ?? '' } });
  return protection.admitDevice(route, request.facts.deviceId, now) ? passed : stop('limit.device');
};

/** The login, or what the route's fail mode says when the record cannot be asked. */
const askForLogin = async (
  protection: Protection,
  route: Route,
  request: VerifiedRequest,
  now: EpochMs,
): Promise<Passed<Login | undefined>> => {
  try {
    const login = await requireLogin(protection.logins, route, request, now);
    return login.ok ? login : stop(login.code);
  } catch (error) {
    protection.onFault(error);
    const dependsOnIt = route.objects.length > 0 || route.requiresSteps.length > 0;
    return route.failsOpen === true && !dependsOnIt ? { ok: true, value: undefined } : stop('storage.fault');
  }
};

const hasLoginRule = ({ requiresLogin, login, objects }: Route): boolean =>
  requiresLogin !== undefined || login !== undefined || objects.length > 0;

const checkLogin = async (
  protection: Protection,
  route: Route,
  request: VerifiedRequest,
  now: EpochMs,
): Promise<Passed<Login | undefined>> => {
  const login = await askForLogin(protection, route, request, now);
  if (!login.ok) return login;
  if (route.objects.length === 0) return login;
  if (login.value === undefined) return stop('login.missing');
  const objects = checkObjects(route, request, bodyOnce(request), login.value);
  return objects.ok ? login : stop(objects.code);
};

const needsApproval = (route: Route): boolean => route.stepUp || route.outcome === 'challenge';

const checkApproval = async (
  protection: Protection,
  { request, login }: Authorised,
  now: EpochMs,
): Promise<Passed<Approval>> => {
  const approval = await checkStepUp(protection.stepUp, request, login, now);
  if (approval.ok) return { ok: true, value: { isApproved: true, note: approval.value } };
  if (approval.code !== 'step-up.required') return stop(approval.code);
  return stop('step-up.required', { extra: { ...demandStepUp(protection.stepUp, request, login, now) } });
};

/** Whether a route asks for anything that is waited for, beside what its decision may. */
const asksMore = (route: Route): boolean => route.outcome === 'slow' || hasLoginRule(route) || needsApproval(route);

/** What a route asks for beyond its limits: patience, a login, an approval. */
const authoriseFurther = async (
  protection: Protection,
  exchange: Exchange,
  request: VerifiedRequest,
  now: EpochMs,
): Promise<Passed<Authorised>> => {
  const { route } = exchange;
  if (route.outcome === 'slow' && !(await protection.hold())) return stop('outcome.slow-full');
  const login = hasLoginRule(route) ? await checkLogin(protection, route, request, now) : noLogin;
  if (!login.ok) return login;
  const authorised = { request, login: login.value };
  const approval = needsApproval(route) ? await checkApproval(protection, authorised, now) : unasked;
  return approval.ok ? decide(protection, exchange, authorised, approval.value) : approval;
};

/** What is refused here never asks the service, so it was no failed login: others could use up a name's limit with it. */
const authoriseCharged = async (
  protection: Protection,
  exchange: Exchange,
  request: VerifiedRequest,
  now: EpochMs,
): Promise<Passed<Authorised>> => {
  const authorised = await authoriseFurther(protection, exchange, request, now);
  if (!authorised.ok || authorised.value.unlessStored !== undefined)
    protection.logins.failures.forgive(request, protection.now());
  return authorised;
};

/**
 * Judges a verified request: nothing of it has happened yet when this refuses. Answers at once when the route asks for nothing that is waited
 * for: each wait costs a turn.
 */
export const authorise = (
  protection: Protection,
  exchange: Exchange,
  request: VerifiedRequest,
): Eventual<Passed<Authorised>> => {
  const { route } = exchange;
  if (route.login?.failures !== undefined) protection.logins.failures.arrived(request, exchange.head.address);
  exchange.head.trace.enter('decide');
  const now = protection.now();
  const limits = checkLimits(protection, route, request, now);
  if (!limits.ok) return limits;
  const outcome = checkOutcome(exchange);
  if (!outcome.ok) return outcome;
  if (route.login?.failures !== undefined) return authoriseCharged(protection, exchange, request, now);
  return asksMore(route)
    ? authoriseFurther(protection, exchange, request, now)
    : decide(protection, exchange, { request, login: undefined }, noApproval);
};

/** The request as the upstream gets it: cleaned headers, verified facts, plain body. Takes nothing but an authorised one. */
export const upstreamRequest = (
  protection: Protection,
  exchange: Exchange,
  authorised: Authorised,
): UpstreamRequest => {
  const { head, route } = exchange;
  const { request, login } = authorised;
  const facts = verifiedFacts(
    protection.channel.crypto,
    protection.factsKey(route),
    request,
    route,
    login,
    exchange.id,
    protection.now(),
    judgementFacts(authorised.judgement),
  );
  const { path, query, method } = request.target;
  return {
    method,
    path: query === '?' ? path : path + query,
    headers: upstreamHeaders(head, facts, {
      identity: true,
      decoded: false,
      preserveHost: protection.preserveHost(route),
    }),
    body: request.body.length === 0 && (method === 'GET' || method === 'HEAD') ? undefined : request.body,
  };
};

const isCoded = (headers: readonly string[]): boolean =>
  headers.some((name, index) => index % 2 === 0 && name === 'content-encoding' && headers[index + 1] !== 'identity');

const readOutcome = (outcome: ForwardOutcome): Passed<UpstreamReply> => {
  if (outcome.kind === 'not-sent') return stop(outcome.code);
  if (outcome.kind === 'unknown') return stop(outcome.code, { execution: 'unknown' });
  // Identity was asked for: a coded reply would be decoded on the way and no longer be what was bound.
  if (isCoded(outcome.headers)) return stop('upstream.reply-malformed', { execution: 'unknown' });
  return {
    ok: true,
    value: { status: outcome.status, headers: replyHeaders(outcome.headers), body: outcome.body },
  };
};

/** A reply that was refused here was an execution all the same: what it came to is not told. */
const refusedOutcome = (outcome: ForwardOutcome): ForwardOutcome =>
  outcome.kind === 'reply' ? { kind: 'unknown', code: 'upstream.reply-malformed' } : outcome;

const keepLogin = async (
  protection: Protection,
  route: Route,
  { request, login }: Authorised,
  reply: UpstreamReply,
): Promise<Passed<true>> => {
  if (route.login === undefined) return passed;
  try {
    await applyLoginRule(protection.logins, route, request, login, reply, protection.now());
    return passed;
  } catch (error) {
    const reason = error instanceof LoginNotKept ? storageReasonOf(error.code) : undefined;
    if (error instanceof LoginNotKept && reason === undefined) throw error;
    // The reply that opened the login is withheld, but the service has acted.
    if (reason === undefined) protection.onFault(error);
    return stop(reason ?? 'storage.fault', { execution: 'unknown' });
  }
};

/** Whether nothing of an exchange on this route is stored. */
const keepsNothing = ({ idempotency, login }: Route): boolean => idempotency.demand === 'none' && login === undefined;

/** Last of all before the upstream: what a first day allows is counted for requests that are sent, not for those that others refuse. */
const forwardBound = async (
  protection: Protection,
  exchange: Exchange,
  authorised: Authorised,
  rule: BoundRule,
): Promise<ForwardOutcome> => {
  const code = await protection.checkBound(rule, authorised);
  return code === undefined ? forwardNow(protection, exchange, authorised) : { kind: 'not-sent', code };
};

const forward = (protection: Protection, exchange: Exchange, authorised: Authorised): Promise<ForwardOutcome> => {
  const { bound } = exchange.route;
  return bound === undefined
    ? forwardNow(protection, exchange, authorised)
    : forwardBound(protection, exchange, authorised, bound);
};

const forwardNow = (protection: Protection, exchange: Exchange, authorised: Authorised): Promise<ForwardOutcome> => {
  exchange.head.trace.enter('forward');
  return protection.forward(
    exchange.route,
    upstreamRequest(protection, exchange, authorised),
    timeLeft(exchange.head, protection.now),
  );
};

/** Nothing was handed to the upstream. */
const neverSent: ForwardOutcome = { kind: 'not-sent', code: 'upstream.busy' };

/** Forwards an authorised request at most once and keeps what came of it before anybody is told. */
export const forwardOnce = async (
  protection: Protection,
  exchange: Exchange,
  authorised: Authorised,
): Promise<Passed<UpstreamReply>> => {
  const { route } = exchange;
  if (keepsNothing(route)) return readOutcome(await forward(protection, exchange, authorised));
  const { request, login } = authorised;
  const start = await beginIdempotent(protection.idempotency, route, request, login, protection.now());
  if (!start.ok)
    return stop(start.code, { execution: start.code === 'idempotency.outcome-unknown' ? 'unknown' : 'none' });
  if (start.value.kind === 'stored') return { ok: true, value: start.value.reply };
  const { attempt } = start.value;
  // Before anything is sent: nothing was kept, so the refusal stands.
  if (authorised.unlessStored !== undefined) {
    const released = await settleIdempotent(protection.idempotency, route, attempt, neverSent, protection.now());
    return released.ok ? { ok: false, stop: authorised.unlessStored } : stop(released.code, { execution: 'unknown' });
  }
  const outcome = await forward(protection, exchange, authorised);
  const reply = readOutcome(outcome);
  // The outcome first: a login that cannot be kept must not leave the key running for ever.
  const settling = reply.ok
    ? { kind: 'reply' as const, ...reply.value, headers: [...reply.value.headers] }
    : refusedOutcome(outcome);
  const settled = await settleIdempotent(protection.idempotency, route, attempt, settling, protection.now());
  if (!settled.ok) return stop(settled.code, { execution: 'unknown' });
  const kept = reply.ok ? await keepLogin(protection, route, authorised, reply.value) : passed;
  return kept.ok ? reply : kept;
};

/** A reply that names the revision of directives: covered by the binding, so that only the gateway can say it. */
const announcing = (reply: UpstreamReply, revision: string | undefined): UpstreamReply =>
  revision === undefined ? reply : { ...reply, headers: [...reply.headers, header.directives, revision] };

/** The story that a trap tells, after as long as the service would take. It looks like any other reply of its route. */
const tellStory = async (
  { channel, now, announcement, stories }: Protection,
  { route, log }: Exchange,
  { binding, facts }: VerifiedRequest,
  story: UpstreamReply,
): Promise<GatewayReply> => {
  log.outcome = 'trap';
  await stories.tarry(route);
  const reply = announcing(story, announcement(facts.app, facts.service));
  return bindReply(channel.crypto, binding, reply, route.coveredReplyHeaders, now());
};

/** What a stopped request is answered: a problem, or the story of a trap. */
export const answerStopped = (
  protection: Protection,
  exchange: Exchange,
  request: VerifiedRequest,
  stopped: Stop,
): Eventual<GatewayReply> => {
  if (stopped.story === undefined)
    return boundProblem(protection.channel.crypto, exchange, request.binding, stopped, protection.now());
  exchange.log.reason = stopped.reason;
  return tellStory(protection, exchange, request, stopped.story);
};

/** Binds what came of a verified request. */
const bindHandled = (
  protection: Protection,
  exchange: Exchange,
  request: VerifiedRequest,
  handled: Passed<UpstreamReply>,
): Eventual<GatewayReply> => {
  if (!handled.ok) return answerStopped(protection, exchange, request, handled.stop);
  const { channel, now, announcement } = protection;
  const { binding, facts } = request;
  exchange.head.trace.enter('reply');
  const reply = announcing(handled.value, announcement(facts.app, facts.service));
  return bindReply(channel.crypto, binding, reply, exchange.route.coveredReplyHeaders, now());
};

/** What a route whose outcome is `trap` tells; undefined on every other. */
const staticTrap = (
  protection: Protection,
  exchange: Exchange,
  request: VerifiedRequest,
): Promise<GatewayReply> | undefined => {
  const { route } = exchange;
  if (route.outcome !== 'trap') return undefined;
  const { deviceId } = request.facts;
  const story = protection.stories.tell(route, deviceId, '');
  if (story === undefined) return undefined;
  protection.risk?.touched(exchange, deviceId);
  return tellStory(protection, exchange, request, story);
};

/** Answers a verified request, whatever handles it: a refusal or a reply, both bound. */
export const answerVerified = async (
  protection: Protection,
  exchange: Exchange,
  request: VerifiedRequest,
  handle: (authorised: Authorised) => Promise<Passed<UpstreamReply>>,
): Promise<GatewayReply> => {
  const trapped = staticTrap(protection, exchange, request);
  if (trapped !== undefined) return trapped;
  const authorised = await authorise(protection, exchange, request);
  const handled = authorised.ok ? await handle(authorised.value) : authorised;
  return bindHandled(protection, exchange, request, handled);
};

/** Whoever sends what does not verify is seen all the same: a decision on the next request knows of it. */
const refuseUnverified = (
  { risk }: Protection,
  exchange: Exchange,
  { code, detail }: { readonly code: RequestReason; readonly detail?: string },
): GatewayReply => {
  risk?.refused(exchange, code);
  return unboundProblem(exchange, code, detail);
};

/** A claimed request that was not accepted is answered in a way that its client believes; any other refusal is not. */
const unverifiedProblem = (protection: Protection, exchange: Exchange, refusal: RequestRefusal): GatewayReply => {
  const { binding, code } = refusal;
  protection.risk?.refused(exchange, code);
  if (binding === undefined) return unboundProblem(exchange, code, refusal.detail);
  const now = protection.now();
  // The client's clock estimate is off: tell it ours, bound, so that one retry mends it.
  const options = { extra: { serverTimeMs: now } };
  return boundProblem(protection.channel.crypto, exchange, binding, { reason: code, options }, now);
};

/**
 * The whole way of a request on a route whose protection is required. It is `answerVerified` and `forwardOnce` in one where nothing else is
 * waited for: each function between would cost each request a promise and a turn.
 */
export const serveProtected = async (protection: Protection, exchange: Exchange): Promise<GatewayReply> => {
  const pending = readPending(protection, exchange);
  if (!pending.ok) return refuseUnverified(protection, exchange, pending);
  const { route, incoming } = exchange;
  const reading = readBody(incoming, route.bodyCapBytes, protection.bodyPace);
  const body = reading instanceof Promise ? await reading : reading;
  if (!body.ok) return unboundProblem(exchange, body.code, body.detail);
  const verified = verifyRequest(protection.channel.crypto, pending.value, body.value, protection.now());
  if (!verified.ok) return unverifiedProblem(protection, exchange, verified);
  const request = verified.value;
  if (asksMore(route) || !keepsNothing(route) || route.outcome === 'trap')
    return answerVerified(protection, exchange, request, (authorised) => forwardOnce(protection, exchange, authorised));
  const judged = authorise(protection, exchange, request);
  const authorised = judged instanceof Promise ? await judged : judged;
  const handled = authorised.ok ? readOutcome(await forward(protection, exchange, authorised.value)) : authorised;
  return bindHandled(protection, exchange, request, handled);
};
