/** A gateway for the SDK's tests: the channel's real server half over plain `node:http`, with an echoing service behind it and levers for faults. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type AcceptedHello,
  acceptHello,
  answerHello,
  type ChannelGateway,
  endpoint,
  type HandshakePorts,
  header,
  issueHelloNonce,
  type KnownDevice,
  readHello,
} from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { type EpochMs, epochMs, fromUtf8, toBase64Url } from '@hauberk/primitives';
import { FakeEnrolment } from './fake-enrolment.ts';
import { FakeKeys, openChannel, openHandshake, type Published, scope } from './fake-gateway-keys.ts';
import { type FakeReply, type FakeRequest, problem, text } from './fake-reply.ts';
import { FakeService } from './fake-service.ts';

/** What the tests can bend; `times` counts down. */
export interface Lever {
  readonly name: string;
  times: number;
}

const readAll = async (request: IncomingMessage): Promise<Uint8Array> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Uint8Array.from(Buffer.concat(parts));
};

const allowedHeaders = [...Object.values(header), 'x-covered', 'x-other'].join(', ');
const cors = (origin: string | undefined): Record<string, string> =>
  origin === undefined
    ? {}
    : {
        'access-control-allow-origin': origin,
        'access-control-expose-headers': [...Object.values(header), 'x-trace'].join(', '),
        'access-control-allow-headers': allowedHeaders,
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE, OPTIONS',
      };

/** Why the inner reason leaves as this outer code; the server's table says the same. */
const helloCodes: Readonly<Record<string, readonly [number, string]>> = {
  'hello.config-unknown': [401, 'config-stale'],
  'hello.config-key-revoked': [401, 'config-stale'],
  'hello.clock': [401, 'nonce-required'],
  'hello.nonce-required': [401, 'nonce-required'],
  'hello.nonce-invalid': [401, 'nonce-required'],
  'hello.device-unknown': [401, 'enrolment-required'],
  'hello.replayed': [409, 'replay'],
};

/** The fake. */
export class FakeGateway {
  readonly keys: FakeKeys = new FakeKeys();
  readonly enrolment: FakeEnrolment = new FakeEnrolment();
  readonly service: FakeService = new FakeService(this);
  levers: Lever[] = [];
  configs: Published[] = [];
  counts: Record<string, number> = {};
  underLoad = false;
  ticketLifeMs = 900_000;
  channel: ChannelGateway = openChannel(this.keys, 1, this.now());
  handshake: HandshakePorts = this.#openHandshake();
  #boot = 1;
  #servers: Server[] = [];
  #hosts: string[] = [];

  constructor() {
    this.configs = [this.keys.publish(5, this.now())];
  }

  /** The gateway's clock. */
  now(): EpochMs {
    return epochMs(Date.now());
  }

  /** Pulls a lever once, if it is set. */
  pulled(name: string): boolean {
    const lever = this.levers.find((candidate) => candidate.name === name && candidate.times > 0);
    if (lever === undefined) return false;
    lever.times -= 1;
    return true;
  }

  /** Adds one to a counter that tests read. */
  count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  /** Whether a request came through the first origin. */
  isFirstOrigin(host: string | undefined): boolean {
    return host === this.#hosts[0];
  }

  /** Everything in memory is lost: tickets and windows. */
  restart(): void {
    this.#boot += 1;
    this.keys.restart();
    this.channel = openChannel(this.keys, this.#boot, this.now());
    this.handshake = this.#openHandshake();
  }

  /** As new, for the next test. */
  reset(): void {
    this.levers = [];
    this.counts = {};
    this.underLoad = false;
    this.ticketLifeMs = 900_000;
    this.configs = [this.keys.publish(5, this.now())];
    this.service.reset();
    this.restart();
  }

  /** Listens on one more origin and answers it. */
  async listen(): Promise<string> {
    const server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#servers.push(server);
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#hosts.push(host);
    return `http://${host}`;
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** Judges a hello; the reply of a refusal is ready to go out. */
  judgeHello(
    hello: string,
  ): { readonly ok: true; readonly value: AcceptedHello } | { readonly ok: false; readonly reply: FakeReply } {
    const accepted = acceptHello(this.channel, this.handshake, hello, this.now());
    return accepted.ok ? accepted : { ok: false as const, reply: this.#helloProblem(hello, accepted.code) };
  }

  #openHandshake(): HandshakePorts {
    return openHandshake(
      this.keys,
      this.now(),
      (hash) => this.configs.find((config) => config.hash === toBase64Url(hash))?.honoured,
      (thumbprint): KnownDevice | undefined => this.enrolment.find(thumbprint),
      () => this.underLoad,
      this.ticketLifeMs,
    );
  }

  #helloProblem(hello: string, code: string): FakeReply {
    const [status, outer] = helloCodes[code] ?? [403, 'refused'];
    const read = readHello(hello);
    if (outer !== 'nonce-required' || !read.ok) return problem(status, outer);
    const { deviceThumbprint } = read.value.hello;
    const nonce = issueHelloNonce(nodeCrypto, this.keys.nonceKey, deviceThumbprint, this.now());
    return problem(status, outer, 'none', { nonce });
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request: FakeRequest = {
      method: incoming.method ?? 'GET',
      url: incoming.url ?? '/',
      headers: incoming.headers as Record<string, string | undefined>,
      body: await readAll(incoming),
    };
    const { origin } = request.headers;
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      response.writeHead(204, cors(origin)).end();
      return;
    }
    // The network swallows it: whoever asked gets no reply and no end.
    if (request.url.startsWith('/api/') && this.pulled('stall')) return;
    const reply = this.#route(request);
    if (reply === undefined) {
      incoming.socket.destroy();
      return;
    }
    response.writeHead(reply.status, { ...reply.headers, ...cors(origin), 'cache-control': 'no-store' });
    if (reply.frames !== undefined) for await (const frame of reply.frames) response.write(frame);
    if (reply.frames === undefined || !this.pulled('cut-stream')) response.end(reply.body);
    else incoming.socket.destroy();
  }

  /** The reply; undefined cuts the connection. */
  #route(request: FakeRequest): FakeReply | undefined {
    const path = request.url.split('?', 1)[0] ?? '';
    switch (path) {
      case '/':
        return text('<!doctype html><title>lab</title>', 'text/html');
      case '/lab':
        return this.#pullLab(request);
      case endpoint.config:
        return this.#serveConfig();
      case endpoint.enrolChallenge:
        this.count('challenge');
        return text(JSON.stringify({ challenge: this.enrolment.challenge() }), 'application/json');
      case endpoint.hello:
        return this.#serveHello(fromUtf8(request.body) ?? '');
      default:
        if (path === endpoint.enrol && request.headers[header.signature] === undefined) return this.#enrol(request);
        return this.service.serve(request);
    }
  }

  #enrol(request: FakeRequest): FakeReply {
    this.count('enrol');
    const enrolled = this.enrolment.enrolIdentity(fromUtf8(request.body) ?? '');
    return enrolled === undefined ? problem(403, 'refused') : text(JSON.stringify(enrolled), 'application/json');
  }

  #serveConfig(): FakeReply {
    this.count('config');
    return text(this.configs[0]?.text ?? '');
  }

  #serveHello(hello: string): FakeReply | undefined {
    this.count('hello');
    if (this.pulled('drop-hello')) return undefined;
    const judged = this.judgeHello(hello);
    if (!judged.ok) return judged.reply;
    const { early, resumeHash } = judged.value.received.hello;
    if (resumeHash !== null && judged.value.resume !== undefined) this.count('resumed');
    const opened = answerHello(this.channel, this.handshake, judged.value, early ? 'refused' : 'none', this.now());
    return opened.ok ? text(opened.value.answer) : problem(503, 'overloaded');
  }

  /** The levers over HTTP, for suites that run in a browser. */
  #pullLab(request: FakeRequest): FakeReply {
    const asked = JSON.parse(fromUtf8(request.body) ?? '') as Record<string, unknown>;
    if (asked['reset'] === true) this.reset();
    if (typeof asked['lever'] === 'string')
      this.levers.push({ name: asked['lever'], times: Number(asked['times'] ?? 1) });
    if (asked['restart'] === true) this.restart();
    if (asked['forgetStepUpKeys'] === true) this.enrolment.forgetStepUpKeys();
    if (asked['forgetDevices'] === true) this.enrolment.forget();
    if (typeof asked['underLoad'] === 'boolean') this.underLoad = asked['underLoad'];
    if (typeof asked['ticketLifeMs'] === 'number') {
      this.ticketLifeMs = asked['ticketLifeMs'];
      this.handshake = this.#openHandshake();
    }
    const { publish } = asked as {
      publish?: { version: number; lifeMs?: number; statusLifeMs?: number; only?: boolean };
    };
    if (publish !== undefined) {
      const published = this.keys.publish(publish.version, this.now(), publish.lifeMs, publish.statusLifeMs);
      this.configs = publish.only === true ? [published] : [published, ...this.configs];
    }
    const { counts } = this;
    const { executions, sequences } = this.service;
    return text(JSON.stringify({ counts, executions, sequences, scope }), 'application/json');
  }
}
