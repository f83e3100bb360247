/** Bundles the H5 app into one page, one script and one style sheet. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hauberkEsbuild } from '@hauberk/sdk/build';
import { build } from 'esbuild';

/** What was written. */
export interface BuiltApp {
  readonly outDir: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

const WEB = join(import.meta.dirname, 'web');

/** Builds into `outDir`, which is created when missing. `nowMs` is the build time that the app's trust root holds. */
export async function buildApp(outDir: string, nowMs: number = Date.now()): Promise<BuiltApp> {
  const bundles = await build({
    absWorkingDir: WEB,
    entryPoints: { app: 'main.ts', style: 'style.css' },
    bundle: true,
    minify: true,
    write: false,
    outdir: outDir,
    format: 'esm',
    platform: 'browser',
    target: ['chrome115', 'safari16.4', 'firefox115'],
    legalComments: 'none',
    plugins: [hauberkEsbuild({ appFolder: WEB })],
    define: { BUILD_TIME_MS: String(nowMs) },
    logLevel: 'silent',
  });
  const outputs = [
    ...bundles.outputFiles
      .filter(({ path }) => !path.endsWith('.json'))
      .map(({ path, contents }) => ({ name: path.endsWith('.css') ? 'app.css' : 'app.js', contents })),
    { name: 'index.html', contents: await readFile(join(WEB, 'index.html')) },
    { name: 'icon.svg', contents: await readFile(join(WEB, 'icon.svg')) },
  ];
  await mkdir(outDir, { recursive: true });
  await Promise.all(outputs.map(({ name, contents }) => writeFile(join(outDir, name), contents)));
  return { outDir, files: outputs.map(({ name, contents }) => ({ name, bytes: contents.length })) };
}
