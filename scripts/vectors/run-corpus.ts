/** Runs one corpus and says how it went. */
import { join } from 'node:path';
import type { VectorRunner } from '@hauberk/primitives/vectors';
import { type Corpora, readCorpus } from './corpora.ts';
import { runners } from './registry.ts';

/** The outcome of one corpus. */
export interface CorpusReport {
  /** The one line for stdout. */
  readonly line: string;
  /** Lines for stderr; any of them makes the run a failure. */
  readonly faults: readonly string[];
}

/** Runs a corpus with the runner that is registered for it. */
export const runCorpus = async (
  corpora: Corpora,
  folder: string,
  registry: readonly VectorRunner[] = runners,
): Promise<CorpusReport> => {
  const runner = registry.find((candidate) => candidate.folder === folder);
  if (runner === undefined) return { line: `vectors ${folder}: no runner`, faults: [] };
  const { files, unreadable } = readCorpus(join(corpora.path, folder));
  const counts = await runner.run(files);
  const { passed, failed, skipped } = counts;
  const faults = [
    ...[...unreadable, ...counts.unreadable].map((file) => `${folder}: unreadable ${file}`),
    ...counts.failures.map((failure) => `${folder}: failed ${failure}`),
  ];
  // A count without a line would fail silently.
  if (faults.length === 0 && failed > 0) faults.push(`${folder}: ${failed} failures without detail`);
  return { line: `vectors ${folder}: ${passed} passed, ${failed} failed, ${skipped} skipped`, faults };
};
