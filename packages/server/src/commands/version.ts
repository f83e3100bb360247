/** `hauberk version`. */
import { readFileSync } from 'node:fs';

/** The version of the package. */
export const packageVersion = (): string => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const manifest = JSON.parse(text) as { readonly version: string };
  return manifest.version;
};

/** Prints the version. */
export const version = (): Promise<number> => {
  process.stdout.write(`${packageVersion()}\n`);
  return Promise.resolve(0);
};
