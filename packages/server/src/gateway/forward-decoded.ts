/**
 * Forwarding for protected routes: a coded body is decoded here, within bounds, before anything is sent. Otherwise 165 verified bytes could
 * become 100 MB in the upstream, and what the gateway judged would not be what the upstream reads.
 */
import type { CallWatch } from '../overload/guard.ts';
import { type CodingLimits, decodeBody, isCoded } from './body-coding.ts';
import { type ForwardOutcome, forward, type UpstreamRequest } from './forward.ts';
import type { Upstream } from './upstream.ts';

const codingIndex = (headers: readonly string[]): number => {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (name.length === 16 && name.toLowerCase() === 'content-encoding') return index;
  }
  return -1;
};

const decodeAndForward = async (
  upstream: Upstream,
  request: UpstreamRequest,
  at: number,
  deadlineMs: number,
  replyCap: number,
  limits: CodingLimits,
  calls?: CallWatch,
): Promise<ForwardOutcome> => {
  const coding = request.headers[at + 1] ?? '';
  const decoded = await decodeBody(coding, request.body ?? new Uint8Array(0), limits);
  if (!decoded.ok) return { kind: 'not-sent', code: decoded.code };
  const headers = request.headers.toSpliced(at, 2);
  return forward(upstream, { ...request, headers, body: decoded.value }, deadlineMs, replyCap, calls);
};

/** Forwards a request, decoded. A body that does not decode within the bounds is refused and nothing is sent. */
export const forwardDecoded = (
  upstream: Upstream,
  request: UpstreamRequest,
  deadlineMs: number,
  replyCap: number,
  limits: CodingLimits,
  calls?: CallWatch,
): Promise<ForwardOutcome> => {
  const at = codingIndex(request.headers);
  return at >= 0 && isCoded(request.headers[at + 1])
    ? decodeAndForward(upstream, request, at, deadlineMs, replyCap, limits, calls)
    : forward(upstream, request, deadlineMs, replyCap, calls);
};
