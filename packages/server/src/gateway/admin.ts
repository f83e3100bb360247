/**
 * The operators' listener: health, readiness, metrics, the keys that apps pin, and the operations on devices. It is not the public one, and
 * whatever changes something asks for the bearer token of the configuration.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { AdminHandler } from '../admin/admin-handler.ts';
import type { AdminConfig } from '../config/config.ts';
import { type ExpositionFormat, expositionType, negotiate } from '../observability/exposition.ts';
import type { Readiness } from '../observability/readiness.ts';
import type { SmsStatus } from '../sms/sms-plane.ts';
import type { DeviceOperations } from './device-operations.ts';
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
  readonly devices: DeviceOperations;
  /** What the SMS plane is doing; undefined where none is configured. */
  readonly sms: () => SmsStatus | undefined;
  /** Which clients speak what. */
  readonly clients: () => Promise<unknown>;
  /** The admin API; absent where it is switched off. */
  readonly api: AdminHandler | undefined;
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
  readonly body: unknown;
  readonly accept: string | undefined;
  readonly isOperator: boolean;
  readonly parts: AdminParts;
}

interface AdminRoute {
  readonly method: 'GET' | 'POST';
  /** `*` stands for any one segment. */
  readonly path: readonly string[];
  readonly isOpen: boolean;
  readonly answer: (request: AdminRequest) => Promise<AdminReply> | AdminReply;
}

const maxBody = 16_384;

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

const changeSchema = z.strictObject({
  state: z.enum(['enrolled', 'suspended', 'lost', 'revoked']),
  tier: z.int().min(0).max(15).optional(),
  actor: z.string().min(1).max(128),
  reason: z.string().min(1).max(512),
});

const settlementSchema = z.strictObject({
  settlement: z.enum(['executed', 'not-executed']),
  actor: z.string().min(1).max(128),
});

const malformed = (error: z.ZodError): AdminReply =>
  problem(
    400,
    'malformed',
    error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; '),
  );

const findDevice = async ({ parts, segments }: AdminRequest): Promise<AdminReply> => {
  const found = await parts.devices.find(segments[1] ?? '');
  return found === undefined ? notFound : json(200, found);
};

const changeDevice = async ({ parts, segments, body }: AdminRequest): Promise<AdminReply> => {
  const parsed = changeSchema.safeParse(body);
  if (!parsed.success) return malformed(parsed.error);
  const { tier, ...change } = parsed.data;
  const changed = await parts.devices.change(segments[1] ?? '', tier === undefined ? change : { ...change, tier });
  if (changed.ok) return json(200, changed.value);
  return changed.code === 'device-unknown'
    ? notFound
    : problem(409, 'conflict', `The change was refused: ${changed.code}`);
};

const listUnknown = async ({ parts }: AdminRequest): Promise<AdminReply> =>
  json(200, { outcomes: await parts.devices.unknownOutcomes() });

const settleUnknown = async ({ parts, segments, body }: AdminRequest): Promise<AdminReply> => {
  const parsed = settlementSchema.safeParse(body);
  if (!parsed.success) return malformed(parsed.error);
  const { settlement, actor } = parsed.data;
  const settled = await parts.devices.settle(segments[1] ?? '', settlement, actor);
  if (!settled.ok) return problem(503, 'overloaded', `Not kept: ${settled.code}`);
  return settled.value ? json(200, { settled: true }) : notFound;
};

const killWorker = async ({ parts, segments }: AdminRequest): Promise<AdminReply> => {
  const index = segments[1] ?? '';
  return /^\d{1,3}$/.test(index) && (await parts.killWorker(Number(index))) ? json(200, { killed: true }) : notFound;
};

const reload = async ({ parts }: AdminRequest): Promise<AdminReply> => {
  const issues = await parts.reload();
  return json(issues.length === 0 ? 200 : 409, { reloaded: issues.length === 0, issues });
};

/** Strangers learn yes or no; what is wrong inside is for operators. */
const readyz = async ({ parts, isOperator }: AdminRequest): Promise<AdminReply> => {
  const readiness = await parts.readiness();
  const status = readiness.ready ? 200 : 503;
  return isOperator ? json(status, readiness) : text(status, readiness.ready ? 'ready\n' : 'not ready\n');
};

const routes: readonly AdminRoute[] = [
  { method: 'GET', path: ['healthz'], isOpen: true, answer: () => text(200, 'ok\n') },
  {
    method: 'GET',
    path: ['readyz'],
    isOpen: true,
    answer: readyz,
  },
  {
    method: 'GET',
    path: ['metrics'],
    isOpen: true,
    answer: async ({ parts, accept }) => {
      const format = negotiate(accept);
      return { status: 200, type: expositionType[format], body: await parts.metrics(format) };
    },
  },
  { method: 'GET', path: ['trust'], isOpen: true, answer: ({ parts }) => json(200, parts.trust()) },
  { method: 'GET', path: ['clients'], isOpen: false, answer: async ({ parts }) => json(200, await parts.clients()) },
  { method: 'GET', path: ['sms'], isOpen: false, answer: ({ parts }) => json(200, parts.sms() ?? { links: [] }) },
  { method: 'POST', path: ['reload'], isOpen: false, answer: reload },
  { method: 'GET', path: ['devices', '*'], isOpen: false, answer: findDevice },
  { method: 'POST', path: ['devices', '*', 'state'], isOpen: false, answer: changeDevice },
  { method: 'GET', path: ['unknown-outcomes'], isOpen: false, answer: listUnknown },
  { method: 'POST', path: ['unknown-outcomes', '*'], isOpen: false, answer: settleUnknown },
  { method: 'POST', path: ['workers', '*', 'kill'], isOpen: false, answer: killWorker },
];

const matches = (route: AdminRoute, segments: readonly string[]): boolean =>
  route.path.length === segments.length && route.path.every((part, index) => part === '*' || part === segments[index]);

const digest = (value: string): Buffer => createHash('sha256').update(value).digest();

/** Compared as digests: equal lengths, so that time tells nothing about the token. */
const isAuthorised = (incoming: IncomingMessage, token: string | undefined): boolean =>
  token !== undefined && timingSafeEqual(digest(incoming.headers.authorization ?? ''), digest(`Bearer ${token}`));

const readJson = async (incoming: IncomingMessage): Promise<unknown> => {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > maxBody) return undefined;
    pieces.push(piece);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8'));
  } catch {
    return undefined;
  }
};

const answer = async (parts: AdminParts, incoming: IncomingMessage): Promise<AdminReply> => {
  const segments = (incoming.url ?? '/').split('?', 1)[0]?.slice(1).split('/') ?? [];
  const candidates = routes.filter((route) => matches(route, segments));
  const route = candidates.find(({ method }) => method === incoming.method);
  if (route === undefined)
    return candidates.length === 0 ? notFound : problem(405, 'method-not-allowed', 'This method is not offered here');
  const isOperator = isAuthorised(incoming, parts.admin.token);
  if (!route.isOpen && !isOperator)
    return problem(401, 'login-required', 'The bearer token of the configuration is needed');
  const body = route.method === 'POST' ? await readJson(incoming) : undefined;
  return route.answer({ segments, body, accept: incoming.headers.accept, isOperator, parts });
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
