/** The example of docs/sdk.md, run as it stands there: in Node, and in a page of Chromium whose native half is a simulated phone. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BindOutcome, BindShelf, SimCheck } from '@hauberk/sdk/bind';
import type { Hauberk, HauberkOptions } from '@hauberk/sdk/node';
import type { TrustedBridge } from '@hauberk/sdk/trusted';
import { build } from 'esbuild';
import { noChromium, startChromium } from '../packages/sdk/test/chromium.ts';
import { type BindGateway, startBindGateway } from './support/bind-gateway.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The one block of the section that is a module. */
const example = (): string => {
  const section = readFileSync(join(root, 'docs/sdk.md'), 'utf8').split('## Binding a SIM')[1] ?? '';
  return /```js\n(import [\s\S]*?)```/.exec(section)?.[1] ?? '';
};

interface Example {
  readonly openBinding: (parts: {
    readonly nativeBridge: TrustedBridge;
    readonly options: HauberkOptions;
    readonly shelf: BindShelf;
  }) => {
    readonly hauberk: Hauberk;
    readonly start: (
      authorization: string,
    ) => Promise<{ readonly interrupted: BindOutcome | undefined; readonly sim: SimCheck }>;
    readonly bindSim: (authorization: string, asked: object) => Promise<BindOutcome>;
  };
  readonly wordsFor: (outcome: BindOutcome) => string;
}

const bound = 'This phone is bound to your number.';

describe('the example of binding', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-example-'));
  const file = join(folder, 'binding.mjs');
  let gateway: BindGateway;
  before(async () => {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(file, example());
    gateway = await startBindGateway();
  });
  after(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const optionsAt = (origin: string): HauberkOptions => {
    const { organisation, configKeys, minConfigVersion } = gateway.phones.running().trust();
    const trust = { configKeys, minConfigVersion, buildTimeMs: 0 };
    return { organisation, app: 'mobile', service: 'bank', endpoints: [origin], trust };
  };

  test('Node: it binds, is still bound at the next start, and says so in words', async () => {
    const { openBinding, wordsFor } = (await import(pathToFileURL(file).href)) as Example;
    const customer = await gateway.customer();
    let text: string | undefined;
    const shelf: BindShelf = {
      read: async () => text,
      write: async (written) => {
        text = written;
      },
      remove: async () => {
        text = undefined;
      },
    };
    const options = optionsAt(gateway.phones.running().url);
    const binding = openBinding({ nativeBridge: customer.phone.bridge, options, shelf });
    const login = await binding.hauberk.fetch(`/login/${customer.name}`, { method: 'POST', body: '{}' });
    const { credential } = (await login.json()) as { readonly credential: string };
    const moves: string[] = [];
    const asked = { number: customer.number, fingerprint: customer.name, show: (move: string) => moves.push(move) };
    assert.equal(wordsFor(await binding.bindSim(credential, asked)), bound);
    assert.equal(moves[0], 'send-sms');
    assert.deepEqual(await binding.start(credential), { interrupted: undefined, sim: 'unchanged' });
    for (const [outcome, words] of [
      [{ state: 'failed', code: 'permission-denied' }, /Allow/],
      [{ state: 'declined', code: 'binding.two-numbers', rule: 'B06' }, /B06/],
      [{ state: 'cancelled' }, /Nothing/],
    ] as const)
      assert.match(wordsFor(outcome), words);
  });

  describe('in a page', { skip: noChromium }, () => {
    let server: Server;
    let origin = '';
    before(async () => {
      // One origin for page and gateway, as behind a bank's own proxy.
      server = createServer((incoming, response) => {
        if (incoming.url === '/') {
          response.setHeader('content-type', 'text/html').end('<!doctype html>');
          return;
        }
        const { method, headers, url = '' } = incoming;
        const forwarded = request(new URL(url, gateway.phones.running().url), { method, headers }, (reply) => {
          response.writeHead(reply.statusCode ?? 502, reply.headers);
          reply.pipe(response);
        });
        forwarded.on('error', () => response.destroy());
        incoming.pipe(forwarded);
      });
      await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
      origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    });
    after(() => {
      server.closeAllConnections();
      server.close();
    });

    test('Chromium: the same module binds over the bridge of the app around the page', async () => {
      const bundle = await build({
        entryPoints: [file],
        bundle: true,
        write: false,
        format: 'iife',
        globalName: 'example',
      });
      const customer = await gateway.customer();
      const browser = await startChromium();
      try {
        const page = await browser.newPage();
        await page.goto(origin);
        await page.exposeFunction('nativeCall', (message: string) => customer.phone.bridge.call(message));
        await page.addScriptTag({ content: bundle.outputFiles[0]?.text ?? '' });
        const told = await page.evaluate(
          async ({ options, name, number }) => {
            const { example: module, nativeCall } = globalThis as unknown as {
              readonly example: Example;
              readonly nativeCall: TrustedBridge['call'];
            };
            const shelf = {
              read: async () => localStorage.getItem('binding') ?? undefined,
              write: async (text: string) => localStorage.setItem('binding', text),
              remove: async () => localStorage.removeItem('binding'),
            };
            const binding = module.openBinding({ nativeBridge: { call: nativeCall }, options, shelf });
            const login = await binding.hauberk.fetch(`/login/${name}`, { method: 'POST', body: '{}' });
            const { credential } = (await login.json()) as { readonly credential: string };
            const outcome = await binding.bindSim(credential, { number, fingerprint: name });
            return { words: module.wordsFor(outcome), next: await binding.start(credential) };
          },
          { options: optionsAt(origin), name: customer.name, number: customer.number },
        );
        assert.equal(told.words, bound);
        assert.equal(told.next.sim, 'unchanged');
      } finally {
        await browser.close();
      }
    });
  });
});
