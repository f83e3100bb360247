/** The plug-in for webpack. */
import { resolve } from 'node:path';
import type { FileMap } from '../privacy/attribution.ts';
import { packageFinder } from './package-of.ts';
import type { StampOptions } from './rollup.ts';
import type { SourceMap } from './source-map.ts';
import { manifestName, manifestOf, stampFile } from './stamp.ts';

interface Source {
  readonly source: () => string | Buffer;
  readonly map: (options: { columns: boolean }) => SourceMap | null;
}
interface Compilation {
  readonly hooks: {
    readonly buildModule: { readonly tap: (name: string, work: (module: { useSourceMap?: boolean }) => void) => void };
    readonly processAssets: {
      readonly tap: (options: { name: string; stage: number }, work: (assets: Record<string, Source>) => void) => void;
    };
  };
  readonly updateAsset: (name: string, source: unknown) => void;
  readonly emitAsset: (name: string, source: unknown) => void;
}
interface Compiler {
  readonly context: string;
  readonly hooks: {
    readonly thisCompilation: { readonly tap: (name: string, work: (compilation: Compilation) => void) => void };
  };
  readonly webpack: {
    readonly sources: {
      readonly ConcatSource: new (...parts: unknown[]) => unknown;
      readonly RawSource: new (text: string) => unknown;
    };
    readonly Compilation: { readonly PROCESS_ASSETS_STAGE_DEV_TOOLING: number };
  };
}

const name = 'hauberk-modules';

/**
 * webpack names a module by a scheme, its type perhaps, loaders each ended by `!`, its way from webpack's folder, a query, and a layer perhaps; type and
 * layer are set off by `|`.
 */
const pathOf = (source: string): string => {
  const parts = source.replace(/^webpack:\/\//, '').split('|');
  const ways = parts.map((part) => part.slice(part.lastIndexOf('!') + 1).replace(/\?.*$/, ''));
  return ways.find((way) => /^(?:\.{0,2}\/|[A-Za-z]:)/.test(way)) ?? '';
};

/** Puts the stamp into every script and writes the manifest: after minifying, before source maps are written. */
export class HauberkWebpackPlugin {
  readonly #options: StampOptions;

  constructor(options: StampOptions = {}) {
    this.#options = options;
  }

  apply(compiler: Compiler): void {
    const find = packageFinder(resolve(this.#options.appFolder ?? compiler.context));
    const packageOf = (source: string): string => find(resolve(compiler.context, pathOf(source)));
    compiler.hooks.thisCompilation.tap(name, (compilation) => {
      compilation.hooks.buildModule.tap(name, (module) => {
        module.useSourceMap = true;
      });
      const stage = compiler.webpack.Compilation.PROCESS_ASSETS_STAGE_DEV_TOOLING - 1;
      compilation.hooks.processAssets.tap({ name, stage }, (assets) =>
        this.#stamp(compiler, compilation, assets, packageOf),
      );
    });
  }

  #stamp(
    { webpack }: Compiler,
    compilation: Compilation,
    assets: Record<string, Source>,
    packageOf: (source: string) => string,
  ): void {
    const files = new Map<string, FileMap>();
    for (const [fileName, asset] of Object.entries(assets)) {
      const map = /\.[cm]?js$/.test(fileName) ? asset.map({ columns: true }) : null;
      if (map === null) continue;
      const stamped = stampFile(fileName, asset.source().toString(), map, packageOf);
      compilation.updateAsset(fileName, new webpack.sources.ConcatSource(stamped.prefix, asset));
      files.set(fileName, stamped.map);
    }
    compilation.emitAsset(manifestName, new webpack.sources.RawSource(`${JSON.stringify(manifestOf(files))}\n`));
  }
}
