/**
 * `npm test [-- FILTER...]`: runs every suite that this machine can run. A suite that misses a browser or a server skips and says so;
 * with CI_REQUIRE_ALL=1 a skip counts as a failure. The last line is `N passed, N failed`.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const requireAll = process.env['CI_REQUIRE_ALL'] === '1';
const filters = process.argv.slice(2);
const suites = ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'test/*.test.ts', 'attack/*.test.ts'];
const files = globSync(suites)
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .toSorted();

const counts = { passed: 0, failed: 0, skipped: 0 };
const skips: string[] = [];
const stream = run({ files, concurrency: Math.min(4, availableParallelism()), timeout: 600_000 });
stream.on('test:pass', (event) => {
  if (event.details.type === 'suite') return;
  if (event.skip === undefined || event.skip === false) counts.passed += 1;
  else {
    counts.skipped += 1;
    skips.push(`${event.file ?? ''}: ${event.name}: ${String(event.skip)}`);
  }
});
stream.on('test:fail', (event) => {
  if (event.details.type !== 'suite') counts.failed += 1;
});
stream.compose(spec()).pipe(process.stdout);
stream.on('end', () => {
  for (const skip of skips) console.log(`skipped ${skip}`);
  if (requireAll) counts.failed += counts.skipped;
  else if (counts.skipped > 0) console.log(`${counts.skipped} skipped`);
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
  process.on('exit', () => console.log(`${counts.passed} passed, ${counts.failed} failed`));
});
