/** Where the official corpora lie, and what they hold. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { VectorFile } from '@hauberk/primitives/vectors';

/** A folder that may hold corpora. */
export interface Corpora {
  readonly path: string;
  /** Whether somebody named it: then it must be there. */
  readonly isNamed: boolean;
}

const besideRepository = fileURLToPath(new URL('../../../shared/vectors', import.meta.url));

/** `HAUBERK_VECTORS`, or the folder beside the repository. */
export const locateCorpora = (environment: NodeJS.ProcessEnv): Corpora => {
  const named = environment['HAUBERK_VECTORS'];
  return named === undefined || named === ''
    ? { path: besideRepository, isNamed: false }
    : { path: named, isNamed: true };
};

/** The names of the corpora, sorted; undefined when the folder is not there. */
export const corporaIn = ({ path }: Corpora): readonly string[] | undefined => {
  const isFolder = (name: string): boolean =>
    statSync(join(path, name), { throwIfNoEntry: false })?.isDirectory() === true;
  try {
    return readdirSync(path).filter(isFolder).toSorted();
  } catch {
    return undefined;
  }
};

/** The files of a corpus, however deep, and those that could not be read. */
export interface CorpusFiles {
  readonly files: readonly VectorFile[];
  readonly unreadable: readonly string[];
}

/** Reads a whole corpus. */
export const readCorpus = (folder: string): CorpusFiles => {
  const files: VectorFile[] = [];
  const unreadable: string[] = [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    const path = relative(folder, file).split(sep).join('/');
    try {
      files.push({ path, bytes: readFileSync(file) });
    } catch (error) {
      unreadable.push(`${path}: ${String(error)}`);
    }
  }
  return { files: files.toSorted((left, right) => (left.path < right.path ? -1 : 1)), unreadable };
};
