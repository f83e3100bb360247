/** Two nodes behind one address: a request that reaches the wrong one is relayed once, over mutual TLS. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createLog, openStorage, parseConfig, type RunningGateway, startGateway } from '../src/index.ts';
import {
  call,
  enrol,
  enrolKey,
  exchange,
  openSession,
  type Protected,
  protect,
  type TestSession,
} from './channel-device.ts';
import { selfSigned } from './self-signed.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-relay-'));
const pair = selfSigned('127.0.0.1');
const foreign = selfSigned('127.0.0.1');
const certificateFile = join(folder, 'node.pem');
const keyFile = join(folder, 'node.key');
writeFileSync(certificateFile, pair.certificate);
writeFileSync(keyFile, pair.key);

let served = 0;
let traceparent = '';
let timeLeft = '';
const upstream: Server = createServer((incoming, response) => {
  served += 1;
  traceparent = String(incoming.headers['traceparent']);
  timeLeft = String(incoming.headers['hauberk-time-left']);
  incoming.resume();
  incoming.on('end', () => response.end(String(incoming.headers['x-forwarded-for'])));
});

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createTcpServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const startNode = async (node: number, ports: readonly number[]): Promise<RunningGateway> => {
  const { port } = upstream.address() as AddressInfo;
  const loaded = parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: 'bank-h5' }],
      node,
      state: `node-${node}`,
      workers: 1,
      listen: { port: 0 },
      services: [{ id: 'bank', upstream: 'core', routes: [{ path: '/api/echo' }] }],
      upstreams: { core: { origin: `http://127.0.0.1:${port}`, factsKey: 'f'.repeat(40) } },
      log: { access: 'none' },
      cluster: {
        relay: { port: ports[node - 1], certificateFile, keyFile, caFile: certificateFile },
        nodes: ports.map((relayPort, index) => ({ id: index + 1, origin: `https://127.0.0.1:${relayPort}` })),
      },
    },
    join(folder, 'made.yaml'),
  );
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.issues));
  const { config } = loaded;
  const log = createLog('error', () => undefined);
  return startGateway({ config, storage: await openStorage({ folder: config.state }), version: '0.0.0', log });
};

let ports: readonly number[];
let first: RunningGateway;
let second: RunningGateway;

before(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  ports = [await freePort(), await freePort()];
  first = await startNode(1, ports);
  second = await startNode(2, ports);
});
after(async () => {
  await Promise.all([first.stop(), second.stop()]);
  upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

const openAt = async (node: RunningGateway): Promise<TestSession> =>
  openSession(node.url, node.trust(), await enrol(node.url, node.trust()));

/** The same session, talking to another node. */
const through = (session: TestSession, node: RunningGateway): TestSession => ({ ...session, base: node.url });

test('a request that reaches another node is relayed to the owner of its ticket, and its bound reply comes back', async () => {
  const session = await openAt(first);
  const reply = await call(through(session, second), { url: '/api/echo', body: '{}' });
  assert.deepEqual([reply.status, reply.bound], [200, true]);
  assert.equal(Buffer.from(reply.body).toString(), '127.0.0.1');
});

test('a relayed request keeps the trace of the node that it came to, and a client names it at neither', async () => {
  const session = await openAt(first);
  const named = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const headers = { traceparent: named };
  await call(through(session, second), { url: '/api/echo', body: '{}', headers });
  const [, traceId = ''] = traceparent.split('-');
  assert.match(traceId, /^(?!0af7651916cd43dd)[0-9a-f]{32}$/);
  const exemplars = await Promise.all([first, second].map((node) => node.metrics('openmetrics')));
  for (const text of exemplars) assert.ok(text.includes(`trace_id="${traceId}"`));
});

/** Sends a protected message whose body comes later than its head. */
const sendSlowly = (session: TestSession, message: Protected, bodyAfterMs: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const { method, url, headers, body = new Uint8Array(0) } = message;
    const length = { 'content-length': String(body.length) };
    const asked = httpRequest(
      new URL(url, session.base),
      { method, headers: { ...headers, ...length } },
      (incoming) => {
        incoming.resume();
        incoming.on('end', () => resolve(incoming.statusCode ?? 0));
      },
    );
    asked.on('error', reject);
    asked.flushHeaders();
    setTimeout(() => asked.end(body), bodyAfterMs);
  });

test('a relayed request has the time that is left of it, and none is sent without', async () => {
  const session = await openAt(first);
  const headers = { 'hauberk-time-left': '9000' };
  const message = await protect(through(session, second), { url: '/api/echo', body: '{}', headers });
  assert.equal(await sendSlowly(through(session, second), message, 400), 200);
  assert.match(timeLeft, /^\d+$/);
  assert.ok(Number(timeLeft) > 0 && Number(timeLeft) <= 8610, timeLeft);
  const before = served;
  const late = await call(through(session, second), {
    url: '/api/echo',
    body: '{}',
    headers: { 'hauberk-time-left': '0' },
  });
  assert.deepEqual([late.status, late.bound], [503, false]);
  const { code, execution } = JSON.parse(Buffer.from(late.body).toString()) as Record<string, unknown>;
  assert.deepEqual([code, execution], ['overloaded', 'none']);
  assert.equal(served, before);
});

test('a relayed request counts once: its copy is a replay at either node', async () => {
  const session = await openAt(first);
  const message = await protect(through(session, second), { url: '/api/echo', body: '{}' });
  await exchange(through(session, second), message);
  const before = served;
  for (const node of [first, second]) {
    const copy = await exchange(through(session, node), message);
    assert.equal(copy.bound, false);
    assert.equal(copy.status, 409);
  }
  assert.equal(served, before);
});

test('the relay listener takes nobody without a certificate of the installation', async () => {
  for (const identity of [{}, { cert: foreign.certificate, key: foreign.key }]) {
    const refused = await new Promise<boolean>((resolve) => {
      const attempt = tlsRequest(
        { host: '127.0.0.1', port: ports[0], path: '/api/echo', ca: pair.certificate, ...identity },
        () => resolve(false),
      );
      attempt.on('error', () => resolve(true));
      attempt.end();
    });
    assert.equal(refused, true);
  }
});

const settled = async (isSettled: () => Promise<boolean>): Promise<void> => {
  for (let turn = 0; turn < 200 && !(await isSettled()); turn += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
};

const word = { actor: 'operator', reason: 'test' };
const stateAt = async (node: RunningGateway, device: string): Promise<string> => {
  const shown = await node.deviceAdministration.show(device);
  return shown.ok ? shown.value.state : shown.code;
};

test('a device that is switched off at one node is switched off at the other, and comes back with it', async () => {
  const device = await enrol(first.url, first.trust());
  // The same key at the other node is a device of its own.
  const { deviceId: twin } = await enrolKey(second.url, second.trust(), device.key);
  assert.notEqual(twin, device.deviceId);
  const session = await openSession(second.url, second.trust(), { key: device.key, deviceId: twin });
  assert.equal((await call(session, { url: '/api/echo', body: '{}' })).status, 200);
  await first.deviceAdministration.suspend(device.deviceId, word);
  await settled(async () => (await stateAt(second, twin)) === 'suspended');
  assert.equal(await stateAt(second, twin), 'suspended');
  assert.notEqual((await call(session, { url: '/api/echo', body: '{}' })).status, 200);
  await first.deviceAdministration.reinstate(device.deviceId, word);
  // The demand for evidence is a second write.
  await settled(async () => {
    const shown = await second.deviceAdministration.show(twin);
    return shown.ok && shown.value.reattest !== null;
  });
  const back = await second.deviceAdministration.show(twin);
  assert.ok(back.ok);
  assert.deepEqual([back.value.state, back.value.reattest], ['enrolled', 'reinstated']);
  assert.equal(await stateAt(first, device.deviceId), 'enrolled', 'and nothing echoes');
});

test('a key that was revoked at one node cannot enrol at the other, also when that one was down', async () => {
  const device = await enrol(first.url, first.trust());
  await second.stop();
  await first.deviceAdministration.revoke(device.deviceId, word);
  second = await startNode(2, ports);
  const listed = async () => {
    const found = await second.deviceAdministration.list({ state: 'revoked' });
    return found.ok && found.value.devices.length > 0;
  };
  await settled(listed);
  await assert.rejects(enrolKey(second.url, second.trust(), device.key));
});

test('when the owner is gone the client is told to open a session anew', async () => {
  const session = await openAt(first);
  await first.stop();
  const reply = await call(through(session, second), { url: '/api/echo', body: '{}' });
  assert.equal(reply.bound, false);
  assert.equal(JSON.parse(Buffer.from(reply.body).toString())['code'], 'handshake-required');
});
