/** Two SDKs and the app in one minified bundle of rollup, vite, webpack and esbuild: every call has the owner that wrote it. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import vm from 'node:vm';
import { build as esbuild } from 'esbuild';
import fc from 'fast-check';
import { rollup } from 'rollup';
import { build as vite } from 'vite';
import webpack from 'webpack';
import { type BuildManifest, HauberkWebpackPlugin, hauberkEsbuild, hauberkRollup } from '../src/build/index.ts';
import { segmentsOf } from '../src/build/source-map.ts';
import { stampFile } from '../src/build/stamp.ts';
import { PrivacyAspect } from '../src/privacy/core.ts';
import type { ToldReport } from './privacy-proof.ts';

const files: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "bank", "version": "9.0.0", "private": true }',
  'src/main.js': `
    import { Tracker } from 'sdk-a';
    import { Pusher } from '@scope/sdk-b';
    class App { own() { return read('app'); } }
    globalThis.results = [new App().own(), new Tracker().locate(), new Pusher().locate()];`,
  'node_modules/sdk-a/package.json':
    '{ "name": "sdk-a", "version": "1.2.0", "main": "index.js", "type": "module", "sideEffects": false }',
  'node_modules/sdk-a/index.js': `import { Deep } from './deep.js';\nexport class Tracker {\n  #deep = new Deep();\n  locate() { return this.#deep.read(1); }\n}`,
  'node_modules/sdk-a/deep.js': `export const unused = () => 'x'.repeat(3);\nexport class Deep {\n  read(n) { return read('a' + n); }\n}`,
  'node_modules/@scope/sdk-b/package.json':
    '{ "name": "@scope/sdk-b", "version": "2.0.0-rc.1", "main": "index.js", "type": "module" }',
  'node_modules/@scope/sdk-b/index.js': `export class Pusher {\n  locate() {\n    const answer = read('b');\n    return answer;\n  }\n}`,
};

let folder: string;
const at = (path: string): string => join(folder, path);
const bare: Readonly<Record<string, string>> = {
  'sdk-a': 'node_modules/sdk-a/index.js',
  '@scope/sdk-b': 'node_modules/@scope/sdk-b/index.js',
};
const resolver = { name: 'resolve', resolveId: (id: string) => (bare[id] === undefined ? null : at(bare[id])) };

const builders: Readonly<Record<string, (out: string) => Promise<string>>> = {
  rollup: async (out) => {
    const bundle = await rollup({
      input: at('src/main.js'),
      plugins: [resolver, hauberkRollup({ appFolder: folder })],
    });
    await bundle.write({ file: join(out, 'assets/main.js'), format: 'iife' });
    return 'main.js';
  },
  vite: async (out) => {
    await vite({
      root: folder,
      configFile: false,
      logLevel: 'silent',
      plugins: [hauberkRollup({ appFolder: folder })],
      build: {
        outDir: out,
        rollupOptions: {
          input: at('src/main.js'),
          output: { format: 'iife', entryFileNames: 'assets/[name]-[hash].js' },
        },
      },
    });
    const manifest = JSON.parse(readFileSync(join(out, 'hauberk-modules.json'), 'utf8')) as BuildManifest;
    return Object.keys(manifest.files)[0] ?? '';
  },
  webpack: (out) =>
    new Promise((resolve, reject) => {
      const output = { path: out, filename: 'assets/main.js' };
      const plugins = [new HauberkWebpackPlugin() as unknown as webpack.WebpackPluginInstance];
      const options: webpack.Configuration = {
        context: folder,
        mode: 'production',
        entry: './src/main.js',
        output,
        plugins,
      };
      webpack(options, (error, stats) => {
        if (error !== null || stats?.hasErrors() === true) reject(error ?? new Error(stats?.toString()));
        else resolve('assets/main.js');
      });
    }),
  esbuild: async (out) => {
    await esbuild({
      entryPoints: [at('src/main.js')],
      bundle: true,
      minify: true,
      format: 'iife',
      outfile: join(out, 'main.js'),
      plugins: [hauberkEsbuild({ appFolder: folder })],
    });
    return 'main.js';
  },
};

/** Runs a built file as a page would, and gives the owners of the calls in it. */
const ownersIn = (file: string, address: string): readonly (readonly unknown[])[] => {
  const reports: ToldReport[] = [];
  const surface = {
    platform: 'web',
    kind: 'method',
    path: 'read',
    api: 'web:fetch',
    answers: 'sync',
    empty: 'text',
    denial: '=',
    isExit: false,
  } as const;
  const root: Record<string, unknown> = { read: (name: string) => name };
  const report = (kind: string, body: Readonly<Record<string, unknown>>): void => void reports.push({ kind, body });
  const platform = { surfaces: [surface], address: () => 'https://bank.example/', monotonic: () => 1, wall: () => 1 };
  const aspect = new PrivacyAspect(platform, { report });
  aspect.addRealm(root, 'page');
  const page = globalThis as Record<string, unknown>;
  page['read'] = root['read'];
  try {
    vm.runInThisContext(readFileSync(file, 'utf8'), { filename: address });
    assert.deepEqual(page['results'], ['app', 'a1', 'b']);
    aspect.flush();
  } finally {
    aspect.off();
    for (const name of ['read', 'results', '__hauberkModules']) delete page[name];
  }
  return reports
    .filter(({ kind }) => kind === 'privacy.chain')
    .map(({ body }) => [body['owner'], body['ownerVersion']]);
};

describe('module maps', () => {
  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'hauberk-build-')));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), text);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [name, run] of Object.entries(builders))
    it(`${name}: the app and both SDKs own their calls, and the manifest lists them`, async () => {
      const out = at(`out-${name}`);
      const file = await run(out);
      const path = join(out, name === 'rollup' ? `assets/${file}` : file);
      const manifest = JSON.parse(
        readFileSync(join(name === 'rollup' ? join(out, 'assets') : out, 'hauberk-modules.json'), 'utf8'),
      ) as BuildManifest;
      assert.deepEqual(
        manifest.packages.filter((one) => one !== 'app'),
        ['@scope/sdk-b@2.0.0-rc.1', 'sdk-a@1.2.0'],
      );
      assert.ok(Object.keys(manifest.files).includes(file));
      assert.deepEqual(ownersIn(path, `https://bank.example/static/${file}`), [
        ['app', undefined],
        ['sdk-a', '1.2.0'],
        ['@scope/sdk-b', '2.0.0-rc.1'],
      ]);
      assert.doesNotMatch(readFileSync(path, 'utf8'), /sourceMappingURL/);
    });

  it('a prologue stays the first statement', () => {
    const stamped = stampFile('x.js', '"use strict";(()=>{})();', { sources: [], mappings: '' }, () => 'app');
    assert.match(stamped.prefix, /^"use strict";\(globalThis/);
    assert.match(
      stampFile('x.js', "'use strict'\nx", { sources: [], mappings: '' }, () => 'app').prefix,
      /^'use strict';\(/,
    );
  });

  it('a stamp cannot end the script that it stands in', () => {
    const map = { sources: ['a'], mappings: 'AAAA' };
    assert.doesNotMatch(stampFile('</script>.js', 'x', map, () => '</script><img>').prefix, /</);
  });

  it('mappings are read as the format says', () => {
    assert.deepEqual(segmentsOf({ sources: ['a', 'b'], mappings: 'AAAA,CCAA;;gBDEA,A' }), [
      [1, 0, 0],
      [1, 1, 1],
      [3, 16, 0],
      [3, 16, undefined],
    ]);
    assert.throws(() => segmentsOf({ sources: [], mappings: 'A!' }));
    assert.throws(() => segmentsOf({ sources: [], mappings: 'gggggggggggggggggA' }));
  });

  it('whatever the mappings are, reading them ends with segments or a refusal', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'AgCD,;+/9!é'.split('')) }), (mappings) => {
        try {
          segmentsOf({ sources: [], mappings });
        } catch (error) {
          assert.match((error as Error).message, /^source map:/);
        }
      }),
    );
  });
});
