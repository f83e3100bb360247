/** Unprotected calls to the gateway's own endpoints: what they bring is verified by whoever asked, so any origin may answer. */
import type { CoreContext } from './core-context.ts';
import { openDeadline, pause } from './deadline.ts';
import { type FailurePhase, HauberkError } from './hauberk-error.ts';
import { type OuterProblem, readOuterProblem } from './outer-problem.ts';
import { TransportFault } from './transport.ts';

/** Base of the waiting time between rounds, in milliseconds; it doubles. */
const backoffMs = 100;
/** Largest reply to such a call in bytes. */
const maxReplyBytes = 524_288;

/** The body and its type, for POST. */
export interface PlainBody {
  readonly contentType: string;
  readonly text: string;
}

/** The reply: a text, or a problem of the gateway. Neither is authenticated. */
export type PlainAnswer = { readonly text: string } | { readonly problem: OuterProblem };

/** What a `Response` takes as its body, under whichever host's types this compiles. */
export type HostBody = ConstructorParameters<typeof Response>[0];

/** A body, whole. */
export const collect = async (body: ReadableStream<Uint8Array> | null): Promise<Uint8Array<ArrayBuffer>> =>
  body === null ? new Uint8Array(0) : new Uint8Array(await new Response(body as HostBody).arrayBuffer());

const callOrigin = async (
  context: CoreContext,
  origin: string,
  path: string,
  body: PlainBody | undefined,
  round: number,
): Promise<PlainAnswer> => {
  const { endpoints, timeoutMs, minTimeoutMs, ports } = context;
  const deadline = openDeadline(undefined, endpoints.patienceMs(origin, minTimeoutMs, timeoutMs, round));
  const sentAt = ports.clock.monotonic();
  try {
    const reply = await ports.transport.send({
      url: origin + path,
      method: body === undefined ? 'GET' : 'POST',
      headers: body === undefined ? {} : { 'content-type': body.contentType },
      body: body === undefined ? undefined : new TextEncoder().encode(body.text),
      signal: deadline.signal,
      options: {},
    });
    deadline.extend(timeoutMs);
    const bytes = await collect(reply.body);
    endpoints.thrive(origin, ports.clock.monotonic() - sentAt);
    const problem = readOuterProblem(reply.headers['content-type'], bytes);
    if (problem !== undefined) return { problem };
    // Neither a document nor a problem of ours: a portal, a proxy, a broken origin.
    if (reply.status > 299 || bytes.length > maxReplyBytes) throw new TransportFault('wait', `status ${reply.status}`);
    return { text: new TextDecoder().decode(bytes) };
  } finally {
    deadline.release();
  }
};

const phaseOf = (error: unknown): FailurePhase =>
  error instanceof TransportFault || error instanceof HauberkError ? error.phase : 'receive';

/** One round over the origins, the one in use first. */
const callRound = async (
  context: CoreContext,
  path: string,
  body: PlainBody | undefined,
  isUsable: (answer: PlainAnswer) => Promise<boolean>,
  number: number,
): Promise<{ readonly answer?: PlainAnswer; readonly failure?: unknown }> => {
  let round: { readonly answer?: PlainAnswer; readonly failure?: unknown } = {};
  for (let tries = 0; tries < context.endpoints.origins.length; tries += 1) {
    const origin = context.endpoints.current();
    try {
      const answer = await callOrigin(context, origin, path, body, number);
      round = { answer };
      if (await isUsable(answer)) return round;
    } catch (failure) {
      round = { ...round, failure };
    }
    context.endpoints.leave(origin);
  }
  return round;
};

/**
 * Calls the origins in turn until one answers and `isUsable` (when given) likes the answer. Rounds without any answer are repeated:
 * nothing here executes anything, and what a hello opens twice costs a slot.
 */
export const callPlain = async (
  context: CoreContext,
  path: string,
  body?: PlainBody,
  isUsable: (answer: PlainAnswer) => Promise<boolean> = async () => true,
): Promise<PlainAnswer> => {
  for (let rounds = 1; ; rounds += 1) {
    const { answer, failure } = await callRound(context, path, body, isUsable, rounds - 1);
    if (answer !== undefined) return answer;
    if (rounds >= context.attempts)
      throw new HauberkError('transport', { phase: phaseOf(failure), execution: 'none', detail: path, cause: failure });
    await pause(backoffMs * 2 ** rounds);
  }
};
