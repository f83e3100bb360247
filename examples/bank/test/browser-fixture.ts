/** Starts the system's Chromium, or tells why not. */
import { existsSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { ALICE } from '@hauberk/example-bank';
import { type Browser, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Reason to skip browser tests on this machine, or `false`. */
export const noBrowser: string | false = existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM}`;

/** Starts a browser that ends with the test. */
export async function startBrowser(context: TestContext): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  context.after(() => browser.close());
  return browser;
}

/** Logs Alice in through both steps. */
export async function logIn(page: Page): Promise<void> {
  await page.getByLabel('User name').fill(ALICE.username);
  await page.getByLabel('Password').fill(ALICE.password);
  await page.getByRole('button', { name: 'Continue' }).click();
  const code = await page.locator('#demo-code').textContent();
  await page.getByLabel('One-time code').fill(code ?? '');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Hello Alice' }).waitFor();
}

/** Fills the form of a payment to her first payee, up to the question whether it is right. */
export async function fillTransfer(page: Page, amount: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Send' }).click();
  await page.getByLabel('Amount').fill(amount);
  await page.getByLabel('Message').fill('Supper club');
  await page.getByRole('button', { name: 'Review' }).click();
}
