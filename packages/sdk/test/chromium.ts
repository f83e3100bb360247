/** Chromium for tests: the system's own, headless, quiet. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';

/** Flags with which it starts. */
export const chromiumFlags: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The system's browser. */
export const chromiumPath: string = process.env['HAUBERK_CHROMIUM'] ?? '/usr/bin/chromium';

/** Why tests in a browser are skipped on this machine, or false. */
export const noChromium: string | false = existsSync(chromiumPath) ? false : `no browser at ${chromiumPath}`;

/** Starts it. */
export const startChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath, args: [...chromiumFlags] });

/** A test file of `test/browser` as one script whose exports become `window.suite`. */
export const bundleForPage = async (file: string): Promise<string> => {
  const entry = fileURLToPath(new URL(`browser/${file}`, import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'suite',
    target: 'es2022',
  });
  return outputFiles[0]?.text ?? '';
};
