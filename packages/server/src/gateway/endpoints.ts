/** The paths that the gateway answers itself, below `/.well-known/hauberk/`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { accept, type Result, refuse } from '@hauberk/primitives';
import type { ExchangeLog } from './exchange.ts';
import type { GatewayReply } from './gateway-reply.ts';
import type { Reason } from './reasons.ts';
import type { RequestHead } from './request-head.ts';
import type { WholeRequest } from './whole-request.ts';

/** A call of an endpoint, its body read. */
export interface EndpointCall {
  readonly head: RequestHead;
  readonly body: Uint8Array;
  /** The request id. */
  readonly instance: string;
  readonly incoming: IncomingMessage | WholeRequest;
  readonly log: ExchangeLog;
}

/** What an endpoint answers. */
export interface EndpointAnswer {
  readonly reply: GatewayReply;
  readonly reason: Reason | 'ok';
  readonly deviceId?: string;
}

/** One endpoint. */
export interface Endpoint {
  /** Its name on the metrics. */
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly capBytes: number;
  /** Whether calls of one address are limited. */
  readonly isLimited: boolean;
  /** Its place in the order of shedding, as that of a route's priority. */
  readonly rank: number;
  readonly serve: (call: EndpointCall) => Promise<EndpointAnswer>;
  /** Instead of `serve`, for a reply without an end: undefined once its head is written. `extra` are headers of every reply. */
  readonly stream?: (
    call: EndpointCall,
    response: ServerResponse,
    extra: readonly string[],
  ) => EndpointAnswer | undefined;
}

/** Path → endpoint. */
export type Endpoints = ReadonlyMap<string, Endpoint>;

/** Everything below belongs to the gateway: an upstream can never be reached there. */
export const endpointPrefix = '/.well-known/hauberk/';

/** The endpoint of a request. */
export const findEndpoint = (endpoints: Endpoints, head: RequestHead): Result<Endpoint, Reason> => {
  const endpoint = endpoints.get(head.target.path);
  if (endpoint === undefined) return refuse('route.none');
  const { method } = head.target;
  return method === endpoint.method || (method === 'HEAD' && endpoint.method === 'GET')
    ? accept(endpoint)
    : refuse('gateway.method');
};
