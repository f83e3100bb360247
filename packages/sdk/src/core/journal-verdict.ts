/** What becomes of an entry after an attempt. Whatever cannot be known is called `unknown`, never `failed`. */
import { type Call, isSafeMethod } from './call.ts';
import type { OpenedReply } from './exchange.ts';
import type { HauberkCode, HauberkError } from './hauberk-error.ts';
import type { Verdict } from './journal-record.ts';
import { collect } from './plain-call.ts';

/** What is known of the attempts until now. */
export interface AttemptTrace {
  readonly call: Pick<Call, 'isRepeatable' | 'target'>;
  readonly mayHaveRun: boolean;
}

/** Problems that pass: the same entry is sent again later. */
const passing: ReadonlySet<string> = new Set([
  'limited',
  'overloaded',
  'conflict',
  'internal',
  'upstream',
  'upstream-timeout',
  'handshake-required',
  'config-stale',
  'clock',
  'slow',
  'early-refused',
]);

/** Failures that no later attempt mends. */
const final: ReadonlySet<HauberkCode> = new Set([
  'foreign-endpoint',
  'unsupported',
  'step-up-declined',
  'step-up-refused',
]);

/** An end without the service's word: what may have run, and changes something, is unknown. */
const endUnheard = ({ call, mayHaveRun }: AttemptTrace, reason: string): Verdict => {
  const isUnknown = mayHaveRun && !isSafeMethod(call.target.method);
  return { next: 'end', state: isUnknown ? 'unknown' : 'failed', reason };
};

const againUnlessRisky = (trace: AttemptTrace, reason: string, afterMs?: number): Verdict => {
  if (trace.mayHaveRun && !trace.call.isRepeatable) return endUnheard(trace, reason);
  return { next: 'again', reason, ...(afterMs === undefined ? {} : { afterMs }) };
};

const retryAfterMs = (headers: Readonly<Record<string, string>>): number | undefined => {
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 600) * 1000 : undefined;
};

const judgeProblem = (trace: AttemptTrace, code: string, headers: Readonly<Record<string, string>>): Verdict => {
  switch (code) {
    case 'step-up-required':
      return { next: 'user', reason: 'step-up' };
    case 'login-required':
      return { next: 'user', reason: 'login' };
    case 'outcome-unknown':
      return { next: 'end', state: 'unknown', reason: code };
    case 'outcome-not-kept':
      return { next: 'end', state: 'sent', reason: code };
    default:
      return passing.has(code) ? againUnlessRisky(trace, code, retryAfterMs(headers)) : endUnheard(trace, code);
  }
};

/** Judges a believed reply. */
export const judgeReply = async (trace: AttemptTrace, reply: OpenedReply): Promise<Verdict> => {
  const { status, headers, problem } = reply;
  if (problem !== undefined) return judgeProblem(trace, problem.code, headers);
  const body = reply.body instanceof Uint8Array ? reply.body : await collect(reply.body);
  const heard = { status, headers, body };
  if (status < 400) return { next: 'end', state: 'sent', reason: '', reply: heard };
  const isUnknown = status >= 500 && !isSafeMethod(trace.call.target.method);
  return { next: 'end', state: isUnknown ? 'unknown' : 'failed', reason: `status-${status}`, reply: heard };
};

/** By name, for the built journal is a file of its own and does not share the class with the client. */
const isHauberkError = (error: unknown): error is HauberkError =>
  error instanceof Error && error.name === 'HauberkError';

/** Judges what an attempt threw. A host that fails in between (its credential, its storage) may do better next time. */
export const judgeFailure = (trace: AttemptTrace, error: unknown): Verdict => {
  if (!isHauberkError(error)) return againUnlessRisky(trace, error instanceof Error ? error.name : 'fault');
  return final.has(error.code) ? endUnheard(trace, error.code) : againUnlessRisky(trace, error.code);
};
