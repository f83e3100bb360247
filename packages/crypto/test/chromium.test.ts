/** The contract on Chromium's WebCrypto, which is BoringSSL and not OpenSSL. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const executablePath = process.env['HAUBERK_CHROMIUM'] ?? '/usr/bin/chromium';
const flags = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'];

/** The page's script, which leaves `contract` behind. */
const pageScript = async (): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../contract/run-in-page.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'contract',
    target: 'es2022',
  });
  return outputFiles[0]?.text ?? '';
};

test('webcrypto in Chromium keeps every rule', {
  skip: existsSync(executablePath) ? false : 'no Chromium here',
}, async (context) => {
  const server = createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html>'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const resolver = '--host-resolver-rules=MAP insecure.test 127.0.0.1';
  const browser = await chromium.launch({ executablePath, args: [...flags, resolver] });
  context.after(() => browser.close());
  const script = await pageScript();

  const runAt = async (host: string): Promise<unknown> => {
    const page = await browser.newPage();
    await page.goto(`http://${host}:${port}/`);
    await page.addScriptTag({ content: script });
    return page.evaluate('contract.runContract().catch((error) => error.message)');
  };
  await context.test('on a page that was loaded securely', async () => assert.deepEqual(await runAt('127.0.0.1'), []));
  await context.test('and says what is missing on one that was not', async () => {
    assert.equal(await runAt('insecure.test'), 'this host has no WebCrypto');
  });
});
