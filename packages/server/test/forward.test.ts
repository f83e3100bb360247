import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type ForwardOutcome, forward } from '../src/gateway/forward.ts';
import { forwardDecoded } from '../src/gateway/forward-decoded.ts';
import { forwardStream } from '../src/gateway/forward-stream.ts';
import { createResolver } from '../src/gateway/resolver.ts';
import { openUpstream, type Upstream } from '../src/gateway/upstream.ts';

const opened: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

/** A server that does with each connection's bytes what the test says. */
const startRaw = async (onBytes: (socket: Socket, text: string) => void): Promise<number> => {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => onBytes(socket, bytes.toString('latin1')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

const to = (port: number, connections = 2): Upstream => {
  const upstream = openUpstream(
    { origin: `http://127.0.0.1:${port}`, connections, connectTimeoutMs: 500, keepAliveTimeoutMs: 2000 },
    createResolver(),
  );
  opened.push(upstream.close);
  return upstream;
};

const post = { method: 'POST', path: '/pay', headers: ['content-type', 'text/plain'], body: Buffer.from('body') };
const codeOf = (outcome: ForwardOutcome) =>
  outcome.kind === 'reply' ? `reply ${outcome.status}` : `${outcome.kind} ${outcome.code}`;

test('forward: a reply comes whole, repeated headers apart, informational ones passed over', async () => {
  const port = await startRaw(
    (socket) =>
      void socket.write(
        'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 201 Created\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\ncontent-length: 2\r\n\r\nok',
      ),
  );
  const outcome = await forward(to(port), post, 2000, 100);
  assert.ok(outcome.kind === 'reply');
  assert.equal(outcome.status, 201);
  assert.deepEqual(outcome.headers, ['set-cookie', 'a=1', 'set-cookie', 'b=2', 'content-length', '2']);
  assert.equal(Buffer.from(outcome.body).toString(), 'ok');
});

const endings: readonly (readonly [title: string, answer: (socket: Socket) => void, expected: string])[] = [
  ['no reply in time', () => undefined, 'unknown upstream.timeout'],
  ['a connection closed instead of a reply', (socket) => void socket.destroy(), 'unknown upstream.reset'],
  [
    'a connection closed in the reply',
    (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'),
    'unknown',
  ],
  ['something that is no HTTP', (socket) => void socket.write('garbage\r\n\r\n'), 'unknown upstream.reply-malformed'],
  [
    'a reply over its cap',
    (socket) => void socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\n${'x'.repeat(200)}`),
    'unknown upstream.reply-too-large',
  ],
  [
    'a reply that drips past the deadline',
    (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'),
    'unknown upstream.timeout',
  ],
];
for (const [title, answer, expected] of endings) {
  test(`forward: ${title} leaves the outcome ${expected}, and nothing is sent again`, async () => {
    let requests = 0;
    const port = await startRaw((socket) => {
      requests += 1;
      answer(socket);
    });
    const outcome = await forward(to(port), post, 300, 100);
    assert.ok(codeOf(outcome).startsWith(expected), codeOf(outcome));
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(requests, 1);
  });
}

test('forward: a refused connection is known not to be sent', async () => {
  const port = await startRaw(() => undefined);
  for (const close of opened.splice(0)) await close();
  assert.equal(codeOf(await forward(to(port), post, 2000, 100)), 'not-sent upstream.unreachable');
});

test('forward: a name without address is known not to be sent', async () => {
  const upstream = openUpstream(
    { origin: 'http://nowhere.invalid:1', connections: 1, connectTimeoutMs: 500, keepAliveTimeoutMs: 1000 },
    createResolver({ servers: ['127.0.0.1:9'], timeoutMs: 100, tries: 1, resolvFile: '/nonexistent' }),
  );
  opened.push(upstream.close);
  assert.equal(codeOf(await forward(upstream, post, 3000, 100)), 'not-sent upstream.unreachable');
});

test('forward: a request whose deadline passes while it waits for a connection is never sent', async () => {
  const seen: string[] = [];
  const port = await startRaw((_socket, text) => void seen.push(text));
  const upstream = to(port, 1);
  const first = forward(upstream, post, 600, 100);
  const second = forward(upstream, { ...post, path: '/second' }, 150, 100);
  assert.equal(codeOf(await second), 'not-sent upstream.unreachable');
  assert.equal(codeOf(await first), 'unknown upstream.timeout');
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.ok(!seen.join('').includes('/second'));
  assert.equal(upstream.inFlight, 0);
});

test('forward: beyond its queue an upstream is busy at once', async () => {
  const port = await startRaw(() => undefined);
  const upstream = to(port, 1);
  const waiting = Array.from({ length: upstream.maxInFlight }, () => forward(upstream, post, 200, 100));
  assert.equal(codeOf(await forward(upstream, post, 200, 100)), 'not-sent upstream.busy');
  const outcomes = (await Promise.all(waiting)).map(codeOf);
  assert.equal(outcomes.filter((each) => each.startsWith('unknown')).length, 1);
});

test('forward: a keep-alive connection that the upstream closed under a request is not retried', async () => {
  let requests = 0;
  const port = await startRaw((socket) => {
    requests += 1;
    if (requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    else socket.destroy();
  });
  const upstream = to(port, 1);
  assert.equal(codeOf(await forward(upstream, post, 1000, 100)), 'reply 200');
  assert.equal(codeOf(await forward(upstream, post, 1000, 100)), 'unknown upstream.reset');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(requests, 2);
});

test('forward: a stream pauses its upstream until it is resumed', async () => {
  const port = await startRaw(
    (socket) =>
      void socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nab`, () =>
        setTimeout(() => socket.write('cdef'), 50),
      ),
  );
  const parts: string[] = [];
  let control: ReturnType<typeof forwardStream> | undefined;
  await new Promise<void>((resolve, reject) => {
    control = forwardStream(
      to(port),
      { method: 'GET', path: '/', headers: [], body: undefined },
      { deadlineMs: 1000, lifeMs: 5000 },
      {
        onHead: (status) => void parts.push(String(status)),
        onChunk: (chunk) => {
          parts.push(Buffer.from(chunk).toString());
          if (parts.length === 2) {
            setTimeout(() => {
              parts.push('resumed');
              control?.resume();
            }, 200);
            return false;
          }
          return true;
        },
        onEnd: resolve,
        onFailure: (_kind, code) => reject(new Error(code)),
      },
    );
  });
  assert.deepEqual(parts, ['200', 'ab', 'resumed', 'cdef']);
});

test('forward: a streamed body that fails resets the upstream request before its end', async () => {
  let received = '';
  const closed = new Promise<void>((resolve) => {
    void startRaw((socket, text) => {
      received += text;
      socket.once('close', resolve);
    }).then((port) => {
      async function* body() {
        yield Buffer.from('good');
        await new Promise((next) => setTimeout(next, 50));
        throw new Error('bad chunk');
      }
      forwardStream(
        to(port),
        { method: 'POST', path: '/', headers: [], body: body() },
        { deadlineMs: 2000, lifeMs: 2000 },
        { onHead: () => undefined, onChunk: () => true, onEnd: () => undefined, onFailure: () => undefined },
      );
    });
  });
  await closed;
  assert.match(received, /good/);
  assert.doesNotMatch(received, /\r\n0\r\n\r\n/);
});

const codingLimits = { decompressedBytes: 10_000, decompressionRatio: 50 };

test('forward: an honest gzip body reaches a protected upstream decoded and without its coding', async () => {
  let received = '';
  const port = await startRaw((socket, text) => {
    received += text;
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
  });
  const coded = { ...post, headers: ['Content-Encoding', 'gzip', 'x-own', '1'], body: gzipSync('plain body') };
  assert.equal(codeOf(await forwardDecoded(to(port), coded, 1000, 100, codingLimits)), 'reply 200');
  assert.match(received, /\r\n\r\nplain body$/);
  assert.doesNotMatch(received, /content-encoding/i);
  assert.match(received, /x-own: 1/);
});

test('forward: bombs and unknown codings are refused before a connection is made', async () => {
  let connections = 0;
  const port = await startRaw(() => {
    connections += 1;
  });
  const bomb = { ...post, headers: ['content-encoding', 'gzip'], body: gzipSync(Buffer.alloc(1_000_000)) };
  const unknown = { ...post, headers: ['content-encoding', 'gzip, gzip'] };
  assert.equal(codeOf(await forwardDecoded(to(port), bomb, 1000, 100, codingLimits)), 'not-sent coding.bomb');
  assert.equal(codeOf(await forwardDecoded(to(port), unknown, 1000, 100, codingLimits)), 'not-sent coding.unsupported');
  assert.equal(connections, 0);
});
