/** Connections whose requests come whole: order, pieces, hand-over to node's server in the middle, and every way to end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  dial,
  type PlainGatewayOptions,
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

const start = async (options: Partial<PlainGatewayOptions> = {}) => {
  const upstream = await startUpstream(({ url = '' }, response, body) => {
    const large = url.includes('large') ? 'x'.repeat(3_000_000) : '';
    setTimeout(() => response.end(`[${url} ${body.length}]${large}`), url.includes('slow') ? 60 : 0);
  });
  const gateway = await startPlainGateway({
    origin: upstream.origin,
    routes: [
      routeOf({ id: 'stream', pattern: '/stream', stream: true }),
      routeOf({ id: 'all', pattern: '/{rest*}', bodyCapBytes: 200_000, replyCapBytes: 4_000_000 }),
    ],
    ...options,
  });
  closers.push(async () => {
    await gateway.close();
    upstream.server.closeAllConnections();
    upstream.server.close();
  });
  return { upstream, gateway };
};

const ask = (path: string, body = '', lines = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: b\r\nContent-Length: ${body.length}\r\n${lines}\r\n${body}`;

/** Reads until `count` replies of our upstream are there. */
const readReplies = async (socket: Socket, count: number): Promise<readonly string[]> => {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  while ((text.match(/\[[^\]]*\]/g)?.length ?? 0) < count)
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  return text.match(/\[[^\]]*\]/g) ?? [];
};

test('whole connection: requests sent at once are answered one by one, in order', async () => {
  const { gateway } = await start();
  const socket = await dial(gateway.port);
  socket.write(ask('/slow', 'abc') + ask('/b', 'defg') + ask('/c'));
  assert.deepEqual(await readReplies(socket, 3), ['[/slow 3]', '[/b 4]', '[/c 0]']);
  socket.destroy();
});

test('whole connection: a request in pieces is a request', async () => {
  const { gateway } = await start();
  const socket = await dial(gateway.port);
  const text = ask('/a', 'hello');
  for (const at of [0, 20, 40, text.length - 2]) {
    const end = { 0: 20, 20: 40, 40: text.length - 2 }[at] ?? text.length;
    socket.write(text.slice(at, end));
    await sleep(5);
  }
  assert.deepEqual(await readReplies(socket, 1), ['[/a 5]']);
  socket.destroy();
});

const intermezzi: readonly (readonly [title: string, text: string, reply: string])[] = [
  [
    'a chunked body',
    `POST /k HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    '[/k 3]',
  ],
  ['a body too long to wait for', ask('/long', 'y'.repeat(100_000)), '[/long 100000]'],
  ['a route that streams', ask('/stream', 'abc'), '[/stream 3]'],
  ['a drip of bytes', '', '[/drip 30]'],
];
for (const [title, text, reply] of intermezzi)
  test(`whole connection: ${title} goes to node, and so does what follows, without a byte lost`, async () => {
    const { gateway } = await start();
    const socket = await dial(gateway.port);
    socket.write(ask('/first', 'a'));
    assert.deepEqual(await readReplies(socket, 1), ['[/first 1]']);
    const replies = readReplies(socket, 2);
    if (text !== '') socket.write(text + ask('/last', 'ab'));
    else {
      for (const piece of ask('/drip', 'z'.repeat(30)).match(/.{1,6}/gs) ?? []) {
        socket.write(piece);
        await sleep(2);
      }
      socket.write(ask('/last', 'ab'));
    }
    assert.deepEqual(await replies, [reply, '[/last 2]']);
    socket.destroy();
  });

test('whole connection: a client that closes its side gets its reply, and then the end', async () => {
  const { gateway } = await start();
  const socket = await dial(gateway.port);
  const end = readToEnd(socket);
  socket.end(ask('/slow', 'abc'));
  assert.match(await end, /connection: close[\s\S]*\[\/slow 3\]$/);
});

test('whole connection: `Connection: close` is obeyed', async () => {
  const { gateway } = await start();
  const reply = await sendRaw(gateway.port, ask('/a', 'b', 'Connection: close\r\n'));
  assert.equal(reply.body, '[/a 1]');
});

test('whole connection: a refused head is refused as ever', async () => {
  const { gateway, upstream } = await start();
  const reply = await sendRaw(gateway.port, 'GET /a//b HTTP/1.1\r\nHost: b\r\n\r\n');
  assert.equal(reply.status, 400);
  assert.equal(upstream.requests.length, 0);
});

test('whole connection: an idle one is closed after the keep-alive time', async () => {
  const { gateway } = await start({ limits: { keepAliveTimeoutMs: 100 } });
  const socket = await dial(gateway.port);
  const end = readToEnd(socket);
  socket.write(ask('/a'));
  assert.match(await end, /\[\/a 0\]$/);
});

test('whole connection: a long reply reaches a client that reads late', async () => {
  const { gateway } = await start();
  const socket = await dial(gateway.port);
  socket.pause();
  socket.write(ask('/large') + ask('/after'));
  await sleep(300);
  let length = 0;
  let last = '';
  socket.on('data', (chunk: Buffer) => {
    length += chunk.length;
    last = chunk.toString('latin1');
  });
  socket.resume();
  while (!last.endsWith('[/after 0]')) await once(socket, 'data');
  assert.ok(length > 3_000_000);
  socket.destroy();
});

test('whole connection: a client that is gone before its reply harms nobody', async () => {
  const { gateway } = await start();
  const socket = await dial(gateway.port);
  socket.write(ask('/slow'));
  await sleep(20);
  socket.destroy();
  await sleep(100);
  assert.equal((await sendRaw(gateway.port, ask('/b', '', 'Connection: close\r\n'))).status, 200);
  assert.deepEqual(gateway.faults, []);
});

test('whole connection: a drain lets what is under way end, and closes the rest', async () => {
  const { gateway } = await start();
  const idle = await dial(gateway.port);
  const idleEnd = readToEnd(idle);
  idle.write(ask('/a'));
  await readReplies(idle, 1);
  const busy = await dial(gateway.port);
  const busyEnd = readToEnd(busy);
  busy.write(ask('/slow', 'x'));
  await sleep(20);
  assert.equal(gateway.listener.openRequests(), 1);
  await gateway.listener.drain(2000);
  assert.match(await idleEnd, /\[\/a 0\]$/);
  assert.match(await busyEnd, /connection: close[\s\S]*\[\/slow 1\]$/);
});

test('whole connection: one on which nothing ever comes is closed after the time for a head', async () => {
  const { gateway } = await start({ limits: { headersTimeoutMs: 100 } });
  const socket = await dial(gateway.port);
  assert.equal(await readToEnd(socket), '');
});
