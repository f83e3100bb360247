/**
 * The privacy loop as it is shipped, in a real browser: two SDKs in one bundle call the same function; an officer stops the chain of one of them; the other one, and the
 * app, go on; the stop holds over a restart without the gateway; and the proof of its effect comes back.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AdminApi, createAdminClient } from '@hauberk/admin-client';
import {
  createLog,
  issueStartupSecret,
  openStorage,
  parseConfig,
  type RunningGateway,
  startGateway,
} from '@hauberk/server';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { bundleForPage, noChromium, startChromium } from './chromium.ts';

interface Suite {
  readonly connect: (options: object) => void;
  readonly nearestBranch: () => Promise<string>;
  readonly followVisitor: () => Promise<string>;
  readonly sendReports: () => Promise<void>;
  readonly pageStatus: () => { readonly isConnected: boolean; readonly kinds: readonly string[] };
}
declare const suite: Suite;

const folder = mkdtempSync(join(tmpdir(), 'hauberk-privacy-loop-'));
const app = 'bank-h5';
let script = '';
/** Serves the page, as a content network would: it lives on when the gateway does not. */
const pages: Server = createServer(({ url }, response) => {
  const isScript = url === '/app.js';
  response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
  response.end(isScript ? script : '<!doctype html><title>bank</title><script src="/app.js"></script>');
});
let origin = '';
let gateway: RunningGateway;
let api: AdminApi;
let browser: Browser;
let browserContext: BrowserContext;

const startOwnGateway = async (): Promise<RunningGateway> => {
  const loaded = parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: app }],
      state: 'state',
      workers: 1,
      listen: { port: 0 },
      services: [{ id: 'bank', upstream: 'core', cors: { origins: [origin] }, routes: [{ path: '/api/{rest*}' }] }],
      upstreams: { core: { origin, factsKey: 'f'.repeat(40) } },
      sessions: { tiers: [{ name: 'software', sessions: 256 }], devices: 64, strikes: 4096 },
      privacy: { consent: 'unrecorded' },
      overload: { queueTargetMs: 0 },
      log: { access: 'none' },
    },
    join(folder, 'made.yaml'),
  );
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.issues));
  const log = createLog('error', () => undefined);
  const storage = await openStorage({ folder: loaded.config.state });
  return startGateway({ config: loaded.config, storage, version: '0.0.0', log });
};

const administrator = async (): Promise<AdminApi> => {
  const issued = await issueStartupSecret(gateway.administration, true);
  assert.ok(issued.ok);
  const { value } = await createAdminClient({ url: gateway.adminUrl }).login({ body: { secret: issued.value.text } });
  return createAdminClient({ url: gateway.adminUrl, token: value.secret });
};

const openPage = async (): Promise<Page> => {
  const page = await browserContext.newPage();
  await page.goto(`${origin}/`);
  const { organisation, configKeys } = gateway.trust();
  await page.evaluate((options) => suite.connect(options), {
    organisation,
    app,
    service: 'bank',
    endpoints: [gateway.url],
    trust: { configKeys, minConfigVersion: 1, buildTimeMs: 0 },
    timeoutMs: 10_000,
  });
  return page;
};

/** Asks until the answer is there. The time is a limit of the test and no claim. */
const until = async <Value>(ask: () => Promise<Value | undefined>, what: string): Promise<Value> => {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(20)) {
    const found = await ask();
    if (found !== undefined) return found;
  }
  throw new Error(`never: ${what}`);
};

/** What the two SDKs get. Two turns: the simulated position of the browser answers one question of a turn. */
const locate = async (page: Page) => ({
  maps: await page.evaluate(() => suite.nearestBranch()),
  ads: await page.evaluate(() => suite.followVisitor()),
});

describe('the privacy loop in a browser', { skip: noChromium }, () => {
  before(async () => {
    script = await bundleForPage('privacy-loop-page.ts');
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    gateway = await startOwnGateway();
    api = await administrator();
    browser = await startChromium();
    browserContext = await browser.newContext({
      permissions: ['geolocation'],
      geolocation: { latitude: 31, longitude: 121 },
    });
  });
  after(async () => {
    await browser?.close();
    await gateway?.stop();
    pages.closeAllConnections();
    pages.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('one chain is stopped on the page within a moment, and from the cache after a restart without a gateway', async (context) => {
    const page = await openPage();
    assert.deepEqual(await locate(page), { maps: 'found 31', ads: 'found 31' });
    const chain = await until(async () => {
      await page.evaluate(() => suite.sendReports());
      const { value } = await api.listPrivacyChains({ app });
      const details = await Promise.all(
        value.items.map(({ chain: each }) => api.findPrivacyChain({ app, chain: each })),
      );
      return details.find(({ value: { frames } }) => frames.some((frame) => frame.includes('followVisitor')))?.value
        .chain;
    }, 'the chain of the advertising SDK is known');

    await until(
      async () => ((await page.evaluate(() => suite.pageStatus())).isConnected ? true : undefined),
      'a stream is open',
    );
    const ordered = Date.now();
    await api.stopPrivacyChain({ app, body: { chain, action: 'deny', reason: 'reads where people are' } });
    const stopped = await until(async () => {
      const found = await locate(page);
      return found.ads === 'found 31' ? undefined : found;
    }, 'the chain is stopped');
    context.diagnostic(`stopped after ${Date.now() - ordered} ms`);
    assert.deepEqual(stopped, { maps: 'found 31', ads: 'refused 1' });
    await page.close();

    await browserContext.route(`${gateway.url}/**`, (route) => route.abort());
    const offline = await openPage();
    await until(
      async () => ((await offline.evaluate(() => suite.pageStatus())).kinds.length > 0 ? true : undefined),
      'the cache was read',
    );
    assert.deepEqual(await locate(offline), { maps: 'found 31', ads: 'refused 1' });
    await browserContext.unroute(`${gateway.url}/**`);

    const effect = await until(async () => {
      await offline.evaluate(() => suite.sendReports()).catch(() => undefined);
      const { value } = await api.findPrivacyChain({ app, chain });
      return value.effects.length > 0 ? value.effects : undefined;
    }, 'the proof of effect is recorded');
    assert.ok(effect.every(({ stopped: count }) => count >= 1));
    await offline.close();
  });
});
