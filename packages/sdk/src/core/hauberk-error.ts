/** What `fetch` of this SDK throws beside what `fetch` itself throws for a caller's own mistakes and aborts. */
import type { Execution } from '@hauberk/primitives';

/**
 * How far an exchange came before it failed, as far as the host can tell. `dns` to `connect`: nothing of the request left this device.
 * `verify`: a reply came and is not believed.
 */
export type FailurePhase = 'dns' | 'tcp' | 'tls' | 'connect' | 'send' | 'wait' | 'receive' | 'verify';

/** Stable codes; programs decide by these, never by messages. docs/sdk.md explains each. */
export type HauberkCode =
  | 'transport'
  | 'timeout'
  | 'unbound'
  | 'reply-cut'
  | 'config-unavailable'
  | 'config-refused'
  | 'enrolment-refused'
  | 'handshake-refused'
  | 'no-affinity'
  | 'foreign-endpoint'
  | 'unsupported'
  | 'step-up-declined'
  | 'step-up-refused';

/** What is known of a failure. */
export interface Failure {
  readonly phase: FailurePhase;
  readonly execution: Execution;
  /** The inner reason or the outer problem code that was met; unauthenticated, for logs only. */
  readonly detail?: string;
  /** What the gateway calls the request; unauthenticated, for its operators' search only. */
  readonly traceId?: string | undefined;
  readonly cause?: unknown;
}

/** A coded failure: no reply that can be believed. */
export class HauberkError extends Error {
  override readonly name = 'HauberkError';
  readonly code: HauberkCode;
  readonly phase: FailurePhase;
  /** Whether the service may have acted on the request. */
  readonly execution: Execution;
  readonly detail: string | undefined;
  /** 32 hexadecimal digits that the gateway's operators find the request by; absent when no problem of the gateway came. */
  readonly traceId: string | undefined;
  constructor(code: HauberkCode, { phase, execution, detail, traceId, cause }: Failure) {
    const message = detail === undefined ? `${code} (${phase})` : `${code} (${phase}): ${detail}`;
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.phase = phase;
    this.execution = execution;
    this.detail = detail;
    this.traceId = traceId;
  }
}

/** Whether nothing of a request can have left the device when it failed in that phase. */
export const isBeforeSending = (phase: FailurePhase): boolean =>
  phase === 'dns' || phase === 'tcp' || phase === 'tls' || phase === 'connect';
