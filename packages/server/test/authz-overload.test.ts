/** Questions of a proxy under overload: what would be shed is not verified, and whoever is only watched passes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { nodeCrypto } from '@hauberk/crypto/node';
import { epochMs } from '@hauberk/primitives';
import { createAuthzHandler } from '../src/authz/authz-handler.ts';
import type { AccessEntry } from '../src/gateway/access-log.ts';
import { createMetrics } from '../src/gateway/metrics.ts';
import type { Protection } from '../src/gateway/protect.ts';
import { createRateLimiter, rateTableBytes } from '../src/gateway/rate-limit.ts';
import { createRouteTable } from '../src/gateway/route-table.ts';
import { startPlainTrace } from '../src/observability/trace-context.ts';
import type { OverloadGate } from '../src/overload/gate.ts';
import { routeOf } from './plain-gateway.ts';

const start = async (t: TestContext, reason: 'overload.gateway' | undefined) => {
  const entries: AccessEntry[] = [];
  const metrics = createMetrics();
  const counted = { asked: 0, left: 0, parked: 0 };
  const gate: OverloadGate = {
    refusal: () => {
      counted.asked += 1;
      return reason;
    },
    refusalOf: () => assert.fail('a question has a route'),
    isPressed: () => true,
    left: () => (counted.left += 1),
    park: (end) => {
      counted.parked += 1;
      end();
    },
    ages: () => ({ gatewayMs: 0, upstreamMs: 0, isShedding: true }),
    close: () => undefined,
  };
  const enforcement = 'proxy';
  const routes = [
    routeOf({ id: 'pay', pattern: '/pay', protection: 'required', priority: 'money', enforcement }),
    routeOf({ id: 'watched', pattern: '/watched', protection: 'observe', enforcement }),
    routeOf({ id: 'open', pattern: '/open', enforcement }),
  ];
  const table = createRouteTable([{ id: 'api', hosts: [], routes }]);
  const limiter = createRateLimiter(new SharedArrayBuffer(rateTableBytes(64)), new Uint8Array(8), epochMs(Date.now()));
  const now = () => epochMs(Date.now());
  const faults: unknown[] = [];
  const protection = {
    channel: { crypto: nodeCrypto },
    factsKey: () => nodeCrypto.importMac(new Uint8Array(32)),
    now,
  } as unknown as Protection;
  const server = createServer(
    createAuthzHandler({
      plane: () => ({ table, cors: new Map() }),
      protection: () => protection,
      limiter,
      gate,
      metrics,
      accessLog: {
        write: (entry) => void entries.push(entry),
        join: () => assert.fail('a question has a line of its own'),
        flush: () => Promise.resolve(),
        reopen: () => undefined,
        lost: () => 0,
        close: () => Promise.resolve(),
      },
      now,
      startTrace: startPlainTrace,
      onFinished: () => undefined,
      onFault: (error) => void faults.push(error),
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const ask = (path: string): Promise<{ readonly status: number; readonly headers: NodeJS.Dict<string | string[]> }> =>
    new Promise((resolve, reject) => {
      const headers = {
        'hauberk-authz-method': 'POST',
        'hauberk-authz-uri': path,
        'hauberk-authz-address': '192.0.2.7',
        host: 'api.example',
        connection: 'close',
      };
      request({ port, path: '/nginx', headers }, (incoming) => {
        incoming.resume();
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers }));
      })
        .on('error', reject)
        .end();
    });
  return { ask, counted, entries, metrics, faults };
};

test('a question for a protected route is refused with the code of an overload, and counted', async (t) => {
  const { ask, counted, entries, metrics, faults } = await start(t, 'overload.gateway');
  const { status, headers } = await ask('/pay');
  // nginx knows 401 and 403 only, and Envoy may be told to let pass on 5xx.
  assert.deepEqual([status, headers['hauberk-problem']], [403, 'overloaded']);
  assert.equal(headers['hauberk-verified-state'], undefined);
  assert.deepEqual(counted, { asked: 1, left: 0, parked: 1 });
  assert.equal(entries[0]?.reason, 'overload.gateway');
  assert.deepEqual(metrics.snapshot().shed, { 'money\noverload.gateway': 1 });
  assert.deepEqual(faults, []);
});

test('a watched route is told as unverified instead, and an open one asks nobody', async (t) => {
  const { ask, counted, metrics, faults } = await start(t, 'overload.gateway');
  const watched = await ask('/watched');
  assert.deepEqual([watched.status, watched.headers['hauberk-verified-state']], [200, 'unverified']);
  assert.deepEqual(counted, { asked: 1, left: 0, parked: 0 });
  assert.deepEqual(metrics.snapshot().shed, { 'normal\noverload.gateway': 1 });
  assert.equal((await ask('/open')).status, 200);
  assert.equal(counted.asked, 1);
  assert.deepEqual(faults, []);
});

test('a question that is admitted counts as under way until it is answered', async (t) => {
  const { ask, counted, faults } = await start(t, undefined);
  assert.equal((await ask('/pay')).status, 401);
  assert.deepEqual(counted, { asked: 1, left: 1, parked: 0 });
  assert.deepEqual(faults, []);
});
