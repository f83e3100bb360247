/** The plug-in for rollup and vite. */
import { dirname, resolve } from 'node:path';
import type { FileMap } from '../privacy/attribution.ts';
import { packageFinder } from './package-of.ts';
import type { SourceMap } from './source-map.ts';
import { manifestName, manifestOf, stampFile } from './stamp.ts';

/** What the plug-ins take. */
export interface StampOptions {
  /** Folder of the app: code in it that no other package owns is the app's. The present folder unless told. */
  readonly appFolder?: string;
}

interface Chunk {
  readonly type: 'chunk';
  code: string;
  map: (SourceMap & { mappings: string }) | null;
}
type Bundle = Record<string, Chunk | { readonly type: 'asset'; source?: unknown }>;
interface OutputOptions {
  readonly dir?: string | undefined;
  readonly file?: string | undefined;
  readonly sourcemap?: boolean | 'inline' | 'hidden' | undefined;
}

/** The shape that rollup and vite call. */
export interface StampPlugin {
  readonly name: string;
  readonly enforce: 'post';
  readonly outputOptions: (options: OutputOptions) => OutputOptions;
  readonly generateBundle: {
    readonly order: 'post';
    readonly handler: (
      this: { emitFile: (file: { type: 'asset'; fileName: string; source: string }) => string },
      options: OutputOptions,
      bundle: Bundle,
    ) => void;
  };
}

/** Puts the stamp into every chunk and writes the manifest. Chunks have source maps while they are built; one that nobody asked for is not kept. */
export const hauberkRollup = ({ appFolder = process.cwd() }: StampOptions = {}): StampPlugin => {
  const find = packageFinder(resolve(appFolder));
  let isAsked = false;
  return {
    name: 'hauberk-modules',
    enforce: 'post',
    outputOptions: (options) => {
      isAsked = options.sourcemap !== undefined && options.sourcemap !== false;
      return isAsked ? options : { ...options, sourcemap: 'hidden' };
    },
    generateBundle: {
      order: 'post',
      handler(options, bundle) {
        const files = new Map<string, FileMap>();
        const folder = resolve(options.dir ?? dirname(options.file ?? '.'));
        for (const [fileName, chunk] of Object.entries(bundle)) {
          if (chunk.type !== 'chunk' || chunk.map === null) continue;
          const packageOf = (source: string): string => find(resolve(folder, dirname(fileName), source));
          const { prefix, map } = stampFile(fileName, chunk.code, chunk.map, packageOf);
          chunk.code = prefix + chunk.code;
          chunk.map.mappings = `;${chunk.map.mappings}`;
          files.set(fileName, map);
          const mapFile = bundle[`${fileName}.map`];
          if (!isAsked) {
            chunk.map = null;
            delete bundle[`${fileName}.map`];
          } else if (mapFile?.type === 'asset') mapFile.source = JSON.stringify(chunk.map);
        }
        this.emitFile({ type: 'asset', fileName: manifestName, source: `${JSON.stringify(manifestOf(files))}\n` });
      },
    },
  };
};
