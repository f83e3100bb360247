/** `hauberk version`. */
import { readFileSync } from 'node:fs';

/** Prints the version of the package. */
export const version = async (): Promise<number> => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const manifest = JSON.parse(text) as { readonly version: string };
  process.stdout.write(`${manifest.version}\n`);
  return 0;
};
