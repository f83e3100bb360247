/**
 * `npm test [-- FILTER...]`: runs every suite that this machine can run. A suite that misses a browser or a server skips and says so;
 * with CI_REQUIRE_ALL=1 a skip counts as a failure. The last line is `N passed, N failed`.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const requireAll = process.env['CI_REQUIRE_ALL'] === '1';
const filters = process.argv.slice(2);
const suites = [
  'packages/*/test/**/*.test.ts',
  'examples/*/test/**/*.test.ts',
  'test/*.test.ts',
  'attack/*.test.ts',
  'bench/**/*.test.ts',
];
const files = globSync(suites)
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .toSorted();

/** Files slower than this are named at the end, so that a suite that grows is seen. */
const slowMs = 10_000;

const counts = { passed: 0, failed: 0, skipped: 0 };
const skips: string[] = [];
const slow: { readonly file: string; readonly ms: number }[] = [];
/** Files whose process ended badly although no test of theirs had failed, and how. */
const died = new Map<string, string>();

const noteSkip = (file: string | undefined, name: string, why: string | boolean): void => {
  counts.skipped += 1;
  skips.push(`${file ?? ''}: ${name}${why === true ? '' : `: ${why}`}`);
};

/** How a file's process ended when that, and no test, is what failed; undefined for every other failure. */
const endOf = (error: unknown): string | undefined => {
  const { failureType, exitCode, signal } = error as {
    failureType?: string;
    exitCode?: number;
    signal?: string | null;
  };
  if (failureType !== 'testCodeFailure' || (exitCode === undefined && signal === undefined)) return undefined;
  return typeof signal === 'string' ? signal : `exit code ${exitCode}`;
};

/** Runs files and counts what comes of them. */
const runFiles = (chosen: readonly string[], onDeath: (file: string, end: string) => void): Promise<void> =>
  new Promise((resolve) => {
    const stream = run({ files: [...chosen], concurrency: Math.min(4, availableParallelism()), timeout: 600_000 });
    stream.on('test:pass', ({ name, file, skip, todo, details }) => {
      const left = skip ?? todo;
      // A skipped suite hides its tests, so it counts as one.
      if (left !== undefined && left !== false) noteSkip(file, name, left);
      else if (details.type !== 'suite') counts.passed += 1;
    });
    stream.on('test:fail', ({ name, file, todo, details }) => {
      const end = endOf(details.error);
      // A failing `todo` does not fail its run: it is a test that is not there yet.
      if (todo !== undefined && todo !== false) noteSkip(file, name, todo);
      else if (end !== undefined) onDeath(name, end);
      else if (details.type !== 'suite') counts.failed += 1;
    });
    stream.on('test:summary', ({ file, duration_ms: ms }) => {
      if (file !== undefined && ms > slowMs) slow.push({ file: relative(process.cwd(), file), ms });
    });
    const shown = stream.compose(spec());
    shown.pipe(process.stdout, { end: false });
    shown.on('end', () => resolve());
  });

const report = (): void => {
  for (const { file, ms } of slow.toSorted((one, other) => other.ms - one.ms)) {
    console.log(`slow ${file}: ${(ms / 1000).toFixed(1)} s`);
  }
  for (const skip of skips) console.log(`skipped ${skip}`);
  for (const [file, end] of died) console.log(`died ${file}: ${end}; run again`);
  if (requireAll) counts.failed += counts.skipped;
  else if (counts.skipped > 0) console.log(`${counts.skipped} skipped`);
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
  process.on('exit', () => console.log(`${counts.passed} passed, ${counts.failed} failed`));
};

await runFiles(files, (file, end) => void died.set(file, end));
// A process that was taken from outside says nothing of its tests: they get one more chance, and the end is told. A second one fails.
if (died.size > 0)
  await runFiles([...died.keys()], (file, end) => {
    died.set(file, `${died.get(file)}, then ${end}`);
    counts.failed += 1;
  });
report();
