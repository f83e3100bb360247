import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import type { GatewayReply } from '../src/gateway/gateway-reply.ts';
import { writeReply } from '../src/gateway/reply-writer.ts';
import { dial, sendRaw } from './plain-gateway.ts';

const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

const serve = async (answer: (incoming: IncomingMessage, response: ServerResponse) => void): Promise<number> => {
  const server = createServer(answer);
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const reply = (length: number): GatewayReply => ({
  status: 200,
  headers: ['x-own', '1'],
  body: Buffer.alloc(length, 'z'),
});
const get = (method = 'GET') => `${method} / HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n`;

for (const length of [0, 1, 4096, 4097, 8192, 8193, 300_000]) {
  test(`reply: a body of ${length} bytes arrives whole, with its length`, async () => {
    const port = await serve((incoming, response) =>
      writeReply(incoming, response, reply(length), ['x-extra', '2'], false),
    );
    const got = await sendRaw(port, get());
    assert.equal(got.body.length, length);
    assert.equal(got.headers['content-length'], String(length));
    assert.equal(got.headers['x-own'], '1');
    assert.equal(got.headers['x-extra'], '2');
  });
}

test('reply: every byte value survives the way through text', async () => {
  const body = Uint8Array.from({ length: 256 }, (_, index) => index);
  const port = await serve((incoming, response) =>
    writeReply(incoming, response, { status: 200, headers: [], body }, [], false),
  );
  assert.deepEqual(Buffer.from((await sendRaw(port, get())).body, 'latin1'), Buffer.from(body));
});

test('reply: HEAD, 204 and 304 have no body', async () => {
  for (const [method, status] of [
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ] as const) {
    const port = await serve((incoming, response) =>
      writeReply(incoming, response, { ...reply(status === 200 ? 5 : 0), status }, [], false),
    );
    const got = await sendRaw(port, get(method));
    assert.equal(got.status, status);
    assert.equal(got.body, '');
  }
});

test('reply: a client that does not take a large reply is given up', async () => {
  let closed: Promise<unknown> | undefined;
  const port = await serve((incoming, response) => {
    closed = once(response, 'close');
    writeReply(incoming, response, reply(50_000_000), [], false, 200);
  });
  const socket = await dial(port);
  socket.pause();
  socket.write(get());
  while (closed === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
  await closed;
  socket.destroy();
});

test('reply: a client that takes a large reply slowly gets all of it', async () => {
  const port = await serve((incoming, response) => writeReply(incoming, response, reply(30_000_000), [], false, 400));
  const socket = await dial(port);
  let received = 0;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
    socket.pause();
    setTimeout(() => socket.resume(), 1);
  });
  socket.write(get());
  await once(socket, 'close');
  assert.ok(received > 30_000_000, String(received));
});
