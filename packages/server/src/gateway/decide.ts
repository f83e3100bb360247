/**
 * The decision on a request: after its login is known and before anything of it is stored or sent. The judgement itself is made at once; only
 * what it asks for is waited for: patience, a user who confirms.
 */
import { header } from '@hauberk/channel';
import { type EpochMs, fromHex, toHex } from '@hauberk/primitives';
import type { BoundState } from '../decision/bound-states.ts';
import type { DecisionRule } from '../decision/decision-rule.ts';
import type { Exchange } from './exchange.ts';
import { operationOf } from './idempotency.ts';
import type { Judgement } from './judgement.ts';
import type { Authorised, Eventual, Passed, Protection, Stop } from './protect.ts';
import type { Route } from './route.ts';
import { checkStepUp, demandStepUp, noteLength } from './step-up.ts';

/** What of a request was approved by its user already, and as which event it counts then. */
export interface Approval {
  readonly isApproved: boolean;
  /** Of the challenge that was answered. */
  readonly note: Uint8Array | undefined;
}

/** Nothing was approved. */
export const noApproval: Approval = { isApproved: false, note: undefined };

const stopped = (reason: Stop['reason'], more: Omit<Stop, 'reason'> = {}): Passed<never> => ({
  ok: false,
  stop: { reason, ...more },
});

/**
 * The id of the event that a request is. A retry is the same event: one with an idempotency key by the operation that it names, the answer to a
 * challenge by what the challenge says, which nobody but the gateway can have written there.
 */
const eventIdOf = (protection: Protection, exchange: Exchange, authorised: Authorised, approval: Approval): string => {
  const { crypto } = protection.channel;
  const { request, login } = authorised;
  const named = operationOf(crypto, exchange.route, request, login) ?? approval.note ?? crypto.random(noteLength);
  return toHex(named.subarray(0, noteLength));
};

/** The answer to a step-up that no route demanded: one that a decision asked for. */
const readApproval = async (
  protection: Protection,
  route: Route,
  { request, login }: Authorised,
  now: EpochMs,
): Promise<Passed<Approval>> => {
  if (request.headers[header.stepUp] === undefined) return { ok: true, value: noApproval };
  const answered = await checkStepUp(protection.stepUp, request, login, now);
  // A challenge that is used up approves nothing, and may come with a retry whose first reply was lost: what was kept of that one is still told.
  const isRetry = !answered.ok && answered.code === 'step-up.challenge';
  if (isRetry && operationOf(protection.channel.crypto, route, request, login) !== undefined)
    return { ok: true, value: noApproval };
  return answered.ok ? { ok: true, value: { isApproved: true, note: answered.value } } : stopped(answered.code);
};

const demand = (
  protection: Protection,
  { request, login }: Authorised,
  judgement: Judgement,
  eventId: string,
): Passed<never> => {
  const note = fromHex(eventId);
  const asked = demandStepUp(protection.stepUp, request, login, protection.now(), note);
  return stopped('step-up.required', { options: { extra: { ...asked, step: judgement.step } } });
};

/**
 * Whether what is there passes a challenge. A signature of the step-up key stands for a code that would be typed; `webauthn` takes it only from a
 * device that hardware vouches for, and `rebind` takes nothing but a binding that is new.
 */
const passes = (
  { bound }: Protection,
  authorised: Authorised,
  { step }: Judgement,
  isApproved: boolean,
): Eventual<boolean> => {
  switch (step) {
    case 'device-key':
    case 'otp':
      return isApproved;
    case 'webauthn':
      return isApproved && authorised.request.facts.attested !== '';
    case 'rebind':
      return bound?.isNew(authorised) ?? false;
  }
};

const challenge = (
  protection: Protection,
  authorised: Authorised,
  judgement: Judgement,
  isApproved: boolean,
  eventId: string,
): Eventual<Passed<Authorised>> => {
  const answer = (isPassed: boolean): Passed<Authorised> =>
    isPassed ? { ok: true, value: { ...authorised, judgement } } : demand(protection, authorised, judgement, eventId);
  const passed = passes(protection, authorised, judgement, isApproved);
  return typeof passed === 'boolean' ? answer(passed) : passed.then(answer);
};

const trap = (
  { stories }: Protection,
  { route }: Exchange,
  { request }: Authorised,
  { decoy }: Judgement,
): Passed<never> => {
  const story = stories.tell(route, request.facts.deviceId, decoy);
  // Without a story to tell, a trap is a refusal like any other.
  return story === undefined ? stopped('decision.denied') : stopped('outcome.trap', { story });
};

/** Inner codes of refusals: what could not be read is the client's to mend, what could not be judged is ours. */
const refusalOf = ({ fault }: Judgement): Stop['reason'] => {
  if (fault === undefined) return 'decision.denied';
  return fault === 'decision.unreadable' ? fault : 'decision.unavailable';
};

/** What a judgement makes of a request. */
const follow = (
  protection: Protection,
  exchange: Exchange,
  authorised: Authorised,
  judgement: Judgement,
  isApproved: boolean,
  eventId: string,
): Eventual<Passed<Authorised>> => {
  const onward: Passed<Authorised> = { ok: true, value: { ...authorised, judgement } };
  switch (judgement.outcome) {
    case 'allow':
    case 'observe':
      return onward;
    case 'slow':
      return protection.hold(judgement.slowMs).then((held) => (held ? onward : stopped('outcome.slow-full')));
    case 'challenge':
      return challenge(protection, authorised, judgement, isApproved, eventId);
    case 'deny':
      return stopped(refusalOf(judgement));
    case 'trap':
      return trap(protection, exchange, authorised, judgement);
  }
};

/**
 * A retry of an operation may be one whose reply was lost: what its first execution came to is told whatever is thought of the device by now. So a
 * refusal waits until it is known that nothing was kept.
 */
const deferred = (
  exchange: Exchange,
  authorised: Authorised,
  judgement: Judgement,
  followed: Passed<Authorised>,
): Passed<Authorised> =>
  followed.ok || !judgement.isRepeat || exchange.route.idempotency.demand === 'none'
    ? followed
    : { ok: true, value: { ...authorised, judgement, unlessStored: followed.stop } };

const judge = (
  protection: Protection,
  exchange: Exchange,
  rule: DecisionRule,
  authorised: Authorised,
  approval: Approval,
): Eventual<Passed<Authorised>> => {
  const { risk } = protection;
  if (risk === undefined) return { ok: true, value: authorised };
  const eventId = eventIdOf(protection, exchange, authorised, approval);
  const judgement = risk.judge(exchange, rule, authorised, eventId);
  const { log } = exchange;
  log.outcome = judgement.outcome;
  log.decision = judgement.id;
  log.reasons = judgement.reasons;
  if (judgement.fault !== undefined) log.detail = judgement.fault;
  const followed = follow(protection, exchange, authorised, judgement, approval.isApproved, eventId);
  return followed instanceof Promise
    ? followed.then((passed) => deferred(exchange, authorised, judgement, passed))
    : deferred(exchange, authorised, judgement, followed);
};

const judgeBound = (
  protection: Protection,
  exchange: Exchange,
  rule: DecisionRule,
  authorised: Authorised,
  approval: Approval,
): Eventual<Passed<Authorised>> => {
  const bound = protection.bound?.of(authorised);
  const judged = (known: BoundState | undefined): Eventual<Passed<Authorised>> =>
    judge(protection, exchange, rule, known === undefined ? authorised : { ...authorised, bound: known }, approval);
  return bound instanceof Promise ? bound.then(judged) : judged(bound);
};

/** Judges an authorised request by the decision of its route, if there is one. `approval` is what the route itself demanded and got. */
export const decide = (
  protection: Protection,
  exchange: Exchange,
  authorised: Authorised,
  approval: Approval,
): Eventual<Passed<Authorised>> => {
  const { decision } = exchange.route;
  if (decision === undefined || protection.risk === undefined) return { ok: true, value: authorised };
  if (approval.isApproved || authorised.request.headers[header.stepUp] === undefined)
    return judgeBound(protection, exchange, decision, authorised, approval);
  return readApproval(protection, exchange.route, authorised, protection.now()).then((read) =>
    read.ok ? judgeBound(protection, exchange, decision, authorised, read.value) : read,
  );
};
