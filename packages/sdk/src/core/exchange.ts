/** One attempt: protect, send, and believe only a reply that is bound to this very request. */
import {
  type ClientKeys,
  type ConfigRoute,
  header,
  isBoundReply,
  isChunkedReply,
  openChunkedReply,
  openReply,
  type ProtectedRequest,
  type RequestSlot,
  type SentRequest,
  sealChunkedRequest,
  sealRequest,
  signRequest,
} from '@hauberk/channel/client';
import type { AsyncCrypto } from '@hauberk/primitives';
import { type Call, pathOf } from './call.ts';
import type { CoreContext } from './core-context.ts';
import { type Deadline, openDeadline } from './deadline.ts';
import { HauberkError, isBeforeSending } from './hauberk-error.ts';
import { type OuterProblem, readOuterProblem } from './outer-problem.ts';
import { collect } from './plain-call.ts';
import { replyStream } from './reply-stream.ts';
import { sealStream } from './request-chunks.ts';
import { TransportFault, type TransportReply } from './transport.ts';

/** A reply that is believed. */
export interface OpenedReply {
  readonly status: number;
  /** Covered headers only: the others could be anybody's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | ReadableStream<Uint8Array>;
  /** A problem of the gateway itself, bound. */
  readonly problem: OuterProblem | undefined;
  readonly url: string;
}

/** No reply that can be believed; `problem` is what an unbound one claimed. */
export class AttemptFailure extends Error {
  override readonly name = 'AttemptFailure';
  readonly error: HauberkError;
  readonly problem: OuterProblem | undefined;
  constructor(error: HauberkError, problem?: OuterProblem) {
    super(error.message, { cause: error });
    this.error = error;
    this.problem = problem;
  }
}

/** A protected request whose body may be a stream of sealed frames. */
export interface Outgoing {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | ReadableStream<Uint8Array>;
  readonly sent: SentRequest;
}

/** A raw reply with what is needed to end its exchange. */
export interface RawReply {
  readonly reply: TransportReply;
  readonly url: string;
  readonly deadline: Deadline;
}

/** Protects a call under keys, in the mode that the signed config names. */
export const protectCall = async (
  context: CoreContext,
  keys: ClientKeys,
  call: Call,
  extra: Readonly<Record<string, string>>,
  slot: RequestSlot,
): Promise<Outgoing> => {
  const { crypto, transport } = context.ports;
  const { target, route } = call;
  const request = { target, headers: { ...call.headers, ...extra }, service: context.options.service, route };
  if (call.stream === undefined) {
    const protect: (...input: Parameters<typeof sealRequest>) => Promise<ProtectedRequest> =
      route.mode === 'signed' ? signRequest : sealRequest;
    return protect(crypto, keys, request, call.body, slot);
  }
  const { head, sealChunk } = await sealChunkedRequest(crypto, keys, request, slot);
  const frames = sealStream(call.stream, sealChunk);
  return { ...head, body: transport.streamsRequests ? frames : await collect(frames) };
};

const transportFailure = (error: TransportFault): AttemptFailure => {
  const { phase } = error;
  const execution = isBeforeSending(phase) ? 'none' : 'unknown';
  return new AttemptFailure(new HauberkError('transport', { phase, execution, cause: error.cause }));
};

/** Where to send, and how long to wait for the head of a reply. */
export interface SendLimits {
  readonly origin: string;
  readonly limitMs: number;
}

/** Tells the gateway how long the reply is waited for. A proxy that only asks may not know the header, and its own CORS rules neither. */
const timeLeft = ({ route }: Call, limitMs: number): Readonly<Record<string, string>> =>
  route.replies === 'bound' ? { [header.timeLeft]: String(Math.ceil(limitMs)) } : {};

/** Sends a protected call to the origin in use. The caller releases the deadline once the body is done with. */
export const sendCall = async (
  context: CoreContext,
  call: Call,
  outgoing: Outgoing,
  headers: Readonly<Record<string, string>>,
  limits: SendLimits = { origin: context.endpoints.current(), limitMs: context.timeoutMs },
): Promise<RawReply> => {
  const { origin, limitMs } = limits;
  const { clock } = context.ports;
  const url = origin + pathOf(call.target);
  const deadline = openDeadline(call.signal, limitMs);
  const sentAt = clock.monotonic();
  try {
    const reply = await context.ports.transport.send({
      url,
      method: call.target.method,
      headers: { ...outgoing.headers, ...headers, ...timeLeft(call, limitMs) },
      body: call.hasBody ? outgoing.body : undefined,
      signal: deadline.signal,
      options: call.options,
    });
    context.endpoints.thrive(origin, clock.monotonic() - sentAt);
    // A large body may take longer than its head.
    deadline.extend(context.timeoutMs);
    return { reply, url, deadline };
  } catch (error) {
    deadline.release();
    if (call.signal?.aborted !== true) context.endpoints.leave(origin);
    if (error instanceof TransportFault) throw transportFailure(error);
    throw error instanceof HauberkError ? new AttemptFailure(error) : error;
  }
};

/** The body of a raw reply, whole. */
export const receive = async ({ reply, deadline }: RawReply, signal: AbortSignal | undefined): Promise<Uint8Array> => {
  try {
    return await collect(reply.body);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    const reason: unknown = deadline.signal.reason;
    if (reason instanceof HauberkError) throw new AttemptFailure(reason);
    throw transportFailure(new TransportFault('receive', error));
  } finally {
    deadline.release();
  }
};

const coveredOnly = (
  headers: Readonly<Record<string, string>>,
  declared: readonly string[],
): Record<string, string> => {
  const covered: Record<string, string> = {};
  for (const name of [header.contentType, ...declared]) {
    const value = headers[name];
    if (value !== undefined) covered[name] = value;
  }
  return covered;
};

const unbound = (detail: string, problem?: OuterProblem): AttemptFailure =>
  new AttemptFailure(
    new HauberkError('unbound', { phase: 'verify', execution: 'unknown', detail, traceId: problem?.traceId }),
    problem,
  );

/** A reply that claims no binding: believed on no route but those that the signed config calls unbound. */
const openUnbound = async (raw: RawReply, call: Call): Promise<OpenedReply> => {
  const { status, headers } = raw.reply;
  const body = await receive(raw, call.signal);
  const problem = readOuterProblem(headers[header.contentType], body);
  if (call.route.replies === 'bound' || problem !== undefined)
    throw unbound(problem?.code ?? `status ${status}`, problem);
  return { status, headers, body, problem: undefined, url: raw.url };
};

const openStream = async (
  crypto: AsyncCrypto,
  keys: ClientKeys,
  sent: SentRequest,
  raw: RawReply,
  declared: ConfigRoute['coveredReplyHeaders'],
): Promise<OpenedReply> => {
  const { reply, deadline, url } = raw;
  const opener = await openChunkedReply(crypto, keys, sent, reply, declared);
  if (!opener.ok || reply.body === null) {
    deadline.release();
    await reply.body?.cancel();
    throw unbound(opener.ok ? 'reply.chunk' : opener.code);
  }
  deadline.disarm();
  const body = replyStream(reply.body, opener.value, deadline);
  return { status: reply.status, headers: coveredOnly(reply.headers, declared), body, problem: undefined, url };
};

/** Opens a raw reply under the session's keys. */
export const openRaw = async (
  { ports: { crypto }, announced }: CoreContext,
  keys: ClientKeys,
  call: Call,
  sent: SentRequest,
  raw: RawReply,
): Promise<OpenedReply> => {
  const { reply, url } = raw;
  const declared = call.route.coveredReplyHeaders;
  if (!isBoundReply(reply)) return openUnbound(raw, call);
  if (isChunkedReply(reply)) return openStream(crypto, keys, sent, raw, declared);
  const opened = await openReply(crypto, keys, sent, reply, await receive(raw, call.signal), declared);
  if (!opened.ok) throw unbound(opened.code);
  const revision = reply.headers[header.directives];
  if (revision !== undefined) announced?.(revision);
  const problem = readOuterProblem(reply.headers[header.contentType], opened.value);
  return { status: reply.status, headers: coveredOnly(reply.headers, declared), body: opened.value, problem, url };
};
