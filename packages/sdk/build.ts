/** Builds what apps take: one ES module per entry and one file for pages without modules. `node packages/sdk/build.ts` */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';

/** A built file. */
export interface BuiltFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly gzipBytes: number;
}

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

const common: BuildOptions = {
  bundle: true,
  minify: true,
  target: 'es2022',
  legalComments: 'none',
  write: false,
  treeShaking: true,
};

const entries: readonly (BuildOptions & { readonly name: string })[] = [
  { name: 'hauberk.mjs', entryPoints: [source('web/index.ts')], format: 'esm', platform: 'browser' },
  {
    name: 'hauberk.js',
    entryPoints: [source('web/index.ts')],
    format: 'iife',
    globalName: 'Hauberk',
    platform: 'browser',
  },
  {
    name: 'hauberk-noble.mjs',
    entryPoints: [source('noble.ts')],
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
  },
  { name: 'hauberk-node.mjs', entryPoints: [source('node.ts')], format: 'esm', platform: 'node' },
];

/** Builds every entry in memory. */
export const buildSdk = (): Promise<readonly BuiltFile[]> =>
  Promise.all(
    entries.map(async ({ name, ...entry }) => {
      const { outputFiles = [] } = await build({ ...common, ...entry });
      const bytes = outputFiles[0]?.contents ?? new Uint8Array(0);
      return { name, bytes, gzipBytes: gzipSync(bytes, { level: 9 }).length };
    }),
  );

if (import.meta.main) {
  const { mkdir, writeFile } = await import('node:fs/promises');
  const folder = new URL('dist/', import.meta.url);
  await mkdir(folder, { recursive: true });
  for (const { name, bytes, gzipBytes } of await buildSdk()) {
    await writeFile(new URL(name, folder), bytes);
    process.stdout.write(`${name}: ${bytes.length} bytes, ${gzipBytes} gzipped\n`);
  }
}
