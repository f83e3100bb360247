/** The SDK and the gateway as they are shipped, against each other over real sockets: in Node and in a page that the gateway serves. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  type ClientStorage,
  createHauberk,
  fileStorage,
  HauberkError,
  type HauberkOptions,
  memoryStorage,
} from '@hauberk/sdk/node';
import { createLog, openStorage, parseConfig, type RunningGateway, startGateway } from '@hauberk/server';
import type { Browser } from 'playwright-core';
import { readOuterProblem } from '../src/core/outer-problem.ts';
import { bundleForPage, startChromium } from './chromium.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-sdk-real-'));

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly device: string | undefined;
}

const seen: Seen[] = [];

const answer = (incoming: IncomingMessage, response: ServerResponse, body: string): void => {
  const device = incoming.headers['hauberk-verified-device'];
  const { method = '', url = '' } = incoming;
  seen.push({ method, url, body, device: typeof device === 'string' ? device : undefined });
  if (url === '/page')
    return void response.setHeader('content-type', 'text/html').end('<!doctype html><title>app</title>');
  if (url === '/api/events') {
    response.setHeader('content-type', 'text/event-stream');
    response.write('data: one\n\n');
    return void setTimeout(() => response.end('data: two\n\n'), 20);
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ echo: body, count: seen.length }));
};

const upstream: Server = createServer((incoming, response) => {
  const pieces: Buffer[] = [];
  incoming.on('data', (piece: Buffer) => pieces.push(piece));
  incoming.on('end', () => answer(incoming, response, Buffer.concat(pieces).toString()));
});

const routes: readonly object[] = [
  { path: '/api/signed/{rest*}', coveredHeaders: ['x-covered'] },
  { path: '/api/echo', mode: 'sealed' },
  { methods: ['POST'], path: '/api/keyed', mode: 'sealed', idempotency: { demand: 'required' } },
  { methods: ['POST'], path: '/api/transfer', mode: 'sealed', idempotency: { demand: 'required' }, stepUp: true },
  { path: '/api/events', mode: 'sealed', stream: true },
  { methods: ['POST'], path: '/api/upload', mode: 'sealed', stream: true },
  { path: '/page', protection: 'none' },
];

const start = async (port: number): Promise<RunningGateway> => {
  const loaded = parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: 'bank-h5' }],
      state: 'state',
      workers: 2,
      listen: { port },
      services: [{ id: 'bank', upstream: 'core', routes }],
      upstreams: {
        core: {
          origin: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
          factsKey: 'f'.repeat(40),
        },
      },
      sessions: { tiers: [{ name: 'software', sessions: 256 }], devices: 64, strikes: 4096 },
      log: { access: 'none' },
    },
    join(folder, 'made.yaml'),
  );
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.issues));
  const { config } = loaded;
  const log = createLog('error', () => undefined);
  return startGateway({ config, storage: await openStorage({ folder: config.state }), version: '0.0.0', log });
};

let gateway: RunningGateway;
let options: HauberkOptions;

before(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  gateway = await start(0);
  const { organisation, configKeys } = gateway.trust();
  options = {
    organisation,
    app: 'bank-h5',
    service: 'bank',
    endpoints: [gateway.url],
    trust: { configKeys, minConfigVersion: 1, buildTimeMs: 0 },
    timeoutMs: 10_000,
  };
});
after(async () => {
  upstream.closeAllConnections();
  upstream.close();
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

const storage = () => fileStorage(join(folder, 'device.json'));
const echoOf = async (response: Response): Promise<unknown> => ((await response.json()) as { echo: unknown }).echo;

describe('SDK and gateway', () => {
  it('signed and sealed requests are served, and the service learns the device', async () => {
    const hauberk = createHauberk(options, { storage: storage() });
    const signed = await hauberk.fetch('/api/signed/items?a=1', { headers: { 'x-covered': 'yes' } });
    assert.equal(signed.status, 200);
    const sealed = await hauberk.fetch('/api/echo', { method: 'POST', body: 'plain' });
    assert.equal(await echoOf(sealed), 'plain');
    assert.equal(seen.at(-1)?.device, hauberk.status().deviceId);
  });

  it('the same device resumes, with its first safe request on the hello', async () => {
    const hauberk = createHauberk(options, { storage: storage() });
    assert.equal((await hauberk.fetch('/api/echo')).status, 200);
    assert.equal(hauberk.status().session, 'open');
  });

  it('keys are made where the route demands them', async () => {
    const hauberk = createHauberk(options, { storage: storage() });
    assert.equal(await echoOf(await hauberk.fetch('/api/keyed', { method: 'POST', body: 'once' })), 'once');
  });

  it('a transfer goes through once the user has confirmed it', async () => {
    const shown: string[] = [];
    const confirm: NonNullable<HauberkOptions['confirm']> = async ({ body }) => {
      shown.push(new TextDecoder().decode(body));
      return true;
    };
    const hauberk = createHauberk({ ...options, confirm }, { storage: storage() });
    for (const body of ['first', 'second'])
      assert.equal(await echoOf(await hauberk.fetch('/api/transfer', { method: 'POST', body })), body);
    assert.deepEqual(shown, ['first', 'second']);
  });

  it('streams go up and come down sealed', async () => {
    const hauberk = createHauberk(options, { storage: storage() });
    const text = 'x'.repeat(200_000);
    const up = await hauberk.fetch('/api/upload', { method: 'POST', body: new Blob([text]).stream() });
    assert.equal(await echoOf(up), text);
    assert.equal(await (await hauberk.fetch('/api/events')).text(), 'data: one\n\ndata: two\n\n');
  });

  it('reports are taken', async () => {
    const hauberk = createHauberk(options, { storage: storage() });
    hauberk.report('sdk.start', { runtime: 'node' });
    await hauberk.flushReports();
    assert.equal(hauberk.status().waitingReports, 0);
  });

  it('what no route offers is an authentic refusal', async () => {
    const hauberk = createHauberk(options, { storage: storage() });
    const outcome = await hauberk.fetch('/api/nowhere').then(
      ({ status }) => status,
      (error: unknown) => (error instanceof HauberkError ? error.detail : error),
    );
    assert.ok(outcome === 404 || outcome === 'not-found', String(outcome));
  });

  it('a refusal of the gateway names its trace, and nothing else passes for one', async () => {
    const hauberk = createHauberk({ ...options, app: 'no-such-app' }, { storage: storage() });
    const error = await hauberk.fetch('/api/echo').catch((caught: unknown) => caught);
    assert.ok(error instanceof HauberkError);
    assert.match(error.traceId ?? '', /^[0-9a-f]{32}$/);
    const problemOf = (traceId: unknown) =>
      readOuterProblem(
        'application/problem+json',
        new TextEncoder().encode(JSON.stringify({ type: 'urn:hauberk:problem:refused', code: 'refused', traceId })),
      )?.traceId;
    assert.equal(problemOf('a'.repeat(32)), 'a'.repeat(32));
    for (const odd of [7, 'A'.repeat(32), '<b>', 'a'.repeat(33), undefined]) assert.equal(problemOf(odd), undefined);
  });

  for (const early of [true, false])
    it(`a resume ticket that the gateway calls malformed is dropped at once, ${early ? 'with' : 'without'} early data`, async () => {
      const kept = memoryStorage();
      const first = createHauberk(options, { storage: kept });
      assert.equal((await first.fetch('/api/echo')).status, 200);
      await kept.update('resume', (resume) => {
        assert.ok(resume !== undefined);
        return { ...resume, ticket: 'AAAA' };
      });
      const removed: string[] = [];
      const watched: ClientStorage = {
        ...kept,
        remove: async (name) => {
          removed.push(name);
          await kept.remove(name);
        },
      };
      const again = createHauberk({ ...options, early }, { storage: watched });
      assert.equal((await again.fetch('/api/echo')).status, 200);
      assert.equal(again.status().deviceId, first.status().deviceId);
      assert.deepEqual(removed, ['resume']);
      assert.notEqual((await kept.read('resume'))?.ticket, 'AAAA');
    });

  it('a restarted gateway costs a keyed call nothing', async () => {
    const hauberk = createHauberk(options, { storage: storage() });
    await hauberk.fetch('/api/echo');
    await gateway.stop();
    gateway = await start(Number(new URL(gateway.url).port));
    assert.equal(await echoOf(await hauberk.fetch('/api/keyed', { method: 'POST', body: 'after' })), 'after');
  });
});

describe('SDK and gateway in a page', () => {
  let browser: Browser;
  before(async () => {
    browser = await startChromium();
  });
  after(() => browser.close());

  it('the app served through the gateway talks to it sealed', async () => {
    const page = await browser.newPage();
    await page.goto(`${gateway.url}/page`);
    await page.addScriptTag({ content: await bundleForPage('pages.ts') });
    const call = <Answer>(name: string, ...input: readonly unknown[]): Promise<Answer> =>
      page.evaluate(
        ([exported, given]) =>
          (globalThis as unknown as { suite: Record<string, (...values: readonly unknown[]) => unknown> }).suite[
            exported
          ]?.(...given),
        [name, input] as const,
      ) as Promise<Answer>;
    assert.equal(await call('send', options, 'from a page'), 200);
    assert.equal(seen.at(-1)?.body, 'from a page');
    assert.deepEqual(await call('readEvents', options), ['data: one\n\n', 'data: two\n\n']);
  });
});
