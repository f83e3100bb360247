/** Makes package-lock.json anew from the manifests, without registry addresses: `npm ci` takes whatever registry is configured. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './toolchain.mjs';

execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts', '--omit-lockfile-registry-resolved=false'], {
  cwd: root,
  stdio: 'inherit',
});
const file = join(root, 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
for (const entry of Object.values(lock.packages)) if (/^https?:/.test(entry.resolved ?? '')) delete entry.resolved;
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
