/** The one entry behind every npm script: brings Node 24 and the dependencies, then runs the task on them. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { ensureDependencies, ensureNode, root } from './toolchain.mjs';

const tasks = {
  start: ['packages/server/src/main.ts', 'demo'],
  hauberk: ['packages/server/src/main.ts'],
  test: ['scripts/test.ts'],
  'test:full': ['scripts/test-full.ts'],
  check: ['scripts/check.ts'],
  format: ['scripts/format.ts'],
  vectors: ['scripts/vectors.ts'],
  bench: ['scripts/bench.ts'],
  fuzz: ['scripts/fuzz.ts'],
  clauses: ['scripts/clauses.ts'],
  'model-check': ['scripts/model-check.ts'],
};

const [task, ...rest] = process.argv.slice(2);
const entry = tasks[task];
if (entry === undefined) {
  console.error(`unknown task ${task}; one of ${Object.keys(tasks).join(', ')}`);
  process.exit(2);
}
const node = ensureNode();
ensureDependencies();
const compileCache = join(root, '.cache', 'compile');
mkdirSync(compileCache, { recursive: true });
const [script, ...fixed] = entry;
const child = spawn(node, [join(root, script), ...fixed, ...rest], {
  cwd: task === 'hauberk' ? process.cwd() : root,
  stdio: 'inherit',
  env: {
    ...process.env,
    NODE_COMPILE_CACHE: compileCache,
    PATH: `${dirname(node)}${delimiter}${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`,
  },
});
// Ctrl-C reaches the child through the terminal's process group; a lone signal is passed on.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 130)));
