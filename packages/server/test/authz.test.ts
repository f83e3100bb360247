/** Modes × guarantees: every cell of the table in docs/modes.md is run; nginx is Debian's with the example's configuration. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type GatewayTrust, parseConfig } from '../src/index.ts';
import {
  enrol,
  exchange,
  fetchConfig,
  openSession,
  type Protected,
  protect,
  send,
  type TestSession,
} from './channel-device.ts';
import { type EchoGateway, startEchoGateway } from './echo-gateway.ts';
import { hasNginx, type RunningProxy, startEnvoyLike, startNginx } from './proxies.ts';
import { selfSigned } from './self-signed.ts';

const modes = ['full', 'observe', 'auth_request', 'ext_authz'] as const;
type Mode = (typeof modes)[number];

const routesOf = (protection: 'required' | 'observe', prefix: string): readonly object[] => [
  { id: `${prefix}-pay`, path: `/${prefix}/pay`, class: 'money', protection, maxAgeSeconds: 60 },
  { id: `${prefix}-any`, path: `/${prefix}/{rest*}`, protection, maxAgeSeconds: 60 },
];

const proxied = {
  id: 'proxied',
  hosts: ['proxied.example'],
  upstream: 'core',
  enforcement: 'proxy',
  routes: [
    ...routesOf('required', 'api'),
    ...routesOf('observe', 'watched'),
    { id: 'open', path: '/open', protection: 'none' },
    { id: 'closed', path: '/closed', outcome: 'deny' },
    { id: 'limited', path: '/limited', protection: 'none', limits: { address: { requests: 1, perSeconds: 3600 } } },
  ],
};

let gateway: EchoGateway;
let nginx: RunningProxy | undefined;
let envoy: RunningProxy;
let socket = '';

const tlsPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
};

const client = selfSigned('127.0.0.1');
const stranger = selfSigned('127.0.0.1');
let mutualPort = 0;

before(async () => {
  mutualPort = await tlsPort();
  gateway = await startEchoGateway(
    { hosts: ['bank.example'], routes: [...routesOf('required', 'api'), ...routesOf('observe', 'watched')] },
    (folder) => {
      const server = selfSigned('127.0.0.1');
      for (const [name, text] of Object.entries({ cert: server.certificate, key: server.key, ca: client.certificate }))
        writeFileSync(join(folder, `${name}.pem`), text);
      socket = join(folder, 'authz.sock');
      const routes = [...routesOf('required', 'api'), ...routesOf('observe', 'watched')];
      return {
        listen: { port: 0, trustedProxies: ['127.0.0.1'] },
        services: [{ id: 'bank', hosts: ['bank.example'], upstream: 'core', routes }, proxied],
        authz: {
          socket,
          tls: {
            port: mutualPort,
            certificateFile: join(folder, 'cert.pem'),
            keyFile: join(folder, 'key.pem'),
            clientCaFile: join(folder, 'ca.pem'),
          },
        },
      };
    },
  );
  const parts = { folder: gateway.folder, socket, gateway: gateway.running.url, upstream: gateway.upstream };
  if (hasNginx()) nginx = await startNginx(parts);
  envoy = await startEnvoyLike(parts);
});
after(async () => {
  await nginx?.close();
  await envoy.close();
  await gateway.close();
});

/** Where a mode is reached, under which service, below which path. */
const placeOf = (mode: Mode): { readonly base: string; readonly service: string; readonly prefix: string } => {
  if (mode === 'auth_request') return { base: nginx?.url ?? '', service: 'proxied', prefix: '/api' };
  if (mode === 'ext_authz') return { base: envoy.url, service: 'proxied', prefix: '/api' };
  return { base: gateway.running.url, service: 'bank', prefix: mode === 'full' ? '/api' : '/watched' };
};

const trustOf = (service: string): GatewayTrust => {
  const trust = gateway.running.trust();
  return { ...trust, services: trust.services.filter(({ id }) => id === service) };
};

const sessionOf = async (mode: Mode) => {
  const { base, service } = placeOf(mode);
  const trust = trustOf(service);
  const device = await enrol(gateway.running.url, trust);
  const session = await openSession(gateway.running.url, trust, device);
  return { device, session: { ...session, base } };
};

interface Ask {
  readonly path?: string;
  readonly method?: string;
  readonly mode?: 'signed' | 'sealed';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly skew?: number;
}

const make = async (mode: Mode, session: TestSession, ask: Ask = {}): Promise<Protected> => {
  const { service, prefix } = placeOf(mode);
  const { path = '/things?page=1', ...rest } = ask;
  const made = await protect(session, { method: 'GET', ...rest, url: prefix + path });
  return { ...made, headers: { ...made.headers, host: `${service}.example` } };
};

/** Sends and tells what became of it: at the upstream, not in the reply. */
const observe = async (session: TestSession, message: Protected): Promise<string> => {
  const count = gateway.seen.length;
  const reply = await send(session.base, message);
  const [seen] = gateway.seen.slice(count);
  if (seen === undefined) return reply.status >= 400 ? 'refused' : `answered ${reply.status}`;
  if (seen.headers['hauberk-verified-state'] === 'unverified') return 'marked';
  return seen.headers['hauberk-verified-body'] === 'unseen' && message.body !== undefined && message.body.length > 0
    ? 'passes as unseen'
    : 'passes';
};

type Experiment = (mode: Mode) => Promise<string>;

const changed =
  (ask: Ask, change: (message: Protected) => Protected): Experiment =>
  async (mode) => {
    const { session } = await sessionOf(mode);
    return observe(session, change(await make(mode, session, ask)));
  };

const same = (message: Protected): Protected => message;
const post = { method: 'POST', path: '/things', body: '{"amount":1}' };
const pay = { ...post, path: '/pay' };
const another = (message: Protected): Protected => ({ ...message, body: '{"amount":9}' });

/** Opens the logins that routes demand. */
const opening = {
  path: '/login',
  login: { credential: { kind: 'authorization' }, opens: { credentialPointer: '/t', customerPointer: '/c' } },
};

const configurable =
  (members: object): Experiment =>
  (mode) => {
    const isProxy = mode === 'auth_request' || mode === 'ext_authz';
    const loaded = parseConfig(
      {
        organisation: 'demo',
        apps: [{ id: 'app' }],
        authz: { socket: '/run/hauberk/authz.sock' },
        services: [
          {
            id: 'bank',
            hosts: ['bank.example'],
            upstream: 'core',
            enforcement: isProxy ? 'proxy' : 'gateway',
            routes: [{ path: '/a', protection: mode === 'observe' ? 'observe' : 'required', ...members }],
          },
          { id: 'front', hosts: ['front.example'], upstream: 'core', routes: [opening] },
        ],
        upstreams: { core: { origin: 'http://a', factsKey: 'f'.repeat(32) } },
        decision: {},
      },
      'made.yaml',
    );
    return Promise.resolve(loaded.ok ? 'accepted' : 'not configurable');
  };

const facts: Experiment = async (mode) => {
  const { session } = await sessionOf(mode);
  const made = await make(mode, session);
  const count = gateway.seen.length;
  await send(session.base, { ...made, headers: { ...made.headers, 'hauberk-verified-customer': 'forged-one' } });
  const [seen] = gateway.seen.slice(count);
  if (seen === undefined) return 'refused';
  return JSON.stringify(seen.headers).includes('forged-one') ? 'passes' : 'stripped';
};

const replayed: Experiment = async (mode) => {
  const { session } = await sessionOf(mode);
  const made = await make(mode, session);
  assert.equal(await observe(session, made), 'passes', 'the first one passes');
  return observe(session, made);
};

const revoked: Experiment = async (mode) => {
  const { session, device } = await sessionOf(mode);
  const word = { actor: 'test', reason: 'test' };
  assert.ok((await gateway.running.deviceAdministration.revoke(device.deviceId, word)).ok);
  return observe(session, await make(mode, session));
};

const bound: Experiment = async (mode) => {
  const { session } = await sessionOf(mode);
  const reply = await exchange(session, await make(mode, session));
  assert.equal(reply.status, 200);
  return reply.bound ? 'bound' : 'unbound';
};

const unsigned = (message: Protected): Protected => ({ ...message, headers: { host: message.headers['host'] ?? '' } });
const reheaded: Experiment = async (mode) => {
  const { session } = await sessionOf(mode);
  const headers = { authorization: 'Bearer a' };
  assert.equal(await observe(session, await make(mode, session, { headers })), 'passes', 'unchanged it passes');
  const made = await make(mode, session, { headers });
  return observe(session, { ...made, headers: { ...made.headers, authorization: 'Bearer b' } });
};
const respelt = (from: string, to: string) => (message: Protected) => ({
  ...message,
  url: message.url.replace(from, to),
});
const truncated = (message: Protected): Protected => ({ ...message, body: (message.body as Uint8Array).slice(1) });
const secret = { keys: [{ id: 'a', secret: 'x'.repeat(16) }], scheme: 'cavage-hmac' };

/** Row of the table → how it is tried. */
const experiments: Readonly<Record<string, Experiment>> = {
  'an honest request': changed({}, same),
  'an unsigned request': changed({}, unsigned),
  'another method': changed({}, (message) => ({ ...message, method: 'DELETE' })),
  'another path': changed({}, respelt('/things', '/others')),
  'another query': changed({}, respelt('page=1', 'page=2')),
  'another covered header': reheaded,
  'the same request again': replayed,
  'a request over its age': changed({ skew: -100 }, same),
  'a revoked device': revoked,
  'another body': changed(post, another),
  'another body, money route': changed(pay, another),
  'an honest body, money route': changed(pay, same),
  'a money route without body': changed({ path: '/pay' }, same),
  'facts that the client brings': facts,
  'an honest sealed request': changed({ ...post, mode: 'sealed' }, same),
  'a sealed request that does not open': changed({ ...post, mode: 'sealed' }, truncated),
  'the reply': bound,
  '`outcome: trap`': configurable({ outcome: 'trap', decoy: { body: '{}' } }),
  '`outcome: challenge`': configurable({ outcome: 'challenge' }),
  '`decision` without the body': configurable({ decision: { scene: 'balance-query' } }),
  '`decision` on the body': configurable({ decision: { scene: 'transfer', amount: '/amountMinor' } }),
  '`stepUp`': configurable({ stepUp: true }),
  '`requiresLogin`': configurable({ requiresLogin: { kind: 'authorization' } }),
  '`idempotency`': configurable({ idempotency: { demand: 'required' } }),
  '`mode: sealed`': configurable({ mode: 'sealed' }),
  '`stream`': configurable({ stream: true }),
  '`migration`': configurable({ migration: [secret] }),
};

const page = readFileSync(new URL('../../../docs/modes.md', import.meta.url), 'utf8');
const table = [...page.matchAll(/^\| (.+) \| (.+) \| (.+) \| (.+) \| (.+) \|$/gm)]
  .map((match) => match.slice(1).map((cell) => cell.trim()))
  .filter(([first]) => first !== 'what happens');

test('docs/modes.md has exactly the rows that are tried', () => {
  assert.deepEqual(
    table.map(([first]) => first),
    Object.keys(experiments),
  );
});

for (const [index, mode] of modes.entries())
  describe(`mode ${mode}`, () => {
    for (const [name = '', ...cells] of table)
      test(`${name}: ${cells[index]}`, async (context) => {
        if (mode === 'auth_request' && nginx === undefined) {
          context.skip('nginx with auth_request is not here');
          return;
        }
        assert.equal(await experiments[name]?.(mode), cells[index]);
      });
  });

interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Asks the socket itself, as a proxy would. */
const ask = (path: string, headers: Readonly<Record<string, string | string[]>>, method = 'GET'): Promise<Asked> =>
  new Promise((resolve, reject) => {
    const outgoing = httpRequest({ socketPath: socket, path, method, headers }, (incoming) => {
      incoming.resume();
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });

const nginxAsks = (uri: string, further: Readonly<Record<string, string | string[]>> = {}): Promise<Asked> =>
  ask('/nginx', {
    host: 'proxied.example',
    'hauberk-authz-method': 'GET',
    'hauberk-authz-uri': uri,
    'hauberk-authz-address': '192.0.2.1',
    ...further,
  });

describe('the question', () => {
  test('an open route is answered with unverified facts, signed for the request line of the client', async () => {
    const { status, headers } = await nginxAsks('/open?x=1');
    assert.equal(status, 200);
    assert.equal(headers['hauberk-verified-state'], 'unverified');
    assert.match(String(headers['hauberk-verified-signature']), /^t=\d+,h=/);
  });

  const refusals: readonly (readonly [string, () => Promise<Asked>, number, string])[] = [
    ['without target', () => ask('/nginx', { host: 'proxied.example' }), 403, 'malformed'],
    ['with a second target', () => nginxAsks('/open', { 'hauberk-authz-uri': ['/open', '/closed'] }), 403, 'malformed'],
    ['without an address', () => nginxAsks('/open', { 'hauberk-authz-address': 'somewhere' }), 403, 'malformed'],
    ['on a path of nobody', () => ask('/else', { host: 'proxied.example' }), 403, 'malformed'],
    ['for a dotted path', () => nginxAsks('/a/../open'), 403, 'malformed'],
    ['for an encoded slash', () => nginxAsks('/a%2fopen'), 403, 'malformed'],
    ['for a normalised target instead of the raw one', () => nginxAsks('/open//'), 403, 'malformed'],
    [
      'with forged facts in another spelling',
      () => nginxAsks('/open', { Hauberk_Verified_State: 'verified' }),
      403,
      'refused',
    ],
    ['for an unsigned request', () => nginxAsks('/api/things'), 401, 'protection-required'],
    ['for a denied route', () => nginxAsks('/closed'), 401, 'protection-required'],
    ['for an unknown service', () => nginxAsks('/open', { host: 'nobody.example' }), 403, 'not-found'],
    ['for a service that the gateway enforces', () => nginxAsks('/api/x', { host: 'bank.example' }), 403, 'not-found'],
  ];
  for (const [name, question, status, code] of refusals)
    test(`${name} is refused with nothing but a coarse code`, async () => {
      const answer = await question();
      assert.equal(answer.status, status);
      assert.equal(answer.headers['hauberk-problem'], code);
      assert.equal(answer.headers['hauberk-verified-state'], undefined);
    });

  test('limits count the client that the proxy names', async () => {
    assert.equal((await nginxAsks('/limited', { 'hauberk-authz-address': '192.0.2.7' })).status, 200);
    assert.equal((await nginxAsks('/limited', { 'hauberk-authz-address': '192.0.2.7' })).status, 403);
    assert.equal((await nginxAsks('/limited', { 'hauberk-authz-address': '192.0.2.8' })).status, 200);
  });

  test('a partial body is none, and a body that Envoy does not pass is unseen', async () => {
    const { session } = await sessionOf('ext_authz');
    const question = async (further: Readonly<Record<string, string>>): Promise<number> => {
      const made = await make('ext_authz', session, { method: 'POST', path: '/pay' });
      const headers = { ...made.headers, 'x-forwarded-for': '192.0.2.1', ...further };
      return (await ask('/envoy/api/pay', headers, 'POST')).status;
    };
    assert.equal(await question({ 'hauberk-authz-body': 'passed', 'x-envoy-auth-partial-body': 'true' }), 403);
    assert.equal(await question({}), 403);
    assert.equal(await question({ 'hauberk-authz-body': 'passed' }), 200, 'control');
  });

  test('a request that passed one proxy is spent at the other', async () => {
    const { session } = await sessionOf('ext_authz');
    const made = await make('ext_authz', session);
    assert.equal(await observe(session, made), 'passes');
    const again = await nginxAsks('/api/things?page=1', made.headers);
    assert.equal(again.headers['hauberk-problem'], 'replay');
  });
});

test('a socket that cannot be opened ends the start with what was wrong', async () => {
  await assert.rejects(
    startEchoGateway({}, () => ({ services: [proxied], authz: { socket: '/nowhere/at/all/authz.sock' } })),
    /nowhere|ENOENT|EACCES/,
  );
});

describe('who may ask', () => {
  const overTls = (identity: object): Promise<number | string> =>
    new Promise((resolve) => {
      const headers = {
        host: 'proxied.example',
        'hauberk-authz-method': 'GET',
        'hauberk-authz-uri': '/open',
        'hauberk-authz-address': '192.0.2.1',
      };
      const options = {
        host: '127.0.0.1',
        port: mutualPort,
        path: '/nginx',
        headers,
        rejectUnauthorized: false,
        agent: false,
        ...identity,
      };
      const outgoing = httpsRequest(options, (incoming) => {
        incoming.resume();
        incoming.on('end', () => resolve(incoming.statusCode ?? 0));
      });
      outgoing.on('error', () => resolve('no answer'));
      outgoing.end();
    });
  test('over TLS only a client of the configured authority', async () => {
    assert.equal(await overTls({ cert: client.certificate, key: client.key }), 200);
    assert.equal(await overTls({ cert: stranger.certificate, key: stranger.key }), 'no answer');
    assert.equal(await overTls({}), 'no answer');
  });
  test('plain HTTP on that port gets no answer', async () => {
    const plain = connect(mutualPort, '127.0.0.1');
    plain.on('error', () => undefined);
    plain.write('GET /nginx HTTP/1.1\r\nhost: a\r\n\r\n');
    let text = '';
    plain.on('data', (piece: Buffer) => (text += piece.toString('latin1')));
    await new Promise((resolve) => plain.once('close', resolve));
    assert.ok(!text.includes('HTTP/1.1 200'));
  });
  test('the socket is for owner and group; every thread has its own', () => {
    for (const path of [socket, `${socket}.1`]) assert.equal(statSync(path).mode & 0o777, 0o660);
  });
  test('the public listener answers no question', async () => {
    const headers = { host: 'proxied.example', 'hauberk-authz-method': 'GET', 'hauberk-authz-uri': '/open' };
    assert.equal((await send(gateway.running.url, { method: 'GET', url: '/nginx', headers })).status, 404);
  });
  test('a configuration without listener, or with neither socket nor TLS, is refused', () => {
    const issues = (authz: object): readonly string[] => {
      const core = { origin: 'http://a', factsKey: 'f'.repeat(32) };
      const tree = { organisation: 'demo', apps: [{ id: 'app' }], upstreams: { core }, services: [proxied], ...authz };
      const loaded = parseConfig(tree, 'made.yaml');
      return loaded.ok ? [] : loaded.issues.map(({ path }) => path.join('.'));
    };
    assert.deepEqual(issues({}), ['services.0.enforcement']);
    assert.deepEqual(issues({ authz: {} }), ['authz']);
    assert.deepEqual(issues({ authz: { socket: '/run/a.sock' } }), []);
  });
});

test('the signed config says `unbound` for every route of the proxied service and `bound` for the others', async () => {
  const repliesOf = async (service: string): Promise<readonly string[]> => {
    const { config } = await fetchConfig(gateway.running.url, trustOf(service));
    return [...new Set(config.routes.map(({ replies }) => replies))];
  };
  assert.deepEqual(await repliesOf('proxied'), ['unbound']);
  assert.deepEqual(await repliesOf('bank'), ['bound']);
});
