import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import {
  codeOf,
  dial,
  type PlainGatewayOptions,
  readRaw,
  readToEnd,
  routeOf,
  sendRaw,
  startPlainGateway,
  startUpstream,
} from './plain-gateway.ts';

const closers: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const close of closers) await close();
});

const start = async (options: Partial<PlainGatewayOptions> = {}, answerAfterMs = 0) => {
  const upstream = await startUpstream(
    (_incoming, response) => void setTimeout(() => response.end('done'), answerAfterMs).unref(),
  );
  const gateway = await startPlainGateway({
    origin: upstream.origin,
    routes: [routeOf({ id: 'all', pattern: '/{rest*}' })],
    ...options,
  });
  closers.push(async () => {
    await gateway.close();
    upstream.server.closeAllConnections();
    upstream.server.close();
  });
  return { upstream, gateway };
};

const get = 'GET /x HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n';

test('listener: a head that does not come to its end is refused, honest requests pass meanwhile', async () => {
  const { gateway, upstream } = await start({ limits: { headersTimeoutMs: 300 } });
  const sockets = await Promise.all(Array.from({ length: 20 }, () => dial(gateway.port)));
  const ends = sockets.map(readToEnd);
  for (const socket of sockets) socket.write('GET /x HTTP/1.1\r\nHost: b\r\nX-Slow: ');
  const drip = setInterval(() => {
    for (const socket of sockets) socket.write('a');
  }, 100);
  assert.equal((await sendRaw(gateway.port, get)).status, 200);
  const replies = (await Promise.all(ends)).map(readRaw);
  clearInterval(drip);
  for (const reply of replies) assert.equal(reply?.status, 408);
  assert.equal(gateway.metrics.snapshot().refusals['head.too-slow'], 20);
  assert.equal(upstream.requests.length, 1);
});

test('listener: a head over its size or its number of headers is refused as too large', async () => {
  const { gateway, upstream } = await start({ limits: { headerBytes: 4096, headers: 20 } });
  const long = await sendRaw(gateway.port, `GET /x HTTP/1.1\r\nHost: b\r\nX-Long: ${'a'.repeat(5000)}\r\n\r\n`);
  const many = await sendRaw(gateway.port, `GET /x HTTP/1.1\r\nHost: b\r\n${'X-A: 1\r\n'.repeat(30)}\r\n`);
  for (const reply of [long, many]) {
    assert.equal(reply.status, 431);
    assert.equal(codeOf(reply), 'too-large');
  }
  assert.equal(upstream.requests.length, 0);
});

test('listener: one address gets so many connections and, after closing one, another', async () => {
  const { gateway } = await start({ limits: { connectionsPerAddress: 3 } });
  const held = await Promise.all([dial(gateway.port), dial(gateway.port), dial(gateway.port)]);
  const fourth = await dial(gateway.port);
  assert.equal(await readToEnd(fourth), '');
  held[0]?.destroy();
  while ((gateway.metrics.snapshot().openConnections ?? 0) > 2) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal((await sendRaw(gateway.port, get)).status, 200);
  for (const socket of held) socket.destroy();
  assert.ok((gateway.metrics.snapshot().refusals['limit.connections'] ?? 0) >= 1);
});

test('listener: behind a trusted proxy the client is whom the proxy names, and connections are not counted', async () => {
  const { gateway, upstream } = await start({
    trustedProxies: ['127.0.0.0/8'],
    limits: { connectionsPerAddress: 1 },
  });
  const held = await dial(gateway.port);
  const request = (chain: string) =>
    sendRaw(
      gateway.port,
      `GET /x HTTP/1.1\r\nHost: b\r\nConnection: close\r\nX-Forwarded-For: ${chain}\r\nX-Forwarded-Proto: https\r\n\r\n`,
    );
  assert.equal((await request('1.1.1.1, 198.51.100.9')).status, 200);
  assert.equal(gateway.entries.at(-1)?.address, '198.51.100.9');
  assert.match(
    upstream.requests.at(-1)?.raw.join(' ').toLowerCase() ?? '',
    /x-forwarded-for 198\.51\.100\.9 x-forwarded-proto https/,
  );
  assert.equal((await request('nonsense')).status, 400);
  held.destroy();
});

test('listener: limits count per client, not per proxy', async () => {
  const limited = routeOf({
    id: 'limited',
    pattern: '/{rest*}',
    limits: { device: undefined, address: { perSecond: 0.01, burst: 1 }, route: undefined },
  });
  const { gateway } = await start({ trustedProxies: ['127.0.0.1'], routes: [limited] });
  const statuses: number[] = [];
  for (const client of ['198.51.100.1', '198.51.100.1', '198.51.100.2'])
    statuses.push(
      (
        await sendRaw(
          gateway.port,
          `GET /x HTTP/1.1\r\nHost: b\r\nConnection: close\r\nX-Forwarded-For: ${client}\r\n\r\n`,
        )
      ).status,
    );
  assert.deepEqual(statuses, [200, 429, 200]);
});

test('listener: a drain lets requests under way end, tells their connections to close, and accepts no other', async () => {
  const { gateway, upstream } = await start({}, 300);
  const idle = await dial(gateway.port);
  const busy = await dial(gateway.port);
  const end = readToEnd(busy);
  busy.write('GET /x HTTP/1.1\r\nHost: b\r\n\r\n');
  while (upstream.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const drained = gateway.listener.drain(5000);
  await once(idle, 'close');
  await assert.rejects(async () => {
    const late = await dial(gateway.port);
    const [error] = (await once(late, 'error')) as [Error];
    throw error;
  });
  const reply = readRaw(await end);
  assert.equal(reply?.status, 200);
  assert.equal(reply?.body, 'done');
  assert.equal(reply?.headers['connection'], 'close');
  await drained;
});

test('listener: a drain does not wait beyond its deadline', async () => {
  const { gateway, upstream } = await start({}, 60_000);
  const busy = await dial(gateway.port);
  const end = readToEnd(busy);
  busy.write('GET /x HTTP/1.1\r\nHost: b\r\n\r\n');
  while (upstream.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await gateway.listener.drain(100);
  assert.equal(await end, '');
});

test('listener: bytes after a refused request that was not read are not taken for the next one', async () => {
  const { gateway, upstream } = await start({ streamsOnly: true });
  const smuggled = 'GET /inner HTTP/1.1\r\nHost: b\r\n\r\n';
  const reply = await sendRaw(
    gateway.port,
    `POST /x HTTP/1.1\r\nHost: b\r\nContent-Length: ${5000 + smuggled.length}\r\n\r\n${'x'.repeat(5000)}${smuggled}${smuggled}`,
  );
  assert.equal(reply.status, 413);
  assert.doesNotMatch(reply.body, /HTTP\/1\.1/);
  assert.equal(upstream.requests.length, 0);
});

test('listener: requests sent at once through streams are all answered, in order, whichever is ready first', async () => {
  const upstream = await startUpstream(
    ({ url = '' }, response) => void setTimeout(() => response.end(url), url === '/slow' ? 60 : 0),
  );
  const routes = [routeOf({ id: 'all', pattern: '/{rest*}' })];
  const gateway = await startPlainGateway({ origin: upstream.origin, routes, streamsOnly: true });
  closers.push(async () => {
    await gateway.close();
    upstream.server.closeAllConnections();
    upstream.server.close();
  });
  const socket = await dial(gateway.port);
  const end = readToEnd(socket);
  socket.write('GET /slow HTTP/1.1\r\nHost: b\r\n\r\nGET /fast HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n');
  assert.match(await end, /\/slow[\s\S]*\/fast$/);
});
