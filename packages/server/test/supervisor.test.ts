/** A whole gateway in this process: worker threads, shared tables, storage, keys; real sockets on both sides. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { endpoint, reportBatch } from '@hauberk/channel/client';
import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import { epochMs, utf8 } from '@hauberk/primitives';
import { type Config, createLog, openStorage, parseConfig, type RunningGateway, startGateway } from '../src/index.ts';
import {
  call,
  enrol,
  enrolmentDocument,
  exchange,
  fetchConfig,
  jsonOf,
  openSession,
  protect,
  type RawReply,
  sayHello,
  send,
} from './channel-device.ts';
import { operatorToken } from './operator-token.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-gateway-'));
let token: string;

/** What the upstream saw of one request. */
interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const seen: Seen[] = [];
/** Requests to /api/slow wait for this. */
let release: () => void = () => undefined;

const upstream: Server = createServer((incoming, response) => {
  const pieces: Buffer[] = [];
  incoming.on('data', (piece: Buffer) => pieces.push(piece));
  incoming.on('end', () => {
    const body = Buffer.concat(pieces).toString();
    seen.push({ method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.headers, body });
    const answer = (): void => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ echo: body }));
    };
    if (incoming.url === '/api/slow') release = answer;
    else answer();
  });
});

const routes: readonly object[] = [
  { id: 'echo', path: '/api/echo' },
  { id: 'sealed', path: '/api/sealed', mode: 'sealed' },
  { id: 'slow', path: '/api/slow' },
  { id: 'few', path: '/api/few', limits: { device: { requests: 2, perSeconds: 60 } } },
  { id: 'plain', path: '/plain', protection: 'none' },
];

const configOf = (
  state: string,
  members: Readonly<Record<string, unknown>> = {},
  extra: readonly object[] = [],
): Config => {
  const { port } = upstream.address() as AddressInfo;
  const loaded = parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: 'bank-h5' }],
      state,
      workers: 2,
      listen: { port: 0 },
      services: [{ id: 'bank', upstream: 'core', routes: [...routes, ...extra] }],
      upstreams: { core: { origin: `http://127.0.0.1:${port}`, factsKey: 'f'.repeat(40) } },
      sessions: { tiers: [{ name: 'software', sessions: 256 }], devices: 64, strikes: 4096 },
      log: { access: 'file' },
      // A busy test machine looks like an overload.
      overload: { queueTargetMs: 0 },
      ...members,
    },
    join(folder, 'made.yaml'),
  );
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.issues));
  return loaded.config;
};

const start = async (config: Config): Promise<RunningGateway> => {
  const log = createLog('error', () => undefined);
  return startGateway({ config, storage: await openStorage({ folder: config.state }), version: '0.0.0', log });
};

let started: RunningGateway | undefined;
let gateway: RunningGateway;
let config: Config;

before(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  config = configOf('main');
  started = await start(config);
  gateway = started;
  token = await operatorToken(gateway);
});
after(async () => {
  await started?.stop();
  upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

const device = async () => enrol(gateway.url, gateway.trust());
const session = async () => openSession(gateway.url, gateway.trust(), await device());
const code = (reply: { readonly body: Uint8Array }): unknown => jsonOf(reply)['code'];

const admin = (method: string, path: string, body?: object, bearer = token): Promise<RawReply> =>
  send(gateway.adminUrl, {
    method,
    url: path,
    headers: { authorization: `Bearer ${bearer}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

describe('the protected path', () => {
  for (const [mode, url] of [
    ['signed', '/api/echo'],
    ['sealed', '/api/sealed'],
  ] as const)
    test(`a ${mode} request reaches the upstream in plain, and its reply is bound`, async () => {
      const opened = await session();
      const reply = await call(opened, { url, mode, body: '{"amount":1}' });
      assert.deepEqual([reply.status, reply.bound], [200, true]);
      assert.deepEqual(jsonOf(reply), { echo: '{"amount":1}' });
      assert.equal(seen.at(-1)?.body, '{"amount":1}');
    });

  test('a sealed body is not readable on the way', async () => {
    const message = await protect(await session(), { url: '/api/sealed', mode: 'sealed', body: '{"secret":"4711"}' });
    assert.ok(
      !Buffer.from(message.body ?? '')
        .toString('latin1')
        .includes('4711'),
    );
  });

  test('a signed request is refused on a sealed route, unbound', async () => {
    const reply = await call(await session(), { url: '/api/sealed', body: '{}' });
    assert.equal(reply.bound, false);
    assert.equal(seen.at(-1)?.url === '/api/sealed' && seen.at(-1)?.body === '{}', false);
  });

  test('verified facts come from the gateway alone, in no spelling from the client', async () => {
    const opened = await session();
    const forged = { 'hauberk-verified-customer': 'c1', Hauberk_Verified_Device: 'd1', 'hauberk.verified.tier': '9' };
    await call(opened, { url: '/api/echo', body: '{}', headers: forged });
    const { headers } = seen.at(-1) ?? {};
    assert.equal(headers?.['hauberk-verified-state'], 'verified');
    assert.equal(headers?.['hauberk-verified-device'], opened.client.core.deviceId);
    const names = Object.keys(headers ?? {}).filter((name) => name.replace(/[_.]/g, '-') !== name);
    assert.deepEqual(names, []);
    assert.equal(headers?.['hauberk-verified-customer'], undefined);
    assert.equal(headers?.['hauberk-ticket'], undefined);
  });

  test('the same bytes are accepted once over all worker threads', async () => {
    const opened = await session();
    const message = await protect(opened, { url: '/api/echo', body: '{"once":true}' });
    const replies = await Promise.all(Array.from({ length: 24 }, () => exchange(opened, message)));
    assert.equal(replies.filter(({ bound }) => bound).length, 1);
    assert.equal(seen.filter(({ body }) => body === '{"once":true}').length, 1);
    for (const reply of replies.filter(({ bound }) => !bound)) assert.equal(code(reply), 'replay');
  });

  test('a request older than the limit is a bound clock problem with the server time', async () => {
    const reply = await call(await session(), { url: '/api/echo', body: '{}', skew: -121 });
    assert.deepEqual([reply.status, reply.bound, code(reply)], [400, true, 'clock']);
    assert.equal(jsonOf(reply)['execution'], 'none');
    assert.ok(Math.abs(Number(jsonOf(reply)['serverTimeMs']) - Date.now()) < 60_000);
  });

  test('a device over its limit is refused, bound, and nothing is forwarded', async () => {
    const opened = await session();
    const replies = [];
    for (let turn = 0; turn < 4; turn += 1)
      replies.push(await call(opened, { url: '/api/few', body: `{"few":${turn}}` }));
    assert.deepEqual(
      replies.map(({ status, bound }) => [status, bound]),
      [
        [200, true],
        [200, true],
        [429, true],
        [429, true],
      ],
    );
  });

  test('one hello opens one session', async () => {
    const { hello, reply } = await sayHello(gateway.url, gateway.trust(), await device());
    assert.equal(reply.status, 200);
    assert.equal(code(await send(gateway.url, hello)), 'replay');
  });

  test('a step-up key joins a device only through a session of that device', async () => {
    const opened = await session();
    const { deviceId } = opened.client.core;
    const key = await crypto.generateKeyPair('p256', 'sign');
    const document = await enrolmentDocument(gateway.url, gateway.trust(), key, deviceId);
    const plain = await send(gateway.url, { method: 'POST', url: endpoint.enrol, headers: {}, body: document });
    assert.equal(plain.status, 403);
    const again = await enrolmentDocument(gateway.url, gateway.trust(), key, deviceId);
    const sealed = await call(opened, {
      url: endpoint.enrol,
      mode: 'sealed',
      headers: { 'content-type': 'text/plain' },
      body: again,
    });
    assert.deepEqual([sealed.status, sealed.bound, jsonOf(sealed)['deviceId']], [201, true, deviceId]);
  });

  test('reports are kept and acknowledged, malformed ones refused as a whole', async () => {
    const opened = await session();
    const report = {
      id: 'r1',
      kind: 'probe',
      kindVersion: 1,
      loss: 'must-keep' as const,
      eventAtMs: epochMs(1),
      body: {},
    };
    const kept = await call(opened, { url: endpoint.reports, mode: 'sealed', body: reportBatch([report]) });
    assert.deepEqual([kept.status, kept.bound, jsonOf(kept)['accepted']], [200, true, 1]);
    // The acknowledgement was lost: the device sends it again, beside a new one, and hears that both are kept.
    const again = reportBatch([report, { ...report, id: 'r2' }]);
    const repeated = await call(opened, { url: endpoint.reports, mode: 'sealed', body: again });
    assert.deepEqual([repeated.status, jsonOf(repeated)['accepted']], [200, 2]);
    const other = await session();
    assert.equal((await call(other, { url: endpoint.reports, mode: 'sealed', body: again })).status, 200);
    assert.deepEqual(reportsKept(), ['r1', 'r2', 'r1', 'r2']);
    const broken = await call(opened, { url: endpoint.reports, mode: 'sealed', body: '{"v":1,"reports":[{}]}' });
    assert.deepEqual([broken.status, broken.bound], [400, true]);
  });

  test('a report that comes days late is kept with the time at which it happened, beside that of its arrival', async () => {
    const opened = await session();
    const startedAt = Date.now();
    const eventAtMs = epochMs(startedAt - 5 * 86_400_000 - 123);
    const loss = 'must-keep' as const;
    const report = { id: 'late', kind: 'late', kindVersion: 1, loss, eventAtMs, body: { seen: 1 } };
    const kept = await call(opened, { url: endpoint.reports, mode: 'sealed', body: reportBatch([report]) });
    assert.equal(kept.status, 200);
    const [event, ...others] = eventsKept('report.late');
    assert.equal(others.length, 0);
    assert.deepEqual(event?.payload['report'], report);
    // Retention goes by the arrival: what waited on a device is not dropped with what is as old.
    assert.ok(Number(event?.atMs) >= startedAt && Number(event?.atMs) <= Date.now());
  });

  test('a report is kept without the personal data that its text holds', async () => {
    const opened = await session();
    const body = { message: 'no card 4111 1111 1111 1111 of anna@mail.example.com', screen: 'pay', tries: 2 };
    const report = { id: 'raw', kind: 'raw', kindVersion: 1, loss: 'must-keep' as const, eventAtMs: epochMs(1), body };
    const kept = await call(opened, { url: endpoint.reports, mode: 'sealed', body: reportBatch([report]) });
    assert.equal(kept.status, 200);
    const [event] = eventsKept('report.raw');
    const masked = { message: 'no card [card ****1111] of [e-mail]', screen: 'pay', tries: 2 };
    assert.deepEqual(event?.payload['report'], { ...report, body: masked });
  });
});

interface KeptEvent {
  readonly atMs: unknown;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Events of a kind in the record. */
const eventsKept = (kind: string): readonly KeptEvent[] => {
  const record = new DatabaseSync(join(folder, 'main', 'record.db'), { readOnly: true });
  try {
    const rows = record.prepare('select at_ms, payload from outbox_events where kind = ? order by position').all(kind);
    return rows.map(({ at_ms: atMs, payload }) => ({
      atMs,
      payload: JSON.parse(Buffer.from(payload as Uint8Array).toString()),
    }));
  } finally {
    record.close();
  }
};

/** Ids of the reports in the record. */
const reportsKept = (): readonly unknown[] =>
  eventsKept('report.probe').map(({ payload }) => (payload['report'] as { readonly id: string }).id);

describe('operators', () => {
  test('a revoked device is out on every thread at once, and stays out', async () => {
    const enrolled = await device();
    const opened = await openSession(gateway.url, gateway.trust(), enrolled);
    assert.equal((await call(opened, { url: '/api/echo', body: '{}' })).status, 200);
    const word = { actor: 'operator', reason: 'stolen' };
    assert.ok((await gateway.deviceAdministration.revoke(enrolled.deviceId, word)).ok);
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => call(opened, { url: '/api/echo', body: '{"gone":1}' })),
    );
    assert.ok(replies.every(({ bound, status }) => !bound && status >= 400));
    assert.equal(seen.filter(({ body }) => body === '{"gone":1}').length, 0);
    const { reply } = await sayHello(gateway.url, gateway.trust(), enrolled);
    assert.equal(reply.status, 403);
    const back = await gateway.deviceAdministration.reinstate(enrolled.deviceId, word);
    assert.equal(back.ok ? 'back' : back.code, 'device.revoked');
  });

  const guarded: readonly (readonly [string, string, string])[] = [
    ['GET', '/clients', 'audit:read'],
    ['GET', '/sms', 'binding:read'],
    ['POST', '/workers/77/kill', 'policy:write'],
    ['POST', '/reload', 'policy:write'],
  ];
  for (const [method, path, right] of guarded)
    test(`${method} ${path} asks for a token with ${right} on every app`, async () => {
      assert.equal((await admin(method, path, undefined, 'another-token-altogether')).status, 401);
      assert.equal((await send(gateway.adminUrl, { method, url: path, headers: {} })).status, 401);
      const [area = '', verb = ''] = right.split(':');
      const other = await operatorToken(gateway, verb === 'read' ? `${area}:write` : `${area}:read`);
      assert.equal((await admin(method, path, undefined, other)).status, 403);
      const fitting = await admin(method, path, undefined, await operatorToken(gateway, right));
      assert.ok(![401, 403].includes(fitting.status), String(fitting.status));
    });

  test('what is not there is refused, and devices and outcomes are the admin API’s alone', async () => {
    assert.equal((await admin('GET', '/nothing')).status, 404);
    assert.equal((await admin('POST', '/metrics')).status, 405);
    assert.equal((await admin('POST', '/workers/77/kill')).status, 404);
    const id = 'A'.repeat(22);
    for (const [method, path] of [
      ['GET', `/devices/${id}`],
      ['POST', `/devices/${id}/state`],
      ['GET', '/unknown-outcomes'],
      ['POST', '/unknown-outcomes/x'],
    ] as const)
      assert.equal((await admin(method, path)).status, 404, path);
  });

  test('what changes how the gateway works is in the audit log, with who did it', async () => {
    await admin('POST', '/reload');
    const { audit } = gateway.administration.stores;
    const entries = await audit.readAfter({ organisation: 'demo', app: '' }, 0, 1000);
    const reloads = entries.filter(({ action }) => action === 'config.reload');
    assert.ok(reloads.length > 0);
    assert.equal(reloads.at(-1)?.actor, 'operator');
  });

  test('metrics count the requests of all threads by route and inner reason', async () => {
    const text = await gateway.metrics();
    assert.match(text, /hauberk_requests_total\{service="bank",route="echo",reason="request\.replayed"\} 23\n/);
    assert.match(text, /hauberk_endpoint_requests_total\{endpoint="hello",reason="ok"\} \d+\n/);
    assert.match(text, /hauberk_workers 2\n/);
    for (const line of text.trimEnd().split('\n'))
      assert.match(line, /^(?:# (?:HELP|TYPE) \S+ .+|[a-z_]+(?:\{[^}]*\})? -?[0-9.e+]+)$/, line);
  });

  test('the access log has one line a request, with the inner reason and without a secret', async () => {
    const opened = await session();
    const { ticket } = opened.client.tickets;
    await call(opened, { url: '/api/echo?pin=no-hex-pin', body: '{"pin":"no-hex-pin"}' });
    await new Promise((resolve) => setTimeout(resolve, 600));
    const text = readFileSync(join(config.state, 'access.log'), 'utf8');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.ok(lines.some(({ reason }) => reason === 'request.replayed'));
    assert.ok(lines.some((line) => line['device'] === opened.client.core.deviceId));
    assert.ok(!text.includes('no-hex-pin') && !text.includes(ticket));
  });
});

test('a moved access log is followed by a new one', async () => {
  const log = join(config.state, 'access.log');
  renameSync(log, `${log}.1`);
  gateway.reopenLogs();
  while (!existsSync(log)) await new Promise((resolve) => setTimeout(resolve, 20));
  await call(await session(), { url: '/api/echo', body: '{}' });
  while (!readFileSync(log, 'utf8').includes('"route":"echo"')) await new Promise((resolve) => setTimeout(resolve, 50));
});

describe('worker threads', () => {
  test('a killed worker is replaced, and what it accepted stays accepted once', async () => {
    const opened = await session();
    const message = await protect(opened, { url: '/api/echo', body: '{"kill":1}' });
    assert.equal((await exchange(opened, message)).bound, true);
    assert.equal(await gateway.killWorker(0), true);
    while (gateway.workers() < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    const replies = await Promise.all(Array.from({ length: 12 }, () => exchange(opened, message)));
    assert.ok(replies.every(({ bound }) => !bound));
    assert.equal(seen.filter(({ body }) => body === '{"kill":1}').length, 1);
    // Fresh requests go on: session, keys and window live outside the worker.
    const fresh = await Promise.all(Array.from({ length: 8 }, () => call(opened, { url: '/api/echo', body: '{}' })));
    assert.ok(fresh.every(({ bound, status }) => bound && status === 200));
  });
});

describe('reload', () => {
  test('a new route is served and published under a higher version, a removed one is gone', async () => {
    const older = await fetchConfig(gateway.url, gateway.trust());
    const opened = await session();
    assert.equal((await call(opened, { url: '/api/new', body: '{}' })).status, 404);
    assert.deepEqual(await gateway.reconfigure(configOf('main', {}, [{ id: 'new', path: '/api/new' }])), []);
    assert.equal((await call(opened, { url: '/api/new', body: '{}' })).status, 200);
    const newer = await fetchConfig(gateway.url, gateway.trust());
    assert.ok(newer.config.version > older.config.version);
    assert.deepEqual(await gateway.reconfigure(configOf('main')), []);
    assert.equal((await call(opened, { url: '/api/new', body: '{}' })).status, 404);
  });

  test('a refused reload leaves everything as it was', async () => {
    const issues = await gateway.reconfigure(configOf('main', { node: 7 }));
    assert.equal(issues.length, 1);
    assert.match(issues[0] ?? '', /node: cannot change while the gateway runs/);
    assert.equal((await call(await session(), { url: '/api/echo', body: '{}' })).status, 200);
  });

  test('an emergency revocation of an agreement key leaves the config and refuses its hellos', async () => {
    const enrolled = await device();
    const before = await fetchConfig(gateway.url, gateway.trust());
    const revokedKeys = before.config.keys.map(({ kid }) => kid).slice(0, 1);
    const stale = await sayHello(gateway.url, gateway.trust(), enrolled);
    assert.equal(stale.reply.status, 200);
    assert.deepEqual(await gateway.reconfigure(configOf('main', { signedConfig: { revokedKeys } })), []);
    const now = await fetchConfig(gateway.url, gateway.trust());
    assert.deepEqual(now.config.revokedKeys, revokedKeys);
    assert.ok(!now.config.keys.some(({ kid }) => revokedKeys.includes(kid)));
    assert.deepEqual(await gateway.reconfigure(configOf('main')), []);
  });
});

test('under load a hello must bring a nonce of the gateway, which is good for this device alone', async () => {
  const sessions = { tiers: [{ name: 'software', sessions: 64 }], devices: 64, strikes: 4096, hellosPerSecond: 1 };
  const own = await start(configOf('loaded', { workers: 1, sessions }));
  const trust = own.trust();
  const [enrolled, other] = [await enrol(own.url, trust), await enrol(own.url, trust)];
  let refused = await sayHello(own.url, trust, enrolled);
  for (let turn = 0; turn < 5 && refused.reply.status === 200; turn += 1)
    refused = await sayHello(own.url, trust, enrolled);
  assert.deepEqual([refused.reply.status, code(refused.reply)], [401, 'nonce-required']);
  const nonce = String(jsonOf(refused.reply)['nonce']);
  const foreign = await sayHello(own.url, trust, other, { nonce });
  assert.equal(code(foreign.reply), 'nonce-required');
  assert.equal((await sayHello(own.url, trust, enrolled, { nonce })).reply.status, 200);
  await own.stop();
});

describe('start and stop', () => {
  test('a stop lets the request under way end and accepts no other', async () => {
    const own = await start(configOf('drained'));
    const opened = await openSession(own.url, own.trust(), await enrol(own.url, own.trust()));
    const before = seen.length;
    const pending = call(opened, { url: '/api/slow', body: '{}' });
    while (seen.length === before) await new Promise((resolve) => setTimeout(resolve, 10));
    const stopped = own.stop();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await assert.rejects(send(own.url, { method: 'GET', url: '/plain', headers: {} }));
    release();
    assert.deepEqual([(await pending).status, (await pending).bound], [200, true]);
    await stopped;
  });

  test('after a restart the older session is refused with a code that asks for a handshake, and a replay is not accepted', async () => {
    const state = configOf('restarted');
    const first = await start(state);
    const enrolled = await enrol(first.url, first.trust());
    const opened = await openSession(first.url, first.trust(), enrolled);
    const message = await protect(opened, { url: '/api/echo', body: '{"restart":1}' });
    assert.equal((await exchange(opened, message)).bound, true);
    const { configKeys } = first.trust();
    await first.stop();
    const second = await start(state);
    assert.deepEqual(second.trust().configKeys, configKeys);
    const replayed = await send(second.url, message);
    assert.equal(code(replayed), 'handshake-required');
    assert.equal(seen.filter(({ body }) => body === '{"restart":1}').length, 1);
    const anew = await openSession(second.url, second.trust(), enrolled);
    assert.equal((await call(anew, { url: '/api/echo', body: '{}' })).status, 200);
    await second.stop();
  });

  test('a second gateway on the same state folder refuses to start', async () => {
    await assert.rejects(start(configOf('main')), { name: 'StateError', code: 'state-locked' });
  });

  test('a port in use is refused, and nothing stays open', async () => {
    const { port } = new URL(gateway.url);
    const state = configOf('taken', { listen: { port: Number(port) } });
    await assert.rejects(start(state), { name: 'ListenError', code: 'EADDRINUSE' });
    const free = await start(configOf('taken'));
    await free.stop();
  });
});

test('an upstream that is not reached is a bound problem without execution; without a token nothing can be changed', async () => {
  const upstreams = { core: { origin: 'http://127.0.0.1:9', factsKey: 'f'.repeat(40) } };
  const own = await start(configOf('unreached', { upstreams, admin: {} }));
  const opened = await openSession(own.url, own.trust(), await enrol(own.url, own.trust()));
  const reply = await call(opened, { url: '/api/echo', body: '{}' });
  assert.deepEqual([reply.status, reply.bound, jsonOf(reply)['execution']], [502, true, 'none']);
  for (const authorization of ['Bearer undefined', 'Bearer ', ''])
    assert.equal(
      (await send(own.adminUrl, { method: 'POST', url: '/reload', headers: { authorization } })).status,
      401,
    );
  assert.equal((await send(own.adminUrl, { method: 'GET', url: '/healthz', headers: {} })).status, 200);
  await own.stop();
});

test('every byte of a head and a body is covered: a flipped one is refused and not forwarded', async () => {
  const opened = await session();
  const before = seen.length;
  const bend = (value: string): string => `${value.slice(0, -3)}${value.at(-3) === 'A' ? 'B' : 'A'}${value.slice(-2)}`;
  for (const name of [
    'signature',
    'hauberk-ticket',
    'content-digest',
    'hauberk-service',
    'content-type',
    'signature-input',
  ]) {
    const message = await protect(opened, { url: '/api/echo', body: '{"bent":1}' });
    const headers = { ...message.headers, [name]: bend(message.headers[name] ?? '') };
    const reply = await exchange(opened, { ...message, headers });
    assert.equal(reply.bound, false, name);
  }
  const message = await protect(opened, { url: '/api/echo', body: '{"bent":1}' });
  for (const bent of [
    { ...message, url: '/api/echo?x=1' },
    { ...message, method: 'PUT' },
    { ...message, body: utf8('{"bent":2}') },
    { ...message, url: '/api/slow' },
  ])
    assert.equal((await exchange(opened, bent)).bound, false);
  assert.equal(seen.length, before);
});
