/**
 * A client that can do everything right and, piece by piece, everything wrong: the attacker's own device, or a victim whose wire the attacker
 * holds. Built on the client half of the channel, without the SDK's care.
 */
import {
  type ClientKeys,
  type ClientSession,
  context,
  createHello,
  endpoint,
  enrolmentPayload,
  finishHandshake,
  header,
  type NamedKey,
  openReply,
  type PendingHello,
  type SentRequest,
  sealRequest,
  signDocumentAsync,
  signRequest,
  type TrustedConfig,
  targetOf,
  trustConfig,
} from '@hauberk/channel/client';
import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import { epochMs, fromBase64Url, type KeyPair, utf8 } from '@hauberk/primitives';
import { type Call, problemOf, type Reply, send } from './http-call.ts';
import { NotApplicable } from './not-applicable.ts';

/** Where a gateway is and what its clients pin. */
export interface Target {
  readonly gateway: string;
  readonly organisation: string;
  readonly app: string;
  readonly service: string;
  readonly configKeys: readonly NamedKey[];
  /** The routes that a foreign gateway offers to attacks, as `METHOD /path/{parameter}`; absent for all. */
  readonly routes?: readonly string[];
}

/** An enrolled device. */
export interface Device {
  readonly key: KeyPair;
  readonly deviceId: string;
}

/** An open session with its own counter. */
export interface Session {
  readonly device: Device;
  readonly keys: ClientKeys;
  readonly ticket: string;
  readonly resumeTicket: string;
  readonly client: ClientSession;
  sequence: number;
}

/** A request ready to be sent, and what is needed to open its reply. */
export interface Crafted extends Call {
  readonly sent: SentRequest;
}

/** What a request says; what is absent is done right. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly mode?: 'signed' | 'sealed';
  readonly sequence?: number;
  /** Seconds. */
  readonly created?: number;
  readonly service?: string;
  readonly coveredHeaders?: readonly string[];
}

const expectOk = (reply: Reply, what: string): Reply => {
  if (reply.status >= 200 && reply.status < 300) return reply;
  throw new Error(`${what}: ${reply.status} ${problemOf(reply)}`);
};

const jsonOf = (reply: Reply): Record<string, unknown> => JSON.parse(Buffer.from(reply.body).toString('utf8'));
const textOf = (reply: Reply): string => Buffer.from(reply.body).toString('utf8');
const nowSeconds = (): number => Math.floor(Date.now() / 1000);
const bytesOf = (body: string | Uint8Array | undefined): Uint8Array =>
  typeof body === 'string' ? utf8(body) : (body ?? new Uint8Array(0));

/** Fetches the gateway's config and verifies it against the pinned keys. */
export const fetchConfig = async (target: Target): Promise<TrustedConfig> => {
  const query = `?organisation=${target.organisation}&service=${target.service}`;
  const reply = expectOk(
    await send(target.gateway, { method: 'GET', path: endpoint.config + query, headers: {} }),
    'config',
  );
  const { organisation, service, configKeys } = target;
  const trust = { organisation, service, configKeys, minConfigVersion: 0, timeFloor: epochMs(0) };
  const trusted = await trustConfig(crypto, trust, textOf(reply));
  if (!trusted.ok) throw new Error(`config: ${trusted.code}`);
  return trusted.value;
};

/** Enrols a fresh device (software tier). */
export const enrol = async (target: Target): Promise<Device> => {
  const { organisation, app, service } = target;
  const asked = {
    method: 'POST',
    path: endpoint.enrolChallenge,
    headers: { 'content-type': 'application/json' },
    body: utf8(JSON.stringify({ organisation, app, service })),
  };
  const challenge = fromBase64Url(
    String(jsonOf(expectOk(await send(target.gateway, asked), 'challenge'))['challenge']),
  );
  if (challenge === undefined) throw new Error('challenge: not base64url');
  const key = await crypto.generateKeyPair('p256', 'sign');
  const payload = enrolmentPayload({
    challenge,
    publicKey: key.publicKey,
    purpose: 'identity',
    organisation,
    app,
    service,
    evidence: { kind: 'software' },
    deviceId: null,
  });
  const body = utf8(await signDocumentAsync(crypto, key.privateKey, context.enrol, payload));
  const reply = expectOk(
    await send(target.gateway, {
      method: 'POST',
      path: endpoint.enrol,
      headers: { 'content-type': 'text/plain' },
      body,
    }),
    'enrol',
  );
  return { key, deviceId: String(jsonOf(reply)['deviceId']) };
};

/** Makes a hello without sending it. */
export const makeHello = async (
  target: Target,
  device: Device,
  options: {
    readonly resumeTicket?: string;
    readonly early?: boolean;
    readonly createdMs?: number;
    readonly nonce?: string;
    readonly trusted?: TrustedConfig;
  } = {},
): Promise<PendingHello> => {
  const trusted = options.trusted ?? (await fetchConfig(target));
  const freshness =
    options.nonce === undefined ? { createdMs: epochMs(options.createdMs ?? Date.now()) } : { nonce: options.nonce };
  const hello = await createHello(crypto, {
    trusted,
    app: target.app,
    deviceKey: device.key,
    suites: ['HB1-P256'],
    resumeTicket: options.resumeTicket ?? null,
    early: options.early ?? false,
    freshness,
    now: epochMs(Date.now()),
  });
  if (!hello.ok) throw new Error(`hello: ${hello.code}`);
  return hello.value;
};

/** Sends the text of a hello. */
export const sendHello = (target: Target, text: string): Promise<Reply> =>
  send(target.gateway, {
    method: 'POST',
    path: endpoint.hello,
    headers: { 'content-type': 'text/plain' },
    body: utf8(text),
  });

/** Believes an answer and opens the session. */
export const openAnswer = async (device: Device, pending: PendingHello, text: string): Promise<Session> => {
  const finished = await finishHandshake(crypto, pending, text);
  if (!finished.ok) throw new Error(`answer: ${finished.code}`);
  const { keys, tickets } = finished.value;
  return {
    device,
    keys,
    ticket: tickets.ticket,
    resumeTicket: tickets.resumeTicket,
    client: finished.value,
    sequence: 0,
  };
};

/** A full handshake; answers a gateway nonce when one is asked for. */
export const openSession = async (target: Target, device: Device, resumeTicket?: string): Promise<Session> => {
  const options = resumeTicket === undefined ? {} : { resumeTicket };
  const pending = await makeHello(target, device, options);
  const reply = await sendHello(target, pending.text);
  if (reply.status === 200) return openAnswer(device, pending, textOf(reply));
  const nonce = jsonOf(reply)['nonce'];
  if (typeof nonce !== 'string') throw new Error(`hello: ${reply.status} ${problemOf(reply)}`);
  const again = await makeHello(target, device, { ...options, nonce });
  return openAnswer(device, again, textOf(expectOk(await sendHello(target, again.text), 'hello with nonce')));
};

const isRoute = (route: string, method: string, path: string): boolean => {
  const wanted = `${method} ${path.split('?', 1)[0]}`.split('/');
  const segments = route.split('/');
  return (
    segments.length === wanted.length &&
    segments.every((segment, index) => segment === wanted[index] || /^\{.*\}$/.test(segment))
  );
};

const demandRoute = ({ routes }: Target, method: string, path: string): void => {
  if (routes !== undefined && !routes.some((route) => isRoute(route, method, path)))
    throw new NotApplicable(`needs ${method} ${path}`);
};

/** Crafts a protected request. */
export const craft = async (
  target: Target,
  session: Session,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Crafted> => {
  demandRoute(target, method, path);
  session.sequence += 1;
  const body = bytesOf(options.body);
  const slot = { sequence: options.sequence ?? session.sequence, created: options.created ?? nowSeconds() };
  const headers: Record<string, string> = { [header.ticket]: session.ticket, ...options.headers };
  if (body.length > 0) headers['content-type'] ??= 'application/json';
  const outgoing = {
    target: targetOf(method, path),
    headers,
    service: options.service ?? target.service,
    route: { coveredHeaders: options.coveredHeaders ?? [] },
  };
  const protect = options.mode === 'signed' ? signRequest : sealRequest;
  const made = await protect(crypto, session.keys, outgoing, body, slot);
  return { method, path, headers: made.headers, body: made.body, sent: made.sent };
};

/** Opens a reply; undefined when it is not bound to that request. */
export const openBound = async (session: Session, sent: SentRequest, reply: Reply): Promise<Uint8Array | undefined> => {
  const opened = await openReply(crypto, session.keys, sent, reply, reply.body, []);
  return opened.ok ? opened.value : undefined;
};

/** What a request came to. */
export interface Answer {
  readonly status: number;
  /** Whether the reply is bound to the request. */
  readonly bound: boolean;
  /** The plain JSON of a bound reply, or of an unbound problem. */
  readonly json: Record<string, unknown>;
  /** The problem code, or the status. */
  readonly code: string;
}

const answerOf = async (session: Session, crafted: Crafted, reply: Reply): Promise<Answer> => {
  const plain = await openBound(session, crafted.sent, reply);
  const text = Buffer.from(plain ?? reply.body).toString('utf8');
  let json: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) json = parsed as Record<string, unknown>;
  } catch {
    // Not JSON: the status says it all.
  }
  const code = typeof json['code'] === 'string' ? json['code'] : String(reply.status);
  return { status: reply.status, bound: plain !== undefined, json, code };
};

/** Sends a crafted request and reads what comes back. */
export const deliver = async (target: Target, session: Session, crafted: Crafted): Promise<Answer> =>
  answerOf(session, crafted, await send(target.gateway, crafted));

/** Crafts and sends. */
export const call = async (
  target: Target,
  session: Session,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answer> => deliver(target, session, await craft(target, session, method, path, options));
