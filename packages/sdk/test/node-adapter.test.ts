/** Node's own parts: the storage file and the phase of a failure. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { nodeAsyncCrypto } from '@hauberk/crypto/node';
import { toBase64Url } from '@hauberk/primitives';
import { createHauberk, fileStorage, HauberkError, type HauberkOptions, HauberkOptionsError } from '@hauberk/sdk/node';
import { nodePhaseOf } from '../src/node-phase.ts';
import { deadOrigin } from './dead-origin.ts';
import { FakeGateway } from './fake-gateway.ts';

const gateway = new FakeGateway();
let folder: string;
let options: HauberkOptions;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hauberk-sdk-'));
  options = {
    organisation: 'test-bank',
    app: 'test-app',
    service: 'test-api',
    endpoints: [await gateway.listen()],
    trust: {
      configKeys: [{ kid: 'config-1', publicKey: toBase64Url(gateway.keys.configKey.publicKey) }],
      minConfigVersion: 1,
      buildTimeMs: 0,
    },
  };
});
after(async () => {
  await rm(folder, { recursive: true });
  await gateway.close();
});

describe('file storage', () => {
  it('a key comes back as the same key, and nobody else may read the file', async () => {
    const path = join(folder, 'device.json');
    const keyPair = await nodeAsyncCrypto.generateKeyPair('p256', 'sign');
    await fileStorage(path).update('identity', () => ({ keyPair, deviceId: 'device' }));
    const held = await fileStorage(path).read('identity');
    assert.deepEqual([held?.deviceId, held?.keyPair.publicKey], ['device', keyPair.publicKey]);
    const message = new Uint8Array([1, 2, 3]);
    const signature = await nodeAsyncCrypto.sign(held?.keyPair.privateKey ?? keyPair.privateKey, message);
    assert.ok(await nodeAsyncCrypto.verify(keyPair.publicKey, message, signature));
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('changes made at the same time all count', async () => {
    const storage = fileStorage(join(folder, 'counter.json'));
    await Promise.all(
      Array.from({ length: 20 }, (_, at) => storage.update('recoveries', (held = []) => [...held, at])),
    );
    assert.equal((await storage.read('recoveries'))?.length, 20);
    await storage.remove('recoveries');
    assert.equal(await storage.read('recoveries'), undefined);
  });

  it('a second process run is the same device and resumes', async () => {
    const path = join(folder, 'resume.json');
    const first = await createHauberk(options, { storage: fileStorage(path) }).connect();
    const second = await createHauberk(options, { storage: fileStorage(path) }).connect();
    assert.equal(first.deviceId, second.deviceId);
    assert.equal(gateway.counts['resumed'], 1);
    assert.equal(first.storage, 'persistent');
  });

  it('no session key and no ticket that opens one is ever written', async () => {
    const path = join(folder, 'kept.json');
    const hauberk = createHauberk(options, { storage: fileStorage(path) });
    await hauberk.fetch('/api/echo');
    const names = Object.keys(JSON.parse(await readFile(path, 'utf8')) as object);
    assert.deepEqual(names.toSorted(), ['identity', 'resume', 'trust']);
  });
});

describe('phases', () => {
  const failed = async (url: string): Promise<string> => {
    try {
      await fetch(url);
    } catch (error) {
      return nodePhaseOf(error);
    }
    throw new Error(`${url} answered`);
  };

  it('a name that nobody has fails in dns', async () => assert.equal(await failed('http://hauberk.invalid/'), 'dns'));
  it('a closed port fails in tcp', async () => assert.equal(await failed(await deadOrigin()), 'tcp'));
  it('a server without TLS fails in tls or cannot be told', async () => {
    const [origin = ''] = options.endpoints;
    assert.ok(['tls', 'send'].includes(await failed(origin.replace('http:', 'https:'))));
  });
  it('an unknown failure says that anything may have happened', () =>
    assert.equal(nodePhaseOf(new Error('x')), 'send'));
});

describe('time limits and options', () => {
  it('a gateway that never answers is a timeout whose execution is unknown', async () => {
    await createHauberk(options).connect();
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const told: string[] = [];
    const hauberk = createHauberk(
      { ...options, endpoints: [origin], timeoutMs: 50, onProblem: ({ code }) => told.push(code) },
      {},
    );
    await assert.rejects(
      hauberk.fetch('/api/echo'),
      (error) => error instanceof HauberkError && error.phase === 'wait',
    );
    assert.deepEqual(told, ['transport']);
    silent.closeAllConnections();
    silent.close();
  });

  it('onSession tells of every session that opens and ends', async () => {
    const told: string[] = [];
    const hauberk = createHauberk({ ...options, onSession: ({ session }) => told.push(session) });
    await hauberk.connect();
    await new Promise(setImmediate);
    await hauberk.logout();
    await new Promise(setImmediate);
    assert.deepEqual(told, ['open', 'none']);
  });

  for (const [name, changed] of [
    ['no endpoint', { endpoints: [] }],
    ['an endpoint with a path', { endpoints: ['https://api.example/v1'] }],
    ['an endpoint of another scheme', { endpoints: ['ws://api.example'] }],
    ['no pinned key', { trust: { configKeys: [], minConfigVersion: 1, buildTimeMs: 0 } }],
    [
      'a pinned key that is none',
      { trust: { configKeys: [{ kid: 'k', publicKey: 'AAAA' }], minConfigVersion: 1, buildTimeMs: 0 } },
    ],
  ] as const)
    it(`options with ${name} are refused at once`, () => {
      assert.throws(() => createHauberk({ ...options, ...changed }), HauberkOptionsError);
    });
});
