/**
 * What the privacy aspect costs a page in Chromium: a call that is counted, a call whose caller is judged, the start, its share of a page's work.
 * `npm run bench -- aspect [--json]`.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core';
import { buildSdk } from '../packages/sdk/build.ts';
import { chromiumFlags, chromiumPath } from '../packages/sdk/test/chromium.ts';
import { type BenchPage, measuredCalls, pageInUse } from './aspect/page.ts';

/** What it costs. */
export interface AspectFigures {
  /** What counting adds to a call; of the measured surfaces the dearest. */
  readonly nanosecondsPerCountedCall: number;
  /** What a judged caller adds to a call, 20 frames deep, while another chain is stopped; of the measured surfaces the dearest. */
  readonly microsecondsPerChainVerdict: number;
  /** From the first statement of the script to every surface of a new page watched. */
  readonly setupMilliseconds: number;
  /** Of the main thread's time for loading and using a page, the part that is the aspect's. */
  readonly pageTraceShare: number;
}

const timeCall = (page: Page, name: string, isJudged: boolean): Promise<number> => {
  const [frames, calls, rounds] = isJudged ? [20, 60, 120] : [5, 2000, 80];
  return page.evaluate(
    async (shape) => {
      const { timeCall: time } = globalThis as unknown as BenchPage;
      // The first run is for the compiler.
      await time(...shape);
      return time(...shape);
    },
    [name, frames, calls, rounds] as [string, number, number, number],
  );
};

const openPage = async (browser: Browser, address: string): Promise<Page> => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(address);
  return page;
};

/** What a new aspect adds to each measured call, in nanoseconds. */
const addedBy = async (browser: Browser, origin: string, isJudged: boolean): Promise<readonly number[]> => {
  const page = await openPage(browser, `${origin}/calls`);
  const names = await page.evaluate(() => Object.keys((globalThis as unknown as BenchPage).measured));
  const native: number[] = [];
  for (const name of names) native.push(await timeCall(page, name, isJudged));
  await page.evaluate((judged) => {
    const stops = [{ chain: '0123456789abcdef', action: 'deny' }];
    const directives = {
      subscribe: (kind: string, listen: (directive: unknown) => void) => {
        if (judged && kind === 'privacy.stop') listen({ id: 'bench', version: 1, body: { stops } });
        return () => undefined;
      },
    };
    (globalThis as unknown as BenchPage).HauberkPrivacy.aspect.off();
    (globalThis as unknown as BenchPage).HauberkPrivacy.createPrivacyAspect({ directives, report: () => undefined });
  }, isJudged);
  const added: number[] = [];
  for (const [index, name] of names.entries())
    added.push((await timeCall(page, name, isJudged)) - (native[index] ?? 0));
  await page.context().close();
  return added;
};

/** A metric of the page's main thread in milliseconds of its own time: what others do on the machine is not in it. */
const metricOf = async (session: CDPSession, metric: string): Promise<number> => {
  const { metrics } = await session.send('Performance.getMetrics');
  return (metrics.find(({ name }) => name === metric)?.value ?? Number.NaN) * 1000;
};

const meter = async (page: Page): Promise<CDPSession> => {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return session;
};

const setupOnce = async (browser: Browser, origin: string): Promise<number> => {
  const page = await openPage(browser, 'about:blank');
  const session = await meter(page);
  await page.goto(`${origin}/setup`);
  const spentBy = async (expression: string): Promise<number> => {
    const before = await metricOf(session, 'ScriptDuration');
    // What a debugger evaluates is not counted; what a timer runs is.
    const inTimer = `new Promise((resolve) => setTimeout(() => { ${expression}; setTimeout(resolve); }))`;
    await session.send('Runtime.evaluate', { expression: inTimer, awaitPromise: true });
    return (await metricOf(session, 'ScriptDuration')) - before;
  };
  const nothing = await spentBy('');
  const spent = await spentBy('run()');
  await page.context().close();
  return spent - nothing;
};

/** The main thread's busy milliseconds for loading and using the page, and what the aspect did meanwhile. */
const traceOnce = async (browser: Browser, origin: string) => {
  const page = await openPage(browser, 'about:blank');
  const session = await meter(page);
  await page.goto(`${origin}/trace`);
  const told = await page.evaluate(async () => {
    const { use, HauberkPrivacy } = globalThis as unknown as BenchPage;
    await use();
    const { surfaces, stacks } = HauberkPrivacy.aspect.status();
    return { calls: surfaces.reduce((sum, surface) => sum + surface.calls, 0), stacks };
  });
  const busyMs = await metricOf(session, 'TaskDuration');
  await page.context().close();
  return { ...told, busyMs };
};

/** Measures everything in one Chromium. */
export const measureAspect = async (browser: Browser, origin: string): Promise<AspectFigures> => {
  const nanosecondsPerCountedCall = Math.max(...(await addedBy(browser, origin, false)));
  const microsecondsPerChainVerdict = Math.max(...(await addedBy(browser, origin, true))) / 1000;
  const setups: number[] = [];
  for (let round = 0; round < 15; round += 1) setups.push(await setupOnce(browser, origin));
  const setupMilliseconds = setups.toSorted((one, other) => one - other)[Math.floor(setups.length / 2)] ?? Number.NaN;
  const { calls, stacks, busyMs } = await traceOnce(browser, origin);
  const oursMs =
    setupMilliseconds + (calls * nanosecondsPerCountedCall) / 1e6 + (stacks * microsecondsPerChainVerdict) / 1e3;
  process.stderr.write(`trace: ${busyMs.toFixed(0)} ms busy, ${calls} calls counted, ${stacks} callers looked at\n`);
  return { nanosecondsPerCountedCall, microsecondsPerChainVerdict, setupMilliseconds, pageTraceShare: oursMs / busyMs };
};

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://localhost:${(server.address() as AddressInfo).port}`));
  });

const servePages = async (): Promise<Server> => {
  const script = (await buildSdk()).find(({ name }) => name === 'hauberk-privacy.js')?.bytes;
  const page = (...scripts: readonly string[]): string => `<!doctype html><body></body>${scripts.join('')}`;
  const inline = (text: string): string => `<script>${text}</script>`;
  const first = '<script src="/hauberk-privacy.js"></script>';
  // Running the script counts, with the compiling of what runs; fetching and parsing it does not.
  const source = JSON.stringify(new TextDecoder().decode(script)).replaceAll('</script', '<\\/script');
  const setup = `globalThis.run = new Function(${source});`;
  const pages: Readonly<Record<string, string>> = {
    '/calls': page(first, inline(measuredCalls)),
    '/setup': page(inline(setup)),
    '/trace': page(first, inline(pageInUse)),
  };
  return createServer(({ url = '' }, response) => {
    const isScript = url === '/hauberk-privacy.js';
    // Isolated pages have a clock that is fine enough.
    const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html', ...isolation });
    response.end(isScript ? script : (pages[url] ?? 'answer'));
  });
};

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: 'boolean' } } });
  const server = await servePages();
  const browser = await chromium.launch({ executablePath: chromiumPath, args: [...chromiumFlags] });
  try {
    const figures = await measureAspect(browser, await listen(server));
    process.stdout.write(`${JSON.stringify(figures, undefined, values.json === true ? undefined : 2)}\n`);
  } finally {
    await browser.close();
    server.close();
  }
}
