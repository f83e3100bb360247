import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { judgeTarget } from '../src/gateway/request-head.ts';
import {
  dial,
  type PlainGateway,
  readToEnd,
  routeOf,
  sendRaw,
  startPlainGateway,
  startUpstream,
  type TestUpstream,
} from './plain-gateway.ts';

let upstream: TestUpstream;
let gateway: PlainGateway;

before(async () => {
  upstream = await startUpstream();
  gateway = await startPlainGateway({
    origin: upstream.origin,
    routes: [routeOf({ id: 'all', pattern: '/{rest*}' })],
    limits: { headersTimeoutMs: 200, requestTimeoutMs: 400, connectionsPerAddress: 100 },
  });
});
after(async () => {
  await gateway.close();
  upstream.server.closeAllConnections();
  upstream.server.close();
});

const seeds = [
  'POST /api/pay?x=1 HTTP/1.1\r\nHost: b\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"amount":1}',
  'POST /api/pay HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n',
  'GET /api/a/../b HTTP/1.1\r\nHost: b\r\nHauberk-Ticket: t\r\nSignature: hb=:AA==:\r\n\r\n',
  'GET /api HTTP/1.1\r\nHost: b\r\nHauberk_Verified.State: verified\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n',
];
const fragments = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  '\0',
  ':',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: \x0bchunked\r\n',
  'Connection: close, hauberk-verified-state\r\n',
  'Hauberk-Verified-State: verified\r\n',
  'Host: other\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: websocket\r\n',
  '%2e%2e/',
  '//',
  '\\',
  'HTTP/1.0',
  'HTTP/9.9',
  '\xff',
  '0\r\n\r\n',
  'ffffffff\r\n',
  'GET /next HTTP/1.1\r\nHost: b\r\n\r\n',
];

const mutation = fc.record({
  at: fc.nat({ max: 400 }),
  drop: fc.nat({ max: 6 }),
  insert: fc.oneof(fc.constantFrom(...fragments), fc.constant(''), fc.string({ unit: 'binary', maxLength: 4 })),
});
const mutant = fc
  .tuple(fc.constantFrom(...seeds), fc.array(mutation, { minLength: 1, maxLength: 4 }))
  .map(([seed, mutations]) =>
    mutations.reduce((text, { at, drop, insert }) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + insert + text.slice(place + drop);
    }, seed),
  );

/** Sends bytes, ends the sending side, and waits until the gateway has answered or given up. */
const throwAt = async (text: string): Promise<string> => {
  const socket = await dial(gateway.port);
  const end = readToEnd(socket);
  socket.end(Buffer.from(text, 'latin1'));
  return end;
};

test('mutants: whatever bytes come, only clean requests reach the upstream, no fault happens and honest requests pass', async () => {
  const run = fc.asyncProperty(fc.array(mutant, { minLength: 8, maxLength: 8 }), async (mutants) => {
    const from = upstream.requests.length;
    const answers = await Promise.all(mutants.map(throwAt));
    for (const answer of answers) assert.match(answer, /^(?:HTTP\/1\.1 \d{3} |$)/);
    for (const { url, raw } of upstream.requests.slice(from)) {
      assert.equal(judgeTarget(url), undefined, url);
      const named = raw.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase().replace(/[_.]/g, '-'));
      assert.deepEqual(
        named.filter((name) => name.startsWith('hauberk-')),
        ['hauberk-verified-state'],
      );
      assert.equal(raw[raw.findIndex((each) => each === 'hauberk-verified-state') + 1], 'unverified');
      for (const single of ['host', 'x-forwarded-for', 'content-length', 'transfer-encoding'])
        assert.ok(named.filter((name) => name === single).length <= 1, single);
      assert.ok(!(named.includes('content-length') && named.includes('transfer-encoding')));
    }
    assert.deepEqual(gateway.faults, []);
  });
  await fc.assert(run, { numRuns: 60 });
  // Neither everything nor nothing passes: otherwise the properties above would say little.
  const refused = Object.values(gateway.metrics.snapshot().refusals).reduce((sum, count) => sum + count, 0);
  assert.ok(upstream.requests.length > 20 && refused > 100, `${upstream.requests.length} passed, ${refused} refused`);
  const honest = await sendRaw(gateway.port, 'GET /api HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n');
  assert.equal(honest.status, 200);
});
