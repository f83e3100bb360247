/** A gateway whose dependencies can be cut, with one route of each kind in the table of fail modes. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RouteKind } from '../contract/fail-modes.ts';
import {
  type Config,
  createLog,
  type OpenStorage,
  openStorage,
  parseConfig,
  type RunningGateway,
  startGateway,
} from '../src/index.ts';

import {
  type Ask,
  call,
  enrol,
  jsonOf,
  openSession,
  type RawRequest,
  send,
  type TestSession,
} from './channel-device.ts';
import { selfSigned } from './self-signed.ts';

const credential = { kind: 'authorization' };
const routes: readonly object[] = [
  {
    id: 'money',
    methods: ['POST'],
    path: '/money',
    class: 'money',
    requiresLogin: credential,
    idempotency: { demand: 'required' },
  },
  { id: 'bind', methods: ['POST'], path: '/bind', class: 'bind', requiresLogin: credential },
  {
    id: 'login',
    methods: ['POST'],
    path: '/login',
    class: 'login',
    login: { credential, opens: { credentialPointer: '/token', customerPointer: '/customer' } },
  },
  { id: 'read', methods: ['POST'], path: '/read', requiresLogin: credential },
  { id: 'observed', methods: ['POST'], path: '/observed', protection: 'observe' },
  { id: 'open', methods: ['POST'], path: '/open', protection: 'none' },
];

/** What became of one request. */
export interface Seen {
  readonly status: number;
  readonly bound: boolean;
  /** The inner reason in the access log. */
  readonly reason: string;
  /** Members of the problem, if it is one. */
  readonly code: string | undefined;
  readonly execution: string | undefined;
  /** Whether the upstream got it, and what it was told of the login and of the device. */
  readonly reached: boolean;
  readonly login: string | undefined;
  readonly state: string | undefined;
}

/** An upstream that can be told to be silent. */
export interface CutUpstream {
  readonly server: Server;
  readonly port: number;
  isSilent: boolean;
  readonly seen: { readonly url: string; readonly login: string | undefined; readonly state: string | undefined }[];
}

/** Starts an upstream that logs customers in. */
export const startCutUpstream = async (): Promise<CutUpstream> => {
  const seen: CutUpstream['seen'] = [];
  let logins = 0;
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.on('end', () => {
      const { url = '', headers } = incoming;
      const text = (name: string): string | undefined =>
        typeof headers[name] === 'string' ? (headers[name] as string) : undefined;
      seen.push({ url, login: text('hauberk-verified-login'), state: text('hauberk-verified-state') });
      if (upstream.isSilent) return;
      response.setHeader('content-type', 'application/json');
      if (url === '/login') logins += 1;
      // Each login is a new one: it needs room in the record.
      response.end(JSON.stringify({ token: `t-${logins}`, customer: 'c-1' }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream: CutUpstream = { server, port: (server.address() as AddressInfo).port, isSilent: false, seen };
  return upstream;
};

/** A folder for one file of tests, with the certificate of its nodes. */
export const openFolder = (): { readonly folder: string; readonly remove: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-modes-'));
  const pair = selfSigned('127.0.0.1');
  writeFileSync(join(folder, 'node.pem'), pair.certificate);
  writeFileSync(join(folder, 'node.key'), pair.key);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
};

/** A running gateway with its insides. */
export interface StartedGateway {
  readonly gateway: RunningGateway;
  readonly storage: OpenStorage;
  readonly config: Config;
  readonly state: string;
}

/** The same with a customer who is logged in. */
export interface CutGateway extends StartedGateway {
  readonly session: TestSession;
}

/** A port that was free a moment ago. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createTcpServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Starts a gateway before an upstream; with relay ports it is one node of several. */
export const startCutGateway = async (
  folder: string,
  name: string,
  upstream: CutUpstream,
  cluster?: { readonly node: number; readonly ports: readonly number[] },
): Promise<StartedGateway> => {
  const file = (each: string): string => join(folder, each);
  const loaded = parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: 'app' }],
      node: cluster?.node ?? 1,
      state: name,
      workers: 1,
      listen: { port: 0 },
      services: [
        {
          id: 'bank',
          upstream: 'core',
          routes: routes.map((route) => ({ ...route, deadlineMs: 300 })),
        },
      ],
      upstreams: { core: { origin: `http://127.0.0.1:${upstream.port}`, factsKey: 'f'.repeat(40) } },
      sessions: { tiers: [{ name: 'software', sessions: 64 }], devices: 16, strikes: 1024 },
      overload: { storageDeadlineMs: 300 },
      log: { access: 'file', level: 'error' },
      ...(cluster === undefined
        ? {}
        : {
            cluster: {
              relay: {
                port: cluster.ports[cluster.node - 1],
                certificateFile: file('node.pem'),
                keyFile: file('node.key'),
                caFile: file('node.pem'),
              },
              nodes: cluster.ports.map((port, index) => ({ id: index + 1, origin: `https://127.0.0.1:${port}` })),
            },
          }),
    },
    file('made.yaml'),
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
  const { config } = loaded;
  const storage = await openStorage({ folder: config.state, upkeepMs: 0 });
  const log = createLog('error', () => undefined);
  const gateway = await startGateway({ config, storage, version: '0.0.0', log });
  return { gateway, storage, config, state: config.state };
};

let keys = 0;

const reasonOf = async (state: string, instance: string | undefined): Promise<string> => {
  if (instance === undefined) return 'ok';
  for (;;) {
    const line = readFileSync(join(state, 'access.log'), 'utf8')
      .split('\n')
      .find((each) => each.includes(`"id":"${instance}"`));
    if (line !== undefined) return (JSON.parse(line) as { reason: string }).reason;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const askedFor = (kind: RouteKind): Ask & RawRequest => {
  keys += 1;
  const headers: Record<string, string> = {
    ...(kind === 'login' ? {} : { authorization: 'Bearer t-1' }),
    ...(kind === 'money' ? { 'idempotency-key': `key-of-this-run-${keys}` } : {}),
  };
  return { method: 'POST', url: `/${kind}`, headers, body: '{}' };
};

/** Asks and answers the status only. */
export const askQuickly = async (session: TestSession, kind: RouteKind): Promise<number> =>
  (kind === 'open' ? await send(session.base, askedFor(kind)) : await call(session, askedFor(kind))).status;

/** Asks for a route of a kind as its customers do: open routes plainly, all others in the session. */
export const askFor = async (
  session: TestSession,
  upstream: CutUpstream,
  state: string,
  kind: RouteKind,
): Promise<Seen> => {
  const before = upstream.seen.length;
  const asked = askedFor(kind);
  const reply = kind === 'open' ? { ...(await send(session.base, asked)), bound: false } : await call(session, asked);
  const problem =
    reply.status >= 400 ? (jsonOf(reply) as { code?: string; execution?: string; instance?: string }) : {};
  const reached = upstream.seen.slice(before).find((each) => each.url === asked.url);
  return {
    status: reply.status,
    bound: reply.bound,
    reason: await reasonOf(state, problem.instance),
    code: problem.code,
    execution: problem.execution,
    reached: reached !== undefined,
    login: reached?.login,
    state: reached?.state,
  };
};

/** Enrols a device at a gateway, opens its session and logs its customer in. */
export const openCustomer = async (gateway: RunningGateway): Promise<TestSession> => {
  const session = await openSession(gateway.url, gateway.trust(), await enrol(gateway.url, gateway.trust()));
  const login = await call(session, { url: '/login', body: '{}' });
  if (login.status !== 200) throw new Error(`the login answered ${login.status}`);
  return session;
};
