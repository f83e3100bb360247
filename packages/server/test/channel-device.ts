/** A device of the tests: the client half of the channel over node:http, one step at a time, so that a test can keep, bend and repeat each message. */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import {
  type ClientSession,
  createHello,
  endpoint,
  enrolmentPayload,
  finishHandshake,
  header,
  openReply,
  type PendingHello,
  type ProtectedRequest,
  sealRequest,
  signDocumentAsync,
  signRequest,
  type TrustedConfig,
  targetOf,
  trustConfig,
} from '@hauberk/channel/client';
import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import { epochMs, fromBase64Url, fromUtf8, type KeyPair, utf8 } from '@hauberk/primitives';
import type { GatewayTrust } from '../src/index.ts';

/** A reply as it came. */
export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** A message as it is sent. */
export interface RawRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** Sends on a connection of its own, so that the kernel may choose another worker each time. */
export const send = (base: string, { method, url, headers, body }: RawRequest): Promise<RawReply> =>
  new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    const outgoing = request(new URL(url, base), { method, headers, agent }, (incoming) => {
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers as Record<string, string | undefined>,
          body: new Uint8Array(Buffer.concat(pieces)),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });

/** The JSON of a reply. */
export const jsonOf = (reply: { readonly body: Uint8Array }): Readonly<Record<string, unknown>> =>
  JSON.parse(fromUtf8(reply.body) ?? '') as Record<string, unknown>;

const text = 'text/plain';

/** An enrolled device. */
export interface TestDevice {
  readonly key: KeyPair;
  readonly deviceId: string;
}

/** A device's session. */
export interface TestSession {
  readonly base: string;
  readonly client: ClientSession;
  readonly service: string;
  next: number;
}

const scopeOf = (trust: GatewayTrust) => ({
  organisation: trust.organisation,
  app: trust.apps[0] ?? '',
  service: trust.services[0]?.id ?? '',
});

/** Fetches and verifies the signed config. */
export const fetchConfig = async (base: string, trust: GatewayTrust): Promise<TrustedConfig> => {
  const { organisation, service } = scopeOf(trust);
  const url = `${endpoint.config}?organisation=${organisation}&service=${service}`;
  const reply = await send(base, { method: 'GET', url, headers: {} });
  const configKeys = trust.configKeys.map(({ kid, publicKey }) => ({
    kid,
    publicKey: fromBase64Url(publicKey) ?? new Uint8Array(0),
  }));
  const client = { organisation, service, configKeys, minConfigVersion: 1, timeFloor: epochMs(0) };
  const trusted = await trustConfig(crypto, client, fromUtf8(reply.body) ?? '');
  assert.ok(trusted.ok, 'the config is not trusted');
  return trusted.value;
};

/** A fresh enrolment challenge. */
export const fetchChallenge = async (base: string, trust: GatewayTrust): Promise<Uint8Array<ArrayBuffer>> => {
  const headers = { 'content-type': 'application/json' };
  const asked = await send(base, {
    method: 'POST',
    url: endpoint.enrolChallenge,
    headers,
    body: JSON.stringify(scopeOf(trust)),
  });
  return fromBase64Url(String(jsonOf(asked)['challenge'])) ?? new Uint8Array(0);
};

/** A signed enrolment document over a fresh challenge. */
export const enrolmentDocument = async (
  base: string,
  trust: GatewayTrust,
  key: KeyPair,
  joins: string | null,
  purpose: 'identity' | 'step-up' = joins === null ? 'identity' : 'step-up',
): Promise<string> => {
  const scope = scopeOf(trust);
  const challenge = await fetchChallenge(base, trust);
  const payload = enrolmentPayload({
    ...scope,
    challenge,
    publicKey: key.publicKey,
    purpose,
    evidence: { kind: 'software' },
    deviceId: joins,
  });
  return signDocumentAsync(crypto, key.privateKey, 'hb1/enrol', payload);
};

/** Enrols a device with this key. */
export const enrolKey = async (base: string, trust: GatewayTrust, key: KeyPair): Promise<TestDevice> => {
  const body = await enrolmentDocument(base, trust, key, null);
  const reply = await send(base, { method: 'POST', url: endpoint.enrol, headers: { 'content-type': text }, body });
  assert.equal(reply.status, 201);
  return { key, deviceId: String(jsonOf(reply)['deviceId']) };
};

/** Enrols a fresh device. */
export const enrol = async (base: string, trust: GatewayTrust): Promise<TestDevice> =>
  enrolKey(base, trust, await crypto.generateKeyPair('p256', 'sign'));

/** Says hello; answers the pending handshake and what came back. */
export const sayHello = async (
  base: string,
  trust: GatewayTrust,
  device: TestDevice,
  given: { readonly nonce?: string } = {},
): Promise<{ readonly pending: PendingHello; readonly hello: RawRequest; readonly reply: RawReply }> => {
  const trusted = await fetchConfig(base, trust);
  const now = epochMs(Date.now());
  const pending = await createHello(crypto, {
    trusted,
    app: trust.apps[0] ?? '',
    deviceKey: device.key,
    suites: trusted.config.suites,
    resumeTicket: null,
    early: false,
    freshness: given.nonce === undefined ? { createdMs: now } : { nonce: given.nonce },
    now,
  });
  assert.ok(pending.ok);
  const hello: RawRequest = {
    method: 'POST',
    url: endpoint.hello,
    headers: { 'content-type': text },
    body: pending.value.text,
  };
  return { pending: pending.value, hello, reply: await send(base, hello) };
};

/** Opens a session. */
export const openSession = async (base: string, trust: GatewayTrust, device: TestDevice): Promise<TestSession> => {
  const { pending, reply } = await sayHello(base, trust, device);
  assert.equal(reply.status, 200, fromUtf8(reply.body));
  const finished = await finishHandshake(crypto, pending, fromUtf8(reply.body) ?? '');
  assert.ok(finished.ok, finished.ok ? '' : finished.code);
  return { base, client: finished.value, service: trust.services[0]?.id ?? '', next: 1 };
};

/** What a test asks for. */
export interface Ask {
  readonly method?: string;
  readonly url: string;
  readonly mode?: 'signed' | 'sealed';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Seconds added to `created`. */
  readonly skew?: number;
}

/** A protected message, ready to be sent as often as a test likes. */
export interface Protected extends RawRequest {
  readonly sent: ProtectedRequest['sent'];
}

/** Protects a request with the next sequence number. */
export const protect = async (session: TestSession, ask: Ask): Promise<Protected> => {
  const { method = 'POST', url, mode = 'signed', body = '' } = ask;
  const outgoing = {
    target: targetOf(method, url),
    headers: { ...(body === '' ? {} : { 'content-type': 'application/json' }), ...ask.headers },
    service: session.service,
    route: { coveredHeaders: [] },
  };
  const slot = { sequence: session.next, created: Math.floor(Date.now() / 1000) + (ask.skew ?? 0) };
  session.next += 1;
  const make = mode === 'sealed' ? sealRequest : signRequest;
  const made = await make(crypto, session.client.keys, outgoing, utf8(body), slot);
  return {
    method,
    url,
    headers: { ...made.headers, [header.ticket]: session.client.tickets.ticket },
    body: made.body,
    sent: made.sent,
  };
};

/** A reply whose binding to its request was verified. */
export interface OpenedReply {
  readonly status: number;
  readonly bound: boolean;
  readonly body: Uint8Array;
}

/** Sends a protected message and opens its reply; an unbound one is told as such. */
export const exchange = async (session: TestSession, message: Protected): Promise<OpenedReply> => {
  const reply = await send(session.base, message);
  const opened = await openReply(crypto, session.client.keys, message.sent, reply, reply.body, []);
  return opened.ok
    ? { status: reply.status, bound: true, body: opened.value }
    : { status: reply.status, bound: false, body: reply.body };
};

/** Protects, sends, opens. */
export const call = async (session: TestSession, ask: Ask): Promise<OpenedReply> =>
  exchange(session, await protect(session, ask));
