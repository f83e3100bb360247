/** Builds what apps take: one ES module per entry and one file for pages without modules. `node packages/sdk/build.ts` */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';
import { buildTypes } from './build-types.ts';

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
  {
    name: 'hauberk-bind.mjs',
    entryPoints: [source('bind.ts')],
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
  },
  {
    name: 'hauberk-bound.mjs',
    entryPoints: [source('bound.ts')],
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
  },
  {
    name: 'hauberk-consent.mjs',
    entryPoints: [source('consent.ts')],
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
  },
  {
    name: 'hauberk-native-signals.mjs',
    entryPoints: [source('native-signals.ts')],
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
  },
  { name: 'hauberk-probes.mjs', entryPoints: [source('web/probes.ts')], format: 'esm', platform: 'browser' },
  {
    name: 'hauberk-probes.js',
    entryPoints: [source('web/probes.ts')],
    format: 'iife',
    globalName: 'HauberkProbes',
    platform: 'browser',
  },
  {
    name: 'hauberk-keys.mjs',
    entryPoints: [source('keys.ts')],
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
  },
  {
    name: 'hauberk-journal.mjs',
    entryPoints: [source('journal.ts')],
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
  },
  {
    name: 'hauberk-journal.js',
    entryPoints: [source('journal.ts')],
    format: 'iife',
    globalName: 'HauberkJournal',
    platform: 'browser',
  },
  {
    name: 'hauberk-directives.mjs',
    entryPoints: [source('directives.ts')],
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
  },
  {
    name: 'hauberk-directives-web.mjs',
    entryPoints: [source('web/directives.ts')],
    format: 'esm',
    platform: 'browser',
  },
  {
    name: 'hauberk-directives.js',
    entryPoints: [source('web/directives.ts')],
    format: 'iife',
    globalName: 'HauberkDirectives',
    platform: 'browser',
  },
  {
    name: 'hauberk-trusted.mjs',
    entryPoints: [source('trusted.ts')],
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
  },
  { name: 'hauberk-trusted-web.mjs', entryPoints: [source('web/trusted.ts')], format: 'esm', platform: 'browser' },
  {
    name: 'hauberk-trusted-web.js',
    entryPoints: [source('web/trusted.ts')],
    format: 'iife',
    globalName: 'HauberkTrusted',
    platform: 'browser',
  },
  { name: 'hauberk-trusted-node.mjs', entryPoints: [source('trusted-node.ts')], format: 'esm', platform: 'node' },
  { name: 'hauberk-privacy.mjs', entryPoints: [source('privacy/web.ts')], format: 'esm', platform: 'browser' },
  { name: 'hauberk-build.mjs', entryPoints: [source('build/index.ts')], format: 'esm', platform: 'node' },
  {
    name: 'hauberk-privacy-mini.mjs',
    entryPoints: [source('privacy/mini.ts')],
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
  },
  {
    name: 'hauberk-privacy-react-native.mjs',
    entryPoints: [source('privacy/react-native.ts')],
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
  },
  {
    name: 'hauberk-privacy.js',
    entryPoints: [source('privacy/first.ts')],
    format: 'iife',
    globalName: 'HauberkPrivacy',
    platform: 'browser',
  },
  {
    name: 'hauberk-bridge-conformance.mjs',
    entryPoints: [source('bridge-conformance.ts')],
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

const door = (file: string, types: string) => ({ types: `./types/sdk/src/${types}`, default: `./${file}` });

/** What the package says of itself; it depends on nothing. */
const description = {
  name: '@hauberk/sdk',
  version: '0.1.0',
  license: 'Apache-2.0',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20' },
  exports: {
    '.': door('hauberk.mjs', 'web/index.d.ts'),
    './node': door('hauberk-node.mjs', 'node.d.ts'),
    './noble': door('hauberk-noble.mjs', 'noble.d.ts'),
    './bind': door('hauberk-bind.mjs', 'bind.d.ts'),
    './bound': door('hauberk-bound.mjs', 'bound.d.ts'),
    './consent': door('hauberk-consent.mjs', 'consent.d.ts'),
    './native-signals': door('hauberk-native-signals.mjs', 'native-signals.d.ts'),
    './probes': door('hauberk-probes.mjs', 'web/probes.d.ts'),
    './keys': door('hauberk-keys.mjs', 'keys.d.ts'),
    './journal': door('hauberk-journal.mjs', 'journal.d.ts'),
    './directives': door('hauberk-directives.mjs', 'directives.d.ts'),
    './directives-web': door('hauberk-directives-web.mjs', 'web/directives.d.ts'),
    './trusted': door('hauberk-trusted.mjs', 'trusted.d.ts'),
    './trusted-web': door('hauberk-trusted-web.mjs', 'web/trusted.d.ts'),
    './trusted-node': door('hauberk-trusted-node.mjs', 'trusted-node.d.ts'),
    './privacy': door('hauberk-privacy.mjs', 'privacy/web.d.ts'),
    './build': door('hauberk-build.mjs', 'build/index.d.ts'),
    './privacy-mini': door('hauberk-privacy-mini.mjs', 'privacy/mini.d.ts'),
    './privacy-react-native': door('hauberk-privacy-react-native.mjs', 'privacy/react-native.d.ts'),
    './bridge-conformance': door('hauberk-bridge-conformance.mjs', 'bridge-conformance.d.ts'),
    './hauberk.js': './hauberk.js',
    './hauberk-trusted-web.js': './hauberk-trusted-web.js',
    './hauberk-journal.js': './hauberk-journal.js',
    './hauberk-directives.js': './hauberk-directives.js',
    './hauberk-privacy.js': './hauberk-privacy.js',
    './hauberk-probes.js': './hauberk-probes.js',
  },
};

const readme = `# @hauberk/sdk

\`fetch\` whose requests are signed or sealed, bound to this device and used exactly once, and whose replies are bound to them.

\`\`\`js
import { createHauberk, fileStorage } from '@hauberk/sdk/node';

const hauberk = createHauberk(options, { storage: fileStorage('./device.json') });
const reply = await hauberk.fetch('/api/accounts');
\`\`\`

Pages import \`@hauberk/sdk\`, or load \`hauberk.js\`, which defines one global: \`Hauberk.createHauberk(…)\`. Node 20 or newer, no dependencies. The options
and the table of what differs from \`fetch\` are in docs/sdk.md of the gateway's repository.
`;

/** Writes the whole package, ready to be published, into a folder. */
export const writePackage = async (folder: string): Promise<readonly BuiltFile[]> => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'types'), { recursive: true });
  const built = await buildSdk();
  for (const { name, bytes } of built) await writeFile(join(folder, name), bytes);
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(description, undefined, 2)}\n`);
  await writeFile(join(folder, 'README.md'), readme);
  await copyFile(fileURLToPath(new URL('../../LICENSE', import.meta.url)), join(folder, 'LICENSE'));
  buildTypes(join(folder, 'types'));
  return built;
};

if (import.meta.main) {
  const folder = fileURLToPath(new URL('dist', import.meta.url));
  for (const { name, bytes, gzipBytes } of await writePackage(folder))
    process.stdout.write(`${name}: ${bytes.length} bytes, ${gzipBytes} gzipped\n`);
}
