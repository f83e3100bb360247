/**
 * Finds or brings the Node that the project needs, and the locked dependencies. Runs on Node 20 and newer, so this
 * file is plain JavaScript. Node comes from the npm registry (package node-<os>-<arch>), never from anywhere else.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Node 24.15 is the first whose SQLite (3.51.3 or newer) is free of the WAL-reset corruption. */
const minimumNode = [24, 15];
const cacheFolder = join(root, '.cache');

const isNewEnough = (version) => {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number);
  return major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1]);
};

const npm = (args, cwd) =>
  execFileSync('npm', args, { cwd, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });

const installNode = (folder) => {
  const os = process.platform === 'win32' ? 'win' : process.platform;
  console.error(`hauberk: this machine has Node ${process.version}; fetching Node 24 from the npm registry`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  npm(['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', `node-${os}-${process.arch}@24`], folder);
};

/** The path of a Node that is new enough: this process's own, or one kept in `.cache/node`. */
export const ensureNode = () => {
  if (isNewEnough(process.version)) return process.execPath;
  const folder = join(cacheFolder, 'node');
  const os = process.platform === 'win32' ? 'win' : process.platform;
  const binary = join(folder, 'node_modules', `node-${os}-${process.arch}`, 'bin', os === 'win' ? 'node.exe' : 'node');
  if (!existsSync(binary)) installNode(folder);
  if (!existsSync(binary))
    throw new Error(`hauberk: no Node 24 for ${os}-${process.arch}; install Node 24.15 or newer`);
  return binary;
};

/** Installs the locked dependencies when the lock file differs from the one last installed. */
export const ensureDependencies = () => {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const marker = join(root, 'node_modules', '.hauberk-lock');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === lock) return;
  console.error('hauberk: installing the locked dependencies');
  rmSync(marker, { force: true });
  // Not `npm ci`: it refuses a lock file that lacks tools' binaries for platforms that a registry does not carry. Versions and integrity
  // hashes come from the lock file all the same, and nothing is written back.
  npm(['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], root);
  writeFileSync(marker, lock);
};
