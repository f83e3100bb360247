/** One request on its way through the gateway, and what the access log will say of it. */
import type { IncomingMessage } from 'node:http';
import type { RequestHead } from './request-head.ts';
import type { Route } from './route.ts';
import type { WholeRequest } from './whole-request.ts';

/** Filled in on the way; written once, at the end. Holds ids and codes, never a secret or a body. */
export interface ExchangeLog {
  /** The inner reason code of a refusal, or `ok`. */
  reason: string;
  detail: string;
  outcome: string;
  /** Id of the decision; empty without one. */
  decision: string;
  /** Codes of the rules that fired. */
  reasons: readonly string[];
  deviceId: string;
  sessionId: string;
  tag: string;
  /** Pseudonym of the key that a migration scheme accepted. */
  client: string;
}

/** A request whose route is found. */
export interface Exchange {
  /** The request id that problems, log and upstream share. */
  readonly id: string;
  readonly head: RequestHead;
  readonly route: Route;
  /** For the body, which is read only once the head has passed. */
  readonly incoming: IncomingMessage | WholeRequest;
  readonly log: ExchangeLog;
}

/** An empty log. */
export const newExchangeLog = (): ExchangeLog => ({
  reason: 'ok',
  detail: '',
  outcome: 'allow',
  decision: '',
  reasons: [],
  deviceId: '',
  sessionId: '',
  tag: '',
  client: '',
});
