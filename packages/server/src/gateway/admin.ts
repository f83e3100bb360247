/**
 * The operators' listener: health, readiness, metrics, the keys that apps pin, and what the gateway is doing. It is not the public one, and whatever
 * is not for everybody asks for an API token with a right on the whole organisation. Devices and outcomes are the admin API's alone.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { AdminHandler } from '../admin/admin-handler.ts';
import type { Caller } from '../admin/administration.ts';
import type { PathAuthority } from '../admin/path-authority.ts';
import type { Area, Verb } from '../admin/right.ts';
import type { AdminConfig } from '../config/config.ts';
import { type ExpositionFormat, expositionType, negotiate } from '../observability/exposition.ts';
import type { Readiness } from '../observability/readiness.ts';
import type { SmsStatus } from '../sms/sms-plane.ts';
import type { Log } from './log.ts';

/** What the admin listener shows and does. */
export interface AdminParts {
  readonly admin: AdminConfig;
  readonly log: Log;
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: (format: ExpositionFormat) => Promise<string>;
  /** What apps pin: public keys and lowest config version per service. */
  readonly trust: () => unknown;
  readonly reload: () => Promise<readonly string[]>;
  /** What the SMS plane is doing; undefined where none is configured. */
  readonly sms: () => SmsStatus | undefined;
  /** Which clients speak what. */
  readonly clients: () => Promise<unknown>;
  /** The admin API; absent where it is switched off. */
  readonly api: AdminHandler | undefined;
  /** Who may use the paths that are not open; nobody where the API is switched off. */
  readonly authority: PathAuthority | undefined;
  /** Ends one worker thread; false when there is none of that index. */
  readonly killWorker: (index: number) => Promise<boolean>;
}

/** The open admin listener. */
export interface AdminListener {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** An answer of the admin listener. */
interface AdminReply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

interface AdminRequest {
  readonly segments: readonly string[];
  readonly accept: string | undefined;
  /** Whoever has the right that the path asks for; undefined on open paths for strangers. */
  readonly caller: Caller | undefined;
  readonly parts: AdminParts;
}

interface AdminRoute {
  readonly method: 'GET' | 'POST';
  /** `*` stands for any one segment. */
  readonly path: readonly string[];
  /** On the whole organisation. */
  readonly right: { readonly area: Area; readonly verb: Verb };
  /** Strangers are answered, too. */
  readonly isOpen?: true;
  readonly answer: (request: AdminRequest) => Promise<AdminReply> | AdminReply;
}

const json = (status: number, value: unknown): AdminReply => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(value)}\n`,
});

const text = (status: number, body: string): AdminReply => ({ status, type: 'text/plain; charset=utf-8', body });

const problem = (status: number, code: string, title: string): AdminReply => ({
  status,
  type: 'application/problem+json',
  body: `${JSON.stringify({ type: `urn:hauberk:problem:${code}`, title, status, code })}\n`,
});

const notFound = problem(404, 'not-found', 'There is nothing here');

/** Puts what is done into the audit log before it is done: an entry too much is better than one too few. */
const recorded = async (
  { parts, caller }: AdminRequest,
  action: string,
  facts: Record<string, number>,
): Promise<void> => {
  if (caller !== undefined) await parts.authority?.record(caller, action, facts);
};

const killWorker = async (request: AdminRequest): Promise<AdminReply> => {
  const index = request.segments[1] ?? '';
  if (!/^\d{1,3}$/.test(index)) return notFound;
  await recorded(request, 'worker.kill', { index: Number(index) });
  return (await request.parts.killWorker(Number(index))) ? json(200, { killed: true }) : notFound;
};

const reload = async (request: AdminRequest): Promise<AdminReply> => {
  await recorded(request, 'config.reload', {});
  const issues = await request.parts.reload();
  return json(issues.length === 0 ? 200 : 409, { reloaded: issues.length === 0, issues });
};

/** Strangers learn yes or no; what is wrong inside is for operators. */
const readyz = async ({ parts, caller }: AdminRequest): Promise<AdminReply> => {
  const readiness = await parts.readiness();
  const status = readiness.ready ? 200 : 503;
  return caller !== undefined ? json(status, readiness) : text(status, readiness.ready ? 'ready\n' : 'not ready\n');
};

/** What shows the state of the whole. */
const look = { area: 'audit', verb: 'read' } as const;
/** What changes how the gateway works. */
const change = { area: 'policy', verb: 'write' } as const;

const metrics = async ({ parts, accept }: AdminRequest): Promise<AdminReply> => {
  const format = negotiate(accept);
  return { status: 200, type: expositionType[format], body: await parts.metrics(format) };
};

const routes: readonly AdminRoute[] = [
  { method: 'GET', path: ['healthz'], right: look, isOpen: true, answer: () => text(200, 'ok\n') },
  { method: 'GET', path: ['readyz'], right: look, isOpen: true, answer: readyz },
  { method: 'GET', path: ['metrics'], right: look, isOpen: true, answer: metrics },
  { method: 'GET', path: ['trust'], right: look, isOpen: true, answer: ({ parts }) => json(200, parts.trust()) },
  { method: 'GET', path: ['clients'], right: look, answer: async ({ parts }) => json(200, await parts.clients()) },
  {
    method: 'GET',
    path: ['sms'],
    right: { area: 'binding', verb: 'read' },
    answer: ({ parts }) => json(200, parts.sms() ?? { links: [] }),
  },
  { method: 'POST', path: ['reload'], right: change, answer: reload },
  { method: 'POST', path: ['workers', '*', 'kill'], right: change, answer: killWorker },
];

const matches = (route: AdminRoute, segments: readonly string[]): boolean =>
  route.path.length === segments.length && route.path.every((part, index) => part === '*' || part === segments[index]);

/** The caller with the right of a path. Strangers ask for no right where it is open. */
const callerOf = async (
  { authority }: AdminParts,
  { headers }: IncomingMessage,
  route: AdminRoute,
): Promise<Caller | 'login-required' | 'right-missing' | undefined> => {
  const isStranger = route.isOpen === true && headers.authorization === undefined;
  if (isStranger) return undefined;
  const judged = authority === undefined ? 'login-required' : await authority.judge(headers.authorization, route.right);
  return route.isOpen === true && typeof judged === 'string' ? undefined : judged;
};

const answer = async (parts: AdminParts, incoming: IncomingMessage): Promise<AdminReply> => {
  const segments = (incoming.url ?? '/').split('?', 1)[0]?.slice(1).split('/') ?? [];
  const candidates = routes.filter((route) => matches(route, segments));
  const route = candidates.find(({ method }) => method === incoming.method);
  if (route === undefined)
    return candidates.length === 0 ? notFound : problem(405, 'method-not-allowed', 'This method is not offered here');
  const caller = await callerOf(parts, incoming, route);
  if (caller === 'login-required') return problem(401, 'login-required', 'An API token is needed');
  if (caller === 'right-missing') {
    const { area, verb } = route.right;
    return problem(403, 'right-missing', `The token does not have ${area}:${verb} on every app`);
  }
  return route.answer({ segments, accept: incoming.headers.accept, caller, parts });
};

const send = (response: ServerResponse, reply: AdminReply): void => {
  response.writeHead(reply.status, {
    'content-type': reply.type,
    'content-length': Buffer.byteLength(reply.body),
    'cache-control': 'no-store',
    ...(reply.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  });
  response.end(reply.body);
};

const createAdminServer = ({ tls }: AdminConfig): Server => {
  const limits = {
    connectionsCheckingInterval: 1000,
    headersTimeout: 5000,
    requestTimeout: 10_000,
    maxHeaderSize: 16_384,
  };
  if (tls === undefined) return createServer(limits);
  const { certificateFile, keyFile } = tls;
  const secrets = { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
  return createSecureServer({ ...limits, ...secrets, minVersion: 'TLSv1.2' });
};

/** Opens the admin listener. */
export const openAdmin = async (parts: AdminParts): Promise<AdminListener> => {
  const server = createAdminServer(parts.admin);
  server.on('request', (incoming, response) => {
    if (parts.api?.(incoming, response) === true) return;
    answer(parts, incoming).then(
      (reply) => send(response, reply),
      (error: unknown) => {
        parts.log.error('admin.fault', { error });
        send(response, problem(500, 'internal', 'The gateway failed'));
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: parts.admin.host, port: parts.admin.port }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
