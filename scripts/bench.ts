/** `npm run bench -- NAME [options]`: runs the bench script of that name. */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename } from 'node:path';

const [name, ...rest] = process.argv.slice(2);
const scripts = new Map(globSync('bench/*.ts').map((file) => [basename(file, '.ts'), file]));
const file = scripts.get(name ?? '');
if (file === undefined) {
  console.error(`usage: npm run bench -- NAME; known: ${[...scripts.keys()].toSorted().join(', ')}`);
  process.exit(2);
}
const { status } = spawnSync(process.execPath, [file, ...rest], { stdio: 'inherit' });
process.exitCode = status ?? 1;
