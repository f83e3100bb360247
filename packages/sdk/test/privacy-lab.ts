/** Pages for tests of the privacy aspect: a server on localhost, Chromium with invented devices, every permission granted. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext } from 'playwright-core';
import { chromium } from 'playwright-core';
import { bundleForPage, chromiumFlags, chromiumPath } from './chromium.ts';

/** What a page is to do. */
export interface Visit {
  /** A file of `test/browser`. */
  readonly script: string;
  /** The export that is called, and with what. */
  readonly name: string;
  readonly input?: readonly unknown[];
  /** Paths of scripts that are loaded before, in this order. */
  readonly first?: readonly string[];
  readonly policy?: string;
}

/** A page's server and its browser. */
export interface PrivacyLab {
  readonly origin: string;
  readonly browser: Browser;
  /** Answers a path with a text of a type, from now on. */
  readonly serve: (path: string, type: string, text: string, headers?: Readonly<Record<string, string>>) => void;
  /**
   * Calls an export of a script of `test/browser` on a new page, and gives what it answers. The page does so by itself while it loads:
   * what a debugger evaluates counts as a gesture of the user.
   */
  readonly run: <Answer>(script: string, name: string, ...input: readonly unknown[]) => Promise<Answer>;
  /** The same with other scripts before, and under a content security policy. */
  readonly visit: <Answer>(visit: Visit) => Promise<Answer>;
  readonly newContext: () => Promise<BrowserContext>;
  readonly close: () => Promise<void>;
}

const permissions = [
  'accelerometer',
  'camera',
  'clipboard-read',
  'clipboard-write',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'midi',
  'notifications',
  'storage-access',
];
const worker = 'self.addEventListener("fetch", () => undefined);';

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://localhost:${(server.address() as AddressInfo).port}`));
  });

/** Promises that surfaces leave rejected on purpose. */
const isQuiet = /WebTransport|Opening handshake|payment|NetworkError|AbortError|NotAllowedError|AudioContext/i;

const collect = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

/** Starts both. */
export const openPrivacyLab = async (): Promise<PrivacyLab> => {
  const texts = new Map<string, { type: string; text: string; headers: Readonly<Record<string, string>> }>();
  let onTold = (_text: string): void => undefined;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (path === '/tell') collect(request).then(onTold, () => undefined);
    const { type, text, headers } = texts.get(path) ?? { type: 'text/plain', text: 'none', headers: {} };
    response.writeHead(texts.has(path) ? 200 : 404, { 'content-type': type, ...headers }).end(text);
  };
  const server = createServer(answer);
  const origin = await listen(server);
  const serve: PrivacyLab['serve'] = (path, type, text, headers = {}) => {
    texts.set(path, { type, text, headers });
  };
  serve('/', 'text/html', '<!doctype html><title>page</title><body></body>');
  serve('/answer', 'text/plain', 'answer');
  serve('/worker.js', 'text/javascript', worker);
  serve('/shared.js', 'text/javascript', '');
  const fakes = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
  const browser = await chromium.launch({ executablePath: chromiumPath, args: [...chromiumFlags, ...fakes] });
  const newContext = (): Promise<BrowserContext> =>
    browser.newContext({ permissions, geolocation: { latitude: 1, longitude: 2 } });
  const visit: PrivacyLab['visit'] = async <Answer>({ script, name, input = [], first = [], policy }: Visit) => {
    serve('/suite.js', 'text/javascript', await bundleForPage(script));
    const given = input.map((value) => JSON.stringify(value)).join(', ');
    const tell = `const send = fetch; const tell = (told) => send('/tell', { method: 'POST', body: JSON.stringify(told) });`;
    const line = `suite.${name}(${given}).then(tell, (error) => tell({ error: String(error?.stack ?? error) }));`;
    serve('/go.js', 'text/javascript', `${tell}\n${line}`);
    const tags = [...first, '/suite.js', '/go.js'].map((path) => `<script src="${path}"></script>`).join('');
    const headers = policy === undefined ? {} : { 'content-security-policy': policy };
    serve('/run', 'text/html', `<!doctype html><title>page</title><body>${tags}</body>`, headers);
    const told = new Promise<string>((resolve) => {
      onTold = resolve;
    });
    const page = await (await newContext()).newPage();
    // A script that cannot run would never tell.
    page.on('pageerror', (error) => {
      if (!isQuiet.test(String(error))) onTold(JSON.stringify({ error: String(error.stack ?? error) }));
    });
    await page.goto(`${origin}/run`);
    const answer = JSON.parse(await told) as Answer & { readonly error?: string };
    if (answer?.error !== undefined) throw new Error(answer.error);
    await page.context().close();
    return answer;
  };
  return {
    origin,
    browser,
    serve,
    newContext,
    run: async <Answer>(script: string, name: string, ...input: readonly unknown[]) =>
      visit<Answer>({ script, name, input }),
    visit,
    close: async () => {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
};
