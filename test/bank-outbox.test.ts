/** The demo bank's app on a weak network, in a real browser behind a real gateway: payments that wait are kept, shown, taken back, and sent once. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildApp, createBank, type HauberkTrust, type RunningBank } from '@hauberk/example-bank';
import { createLog, loadConfig, openStorage, type RunningGateway, startGateway } from '@hauberk/server';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { fillTransfer, logIn, noBrowser } from '../examples/bank/test/browser-fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-outbox-'));
const config = fileURLToPath(new URL('../examples/bank/hauberk.yaml', import.meta.url));

const trustOf = (gateway: RunningGateway): HauberkTrust => {
  const { organisation, configKeys, minConfigVersion } = gateway.trust();
  return { service: 'bank', organisation, app: 'mailbrook-h5', endpoints: [], configKeys, minConfigVersion };
};

describe('the app on a weak network', { skip: noBrowser }, () => {
  let bank: RunningBank;
  let gateway: RunningGateway;
  let browser: Browser;

  before(async () => {
    await buildApp(join(folder, 'app'));
    bank = await createBank({ appFolder: join(folder, 'app'), protectedBy: () => trustOf(gateway) });
    const loaded = loadConfig(config, {
      HAUBERK__state: join(folder, 'state'),
      HAUBERK__workers: '1',
      HAUBERK__listen__port: '0',
      HAUBERK__upstreams__bank__origin: bank.url,
      HAUBERK__log__access: 'none',
      HAUBERK__log__level: 'error',
    });
    assert.ok(loaded.ok);
    const storage = await openStorage({ folder: loaded.config.state });
    gateway = await startGateway({ config: loaded.config, storage, version: 'test', log: createLog('error') });
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    });
  });
  after(async () => {
    await browser.close();
    await gateway.stop();
    await bank.close();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Phone {
    readonly context: BrowserContext;
    readonly page: Page;
    readonly panel: Locator;
    readonly complaints: readonly string[];
  }

  const openApp = async (context: BrowserContext): Promise<Phone> => {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(gateway.url);
    await page.getByText('Protected by Hauberk').waitFor();
    await logIn(page);
    return { context, page, panel: page.getByRole('status', { name: 'Payments that wait' }), complaints };
  };
  const newPhone = async (): Promise<Phone> =>
    openApp(await browser.newContext({ viewport: { width: 390, height: 844 } }));

  /** Fills the form, loses the network, and has the payment kept. */
  const keepOffline = async ({ context, page, panel }: Phone, amount: string): Promise<void> => {
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Send' }).click();
    await page.getByLabel('Amount').fill(amount);
    await context.setOffline(true);
    await page.getByRole('button', { name: 'Review' }).click();
    await page.getByText('You are offline. It is kept on this device').waitFor();
    await page.getByRole('button', { name: 'Send when online' }).click();
    await panel.getByText('Waits for the network').waitFor();
  };

  test('an offline payment is kept and shown, and sent exactly once when the network is back', async () => {
    const phone = await newPhone();
    const { context, page, panel, complaints } = phone;
    const before_ = bank.check().transfers;
    await keepOffline(phone, '12,50');
    await panel.getByText('€12.50 to').waitFor();
    if (process.env['HAUBERK_SCREENSHOTS'] !== undefined)
      await page.screenshot({ path: join(process.env['HAUBERK_SCREENSHOTS'], 'outbox-waiting.png') });
    assert.equal(bank.check().transfers, before_);
    await context.setOffline(false);
    await panel.getByText('Sent and booked').waitFor();
    if (process.env['HAUBERK_SCREENSHOTS'] !== undefined)
      await page.screenshot({ path: join(process.env['HAUBERK_SCREENSHOTS'], 'outbox-sent.png') });
    assert.equal(bank.check().transfers, before_ + 1);
    await panel.getByRole('button', { name: /^OK/ }).click();
    await panel.waitFor({ state: 'hidden' });
    assert.deepEqual(bank.check().duplicates, []);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('one that was taken back is never sent', async () => {
    const phone = await newPhone();
    const { context, panel, page } = phone;
    const before_ = bank.check().transfers;
    await keepOffline(phone, '3');
    await panel.getByRole('button', { name: /^Cancel/ }).click();
    await panel.getByText('Cancelled. Nothing was paid').waitFor();
    await context.setOffline(false);
    // Whatever were still waiting would go before this one.
    await fillTransfer(page, '4');
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.getByRole('heading', { name: '€4.00 sent' }).waitFor();
    assert.equal(bank.check().transfers, before_ + 1);
    await context.close();
  });

  test('after lost replies the same payment is sent later, and is not booked again', async () => {
    const { context, page, panel } = await newPhone();
    const before_ = bank.check().transfers;
    let lost = 0;
    await page.route('**/api/transfers', async (route) => {
      lost += 1;
      await route.fetch();
      await route.abort('connectionreset');
    });
    await fillTransfer(page, '5');
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.getByRole('button', { name: 'Send it later' }).waitFor();
    await page.unroute('**/api/transfers');
    await page.getByRole('button', { name: 'Send it later' }).click();
    await panel.getByText('Sent and booked').waitFor();
    assert.ok(lost >= 1);
    assert.equal(bank.check().transfers, before_ + 1);
    await context.close();
  });

  test('it survives the end of the app, and a large one waits for the approval', async () => {
    const phone = await newPhone();
    const before_ = bank.check().transfers;
    await keepOffline(phone, '1500');
    await phone.page.close();
    await phone.context.setOffline(false);
    const { page, panel } = await openApp(phone.context);
    await panel.getByText('The bank asks you to approve it').waitFor();
    assert.equal(bank.check().transfers, before_);
    await panel.getByRole('button', { name: /^Approve/ }).click();
    await page.getByRole('heading', { name: 'Approve with your device' }).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    await panel.getByText('Sent and booked').waitFor();
    assert.equal(bank.check().transfers, before_ + 1);
    await phone.context.close();
  });

  test('logging out with a payment that waits asks first', async () => {
    const phone = await newPhone();
    const { context, page, panel } = phone;
    await keepOffline(phone, '6');
    await page.getByRole('button', { name: /Log Alice Moreau out/ }).click();
    await page.getByText('are not sent once you have logged out').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await panel.getByText('Waits for the network').waitFor();
    await context.close();
  });
});
