/** `npm run format`: formats and sorts imports in place. */
import { spawnSync } from 'node:child_process';

process.exitCode = spawnSync('biome', ['check', '--write', ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1;
