/** What only whole pages show: several tabs, reloads, workers, hosts that keep nothing. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { toBase64Url } from '@hauberk/primitives';
import type { HauberkOptions, HauberkStatus } from '@hauberk/sdk/node';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { bundleForPage, noChromium, startChromium } from './chromium.ts';
import { FakeGateway } from './fake-gateway.ts';

const database = 'hauberk/test-bank/test-app/test-api';
const gateway = new FakeGateway();
let browser: Browser;
let context: BrowserContext;
let script: string;
let options: HauberkOptions;

describe('with a browser', { skip: noChromium }, () => {
  before(async () => {
    const origin = await gateway.listen();
    script = await bundleForPage('pages.ts');
    options = {
      organisation: 'test-bank',
      app: 'test-app',
      service: 'test-api',
      endpoints: [origin],
      trust: {
        configKeys: [{ kid: 'config-1', publicKey: toBase64Url(gateway.keys.configKey.publicKey) }],
        minConfigVersion: 1,
        buildTimeMs: Date.now() - 1000,
      },
    };
    browser = await startChromium();
  });
  beforeEach(async () => {
    gateway.reset();
    await context?.close();
    context = await browser.newContext();
  });
  after(async () => {
    await browser.close();
    await gateway.close();
  });

  const openPage = async (): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(options.endpoints[0] ?? '');
    await page.addScriptTag({ content: script });
    return page;
  };

  /** Calls an export of `browser/pages.ts` inside a page. */
  const call = <Answer>(page: Page, name: string, ...input: readonly unknown[]): Promise<Answer> =>
    page.evaluate(
      ([exported, given]) =>
        (globalThis as unknown as { suite: Record<string, (...values: readonly unknown[]) => unknown> }).suite[
          exported
        ]?.(...given),
      [name, input] as const,
    ) as Promise<Answer>;

  const connect = (page: Page): Promise<HauberkStatus> => call(page, 'connect', options);

  describe('SDK on whole pages', () => {
    it('two tabs that start at the same time enrol one device and open two sessions', async () => {
      const pages = [await openPage(), await openPage()];
      const [first, second] = await Promise.all(pages.map(connect));
      assert.ok(first?.deviceId);
      assert.equal(first.deviceId, second?.deviceId);
      assert.equal(gateway.counts['hello'], 2);
    });

    it('a reloaded page resumes on the stored ticket and the same key', async () => {
      const page = await openPage();
      const { deviceId } = await connect(page);
      await page.reload();
      await page.addScriptTag({ content: script });
      assert.equal((await connect(page)).deviceId, deviceId);
      assert.equal(gateway.counts['resumed'], 1);
      assert.equal(gateway.counts['enrol'], 1);
    });

    it('the stored key cannot be exported', async () => {
      const page = await openPage();
      assert.equal((await connect(page)).storage, 'persistent');
      assert.deepEqual(await call(page, 'inspectKey', database), { extractable: false, told: 'InvalidAccessError' });
    });

    it('storage deleted under an open client means a new device, not a broken page', async () => {
      const [before, after] = await call<string[]>(await openPage(), 'evictUnderClient', options, database);
      assert.ok(before !== undefined && after !== undefined && before !== after);
    });

    it('a worker has a session of its own on the same device', async () => {
      const page = await openPage();
      const { deviceId } = await connect(page);
      const inWorker = await call<HauberkStatus>(page, 'connectInWorker', script, options);
      assert.equal(inWorker.deviceId, deviceId);
      assert.equal(gateway.counts['hello'], 2);
    });

    for (const [name, breakIt] of [
      [
        'refuses to open a database',
        'IDBFactory.prototype.open = () => { throw new DOMException("no", "SecurityError"); };',
      ],
      ['has no IndexedDB', 'Object.defineProperty(globalThis, "indexedDB", { value: undefined });'],
      ['fails every transaction', 'IDBDatabase.prototype.transaction = () => { throw new Error("no"); };'],
    ] as const)
      it(`a host that ${name} gets a device for the page's life`, async () => {
        await context.addInitScript(breakIt);
        const page = await openPage();
        const status = await connect(page);
        assert.deepEqual([status.session, status.storage], ['open', 'memory']);
      });

    it('events reach the page one by one', async () => {
      assert.deepEqual(await call(await openPage(), 'readEvents', options), ['data: one\n\n', 'data: two\n\n']);
    });

    it('what a page sends holds no plain body', async () => {
      const page = await openPage();
      const sent: string[] = [];
      page.on('request', (request) => sent.push(request.postDataBuffer()?.toString('latin1') ?? ''));
      await page.evaluate(
        ([given]) =>
          (globalThis as unknown as { suite: { send: (value: unknown, body: string) => Promise<number> } }).suite.send(
            given,
            'top secret',
          ),
        [options] as const,
      );
      assert.ok(sent.length > 3);
      assert.ok(sent.every((body) => !body.includes('secret')));
    });
  });
});
