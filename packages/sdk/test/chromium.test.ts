/** The SDK suite in Chromium, on WebCrypto and IndexedDB. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { toBase64Url } from '@hauberk/primitives';
import type { Browser, Page } from 'playwright-core';
import { sdkSuite } from './browser/sdk-suite.ts';
import { bundleForPage, noChromium, startChromium } from './chromium.ts';
import { deadOrigin } from './dead-origin.ts';
import { FakeGateway } from './fake-gateway.ts';

const gateway = new FakeGateway();
let browser: Browser;
let page: Page;
let told: { readonly origins: readonly [string, string, string]; readonly configKey: string };

describe('with a browser', { skip: noChromium }, () => {
  before(async () => {
    const origins = [await gateway.listen(), await gateway.listen(), await deadOrigin()] as const;
    told = { origins, configKey: toBase64Url(gateway.keys.configKey.publicKey) };
    browser = await startChromium();
    page = await browser.newPage();
    await page.goto(origins[0]);
    await page.addScriptTag({ content: await bundleForPage('run-in-page.ts') });
  });
  after(async () => {
    await browser.close();
    await gateway.close();
  });

  describe('SDK in Chromium', () => {
    for (const { name } of sdkSuite)
      it(name, async () => {
        const failure = await page.evaluate(
          ([platform, caseName]) =>
            (
              globalThis as unknown as { suite: { runInPage: (...input: unknown[]) => Promise<string | undefined> } }
            ).suite.runInPage(platform, caseName),
          [told, name] as const,
        );
        assert.equal(failure, undefined);
      });
  });
});
