/**
 * One process per state folder. The lock is an exclusive transaction on a database of its own: it dies with the process, however that
 * ends, so that no stale lock ever blocks a start. Two processes on one folder would each accept what the other has seen.
 */
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makePrivateFile, writeFileDurably } from './durable-file.ts';
import { StateError } from './storage-refusal.ts';

/** A lock that is held. */
export interface StateLock {
  release(): void;
}

const holderOf = (file: string): string => {
  try {
    return ` by process ${Number.parseInt(readFileSync(file, 'utf8'), 10)}`;
  } catch {
    return '';
  }
};

/** Takes the lock of a state folder or refuses at once. */
export const lockState = (folder: string): StateLock => {
  // Never read lock.db with anything but SQLite: closing another descriptor of it would drop the POSIX lock of this process.
  const file = join(folder, 'lock.db');
  if (existsSync(file)) chmodSync(file, 0o600);
  else makePrivateFile(file);
  const database = new DatabaseSync(file, { timeout: 0 });
  const holder = join(folder, 'lock.pid');
  try {
    database.exec('begin exclusive');
  } catch (cause) {
    database.close();
    throw new StateError(
      'state-locked',
      `the state folder is in use${holderOf(holder)}`,
      'stop the other process, or give this one a folder of its own: `state` in the configuration (HAUBERK__state), --state of a command',
      { cause },
    );
  }
  writeFileDurably(holder, `${process.pid}\n`);
  return { release: () => database.close() };
};
