/** The recipe of examples/caddy: a real Chromium over HTTP/3 to Caddy, the gateway behind it, the SDK through both. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { HauberkOptions } from '@hauberk/sdk/node';
import { createLog, loadConfig, openStorage, type RunningGateway, startGateway } from '@hauberk/server';
import { type Browser, chromium } from 'playwright-core';
import { selfSigned } from '../../server/test/self-signed.ts';
import { bundleForPage, chromiumPath, noChromium } from './chromium.ts';

const example = (file: string): string => fileURLToPath(new URL(`../../../examples/caddy/${file}`, import.meta.url));
const noCaddy = spawnSync('caddy', ['version']).error === undefined ? false : 'no caddy on this machine';
const skip = noCaddy === false ? noChromium : noCaddy;

const folder = mkdtempSync(join(tmpdir(), 'hauberk-edge-'));
const certificate = selfSigned('127.0.0.1');
const certificateHash = createHash('sha256')
  .update(new X509Certificate(certificate.certificate).publicKey.export({ type: 'spki', format: 'der' }))
  .digest('base64');

/** What the bank saw last of who calls. */
const seen: { address?: string | undefined; scheme?: string | undefined } = {};

const bank = createServer((incoming: IncomingMessage, response: ServerResponse) => {
  const { 'x-forwarded-for': address, 'x-forwarded-proto': scheme } = incoming.headers;
  Object.assign(seen, { address, scheme });
  if (incoming.url === '/')
    return void response.setHeader('content-type', 'text/html').end('<!doctype html><title>app</title>');
  if (incoming.url === '/api/events') {
    response.setHeader('content-type', 'text/event-stream');
    return void response.end('data: one\n\ndata: two\n\n');
  }
  response.setHeader('content-type', 'text/plain');
  incoming.pipe(response);
});

/** A port that is free for TCP and UDP. */
const freePort = async (): Promise<number> => {
  for (;;) {
    const stream = createTcpServer().listen(0, '127.0.0.1');
    await once(stream, 'listening');
    const { port } = stream.address() as AddressInfo;
    const packets = createSocket('udp4');
    const isFree = await new Promise<boolean>((resolve) => {
      packets.once('error', () => resolve(false));
      packets.bind(port, '127.0.0.1', () => resolve(true));
    });
    packets.close();
    stream.close();
    await once(stream, 'close');
    if (isFree) return port;
  }
};

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** The example, with paths and ports of this run. */
const startCaddy = async (port: number, gateway: string): Promise<ChildProcess> => {
  writeFileSync(join(folder, 'certificate.pem'), certificate.certificate);
  writeFileSync(join(folder, 'key.pem'), certificate.key);
  const text = readFileSync(example('Caddyfile'), 'utf8')
    .replaceAll('/etc/hauberk/', `${folder}/`)
    .replace('127.0.0.1:8443', `127.0.0.1:${port}`)
    .replace('127.0.0.1:8444', new URL(gateway).host);
  writeFileSync(join(folder, 'Caddyfile'), text);
  const child = spawn('caddy', ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], {
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr?.on('data', (piece: Buffer) => {
    told = (told + piece.toString()).slice(-10_000);
  });
  while (!(await isOpen(port))) {
    if (child.exitCode !== null) throw new Error(told);
    await wait(25);
  }
  return child;
};

/** What `browser/edge.ts` exports. */
interface Suite {
  readonly callThroughEdge: (options: HauberkOptions) => Promise<EdgeCalls>;
  readonly claimAddress: () => Promise<string>;
}

interface EdgeCalls {
  readonly signed: number;
  readonly sealed: string;
  readonly events: string;
  readonly uploaded: number;
  readonly protocols: readonly string[];
}

const startChromiumAt = (port: number, quic: boolean): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      `--ignore-certificate-errors-spki-list=${certificateHash}`,
      ...(quic ? ['--enable-quic', `--origin-to-force-quic-on=127.0.0.1:${port}`] : ['--disable-quic']),
    ],
  });

describe('HTTP/3 at the edge', { skip }, () => {
  let gateway: RunningGateway | undefined;
  let caddy: ChildProcess | undefined;
  let port = 0;
  before(async () => {
    bank.listen(0, '127.0.0.1');
    await once(bank, 'listening');
    port = await freePort();
    copyFileSync(example('hauberk.yaml'), join(folder, 'hauberk.yaml'));
    writeFileSync(join(folder, 'facts-key'), 'facts-key-of-the-edge-test-and-no-other');
    const loaded = loadConfig(join(folder, 'hauberk.yaml'), {
      HAUBERK__state: join(folder, 'state'),
      HAUBERK__workers: '1',
      HAUBERK__listen__port: '0',
      HAUBERK__upstreams__bank__origin: `http://127.0.0.1:${(bank.address() as AddressInfo).port}`,
      HAUBERK__log__access: 'none',
    });
    assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.issues));
    const { config } = loaded;
    const log = createLog('error', () => undefined);
    gateway = await startGateway({ config, storage: await openStorage({ folder: config.state }), version: '0', log });
    caddy = await startCaddy(port, gateway.url);
  });
  after(async () => {
    const ended = caddy === undefined || caddy.exitCode !== null ? undefined : once(caddy, 'exit');
    caddy?.kill('SIGTERM');
    await ended;
    await gateway?.stop();
    bank.closeAllConnections();
    bank.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [protocol, quic] of [
    ['h3', true],
    ['h2', false],
  ] as const)
    test(`the SDK calls signed, sealed and streaming over ${protocol}`, async () => {
      const browser = await startChromiumAt(port, quic);
      try {
        const page = await browser.newPage();
        const protocols: string[] = [];
        const devtools = await page.context().newCDPSession(page);
        devtools.on('Network.responseReceived', ({ response }) => void protocols.push(response.protocol ?? ''));
        await devtools.send('Network.enable');
        const origin = `https://127.0.0.1:${port}`;
        await page.goto(`${origin}/`);
        await page.addScriptTag({ content: await bundleForPage('edge.ts') });
        assert.ok(gateway !== undefined);
        const { organisation, configKeys } = gateway.trust();
        const options: HauberkOptions = {
          organisation,
          app: 'bank-app',
          service: 'bank',
          endpoints: [origin],
          trust: { configKeys, minConfigVersion: 1, buildTimeMs: 0 },
        };
        const calls: EdgeCalls = await page.evaluate(
          (given) => (globalThis as unknown as { suite: Suite }).suite.callThroughEdge(given),
          options,
        );
        const { protocols: measured, ...answers } = calls;
        assert.deepEqual(answers, {
          signed: 200,
          sealed: 'through the edge',
          events: 'data: one\n\ndata: two\n\n',
          uploaded: 300_000,
        });
        assert.deepEqual(seen, { address: '127.0.0.1', scheme: 'https' }, 'the gateway believes its edge');
        await page.evaluate(() => (globalThis as unknown as { suite: Suite }).suite.claimAddress());
        assert.deepEqual(seen, { address: '127.0.0.1', scheme: 'https' }, 'and not a client through it');
        // Config, enrolment and hello, and the four calls: as the page measured them and as the network stack reports them.
        assert.ok(measured.length >= 7, String(measured));
        assert.deepEqual([...new Set(measured)], [protocol]);
        assert.ok(protocols.length >= 8, String(protocols));
        assert.deepEqual([...new Set(protocols)], [protocol]);
      } finally {
        await browser.close();
      }
    });
});
