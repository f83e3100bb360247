/** `npm run check`: types, lint, format, architecture and unit tests, side by side. `--only PACKAGE` narrows the tests. */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const unitTests =
  values.only === undefined
    ? globSync(['packages/{primitives,channel}/test/**/*.test.ts', 'test/architecture.test.ts'])
    : globSync(`packages/${values.only}/test/**/*.test.ts`);

// In one process: starting one per file would cost more than the tests themselves.
const steps: readonly (readonly [string, string, readonly string[]])[] = [
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ['pure types', 'tsc', ['-p', 'tsconfig.pure.json']],
  ['browser types', 'tsc', ['-p', 'tsconfig.browser.json']],
  ['lint', 'oxlint', ['--type-aware', '--quiet']],
  ['format', 'biome', ['check', '--log-level=error']],
  ['dead code', 'knip', ['--no-progress']],
  ['tests', process.execPath, ['--test', '--test-isolation=none', '--test-reporter=dot', ...unitTests]],
];

const runStep = (command: string, args: readonly string[]): Promise<{ ok: boolean; output: string }> =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ ok: false, output: String(error) }));
    child.on('exit', (code) => resolve({ ok: code === 0, output: Buffer.concat(chunks).toString() }));
  });

const results = await Promise.all(
  steps.map(async ([name, command, args]) => {
    const startedAt = performance.now();
    const { ok, output } = await runStep(command, args);
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    if (!ok) console.log(output);
    return ok;
  }),
);
process.exitCode = results.every(Boolean) ? 0 : 1;
