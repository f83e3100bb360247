/** The short way of shed requests: the same answer as the long one gives, every one counted, and nothing decided that the whole head must decide. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { header } from '@hauberk/channel';
import { epochMs } from '@hauberk/primitives';
import fc from 'fast-check';
import type { ConnectionTrust } from '../src/gateway/connection-trust.ts';
import { readHead } from '../src/gateway/request-head.ts';
import { readShortHead } from '../src/gateway/short-head.ts';
import { readWhole } from '../src/gateway/whole-request.ts';
import type { OverloadGate } from '../src/overload/gate.ts';
import {
  codeOf,
  dial,
  type RawReply,
  readToEnd,
  routeOf,
  sendRaw,
  startPlainGateway,
  startUpstream,
} from './plain-gateway.ts';

const origin = 'https://bank.example';

/** A gate that sheds everything, or nothing, pressed or not. */
const closedGate = (isPressed: boolean, isClosed = true) => {
  const reason = isClosed ? 'overload.gateway' : undefined;
  const counted = { admitted: 0, left: 0, parked: 0 };
  const gate: OverloadGate = {
    refusal: () => {
      if (reason === undefined) counted.admitted += 1;
      return reason;
    },
    refusalOf: () => reason,
    isPressed: () => isPressed,
    left: () => (counted.left += 1),
    park: (end) => {
      counted.parked += 1;
      end();
    },
    ages: () => ({ gatewayMs: 0, upstreamMs: 0, isShedding: true }),
    close: () => undefined,
  };
  return { gate, counted };
};

const start = async (t: TestContext, gate: OverloadGate) => {
  const upstream = await startUpstream();
  const gateway = await startPlainGateway({
    origin: upstream.origin,
    routes: [
      routeOf({ id: 'pay', pattern: '/pay/{id}', methods: ['POST'], priority: 'money' }),
      routeOf({ id: 'stream', pattern: '/stream', stream: true }),
    ],
    origins: [origin],
    gate,
  });
  t.after(async () => {
    await gateway.close();
    upstream.server.closeAllConnections();
    upstream.server.close();
  });
  return { gateway, upstream };
};

const ask = (lines: readonly string[] = [], path = '/pay/7?a=b', method = 'POST'): string =>
  `${[`${method} ${path} HTTP/1.1`, 'host: a', 'content-length: 2', ...lines].join('\r\n')}\r\n\r\n{}`;

/** What differs from one problem to the next. */
const comparable = ({ status, headers, body }: RawReply) => {
  const { instance, traceId, ...problem } = JSON.parse(body) as Record<string, unknown>;
  assert.match(String(instance), /^[0-9a-f]{32}-[0-9a-f]{16}$/);
  assert.equal(traceId, String(instance).slice(0, 32));
  const { date, 'retry-after': after = '', 'content-length': length, ...others } = headers;
  assert.ok(date !== undefined && !Number.isNaN(Date.parse(date)));
  assert.match(after, /^[123]$/);
  assert.equal(Number(length), body.length);
  return { status, problem, headers: others };
};

/** The first of the replies on a connection that stays open. */
const sendOnce = async (port: number, bytes: string): Promise<RawReply> => {
  const socket = await dial(port);
  const end = readToEnd(socket);
  socket.write(bytes);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.end();
  const text = await end;
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  return {
    status: Number(line.slice(9, 12)),
    headers: Object.fromEntries(
      lines.map((each) => [each.slice(0, each.indexOf(':')), each.slice(each.indexOf(':') + 2)]),
    ),
    body: rest.join('\r\n\r\n'),
  } as RawReply;
};

for (const [title, lines] of [
  ['without an origin', []],
  ['of an allowed origin', [`origin: ${origin}`]],
  ['of a foreign origin', ['origin: https://other.example']],
] as const)
  test(`short shed: a request ${title} gets the reply of the long way`, async (t) => {
    const short = await start(t, closedGate(true).gate);
    const long = await start(t, closedGate(false).gate);
    const [one, other] = [
      await sendOnce(short.gateway.port, ask(lines)),
      await sendOnce(long.gateway.port, ask(lines)),
    ];
    assert.equal(codeOf(one), 'overloaded');
    assert.deepEqual(comparable(one), comparable(other));
    assert.equal(one.headers['access-control-allow-origin'], title.includes('allowed') ? origin : undefined);
    assert.equal(short.gateway.joined.length, 1);
    assert.equal(long.gateway.joined.length, 0);
    assert.equal(long.gateway.entries.length, 1);
  });

test('short shed: each is counted, in the metrics and in a line of log that its problem names', async (t) => {
  const { gate, counted } = closedGate(true);
  const { gateway, upstream } = await start(t, gate);
  const socket = await dial(gateway.port);
  const end = readToEnd(socket);
  socket.write(ask().repeat(50));
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  while ((text.match(/"code":"overloaded"/g)?.length ?? 0) < 50)
    await new Promise((resolve) => socket.once('data', resolve));
  socket.end();
  await end;
  assert.equal(counted.parked, 50);
  assert.equal(upstream.requests.length, 0);
  assert.deepEqual(gateway.faults, []);
  assert.equal(gateway.entries.length, 0);
  assert.equal(
    gateway.joined.reduce((sum, { count }) => sum + count, 0),
    50,
  );
  assert.equal(
    gateway.joined.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
    100,
  );
  const ids = new Set(gateway.joined.map(({ id }) => id));
  for (const [, id = ''] of text.matchAll(/"instance":"([^"]+)"/g)) assert.ok(ids.has(id));
  const { routes, shed } = gateway.metrics.snapshot();
  assert.deepEqual(shed, { 'money\noverload.gateway': 50 });
  const [pay] = routes;
  assert.deepEqual(pay?.reasons, { 'overload.gateway': 50 });
  assert.equal(pay?.statuses[5], 50);
  assert.equal(
    pay?.latency.reduce((sum, each) => sum + each, 0),
    50,
  );
  const bytesOut = [...text.matchAll(/content-length: (\d+)/g)].reduce((sum, [, length]) => sum + Number(length), 0);
  assert.equal(pay?.bytesOut, bytesOut);
});

for (const [title, bytes, status] of [
  ['a preflight', ask([`origin: ${origin}`, 'access-control-request-method: POST'], '/pay/7', 'OPTIONS'), 204],
  ['a path that no route has', ask([], '/none'), 404],
  ['a header that must not come twice', ask([`${header.ticket}: a`, `${header.ticket}: b`]), 400],
] as const)
  test(`short shed: ${title} is answered as ever`, async (t) => {
    const { gateway } = await start(t, closedGate(true).gate);
    const reply = await sendOnce(gateway.port, bytes);
    assert.equal(reply.status, status);
    assert.equal(gateway.joined.length, 0);
  });

test('short shed: what is admitted is counted once, and has left when it ends, however it ends', async (t) => {
  const { gate, counted } = closedGate(true, false);
  const { gateway, upstream } = await start(t, gate);
  assert.equal((await sendOnce(gateway.port, ask())).status, 200);
  assert.deepEqual(counted, { admitted: 1, left: 1, parked: 0 });
  // Taken by the short head, refused by the whole one.
  assert.equal((await sendOnce(gateway.port, ask(['content-type: a', 'content-type: b']))).status, 400);
  assert.deepEqual(counted, { admitted: 2, left: 2, parked: 0 });
  assert.equal(upstream.requests.length, 1);
  assert.equal(gateway.joined.length, 0);
});

test('short shed: what may be a stream, and what comes in pieces, is shed the long way', async (t) => {
  const { gateway } = await start(t, closedGate(true).gate);
  const chunked = 'POST /pay/7 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n';
  assert.equal((await sendRaw(gateway.port, chunked)).status, 503);
  assert.equal((await sendOnce(gateway.port, ask([], '/stream'))).status, 503);
  assert.equal(gateway.joined.length, 0);
  assert.equal(gateway.entries.length, 2);
});

const trusts: readonly ConnectionTrust[] = [
  { peer: '192.0.2.1', isProxy: false, clientOf: () => ({ address: '192.0.2.1', secure: true }) },
  {
    peer: '192.0.2.1',
    isProxy: true,
    clientOf: ({ 'x-forwarded-for': named }) =>
      named === 'odd' ? undefined : { address: typeof named === 'string' ? named : '192.0.2.1', secure: false },
  },
];

test('short head: what it reads of a head, the whole head says too', () => {
  const name = fc.constantFrom(
    'host',
    'Host',
    'Origin',
    'X-Forwarded-For',
    header.service,
    'Hauberk-Ticket',
    header.hello,
    'accept',
  );
  const value = fc.constantFrom('a', 'b', 'odd', 'c, d', '');
  const lines = fc.array(fc.tuple(name, value), { maxLength: 6 });
  const path = fc.constantFrom('/', '/a', '/a?b', '/a/?', '/a//b', '/%2e', '/a?b?c', '/.well-known/hauberk/x');
  let compared = 0;
  fc.assert(
    fc.property(
      lines,
      path,
      fc.constantFrom('GET', 'POST', 'OPTIONS'),
      fc.constantFrom(...trusts),
      (given, url, method, trust) => {
        const text = `${[`${method} ${url} HTTP/1.1`, ...given.map(([each, of]) => `${each}: ${of}`)].join('\r\n')}\r\n\r\n`;
        const read = readWhole(Buffer.from(text), { headerBytes: 16_384, headers: 64 });
        if (read.kind !== 'request') return;
        const short = readShortHead(read.request, trust);
        const head = readHead(read.request, epochMs(0), trust);
        if (short === undefined || !head.ok) return;
        compared += 1;
        assert.equal(short.method, head.value.target.method);
        assert.equal(short.path, head.value.target.path);
        assert.equal(short.address, head.value.address);
        for (const each of ['host', 'origin', header.service, header.ticket, header.hello])
          assert.equal(short.headers[each], head.value.headers[each]);
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(compared > 100, `${compared}`);
});
