/** The plug-in for esbuild. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { FileMap } from '../privacy/attribution.ts';
import { packageFinder } from './package-of.ts';
import type { StampOptions } from './rollup.ts';
import type { SourceMap } from './source-map.ts';
import { manifestName, manifestOf, stampFile } from './stamp.ts';

interface OutputFile {
  readonly path: string;
  contents: Uint8Array;
  readonly text: string;
}
interface Build {
  readonly initialOptions: {
    write?: boolean | undefined;
    sourcemap?: unknown;
    outdir?: string | undefined;
    outfile?: string | undefined;
  };
  readonly onEnd: (work: (result: { outputFiles?: OutputFile[] | undefined }) => Promise<void>) => void;
}

/** The shape that esbuild calls. */
export interface EsbuildStampPlugin {
  readonly name: string;
  readonly setup: (build: Build) => void;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Stamps the files of one build, in place. */
const stampAll = (
  outputFiles: readonly OutputFile[],
  folder: string,
  find: (file: string) => string,
): ReadonlyMap<string, FileMap> => {
  const files = new Map<string, FileMap>();
  for (const file of outputFiles) {
    const mapFile = outputFiles.find(({ path }) => path === `${file.path}.map`);
    if (mapFile === undefined) continue;
    const map = JSON.parse(mapFile.text) as SourceMap & { mappings: string };
    const fileName = relative(folder, file.path).split(sep).join('/');
    const packageOf = (source: string): string => find(resolve(dirname(file.path), source));
    const stamped = stampFile(fileName, file.text, map, packageOf);
    file.contents = bytes(stamped.prefix + file.text);
    mapFile.contents = bytes(JSON.stringify({ ...map, mappings: `;${map.mappings}` }));
    files.set(fileName, stamped.map);
  }
  return files;
};

/** Puts the stamp into every script and writes the manifest. It writes the files itself, as esbuild would have. */
export const hauberkEsbuild = ({ appFolder = process.cwd() }: StampOptions = {}): EsbuildStampPlugin => ({
  name: 'hauberk-modules',
  setup: ({ initialOptions, onEnd }) => {
    const isWritten = initialOptions.write !== false;
    const isAsked = initialOptions.sourcemap !== undefined && initialOptions.sourcemap !== false;
    initialOptions.write = false;
    if (!isAsked) initialOptions.sourcemap = 'external';
    const find = packageFinder(resolve(appFolder));
    onEnd(async (result) => {
      const { outputFiles = [] } = result;
      const { outdir, outfile } = initialOptions;
      const folder = resolve(outdir ?? dirname(outfile ?? '.'));
      const files = stampAll(outputFiles, folder, find);
      const text = `${JSON.stringify(manifestOf(files))}\n`;
      const manifest = { path: join(folder, manifestName), contents: bytes(text), text };
      const kept = [...outputFiles.filter(({ path }) => isAsked || !path.endsWith('.map')), manifest];
      if (!isWritten) {
        outputFiles.splice(0, outputFiles.length, ...kept);
        return;
      }
      for (const { path, contents } of kept) {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(join(dirname(path), basename(path)), contents);
      }
    });
  },
});
