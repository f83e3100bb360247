import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { durationMs } from '@hauberk/primitives';
import {
  codeOf,
  dial,
  type PlainGateway,
  readRaw,
  readToEnd,
  routeOf,
  sendRaw,
  startPlainGateway,
  startUpstream,
  type TestUpstream,
} from './plain-gateway.ts';

let upstream: TestUpstream;
let gateway: PlainGateway;

const routes = [
  routeOf({ id: 'echo', methods: ['GET', 'POST', 'HEAD'], pattern: '/api/echo' }),
  routeOf({ id: 'slowly', pattern: '/api/slowly', deadline: durationMs(200) }),
  routeOf({ id: 'big', pattern: '/api/big', replyCapBytes: 10 }),
  routeOf({ id: 'stream', pattern: '/api/stream', stream: true, bodyCapBytes: 50_000 }),
  routeOf({ id: 'events', pattern: '/api/events' }),
  routeOf({ id: 'deny', pattern: '/api/deny', outcome: 'deny' }),
  routeOf({ id: 'challenge', pattern: '/api/challenge', outcome: 'challenge' }),
  routeOf({
    id: 'trap',
    pattern: '/api/trap',
    outcome: 'trap',
    decoy: { status: 200, contentType: 'application/json', body: Buffer.from('{"ok":true}') },
  }),
  routeOf({
    id: 'one-address',
    pattern: '/api/address',
    limits: { device: undefined, address: { perSecond: 0.01, burst: 2 }, route: undefined },
  }),
  routeOf({
    id: 'one-route',
    pattern: '/api/route',
    limits: { device: undefined, address: undefined, route: { perSecond: 0.01, burst: 1 } },
  }),
  routeOf({ id: 'held', pattern: '/api/held', outcome: 'slow' }),
];

before(async () => {
  upstream = await startUpstream((incoming, response, body) => {
    if (incoming.url === '/api/slowly') return;
    if (incoming.url === '/api/break') response.destroy();
    else if (incoming.url === '/api/big') response.end('0123456789abc');
    else if (/stream|events/.test(incoming.url ?? '') && incoming.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: one\n\n');
      setTimeout(() => response.end('data: two\n\n'), 20);
    } else
      response
        .setHeader('x-answered', 'yes')
        .setHeader('hauberk-answer', 'forged')
        .end(body === '' ? 'hello' : body);
  });
  gateway = await startPlainGateway({
    origin: upstream.origin,
    routes,
    origins: ['https://app.bank.example'],
    endpoints: [
      {
        path: '/.well-known/hauberk/config',
        name: 'config',
        method: 'GET',
        capBytes: 0,
        isLimited: false,
        rank: 1,
        serve: async () => ({ reply: { status: 200, headers: [], body: Buffer.from('config') }, reason: 'ok' }),
      },
      {
        path: '/.well-known/hauberk/hello',
        name: 'hello',
        method: 'POST',
        capBytes: 20,
        isLimited: true,
        rank: 1,
        serve: async ({ body }) => ({ reply: { status: 200, headers: [], body }, reason: 'ok' }),
      },
      {
        path: '/.well-known/hauberk/broken',
        name: 'broken',
        method: 'GET',
        capBytes: 0,
        isLimited: false,
        rank: 1,
        serve: async () => {
          throw new Error('broken invariant');
        },
      },
    ],
  });
});
after(async () => {
  await gateway.close();
  upstream.server.closeAllConnections();
  upstream.server.close();
});

const head = (method: string, path: string, ...headers: readonly string[]): string =>
  `${[`${method} ${path} HTTP/1.1`, 'Host: bank.example', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`;

const lastEntry = () => gateway.entries.at(-1);

test('proxy: a request reaches the upstream with path, query, body and cleaned headers, the reply comes back', async () => {
  const reply = await sendRaw(
    gateway.port,
    `${head('POST', '/api/echo?a=1&b=%20', 'Content-Length: 4', 'X-Own: 1', 'Hauberk_Verified_Customer: victim', 'X-Forwarded-For: 1.1.1.1')}body`,
  );
  assert.equal(reply.status, 200);
  assert.equal(reply.body, 'body');
  assert.equal(reply.headers['x-answered'], 'yes');
  assert.equal(reply.headers['hauberk-answer'], undefined);
  assert.equal(reply.headers['content-length'], '4');
  const seen = upstream.requests.at(-1);
  assert.equal(seen?.url, '/api/echo?a=1&b=%20');
  assert.equal(seen?.body, 'body');
  const raw = seen?.raw.join('\n').toLowerCase() ?? '';
  assert.match(raw, /x-own\n1/);
  assert.match(raw, /x-forwarded-for\n127\.0\.0\.1/);
  assert.match(raw, /hauberk-verified-state\nunverified/);
  assert.doesNotMatch(raw, /victim/);
});

test('proxy: every request leaves one line with ids and codes and without its query', async () => {
  await sendRaw(gateway.port, head('GET', '/api/echo?secret=1'));
  const entry = lastEntry();
  assert.deepEqual(
    { ...entry, at: 0, id: '', traceId: '', milliseconds: 0 },
    {
      at: 0,
      id: '',
      traceId: '',
      address: '127.0.0.1',
      method: 'GET',
      path: '/api/echo',
      pattern: '/api/echo',
      status: 200,
      service: 'api',
      route: 'echo',
      reason: 'ok',
      detail: '',
      outcome: 'allow',
      decision: '',
      reasons: [],
      deviceId: '',
      sessionId: '',
      tag: '',
      bytesIn: 0,
      bytesOut: 5,
      milliseconds: 0,
    },
  );
});

test('proxy: HEAD has no body, two requests share a connection', async () => {
  const reply = await sendRaw(
    gateway.port,
    `${head('HEAD', '/api/echo').replace('Connection: close\r\n', '')}${head('GET', '/api/echo')}`,
  );
  assert.equal(reply.status, 200);
  assert.match(reply.body, /^HTTP\/1\.1 200/);
  assert.match(reply.body, /hello$/);
});

const smuggled: readonly (readonly [title: string, bytes: string, reason: string])[] = [
  [
    'both framings',
    `${head('POST', '/api/echo', 'Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    'head.framing',
  ],
  ['two lengths', `${head('POST', '/api/echo', 'Content-Length: 4', 'Content-Length: 5')}body`, 'head.framing'],
  ['a length with a sign', `${head('POST', '/api/echo', 'Content-Length: +4')}body`, 'head.framing'],
  ['an obsolete fold', head('GET', '/api/echo', 'X-Fold: a\r\n b'), 'head.parse'],
  ['space before the colon', head('GET', '/api/echo', 'Content-Length : 4'), 'head.parse'],
  ['a bare line feed', 'GET /api/echo HTTP/1.1\nHost: bank.example\n\n', 'head.parse'],
  [
    'a cut-off chunk size',
    `${head('POST', '/api/echo', 'Transfer-Encoding: chunked')}zz\r\nbody\r\n0\r\n\r\n`,
    'head.framing',
  ],
  ['two authorizations', head('GET', '/api/echo', 'Authorization: a', 'Authorization: b'), 'head.duplicate'],
  ['two hosts', head('GET', '/api/echo', 'Host: other.example'), 'head.duplicate'],
  ['two tickets', head('GET', '/api/echo', 'Hauberk-Ticket: a', 'hauberk-ticket: b'), 'head.duplicate'],
  ['a dot segment', head('GET', '/api/../api/echo'), 'head.path-dot-segment'],
  ['an encoded dot segment', head('GET', '/api/%2e%2e/echo'), 'head.path-dot-segment'],
  ['an encoded slash', head('GET', '/api%2fecho'), 'head.path-encoded-separator'],
  ['an absolute target', head('GET', 'http://bank.example/api/echo'), 'head.target-form'],
  ['an escaped letter', head('GET', '/api/ech%6f'), 'head.path-encoding'],
  ['a raw byte', head('GET', '/api/echo', 'X-Note: caf\u00e9'), 'head.header-value'],
];
for (const [title, bytes, reason] of smuggled) {
  test(`proxy refuses ${title} as ${reason}, and nothing reaches the upstream`, async () => {
    const before = upstream.requests.length;
    const refusals = gateway.metrics.snapshot().refusals[reason] ?? 0;
    const reply = await sendRaw(gateway.port, Buffer.from(bytes, 'latin1')).catch(() => undefined);
    if (reply !== undefined) {
      assert.ok(reply.status >= 400 && reply.status < 500, String(reply.status));
      assert.doesNotMatch(reply.body, new RegExp(reason.replace('.', '\\.')));
    }
    assert.equal(upstream.requests.length, before);
    const counted = gateway.metrics.snapshot();
    const onRoute = counted.routes.find(({ route }) => route === 'echo')?.reasons[reason] ?? 0;
    assert.ok((counted.refusals[reason] ?? 0) > refusals || onRoute > 0, JSON.stringify(counted.refusals));
  });
}

test('proxy: an upgrade gets a coded refusal', async () => {
  const reply = await sendRaw(
    gateway.port,
    'GET /api/echo HTTP/1.1\r\nHost: b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n',
  );
  assert.equal(reply.status, 415);
  assert.equal(codeOf(reply), 'unsupported');
});

test("proxy: an unknown path, a wrong method and the gateway's own paths never reach the upstream", async () => {
  const seen = upstream.requests.length;
  assert.equal(codeOf(await sendRaw(gateway.port, head('GET', '/nowhere'))), 'not-found');
  assert.equal(codeOf(await sendRaw(gateway.port, head('DELETE', '/api/echo'))), 'method-not-allowed');
  assert.equal(codeOf(await sendRaw(gateway.port, head('GET', '/.well-known/hauberk/else'))), 'not-found');
  assert.equal(
    codeOf(await sendRaw(gateway.port, head('POST', '/.well-known/hauberk/config', 'Content-Length: 0'))),
    'method-not-allowed',
  );
  assert.equal(upstream.requests.length, seen);
});

test('proxy: a body over its cap is refused by its declared length before it is read', async () => {
  const socket = await dial(gateway.port);
  const end = readToEnd(socket);
  socket.write(head('POST', '/api/echo', 'Content-Length: 1001').replace('Connection: close\r\n', ''));
  const reply = readRaw(await end);
  assert.equal(reply?.status, 413);
  assert.equal(reply?.headers['connection'], 'close');
  assert.equal(lastEntry()?.reason, 'body.too-large');
});

test('proxy: a body that grows over its cap is refused, and its sender still reads the refusal', async () => {
  const seen = upstream.requests.length;
  const chunk = `400\r\n${'x'.repeat(1024)}\r\n`;
  const reply = await sendRaw(
    gateway.port,
    `${head('POST', '/api/echo', 'Transfer-Encoding: chunked')}${chunk.repeat(64)}0\r\n\r\n`,
  );
  assert.equal(codeOf(reply), 'too-large');
  assert.equal(upstream.requests.length, seen);
});

test('proxy: Expect: 100-continue is answered only within the cap', async () => {
  const within = await dial(gateway.port);
  const end = readToEnd(within);
  within.write(head('POST', '/api/echo', 'Content-Length: 4', 'Expect: 100-continue'));
  const [first] = (await once(within, 'data')) as [Buffer];
  assert.match(first.toString(), /^HTTP\/1\.1 100/);
  within.write('body');
  assert.match(await end, /body$/);
  const over = await sendRaw(gateway.port, head('POST', '/api/echo', 'Content-Length: 5000', 'Expect: 100-continue'));
  assert.equal(over.status, 413);
});

test('proxy: a body that comes too slowly is given up', async () => {
  const seen = upstream.requests.length;
  const socket = await dial(gateway.port);
  const end = readToEnd(socket);
  socket.write(head('POST', '/api/echo', 'Content-Length: 900'));
  const drip = setInterval(() => socket.write('x'), 50);
  const reply = readRaw(await end);
  clearInterval(drip);
  assert.equal(reply?.status, 408);
  assert.equal(lastEntry()?.reason, 'body.too-slow');
  assert.equal(upstream.requests.length, seen);
});

test('proxy: a client that goes away in its body leaves a line and no upstream request', async () => {
  const seen = upstream.requests.length;
  const lines = gateway.entries.length;
  const socket = await dial(gateway.port);
  socket.write(`${head('POST', '/api/echo', 'Content-Length: 900')}part`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  while (gateway.entries.length === lines) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(lastEntry()?.reason, 'body.aborted');
  assert.equal(upstream.requests.length, seen);
});

test('proxy: a slow upstream is a timeout with unknown execution, an over-long reply an upstream problem', async () => {
  const late = await sendRaw(gateway.port, head('GET', '/api/slowly'));
  assert.equal(codeOf(late), 'upstream-timeout');
  assert.match(late.body, /"execution":"unknown"/);
  const big = await sendRaw(gateway.port, head('GET', '/api/big'));
  assert.equal(codeOf(big), 'upstream');
  assert.equal(lastEntry()?.reason, 'upstream.reply-too-large');
});

test('proxy: an event stream where none is declared is refused at its head', async () => {
  const reply = await sendRaw(gateway.port, head('GET', '/api/events'));
  assert.equal(codeOf(reply), 'upstream');
  assert.equal(lastEntry()?.reason, 'reply.stream-undeclared');
});

test('proxy: static outcomes deny, challenge and trap answer without the upstream', async () => {
  const seen = upstream.requests.length;
  assert.equal(codeOf(await sendRaw(gateway.port, head('GET', '/api/deny'))), 'forbidden');
  assert.equal(codeOf(await sendRaw(gateway.port, head('GET', '/api/challenge'))), 'step-up-required');
  const decoy = await sendRaw(gateway.port, head('GET', '/api/trap'));
  assert.equal(decoy.body, '{"ok":true}');
  assert.equal(decoy.headers['content-type'], 'application/json');
  assert.equal(lastEntry()?.outcome, 'trap');
  assert.equal(upstream.requests.length, seen);
});

test('proxy: the outcome slow holds one request and refuses what comes beside it', async () => {
  const replies = await Promise.all([1, 2, 3].map(() => sendRaw(gateway.port, head('GET', '/api/held'))));
  assert.deepEqual(
    replies.map(({ status }) => status).toSorted((left, right) => left - right),
    [200, 503, 503],
  );
});

test('proxy: limits per address and per route answer 429 with Retry-After', async () => {
  const address = [];
  for (let turn = 0; turn < 3; turn += 1) address.push(await sendRaw(gateway.port, head('GET', '/api/address')));
  assert.deepEqual(
    address.map(({ status }) => status),
    [200, 200, 429],
  );
  assert.ok(Number(address[2]?.headers['retry-after']) > 0);
  const route = [
    await sendRaw(gateway.port, head('GET', '/api/route')),
    await sendRaw(gateway.port, head('GET', '/api/route')),
  ];
  assert.deepEqual(
    route.map(({ status }) => status),
    [200, 429],
  );
});

test('proxy: preflights are answered here, with methods, headers and hours of validity; foreign origins get nothing', async () => {
  const seen = upstream.requests.length;
  const ask = (origin: string) =>
    sendRaw(
      gateway.port,
      head(
        'OPTIONS',
        '/api/echo',
        `Origin: ${origin}`,
        'Access-Control-Request-Method: POST',
        'Access-Control-Request-Headers: signature',
      ),
    );
  const allowed = await ask('https://app.bank.example');
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://app.bank.example');
  assert.equal(allowed.headers['access-control-allow-methods'], 'GET, POST, HEAD');
  assert.equal(allowed.headers['access-control-max-age'], '7200');
  for (const name of ['signature-input', 'hauberk-ticket', 'idempotency-key', 'x-covered', 'x-asked'])
    assert.ok(allowed.headers['access-control-allow-headers']?.split(', ').includes(name), name);
  const foreign = await ask('https://evil.example');
  assert.equal(foreign.headers['access-control-allow-origin'], undefined);
  assert.equal(foreign.headers['access-control-allow-headers'], undefined);
  assert.equal(upstream.requests.length, seen);
});

test('proxy: replies to an allowed origin name exposed headers, refusals too', async () => {
  for (const path of ['/api/echo', '/nowhere']) {
    const reply = await sendRaw(gateway.port, head('GET', path, 'Origin: https://app.bank.example'));
    assert.equal(reply.headers['access-control-allow-origin'], 'https://app.bank.example');
    for (const name of ['signature', 'hauberk-answer', 'x-answered', 'x-more'])
      assert.ok(reply.headers['access-control-expose-headers']?.split(', ').includes(name), name);
    assert.equal(reply.headers['vary'], 'origin');
  }
  const foreign = await sendRaw(gateway.port, head('GET', '/api/echo', 'Origin: https://evil.example'));
  assert.equal(foreign.headers['access-control-allow-origin'], undefined);
});

test('proxy: endpoints of the gateway have their own cap and limit, and a fault ends one request only', async () => {
  const small = await sendRaw(gateway.port, `${head('POST', '/.well-known/hauberk/hello', 'Content-Length: 5')}hello`);
  assert.equal(small.body, 'hello');
  const large = await sendRaw(
    gateway.port,
    `${head('POST', '/.well-known/hauberk/hello', 'Content-Length: 21')}${'x'.repeat(21)}`,
  );
  assert.equal(codeOf(large), 'too-large');
  const third = await sendRaw(gateway.port, `${head('POST', '/.well-known/hauberk/hello', 'Content-Length: 5')}hello`);
  const fourth = await sendRaw(gateway.port, `${head('POST', '/.well-known/hauberk/hello', 'Content-Length: 5')}hello`);
  assert.deepEqual([third.status, fourth.status], [200, 429]);
  const broken = await sendRaw(gateway.port, head('GET', '/.well-known/hauberk/broken'));
  assert.equal(codeOf(broken), 'internal');
  assert.equal(gateway.faults.length, 1);
  assert.equal((await sendRaw(gateway.port, head('GET', '/api/echo'))).status, 200);
});

test('proxy: a stream route passes chunks on as they come, both ways', async () => {
  const events = await sendRaw(gateway.port, head('GET', '/api/stream'));
  assert.match(events.body, /data: one[\s\S]*data: two/);
  const upload = await sendRaw(
    gateway.port,
    `${head('POST', '/api/stream', 'Transfer-Encoding: chunked')}${`400\r\n${'y'.repeat(1024)}\r\n`.repeat(20)}0\r\n\r\n`,
  );
  assert.equal(upload.status, 200);
  assert.equal(upstream.requests.at(-1)?.body, 'y'.repeat(20 * 1024));
});

test('proxy: a streamed body over its cap resets the upstream request', async () => {
  const seen = upstream.requests.length;
  const reply = await sendRaw(
    gateway.port,
    `${head('POST', '/api/stream', 'Transfer-Encoding: chunked')}${`400\r\n${'y'.repeat(1024)}\r\n`.repeat(60)}0\r\n\r\n`,
  );
  assert.equal(codeOf(reply), 'too-large');
  assert.equal(upstream.requests.length, seen);
});

test('proxy: routes change between two requests, not within one', async () => {
  gateway.swap([routeOf({ id: 'new', pattern: '/api/new' })]);
  assert.equal((await sendRaw(gateway.port, head('GET', '/api/new'))).status, 200);
  assert.equal((await sendRaw(gateway.port, head('GET', '/api/echo'))).status, 404);
  gateway.swap(routes);
  assert.equal((await sendRaw(gateway.port, head('GET', '/api/echo'))).status, 200);
});
