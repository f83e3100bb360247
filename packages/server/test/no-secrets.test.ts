/**
 * Traffic that is full of secrets through a whole gateway process at its most talkative, then a look at every byte that it wrote: standard
 * output and error, the access log, the metrics in both formats, the health page, the spans.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endpoint } from '@hauberk/channel/client';
import type { GatewayTrust } from '../src/index.ts';
import { call, enrol, exchange, openSession, protect, type RawRequest, send } from './channel-device.ts';
import { redeemSecret } from './operator-token.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hauberk-secrets-'));

/** No letter of them is a hexadecimal digit alone: ids cannot spell one by chance. */
const secrets = {
  password: 'zqPassw0rdzq',
  pin: 'zqPin7391zq',
  card: '4012888888881881',
  customer: 'zq-customer-88213',
  bearer: 'zqBearer.eyJzcQ.zq',
  cookie: 'zqCookieValue',
  query: 'zqQuerySecret',
  header: 'zqHeaderSecret',
  upstream: 'zqUpstreamSecret',
  coding: 'zqcoding',
  /** Known once the gateway is up. */
  admin: 'zq-admin-token-of-the-operators',
  guessed: 'zq-guessed-admin-token',
  factsKey: 'zq-facts-key-zq-facts-key-zq-facts-key',
  newFactsKey: 'zqShortKey',
  baggage: 'zqBaggage',
};
const client = '203.0.113.77';
/** What the tickets of the run were. */
const tickets: string[] = [];

const upstream = createServer((incoming, response) => {
  incoming.resume();
  incoming.on('end', () => {
    if (incoming.url?.startsWith('/api/broken') === true) {
      incoming.socket.end(`HTTP/1.1 200 OK\r\nx: ${secrets.upstream}\r\ncontent-length: ${secrets.upstream}\r\n\r\n`);
      return;
    }
    response.setHeader('set-cookie', `session=${secrets.cookie}`);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ token: secrets.bearer, customerId: secrets.customer, card: secrets.card }));
  });
});

/** Takes the spans. */
let exported = '';
const collector = createServer((incoming, response) => {
  incoming.on('data', (piece: Buffer) => {
    exported += piece.toString();
  });
  incoming.on('end', () => response.end('{}'));
});

const configFile = join(folder, 'gateway.json');
const configOf = (factsKey: string): string =>
  JSON.stringify({
    organisation: 'demo',
    apps: [{ id: 'app' }],
    state: join(folder, 'state'),
    workers: 2,
    listen: { port: 0, trustedProxies: ['127.0.0.1/32'] },
    admin: { port: 0 },
    services: [
      {
        id: 'bank',
        upstream: 'core',
        routes: [
          {
            id: 'login',
            methods: ['POST'],
            path: '/api/login',
            class: 'login',
            mode: 'sealed',
            login: {
              credential: { kind: 'authorization' },
              opens: { credentialPointer: '/token', customerPointer: '/customerId' },
            },
          },
          { id: 'card', path: '/api/cards/{card}', publicQuery: ['q'] },
          { id: 'broken', path: '/api/broken' },
          { id: 'open', path: '/open/{rest*}', protection: 'none' },
          { id: 'watched', path: '/watched', protection: 'observe' },
          {
            id: 'old',
            path: '/old/{rest*}',
            migration: [
              {
                scheme: 'sigv4',
                region: 'eu',
                service: 'bank',
                keys: [{ id: 'key-1', secret: secrets.factsKey }],
              },
            ],
          },
        ],
      },
    ],
    upstreams: { core: { origin: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, factsKey } },
    sessions: { tiers: [{ name: 'software', sessions: 64 }], devices: 16, strikes: 2048 },
    log: { level: 'debug', access: 'stdout' },
    // A busy test machine looks like an overload.
    overload: { queueTargetMs: 0 },
  });

let child: ChildProcess;
let written = '';
let base = '';
let admin = '';
let trust: GatewayTrust;

before(async () => {
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  writeFileSync(configFile, configOf(secrets.factsKey));
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  child = spawn(process.execPath, [main, 'serve', '--config', configFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '20',
    },
  });
  child.stderr?.on('data', (piece: Buffer) => {
    written += piece.toString();
  });
  const ready = Promise.withResolvers<string>();
  if (child.stdout === null) throw new Error('no output');
  createInterface(child.stdout).on('line', (line) => {
    if (line.startsWith('ready ')) ready.resolve(line.slice(6));
    else written += `${line}\n`;
  });
  void once(child, 'exit').then(() => ready.reject(new Error(written)));
  const started = JSON.parse(await ready.promise) as { gateway: string; admin: string; trust: GatewayTrust };
  [base, admin, trust] = [started.gateway, started.admin, started.trust];
  secrets.admin = await redeemSecret(admin, () => written);
});
after(async () => {
  if (child.exitCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const server of [upstream, collector]) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

const full = {
  authorization: `Bearer ${secrets.bearer}`,
  cookie: `session=${secrets.cookie}`,
  'x-api-key': secrets.header,
  'x-forwarded-for': client,
  baggage: `customer=${secrets.baggage}`,
};
const json = { 'content-type': 'application/json' };
const bodyOf = JSON.stringify({ password: secrets.password, pin: secrets.pin, card: secrets.card });

/** Requests that end in every kind of way, each with secrets wherever a client can put them. */
const plain: readonly RawRequest[] = [
  { method: 'POST', url: `/open/${secrets.card}?q=${secrets.query}`, headers: { ...full, ...json }, body: bodyOf },
  { method: 'GET', url: `/nowhere/${secrets.customer}`, headers: full },
  { method: 'GET', url: `/api//${secrets.customer}`, headers: full },
  { method: 'POST', url: `/api/cards/${secrets.card}`, headers: { ...full, ...json }, body: bodyOf },
  { method: 'POST', url: '/watched', headers: { ...full, ...json }, body: bodyOf },
  { method: 'POST', url: '/open/x', headers: { ...full, 'content-encoding': secrets.coding }, body: bodyOf },
  {
    method: 'POST',
    url: '/watched',
    headers: { ...full, signature: `hb=:${secrets.header}:`, 'signature-input': `hb=(${secrets.header})` },
    body: bodyOf,
  },
  {
    method: 'GET',
    url: '/old/x',
    headers: { ...full, authorization: `AWS4-HMAC-SHA256 Credential=${secrets.bearer}` },
  },
  { method: 'POST', url: endpoint.hello, headers: { ...full, 'content-type': 'text/plain' }, body: secrets.password },
  { method: 'POST', url: endpoint.enrol, headers: { ...full, 'content-type': 'text/plain' }, body: bodyOf },
  { method: 'GET', url: `${endpoint.config}?organisation=${secrets.customer}&service=x`, headers: full },
  { method: 'GET', url: '/open/x', headers: { ...full, 'x-forwarded-for': secrets.header } },
  { method: 'GET', url: '/open/x', headers: { ...full, hauberkish: secrets.header, expect: secrets.header } },
];

/** Bytes that never become a request. */
const raw = (bytes: string): Promise<void> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(base);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
    socket.write(bytes);
  });

const protectedTraffic = async (): Promise<void> => {
  const session = await openSession(base, trust, await enrol(base, trust));
  tickets.push(session.client.tickets.ticket);
  await call(session, { url: '/api/login', mode: 'sealed', headers: full, body: bodyOf });
  const message = await protect(session, { url: `/api/cards/${secrets.card}`, headers: full, body: bodyOf });
  await exchange(session, message);
  await exchange(session, message);
  const fresh = await protect(session, { url: `/api/cards/${secrets.card}`, headers: full, body: bodyOf });
  const bent = { ...fresh, body: new TextEncoder().encode(bodyOf.replace('pin', 'nip')) };
  await send(base, bent);
  await send(base, { ...message, headers: { ...message.headers, 'hauberk-ticket': `${secrets.header}AAAA` } });
  await call(session, { url: '/api/broken', headers: full, body: bodyOf });
  await call(session, { url: `/api/none/${secrets.card}`, headers: full, body: bodyOf });
  const sealed = await protect(session, { url: '/api/login', mode: 'sealed', headers: full, body: bodyOf });
  await send(base, { ...sealed, body: new Uint8Array(40).fill(65) });
  await call(session, { url: '/api/login', mode: 'sealed', headers: full, body: bodyOf, skew: -4000 });
};

const operators = async (): Promise<void> => {
  const authorization = `Bearer ${secrets.guessed}`;
  for (const path of ['/sms', '/clients', `/${secrets.customer}`])
    await fetch(`${admin}${path}`, { headers: { authorization } });
  const post = (path: string, body: string) =>
    fetch(`${admin}${path}`, { method: 'POST', headers: { authorization: `Bearer ${secrets.admin}` }, body });
  await post('/admin/v1/apps/bank-h5/devices/x/changes', JSON.stringify({ reason: secrets.password }));
  await post('/admin/v1/apps/bank-h5/devices/x/changes', secrets.password);
  writeFileSync(configFile, configOf(secrets.newFactsKey));
  assert.equal((await post('/reload', '')).status, 409);
  await post('/workers/0/kill', '');
};

describe('a gateway that says all it can', () => {
  test('writes no secret, no card number, no customer and no whole address, wherever they were put', async () => {
    for (const request of plain) await send(base, request).catch(() => undefined);
    await raw(`GET /${secrets.card} HTTP/1.1\r\nhost: x\r\ncontent-length: ${secrets.pin}\r\n\r\n`);
    await raw(`${secrets.password} / HTTP/1.1\r\nhost: ${secrets.header}\r\n\r\n`);
    await protectedTraffic();
    const scraped = await Promise.all(
      [
        ['/metrics', 'text/plain'],
        ['/metrics', 'application/openmetrics-text'],
        ['/readyz', '*/*'],
      ].map(async ([path, accept]) =>
        (
          await fetch(`${admin}${path}`, {
            headers: { accept: accept ?? '', authorization: `Bearer ${secrets.admin}` },
          })
        ).text(),
      ),
    );
    // A killed worker takes its last lines and spans along: these have been written before.
    const expected = ['ok', 'request.replayed', 'route.none', 'request.digest', 'head.path-empty-segment'];
    const spans = ['hauberk.verify', 'hauberk.forward', 'request.replayed', 'POST /api/cards/{card}'];
    const isWritten = (): boolean =>
      spans.every((span) => exported.includes(span)) &&
      expected.every((reason) => written.includes(`"reason":"${reason}"`)) &&
      ['203.0.113.0/24', '/api/cards/{card}'].every((text) => written.includes(text));
    while (!isWritten()) await new Promise((resolve) => setTimeout(resolve, 20));
    await operators();
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;

    // First that there was something to see: the lines of these requests, and of the process.
    // The start-up secret of the first start is told to the operator on purpose, outside the log.
    const told = written.trimEnd().split('\n');
    assert.ok(told.filter((line) => !line.startsWith('{')).length <= 2);
    const logged = told.filter((line) => line.startsWith('{'));
    const lines = logged.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    const reasons = new Set(lines.map(({ reason }) => reason));
    for (const reason of expected) assert.ok(reasons.has(reason), `no line says ${reason}: ${[...reasons].join(' ')}`);
    const events = new Set(lines.map(({ event }) => event));
    for (const event of ['gateway.started', 'keys.renewed', 'config.reload-refused', 'worker.died', 'gateway.stopping'])
      assert.ok(events.has(event), `no line says ${event}`);
    assert.ok(lines.some(({ path }) => path === '/api/cards/{card}'));
    assert.ok(lines.some(({ address }) => address === '203.0.113.0/24'));

    const everything = [...logged, exported, ...scraped].join('\n');
    for (const [name, secret] of [
      ...Object.entries(secrets),
      ['address', client],
      ...tickets.map((text) => ['ticket', text]),
    ])
      assert.ok(!everything.toLowerCase().includes((secret ?? '').toLowerCase()), `the output holds the ${name}`);
    assert.ok(
      !/zq/i.test(everything.replaceAll(/"(?:id|device|session|traceId|request)":"[^"]*"/g, '')),
      'a part of a secret',
    );
  });

  test('the record of the run is what was looked at: the state folder has no other log', () => {
    assert.throws(() => readFileSync(join(folder, 'state', 'access.log')), { code: 'ENOENT' });
  });
});
