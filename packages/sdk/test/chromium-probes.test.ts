/** Probes in Chromium: one that a program drives says so, an honest page shows no tampering, and each patch is seen. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { sha256 } from '@hauberk/crypto/sha256';
import { expectedCanary } from '@hauberk/device';
import type { SignalReport } from '@hauberk/device/client';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';
import { bundleForPage, chromiumFlags, chromiumPath, noChromium, startChromium } from './chromium.ts';

describe('probes in a page', { skip: noChromium }, () => {
  let browser: Browser;
  let quiet: Browser;
  let server: Server;
  let origin: string;
  let script: string;

  before(async () => {
    server = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end('<!doctype html><html lang="en"><body><p>Bank</p></body>'),
    );
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    script = await bundleForPage('probes-page.ts');
    browser = await startChromium();
    quiet = await chromium.launch({
      executablePath: chromiumPath,
      args: [...chromiumFlags, '--disable-blink-features=AutomationControlled'],
    });
  });
  after(async () => {
    await Promise.all([browser?.close(), quiet?.close()]);
    server.close();
  });

  const collect = async (patch: string, from = browser): Promise<SignalReport> => {
    const page = await from.newPage();
    await page.goto(origin);
    await page.addScriptTag({ content: script });
    const told = await page.evaluate(
      (name) =>
        (
          globalThis as unknown as { suite: { collect: (patch: string) => Promise<SignalReport | string> } }
        ).suite.collect(name),
      patch,
    );
    await page.close();
    if (typeof told === 'string') return assert.fail(told);
    return told;
  };
  const codes = ({ signals }: SignalReport): readonly string[] => signals.map(({ code }) => code);
  const tampering = (found: readonly string[]): readonly string[] =>
    found.filter(
      (code) =>
        code.startsWith('hook.') ||
        code.endsWith('Patched') ||
        code === 'automation.stealthResidue' ||
        code === 'camera.mediaApiHooked' ||
        code.startsWith('accessibility.'),
    );

  it('a Chromium that a program drives says so, and nobody tampered with it', async () => {
    const report = await collect('none');
    assert.ok(codes(report).includes('automation.webdriver'));
    assert.ok(codes(report).includes('automation.headless'));
    assert.deepEqual(tampering(codes(report)), []);
  });

  it('a page without that mark shows no tampering either, and every probe ran to its end', async () => {
    const report = await collect('none', quiet);
    assert.ok(!codes(report).includes('automation.webdriver'));
    assert.deepEqual(tampering(codes(report)), []);
    const failed = report.skipped.filter(({ why }) => why === 'failed' || why === 'out-of-time');
    assert.deepEqual(failed, []);
    assert.equal(expectedCanary(sha256, report, 'q'.repeat(22)), report.canary);
  });

  it('only flags, buckets and codes leave the page', async () => {
    const text = JSON.stringify(await collect('none'));
    assert.doesNotMatch(text, /Mozilla|SwiftShader|ANGLE|Linux|localhost/);
  });

  for (const [patch, expected] of [
    ['text', 'hook.nativeToString'],
    ['proxiedGetter', 'hook.getterTrap'],
    ['ownProperty', 'hook.descriptor'],
    ['displayMedia', 'screen.displayCapturePatched'],
    ['userMedia', 'hook.mediaPatched'],
    ['scriptedTouch', 'accessibility.untrustedEvent'],
  ] as const)
    it(`a page that was patched is seen: ${patch}`, async () => {
      const found = codes(await collect(patch));
      assert.ok(found.includes(expected), found.join(' '));
    });
});
