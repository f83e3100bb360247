/** Which package a module's file belongs to. */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

/** The name of the app's own code in module maps. */
export const appPackage = 'app';

interface Manifest {
  readonly name?: unknown;
  readonly version?: unknown;
}

const readManifest = (folder: string): Manifest | undefined => {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return typeof manifest === 'object' && manifest !== null ? manifest : undefined;
  } catch {
    return undefined;
  }
};

/**
 * Gives `name@version` of the nearest folder above a file whose `package.json` has a name; `app` for the app's own folder, and for what is no file.
 * A package of a workspace is one like any other.
 */
export const packageFinder = (appFolder: string): ((file: string) => string) => {
  const known = new Map<string, string>();
  const find = (folder: string): string => {
    const before = known.get(folder);
    if (before !== undefined) return before;
    const parent = dirname(folder);
    const { name, version } = (folder === appFolder ? undefined : readManifest(folder)) ?? {};
    const isPackage = typeof name === 'string' && name !== '';
    const isTop = folder === appFolder || parent === folder;
    const found = isPackage
      ? `${name}${typeof version === 'string' ? `@${version}` : ''}`
      : isTop
        ? appPackage
        : find(parent);
    known.set(folder, found);
    return found;
  };
  return (file) => (isAbsolute(file) ? find(dirname(file)) : appPackage);
};
