/** A service that a proxy enforces (nginx `auth_request`, Envoy `ext_authz`): the SDK takes unbound replies there, says so, and nowhere else. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createHauberk, HauberkError, type HauberkOptions, memoryStorage } from '@hauberk/sdk/node';
import { createLog, openStorage, parseConfig, type RunningGateway, startGateway } from '@hauberk/server';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-sdk-unbound-'));
const socketPath = join(folder, 'authz.sock');

interface Hop {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const hop = (target: object, body: Buffer): Promise<Hop> =>
  new Promise((resolve, reject) => {
    const outgoing = request(target, (incoming) => {
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(pieces) }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });

/** Asks as Envoy's HTTP authorization does, and answers for the service itself when it may pass. */
const openProxy = (gatewayOf: () => string): Server =>
  createServer((incoming, response) => {
    const answer = async (): Promise<void> => {
      const pieces: Buffer[] = [];
      for await (const piece of incoming) pieces.push(piece as Buffer);
      const body = Buffer.concat(pieces);
      const { method, url = '', headers } = incoming;
      if (url.startsWith('/.well-known/hauberk/')) {
        const { hostname, port } = new URL(gatewayOf());
        const passed = await hop({ hostname, port, path: url, method, headers }, body);
        response.writeHead(passed.status, passed.headers).end(passed.body);
        return;
      }
      const asked = { ...headers, 'x-forwarded-for': '192.0.2.9', 'hauberk-authz-body': 'passed' };
      const whole = body.length > 0 ? { 'x-envoy-auth-partial-body': 'false' } : {};
      const verdict = await hop({ socketPath, path: `/envoy${url}`, method, headers: { ...asked, ...whole } }, body);
      if (verdict.status === 200)
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"from":"service"}');
      else
        response
          .writeHead(verdict.status, { 'content-type': verdict.headers['content-type'] ?? 'text/plain' })
          .end(verdict.body);
    };
    answer().catch((error: unknown) => response.destroy(error as Error));
  });

let gateway: RunningGateway;
const proxy = openProxy(() => gateway.url);
const urlOfProxy = (): string => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

const optionsOf = (service: string, endpoint: string): HauberkOptions => {
  const { organisation, configKeys } = gateway.trust();
  const trust = { configKeys, minConfigVersion: 1, buildTimeMs: 0 };
  return { organisation, app: 'app', service, endpoints: [endpoint], trust, timeoutMs: 5000 };
};

before(async () => {
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const routes = [{ path: '/api/{rest*}' }];
  const loaded = parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: 'app' }],
      state: 'state',
      workers: 1,
      listen: { port: 0 },
      authz: { socket: socketPath },
      services: [
        { id: 'proxied', hosts: ['a.example'], upstream: 'core', enforcement: 'proxy', routes },
        { id: 'full', hosts: ['b.example'], upstream: 'core', routes },
      ],
      upstreams: { core: { origin: urlOfProxy(), factsKey: 'f'.repeat(40) } },
      sessions: { tiers: [{ name: 'software', sessions: 256 }], devices: 64, strikes: 4096 },
      log: { access: 'none' },
    },
    join(folder, 'made.yaml'),
  );
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.issues));
  const { config } = loaded;
  const log = createLog('error', () => undefined);
  gateway = await startGateway({ config, storage: await openStorage({ folder: config.state }), version: '0.0.0', log });
});
after(async () => {
  await gateway.stop();
  proxy.closeAllConnections();
  proxy.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('replies that no gateway binds', () => {
  it('are taken where the signed config says so, and the status says so too; a resumed session as well', async () => {
    const storage = memoryStorage();
    for (const turn of ['enrolled', 'resumed']) {
      const hauberk = createHauberk(optionsOf('proxied', urlOfProxy()), { storage });
      const reply = await hauberk.fetch('/api/things', { method: 'POST', body: turn });
      assert.deepEqual(await reply.json(), { from: 'service' });
      assert.equal(hauberk.status().unboundReplies, true);
      assert.equal((await hauberk.fetch('/api/things')).status, 200);
    }
  });

  it('are refused where the signed config says bound, whoever sends them', async () => {
    const hauberk = createHauberk(optionsOf('full', urlOfProxy()), { storage: memoryStorage() });
    const error = await hauberk.fetch('/api/things', { method: 'POST', body: 'x' }).catch((caught: unknown) => caught);
    assert.ok(error instanceof HauberkError);
    assert.equal(error.code, 'unbound');
    assert.equal(hauberk.status().unboundReplies, false);
  });

  it('are never believed when they claim to be a refusal of the gateway', async () => {
    const hauberk = createHauberk(optionsOf('proxied', urlOfProxy()), { storage: memoryStorage() });
    assert.equal((await hauberk.fetch('/api/things')).status, 200);
    const word = { actor: 'test', reason: 'test' };
    assert.ok((await gateway.deviceAdministration.revoke(hauberk.status().deviceId ?? '', word)).ok);
    const error = await hauberk.fetch('/api/things', { method: 'POST', body: 'x' }).catch((caught: unknown) => caught);
    assert.ok(error instanceof HauberkError);
  });
});
