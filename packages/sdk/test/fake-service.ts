/** What stands behind the fake gateway: verifies as the real one does, executes, and binds its replies — unless a lever bends them. */
import {
  type AcceptedHello,
  type ArrivedHead,
  answerHello,
  endpoint,
  findConfigRoute,
  type GatewayConfig,
  header,
  type OpenedSession,
  openChunkedRequest,
  type PendingRequest,
  protectChunkedReply,
  protectReply,
  type RequestRefusal,
  readEarlyHead,
  readProtectedHead,
  readReportBatch,
  readStepUpAnswer,
  type Transaction,
  tag,
  targetOf,
  transactionBytes,
  type VerifiedRequest,
  verifyRequest,
  verifyStepUp,
} from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { concat, fromUtf8, type Result, toBase64Url, utf8 } from '@hauberk/primitives';
import type { FakeGateway } from './fake-gateway.ts';
import { routes, scope } from './fake-gateway-keys.ts';
import { type FakeReply, type FakeRequest, problem, text } from './fake-reply.ts';

/** One execution by the service. */
export interface Execution {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly key: string | undefined;
  readonly contentType: string | undefined;
  readonly tag: string;
  readonly early: boolean;
}

type Verified = { readonly ok: true; readonly value: VerifiedRequest } | RequestRefusal;

const config = { routes } as unknown as GatewayConfig;

const outerOf = (code: string): FakeReply => {
  if (/^request\.(ticket|session-gone|revoked)/.test(code)) return problem(401, 'handshake-required');
  if (/^request\.(replayed|too-old)/.test(code)) return problem(409, 'replay', 'unknown');
  if (code === 'request.unsigned') return problem(401, 'protection-required');
  return problem(403, 'refused');
};

/** What the gateway answers before it looks at a request any closer; anybody can write it. */
const shedReply = (): FakeReply => {
  const reply = problem(503, 'overloaded');
  return { ...reply, headers: { ...reply.headers, 'retry-after': '0' } };
};

const frameOf = (body: Uint8Array, start: number) => {
  const length = new DataView(body.buffer, body.byteOffset + start).getUint32(0) & 0x7fff_ffff;
  return { head: body.subarray(start, start + 4), sealed: body.subarray(start + 4, start + 20 + length) };
};

/** The service. */
export class FakeService {
  executions: Execution[] = [];
  /** `keyid:sequence` of every protected request that arrived, in order. */
  sequences: string[] = [];
  readonly #gateway: FakeGateway;
  readonly #outcomes = new Map<string, FakeReply>();
  readonly #challenges = new Map<string, string>();
  #lastReply: FakeReply | undefined;

  constructor(gateway: FakeGateway) {
    this.#gateway = gateway;
  }

  reset(): void {
    this.executions = [];
    this.sequences = [];
    this.#outcomes.clear();
    this.#lastReply = undefined;
  }

  /** Serves one request; undefined cuts the connection. */
  serve(request: FakeRequest): FakeReply | undefined {
    const gateway = this.#gateway;
    if (request.url === '/api/plain') return text(`plain ${request.method}`);
    if (gateway.isFirstOrigin(request.headers['host']) && gateway.pulled('cut-first')) return undefined;
    if (gateway.pulled('redirect')) return { ...text(''), status: 302, headers: { location: '/api/plain' } };
    if (gateway.pulled('shed')) return shedReply();
    const hello = request.headers[header.hello];
    const reply = hello === undefined ? this.#serveInSession(request) : this.#serveEarly(request, hello);
    if (gateway.pulled('forge-shed')) return shedReply();
    return gateway.pulled('cut-after') ? undefined : this.#bend(reply);
  }

  #demand(request: FakeRequest) {
    const { method, path } = targetOf(request.method, request.url);
    const route = findConfigRoute(config, method, path);
    const mode: 'signed' | 'sealed' = route?.mode === 'signed' ? 'signed' : 'sealed';
    const { coveredHeaders = [], publicQuery = [], chunked = false, coveredReplyHeaders = [] } = route ?? {};
    const demand = { service: scope.service, mode, chunked, coveredHeaders, publicQuery, maxAgeSeconds: 120 };
    return { demand, coveredReplyHeaders };
  }

  #head(request: FakeRequest): ArrivedHead {
    const { method, url, headers } = request;
    return { target: targetOf(method, url), headers, arrivedAt: this.#gateway.now() };
  }

  #serveInSession(request: FakeRequest): FakeReply {
    const { channel } = this.#gateway;
    const pending = readProtectedHead(channel, this.#head(request), this.#demand(request).demand);
    if (!pending.ok) return outerOf(pending.code);
    return this.#finish(request, pending.value);
  }

  #finish(request: FakeRequest, pending: PendingRequest): FakeReply {
    const { keyid, sequence } = pending.parameters;
    this.sequences.push(`${keyid}:${sequence}`);
    const verified = this.#verify(pending, request.body);
    if (verified.ok) return this.#answer(request, verified.value);
    if (verified.binding === undefined) return outerOf(verified.code);
    const bound = problem(400, 'clock', 'none', { serverTimeMs: this.#gateway.now() });
    return this.#bind(verified.binding, bound, []);
  }

  #verify(pending: PendingRequest, body: Uint8Array): Verified {
    const now = this.#gateway.now();
    if (pending.parameters.tag !== tag.chunked) return verifyRequest(nodeCrypto, pending, body, now);
    const opened = openChunkedRequest(nodeCrypto, pending, now);
    if (!opened.ok) return opened;
    const parts: Uint8Array[] = [];
    for (let start = 0, isFinal = false; !isFinal; ) {
      if (start >= body.length) return { ok: false, code: 'request.chunk' };
      const { head, sealed } = frameOf(body, start);
      const frame = opened.value.opener.open(head, sealed);
      if (frame === undefined) return { ok: false, code: 'request.chunk' };
      parts.push(frame.plaintext);
      isFinal = frame.final;
      start += 4 + sealed.length;
    }
    this.#gateway.count('chunked');
    return { ok: true, value: { ...opened.value.request, body: concat(...parts) } };
  }

  #serveEarly(request: FakeRequest, hello: string): FakeReply {
    const gateway = this.#gateway;
    gateway.count('early');
    const judged = gateway.judgeHello(hello);
    if (!judged.ok) return judged.reply;
    const accepted = judged.value;
    if (!accepted.mayBeEarly || gateway.pulled('refuse-early')) return this.#refuseEarly(accepted);
    let opened: OpenedSession | undefined;
    const open = (): Result<OpenedSession> => {
      const result = answerHello(gateway.channel, gateway.handshake, accepted, 'accepted', gateway.now());
      if (result.ok) opened = result.value;
      return result;
    };
    const { demand } = this.#demand(request);
    const pending = readEarlyHead(gateway.channel, accepted, this.#head(request), demand, open);
    if (!pending.ok) return this.#refuseEarly(accepted);
    const reply = this.#finish(request, pending.value);
    if (opened === undefined) return this.#refuseEarly(accepted);
    reply.headers[header.answer] = opened.answer;
    return reply;
  }

  #refuseEarly(accepted: AcceptedHello): FakeReply {
    const { channel, handshake } = this.#gateway;
    const opened = answerHello(channel, handshake, accepted, 'refused', this.#gateway.now());
    const reply = problem(425, 'early-refused');
    if (opened.ok) reply.headers[header.answer] = opened.value.answer;
    return reply;
  }

  #answer(request: FakeRequest, verified: VerifiedRequest): FakeReply {
    const { coveredReplyHeaders } = this.#demand(request);
    const path = verified.target.path;
    if (path === '/api/events') return this.#stream(verified, coveredReplyHeaders);
    return this.#bind(verified.binding, this.#execute(verified), coveredReplyHeaders);
  }

  #execute(verified: VerifiedRequest): FakeReply {
    const { path } = verified.target;
    if (path === endpoint.enrol) {
      this.#gateway.count('enrol-step-up');
      const { deviceId } = verified.facts;
      const enrolled = this.#gateway.enrolment.enrolStepUp(fromUtf8(verified.body) ?? '', deviceId);
      return enrolled === undefined ? problem(403, 'refused') : text(JSON.stringify(enrolled), 'application/json');
    }
    if (path === endpoint.reports) {
      const batch = readReportBatch(verified.body);
      if (batch.ok) for (const report of batch.value) this.#gateway.count(`report ${report.kind}`);
      return batch.ok ? { ...text(''), status: 202 } : problem(400, 'malformed');
    }
    if (path === '/api/transfer') {
      const refused = this.#checkStepUp(verified);
      if (refused !== undefined) return refused;
    }
    return this.#once(verified);
  }

  /** Executes, or answers what came of the same key before. */
  #once(verified: VerifiedRequest): FakeReply {
    const key = verified.headers[header.idempotencyKey];
    const stored = typeof key === 'string' ? this.#outcomes.get(key) : undefined;
    if (stored !== undefined) return { ...stored, headers: { ...stored.headers } };
    const { method, path, query } = verified.target;
    const contentType = verified.headers[header.contentType];
    const execution = {
      method,
      url: query === '?' ? path : path + query,
      body: fromUtf8(verified.body) ?? `${verified.body.length} bytes`,
      key: typeof key === 'string' ? key : undefined,
      contentType: typeof contentType === 'string' ? contentType : undefined,
      tag: verified.tag,
      early: verified.early,
    };
    this.executions.push(execution);
    const reply = text(JSON.stringify({ ...execution, covered: verified.headers['x-covered'] }), 'application/json');
    reply.headers['x-trace'] = `trace-${this.executions.length}`;
    reply.headers['x-loose'] = 'anybody';
    if (method === 'HEAD') reply.body = new Uint8Array(0);
    if (path === '/api/nothing') Object.assign(reply, { status: 204, body: new Uint8Array(0) });
    if (typeof key === 'string') this.#outcomes.set(key, { ...reply, headers: { ...reply.headers } });
    return reply;
  }

  #checkStepUp(verified: VerifiedRequest): FakeReply | undefined {
    const { deviceId, service } = verified.facts;
    const bodyHash = nodeCrypto.sha256(verified.body);
    const transaction: Transaction = { deviceId, customerId: 'customer-7', service, target: verified.target, bodyHash };
    const digest = toBase64Url(nodeCrypto.sha256(transactionBytes(transaction)));
    const value = verified.headers[header.stepUp];
    if (typeof value !== 'string') return this.#demandStepUp(digest);
    const answer = readStepUpAnswer(value);
    if (!answer.ok) return problem(400, 'malformed');
    const challenge = toBase64Url(answer.value.challenge);
    const key = this.#gateway.enrolment.findStepUpKey(toBase64Url(answer.value.keyThumbprint));
    if (this.#challenges.get(challenge) !== digest) return problem(403, 'step-up-required');
    if (key?.deviceId !== deviceId) return problem(403, 'forbidden');
    this.#challenges.delete(challenge);
    return verifyStepUp(nodeCrypto, key.publicKey, answer.value, transaction).ok ? undefined : problem(403, 'refused');
  }

  #demandStepUp(digest: string): FakeReply {
    const challenge = toBase64Url(nodeCrypto.random(32));
    this.#challenges.set(challenge, digest);
    const expiresAtMs = this.#gateway.now() + 120_000;
    return problem(403, 'step-up-required', 'none', { challenge, expiresAtMs, customerId: 'customer-7' });
  }

  #bind(binding: VerifiedRequest['binding'], reply: FakeReply, declared: readonly string[]): FakeReply {
    const { addedHeaders, body } = protectReply(nodeCrypto, binding, reply, declared, this.#gateway.now());
    return { status: reply.status, headers: { ...reply.headers, ...addedHeaders }, body };
  }

  #stream(verified: VerifiedRequest, declared: readonly string[]): FakeReply {
    const plain = { status: 200, headers: { 'content-type': 'text/event-stream' } };
    const now = this.#gateway.now();
    const { addedHeaders, sealer } = protectChunkedReply(nodeCrypto, verified.binding, plain, declared, now);
    const isCut = this.#gateway.pulled('no-final');
    const isBent = this.#gateway.pulled('bend-frame');
    async function* frames(): AsyncGenerator<Uint8Array> {
      yield sealer.seal(utf8('data: one\n\n'), false);
      yield sealer.seal(new Uint8Array(0), false);
      const second = sealer.seal(utf8('data: two\n\n'), false);
      if (isBent) second[6] = (second[6] ?? 0) ^ 1;
      yield second.subarray(0, 7);
      yield second.subarray(7);
      if (!isCut) yield sealer.seal(new Uint8Array(0), true);
    }
    return { ...plain, headers: { ...plain.headers, ...addedHeaders }, body: new Uint8Array(0), frames: frames() };
  }

  /** What a man in the middle does. */
  #bend(reply: FakeReply): FakeReply {
    const gateway = this.#gateway;
    const before = this.#lastReply;
    this.#lastReply = reply;
    if (gateway.pulled('tamper-body'))
      return { ...reply, body: reply.body.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) };
    if (gateway.pulled('tamper-status')) return { ...reply, status: 201 };
    const forged = (name: string, value: string): FakeReply => ({
      ...reply,
      headers: { ...reply.headers, [name]: value },
    });
    if (gateway.pulled('tamper-header')) return forged('content-type', 'text/html');
    if (gateway.pulled('tamper-declared')) return forged('x-trace', 'forged');
    if (gateway.pulled('strip')) return { ...reply, headers: { 'content-type': 'application/json' } };
    if (gateway.pulled('inject-none')) return problem(401, 'handshake-required', 'none');
    if (gateway.pulled('swap') && before !== undefined) return before;
    return reply;
  }
}
