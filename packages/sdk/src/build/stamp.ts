/** The stamp: a line in front of a built file that tells the aspect which package each piece of it is. */
import { type FileMap, stampsName } from '../privacy/attribution.ts';
import { appPackage } from './package-of.ts';
import { type SourceMap, segmentsOf } from './source-map.ts';

/** What the build writes beside its files: which packages are in it, and where. */
export interface BuildManifest {
  readonly version: 1;
  readonly packages: readonly string[];
  readonly files: Readonly<Record<string, FileMap>>;
}

/** A built file with its stamp. */
export interface StampedFile {
  /** The line to put in front, with its end. Everything below moves down by one line, and a source map gets a `;` in front. */
  readonly prefix: string;
  /** Where the packages are when the line is there. */
  readonly map: FileMap;
}

/** Name of the manifest's file. */
export const manifestName = 'hauberk-modules.json';

/** A prologue must stay the first statement of a classic script. */
const prologueOf = (code: string): string => /^\s*(["'])use strict\1;?/.exec(code)?.[0].trim() ?? '';

const mapOf = (map: SourceMap, packageOf: (source: string) => string): FileMap => {
  const packages: string[] = [];
  const ranges: (readonly [number, number, number])[] = [];
  const numberOf = (name: string): number => {
    if (!packages.includes(name)) packages.push(name);
    return packages.indexOf(name);
  };
  let last = -1;
  for (const [line, column, source] of segmentsOf(map)) {
    const path = source === undefined ? null : (map.sources[source] ?? null);
    const index = numberOf(path === null ? appPackage : packageOf(path));
    if (index === last) continue;
    last = index;
    ranges.push([line + 1, column, index]);
  }
  return { packages, ranges };
};

/** Makes the stamp of a file. `fileName` is how its address will end. */
export const stampFile = (
  fileName: string,
  code: string,
  map: SourceMap,
  packageOf: (source: string) => string,
): StampedFile => {
  const made = mapOf(map, packageOf);
  // No `<` may stand in it: files are put into pages as they are.
  const text = JSON.stringify(made).replaceAll('<', '\\u003c');
  const name = JSON.stringify(fileName).replaceAll('<', '\\u003c');
  const prologue = prologueOf(code);
  const prefix = `${prologue === '' || prologue.endsWith(';') ? prologue : `${prologue};`}(globalThis.${stampsName}??={})[${name}]=${text};\n`;
  return { prefix, map: made };
};

/** The manifest of all stamped files. */
export const manifestOf = (files: ReadonlyMap<string, FileMap>): BuildManifest => ({
  version: 1,
  packages: [...new Set([...files.values()].flatMap(({ packages }) => packages))].toSorted(),
  files: Object.fromEntries(files),
});
