/**
 * One total table: inner reason → outer problem. The outer codes are coarse on purpose: a client learns what to do next, an attacker does
 * not learn which check stopped him. docs/problems.md and docs/reasons.md say the same in words; a test compares both ways.
 */
import type { Execution } from '@hauberk/primitives';
import { traceIdOf } from '../observability/trace-context.ts';
import type { Reason } from './reasons.ts';

/** An outer problem: what the outside sees. */
export interface OuterProblem {
  readonly code: string;
  readonly status: number;
  readonly title: string;
}

/** An outer code. */
export type OuterCode =
  | 'malformed'
  | 'clock'
  | 'key-required'
  | 'handshake-required'
  | 'config-stale'
  | 'protection-required'
  | 'nonce-required'
  | 'enrolment-required'
  | 'login-required'
  | 'refused'
  | 'forbidden'
  | 'step-up-required'
  | 'attestation-required'
  | 'not-found'
  | 'method-not-allowed'
  | 'slow'
  | 'replay'
  | 'conflict'
  | 'outcome-unknown'
  | 'outcome-not-kept'
  | 'too-large'
  | 'unsupported'
  | 'mismatch'
  | 'early-refused'
  | 'limited'
  | 'internal'
  | 'upstream'
  | 'overloaded'
  | 'upstream-timeout';

/** Every outer code with its status and title. */
export const outerProblems: Readonly<Record<OuterCode, OuterProblem>> = {
  malformed: { code: 'malformed', status: 400, title: 'The request is malformed' },
  clock: { code: 'clock', status: 400, title: 'The request is outside its time' },
  'key-required': { code: 'key-required', status: 400, title: 'This operation needs an Idempotency-Key' },
  'handshake-required': { code: 'handshake-required', status: 401, title: 'A new session is needed' },
  'config-stale': { code: 'config-stale', status: 401, title: 'A newer gateway config is needed' },
  'protection-required': { code: 'protection-required', status: 401, title: 'This operation is protected' },
  'nonce-required': { code: 'nonce-required', status: 401, title: 'Repeat this with the enclosed nonce' },
  'enrolment-required': { code: 'enrolment-required', status: 401, title: 'This device is not enrolled' },
  'login-required': { code: 'login-required', status: 401, title: 'A login is needed' },
  refused: { code: 'refused', status: 403, title: 'The request is refused' },
  forbidden: { code: 'forbidden', status: 403, title: 'This is not permitted' },
  'step-up-required': { code: 'step-up-required', status: 403, title: 'The user must confirm this' },
  'attestation-required': {
    code: 'attestation-required',
    status: 403,
    title: 'The device must be vouched for by its hardware',
  },
  'not-found': { code: 'not-found', status: 404, title: 'There is nothing here' },
  'method-not-allowed': { code: 'method-not-allowed', status: 405, title: 'This method is not offered here' },
  slow: { code: 'slow', status: 408, title: 'The request took too long to arrive' },
  replay: { code: 'replay', status: 409, title: 'The request was seen before' },
  conflict: { code: 'conflict', status: 409, title: 'The same operation is still running' },
  'outcome-unknown': { code: 'outcome-unknown', status: 409, title: 'What became of this operation is not known' },
  'outcome-not-kept': { code: 'outcome-not-kept', status: 409, title: 'The operation is done, its reply was not kept' },
  'too-large': { code: 'too-large', status: 413, title: 'The request is too large' },
  unsupported: { code: 'unsupported', status: 415, title: 'This way of sending is not supported' },
  mismatch: { code: 'mismatch', status: 422, title: 'The key belongs to another operation' },
  'early-refused': { code: 'early-refused', status: 425, title: 'Send this again after the handshake' },
  limited: { code: 'limited', status: 429, title: 'Too many requests' },
  internal: { code: 'internal', status: 500, title: 'The gateway failed' },
  upstream: { code: 'upstream', status: 502, title: 'The service behind the gateway failed' },
  overloaded: { code: 'overloaded', status: 503, title: 'Try again later' },
  'upstream-timeout': { code: 'upstream-timeout', status: 504, title: 'The service behind the gateway took too long' },
};

/** Inner reason → outer code. Total: a new reason does not compile without its line here. */
export const outerOf: Readonly<Record<Reason, OuterCode>> = {
  // Signed documents that reach the gateway: hello, enrolment, reports.
  'document.malformed': 'malformed',
  'document.signature': 'refused',
  'document.unknown-key': 'refused',
  'document.version': 'unsupported',
  'document.scope': 'refused',
  'document.not-yet-valid': 'clock',
  'document.expired': 'clock',
  'document.rollback': 'refused',
  'document.life-too-long': 'refused',
  'document.hash': 'refused',
  // Handshake.
  'hello.malformed': 'malformed',
  'hello.suite': 'unsupported',
  'hello.config-unknown': 'config-stale',
  'hello.config-key-revoked': 'config-stale',
  'hello.scope': 'refused',
  'hello.share': 'malformed',
  'hello.signature': 'refused',
  'hello.clock': 'nonce-required',
  'hello.nonce-required': 'nonce-required',
  'hello.nonce-invalid': 'nonce-required',
  'hello.replayed': 'replay',
  'hello.register-full': 'overloaded',
  'hello.device-unknown': 'enrolment-required',
  'hello.device-revoked': 'refused',
  'hello.evidence-due': 'attestation-required',
  'hello.table-full': 'overloaded',
  'resume.malformed': 'malformed',
  'resume.expired': 'handshake-required',
  'resume.device-mismatch': 'refused',
  'answer.malformed': 'internal',
  'answer.finished': 'internal',
  'answer.suite': 'internal',
  'answer.share': 'internal',
  'answer.status': 'internal',
  // Requests. What tells a forged message from a spoilt one stays inside.
  'request.unsigned': 'protection-required',
  'request.unprotected': 'protection-required',
  'request.malformed': 'malformed',
  'request.mode': 'refused',
  'request.components': 'refused',
  'request.service': 'refused',
  'request.query-not-public': 'refused',
  'request.ticket-malformed': 'handshake-required',
  'request.ticket-key': 'handshake-required',
  'request.ticket-boot': 'handshake-required',
  'request.ticket-node': 'handshake-required',
  'request.ticket-seal': 'handshake-required',
  'request.ticket-expired': 'handshake-required',
  'request.keyid': 'refused',
  'request.session-gone': 'handshake-required',
  'request.revoked': 'handshake-required',
  'request.digest': 'refused',
  'request.signature': 'refused',
  'request.seal': 'refused',
  'request.replayed': 'replay',
  'request.too-old-sequence': 'replay',
  'request.sequence-exhausted': 'handshake-required',
  'request.clock-late': 'clock',
  'request.clock-ahead': 'clock',
  'request.chunk': 'refused',
  'reply.unbound': 'internal',
  'reply.malformed': 'internal',
  'reply.signature': 'internal',
  'reply.digest': 'internal',
  'reply.seal': 'internal',
  'reply.chunk': 'internal',
  'reply.stream-undeclared': 'upstream',
  'early.refused': 'early-refused',
  // Enrolment and step-up.
  'enrol.malformed': 'malformed',
  'enrol.challenge': 'refused',
  'enrol.signature': 'refused',
  'enrol.scope': 'refused',
  'enrol.evidence': 'refused',
  'enrol.appraisal': 'refused',
  'enrol.software': 'attestation-required',
  'enrol.chain': 'refused',
  'step-up.malformed': 'malformed',
  'step-up.challenge': 'step-up-required',
  'step-up.signature': 'refused',
  'step-up.required': 'step-up-required',
  'step-up.key-unknown': 'forbidden',
  // Heads.
  'head.method': 'method-not-allowed',
  'head.target-form': 'malformed',
  'head.path-empty-segment': 'malformed',
  'head.path-dot-segment': 'malformed',
  'head.path-encoded-separator': 'malformed',
  'head.path-control': 'malformed',
  'head.path-encoding': 'malformed',
  'head.path-character': 'malformed',
  'head.query-character': 'malformed',
  'head.header-value': 'malformed',
  'head.duplicate': 'malformed',
  'head.framing': 'malformed',
  'head.host': 'malformed',
  'head.upgrade': 'unsupported',
  'head.forwarded': 'malformed',
  'head.parse': 'malformed',
  'head.too-large': 'too-large',
  'head.too-slow': 'slow',
  // Bodies and their codings.
  'body.too-large': 'too-large',
  'body.too-slow': 'slow',
  'body.aborted': 'slow',
  'body.not-json': 'malformed',
  'consent.refused': 'malformed',
  'link.refused': 'refused',
  'trusted-key.refused': 'refused',
  'coding.unsupported': 'unsupported',
  'coding.malformed': 'malformed',
  'coding.bomb': 'too-large',
  // Routes, limits, static outcomes.
  'route.none': 'not-found',
  'route.method': 'method-not-allowed',
  'route.service': 'not-found',
  'route.tier': 'attestation-required',
  'limit.device': 'limited',
  'limit.address': 'limited',
  'limit.route': 'limited',
  'limit.connections': 'limited',
  'outcome.deny': 'forbidden',
  'outcome.challenge': 'step-up-required',
  'outcome.slow-full': 'overloaded',
  'outcome.trap': 'forbidden',
  // Decisions. A denial says nothing of what it was made on.
  'decision.denied': 'forbidden',
  'decision.unavailable': 'overloaded',
  'decision.unreadable': 'malformed',
  // Logins and what they may touch.
  'login.missing': 'login-required',
  'login.ended': 'login-required',
  'login.step-missing': 'forbidden',
  'login.limited': 'limited',
  'grant.object-foreign': 'forbidden',
  'grant.object-missing': 'malformed',
  // Idempotency.
  'idempotency.key-required': 'key-required',
  'idempotency.key-malformed': 'malformed',
  'idempotency.mismatch': 'mismatch',
  'idempotency.running': 'conflict',
  'idempotency.outcome-unknown': 'outcome-unknown',
  'idempotency.not-kept': 'outcome-not-kept',
  // Migration schemes. Who holds no key learns nothing but that he is refused.
  'migration.absent': 'protection-required',
  'migration.malformed': 'malformed',
  'migration.key-unknown': 'refused',
  'migration.algorithm': 'refused',
  'migration.uncovered': 'refused',
  'migration.digest': 'refused',
  'migration.signature': 'refused',
  'migration.claims': 'refused',
  'migration.clock': 'clock',
  'migration.nonce': 'nonce-required',
  'migration.fenced': 'refused',
  'migration.replayed': 'replay',
  'migration.register-full': 'overloaded',
  // Questions of nginx and Envoy.
  'authz.malformed': 'malformed',
  'authz.forged-facts': 'refused',
  'authz.body-required': 'refused',
  'authz.enforcement': 'not-found',
  // SIM and device binding.
  'binding.sim-missing': 'refused',
  'binding.airplane-mode': 'refused',
  'binding.wrong-path': 'refused',
  'binding.session-left': 'refused',
  'binding.composer-slow': 'refused',
  'binding.two-numbers': 'refused',
  'binding.second-sms': 'refused',
  'binding.token-shape': 'refused',
  'binding.device-blocked': 'limited',
  'binding.app-outdated': 'refused',
  'binding.expired': 'refused',
  'binding.token-used': 'refused',
  'binding.vmn-pool': 'refused',
  'binding.wrong-vmn': 'refused',
  'binding.no-possession': 'refused',
  'binding.profile-limit': 'limited',
  'binding.number-revoked': 'refused',
  'binding.number-list-stale': 'refused',
  'binding.number-risk': 'refused',
  'binding.cooling-limit': 'forbidden',
  'binding.already-bound': 'conflict',
  'binding.busy': 'conflict',
  'binding.inactive': 'step-up-required',
  'binding.single-factor': 'step-up-required',
  'binding.factor-replayed': 'refused',
  'binding.sim-changed': 'refused',
  'binding.system-outdated': 'refused',
  'binding.number-mismatch': 'refused',
  'binding.carrier-mismatch': 'refused',
  'binding.not-attested': 'refused',
  'binding.link-untrusted': 'refused',
  'binding.foreign-device': 'refused',
  'binding.failover': 'refused',
  'binding.unproven': 'refused',
  'binding.wrong-state': 'refused',
  'binding.unknown': 'refused',
  // Dependencies and the gateway itself.
  'storage.overloaded': 'overloaded',
  'storage.full': 'overloaded',
  'storage.closed': 'overloaded',
  'storage.slow': 'overloaded',
  'storage.open': 'overloaded',
  'storage.fault': 'internal',
  'upstream.unreachable': 'upstream',
  'upstream.busy': 'overloaded',
  'upstream.open': 'overloaded',
  'deadline.passed': 'overloaded',
  'overload.gateway': 'overloaded',
  'overload.upstream': 'overloaded',
  'directive.streams-full': 'overloaded',
  'upstream.timeout': 'upstream-timeout',
  'upstream.reset': 'upstream',
  'upstream.reply-too-large': 'upstream',
  'upstream.reply-malformed': 'upstream',
  'gateway.fault': 'internal',
  'gateway.method': 'method-not-allowed',
};

/** What a problem says beyond its code. */
export interface ProblemDetails {
  /** Whether the upstream may have acted; the client repeats on its own only on `none`. */
  readonly execution: Execution;
  /** The request id: what a user can quote and an operator can find. */
  readonly instance: string;
  /** Further members, such as a nonce or the server's time. Never an inner reason. */
  readonly extra?: Readonly<Record<string, string | number | boolean>>;
  /** Seconds for `Retry-After`. */
  readonly retryAfter?: number;
}

/** A problem, ready to be sent. */
export interface ProblemReply {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: Buffer;
}

/** Writes the problem document (RFC 9457) of an inner reason. */
export const problemBody = (reason: Reason, details: ProblemDetails): ProblemReply => {
  const { code, status, title } = outerProblems[outerOf[reason]];
  const { execution, instance, extra } = details;
  const type = `urn:hauberk:problem:${code}`;
  const traceId = traceIdOf(instance);
  const body = Buffer.from(JSON.stringify({ type, title, status, code, execution, instance, traceId, ...extra }));
  const headers = ['content-type', 'application/problem+json', 'cache-control', 'no-store, no-transform'];
  if (details.retryAfter !== undefined) headers.push('retry-after', String(details.retryAfter));
  return { status, headers, body };
};

let sheds = 0;

/** The problem of a shed request: not executed. Those who heed `Retry-After` come back spread over a few seconds. */
export const shedProblem = (reason: Reason, instance: string): ProblemReply => {
  sheds += 1;
  return problemBody(reason, { execution: 'none', instance, retryAfter: 1 + (sheds % 3) });
};
