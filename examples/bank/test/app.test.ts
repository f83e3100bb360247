/** The H5 app: what is built, how it is served, and that a customer can use it in a real browser. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildApp, createBank, type RunningBank } from '@hauberk/example-bank';
import type { Page } from 'playwright-core';
import { startBank } from './bank-fixture.ts';
import { fillTransfer, logIn, noBrowser, startBrowser } from './browser-fixture.ts';

async function buildFor(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-bank-app-'));
  context.after(() => rm(folder, { recursive: true }));
  await buildApp(folder);
  return folder;
}

test('build: one page, one script, one style sheet, and nothing inline', async (context) => {
  const folder = await buildFor(context);
  assert.deepEqual((await readdir(folder)).toSorted(), ['app.css', 'app.js', 'icon.svg', 'index.html']);
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  assert.doesNotMatch(page, /<style|style=|<script(?![^>]*src=)|\son\w+=/i);
  const script = await readFile(join(folder, 'app.js'), 'utf8');
  // Uses, not names: the aspect's registry names what it watches.
  assert.doesNotMatch(script, /\.innerHTML\s*=|\.insertAdjacentHTML\(|document\.write\(|\beval\(|new Function/);
});

test('serving: the app comes with a policy that allows no inline code and only the named gateways', async (context) => {
  const trust = {
    service: 'bank',
    organisation: 'demo',
    app: 'h5',
    endpoints: ['https://a.example', 'https://b.example'],
    configKeys: [],
    minConfigVersion: 1,
  };
  const bank = await startBank(context, { appFolder: await buildFor(context), protectedBy: () => trust });
  for (const [path, type] of [
    ['/', 'text/html; charset=utf-8'],
    ['/app.js', 'text/javascript; charset=utf-8'],
    ['/app.css', 'text/css; charset=utf-8'],
    ['/icon.svg', 'image/svg+xml'],
  ]) {
    const response = await fetch(bank.url + path);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), type);
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.match(policy, /connect-src 'self' https:\/\/a\.example https:\/\/b\.example;/);
    assert.ok((await response.text()).length > 0);
  }
  assert.equal((await fetch(`${bank.url}/app.js`, { method: 'HEAD' })).status, 200);
});

test('serving: a bank without app files refuses to start on a folder that holds none', async () => {
  await assert.rejects(createBank({ appFolder: join(tmpdir(), 'no-such-app') }), { code: 'ENOENT' });
});

test('browser: log in, pay, see it booked; no policy violation, no page error', {
  skip: noBrowser,
}, async (context) => {
  const { bank, page, complaints } = await openApp(context);
  await logIn(page);
  const before = bank.ledger.balanceMinor('a-0101');
  await fillTransfer(page, '12,50');
  await page.getByRole('button', { name: 'Send now' }).click();
  await page.getByRole('heading', { name: '€12.50 sent' }).waitFor();
  assert.equal(bank.ledger.balanceMinor('a-0101'), before - 1_250);
  await page.getByRole('link', { name: 'Done' }).click();
  await page.getByText('Supper club').waitFor();
  const { transfers, faults, duplicates } = bank.check();
  assert.deepEqual({ transfers, faults, duplicates }, { transfers: 1, faults: [], duplicates: [] });
  await page.getByRole('button', { name: /Log Alice Moreau out/ }).click();
  await page.getByLabel('User name').waitFor();
  assert.deepEqual(complaints, []);
});

test('browser: a lost reply is offered again as the same payment and booked once', {
  skip: noBrowser,
}, async (context) => {
  const { bank, page } = await openApp(context);
  await logIn(page);
  let lost = 0;
  await page.route('**/api/transfers', async (route) => {
    if (lost > 0) return route.continue();
    lost += 1;
    await route.fetch();
    await route.abort('connectionreset');
  });
  await fillTransfer(page, '7');
  await page.getByRole('button', { name: 'Send now' }).click();
  await page.getByText('booked at most once').waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: '€7.00 sent' }).waitFor();
  assert.equal(lost, 1);
  assert.equal(bank.check().transfers, 1);
});

test('browser: every screen has one heading, named controls, and works from the keyboard', {
  skip: noBrowser,
}, async (context) => {
  const { page } = await openApp(context);
  await logIn(page);
  for (const path of ['accounts', 'accounts/a-0101', 'transfer', 'payees', 'coupons', 'statement']) {
    await page.goto(`${page.url().split('#')[0]}#/${path}`);
    await page.locator('main:not(:has([aria-busy]))').waitFor();
    assert.equal(await page.locator('h1').count(), 1, path);
    for (const control of await page.locator('a, button, input, select').all()) {
      assert.notEqual(await accessibleName(control), '', `${path}: ${await control.evaluate((one) => one.outerHTML)}`);
    }
  }
  await page.locator('h1').focus();
  await page.keyboard.press('Tab');
  assert.equal(await page.locator('button:focus').getAttribute('aria-label'), 'Log Alice Moreau out');
  await page.keyboard.press('Enter');
  await page.getByLabel('User name').waitFor();
});

async function openApp(context: TestContext): Promise<{ bank: RunningBank; page: Page; complaints: string[] }> {
  const bank = await startBank(context, { appFolder: await buildFor(context) });
  const browser = await startBrowser(context);
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.location().url.endsWith('/hauberk-trust.json')) {
      complaints.push(message.text());
    }
  });
  await page.goto(bank.url);
  await page.getByText('Not protected').waitFor();
  return { bank, page, complaints };
}

const accessibleName = (control: ReturnType<Page['locator']>): Promise<string> =>
  control.evaluate((element) => {
    const labels = 'labels' in element ? [...(element.labels as Iterable<{ textContent: string | null }>)] : [];
    const names = [
      element.getAttribute('aria-label'),
      ...labels.map((label) => label.textContent),
      element.textContent,
    ];
    return names.find((name) => name !== null && name.trim() !== '')?.trim() ?? '';
  });
