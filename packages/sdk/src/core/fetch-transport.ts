/** The transport over a host's `fetch`. */
import type { FailurePhase } from './hauberk-error.ts';
import { type Transport, TransportFault, type TransportReply, type TransportRequest } from './transport.ts';

/** What of `fetch` is needed. */
export type HostFetch = (url: string, init: RequestInit) => Promise<Response>;

/** How a host tells the phase that failed; browsers cannot, and say `send`. */
export type PhaseReader = (error: unknown) => FailurePhase;

const requestInit = (request: TransportRequest): RequestInit => {
  const init: RequestInit & { duplex?: 'half' } = {
    ...request.options,
    method: request.method,
    headers: request.headers,
    signal: request.signal,
    // A followed redirect would carry a protected request to where its signer did not send it.
    redirect: 'error',
    cache: 'no-store',
  };
  if (request.body === undefined) return init;
  init.body = request.body as NonNullable<RequestInit['body']>;
  if (!(request.body instanceof Uint8Array)) init.duplex = 'half';
  return init;
};

const replyOf = (response: Response): TransportReply => {
  const headers: Record<string, string> = {};
  response.headers.forEach((value, name) => {
    headers[name] = value;
  });
  return { status: response.status, headers, body: response.body };
};

/** Makes a transport of a host's `fetch`. */
export const fetchTransport = (fetch: HostFetch, phaseOf: PhaseReader, streamsRequests: boolean): Transport => ({
  streamsRequests,
  send: async (request) => {
    try {
      return replyOf(await fetch(request.url, requestInit(request)));
    } catch (error) {
      if (request.signal.aborted) throw request.signal.reason;
      throw new TransportFault(phaseOf(error), error);
    }
  },
});
