/** `npm run test:full -- NAME`: the suites whose file name holds NAME, at their full sizes (HAUBERK_FULL=1). */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const [name, ...rest] = process.argv.slice(2);
const files = globSync([
  'packages/*/test/**/*.test.ts',
  'examples/*/test/**/*.test.ts',
  'test/*.test.ts',
  'attack/*.test.ts',
  'bench/**/*.test.ts',
]).filter((file) => name !== undefined && file.includes(name));
if (files.length === 0) {
  console.error('usage: npm run test:full -- NAME, where NAME is part of a test file name');
  process.exit(2);
}
const { status } = spawnSync(process.execPath, ['--test', ...rest, ...files], {
  stdio: 'inherit',
  env: { ...process.env, HAUBERK_FULL: '1' },
});
process.exitCode = status ?? 1;
