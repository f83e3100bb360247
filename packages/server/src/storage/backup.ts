/** A backup: one file, a consistent copy of the record with the keys that belong in it, taken while the gateway runs. */
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { backup as copyDatabase, DatabaseSync } from 'node:sqlite';
import { toHex } from '@hauberk/primitives';
import { readKeyring } from '../keys/file-keys.ts';
import { backupKeys, keyringText } from '../keys/keyring.ts';
import { type MasterKey, readMasterKeyFile } from '../keys/master-key.ts';
import { sealBackup } from './backup-seal.ts';
import { makePrivateFile, syncFile, syncFolder } from './durable-file.ts';
import { openReader, requireSafeSqlite } from './node-sqlite.ts';
import { auditReads } from './sqlite/audit-reads.ts';
import { readStart } from './start-record.ts';
import { stateFiles } from './state-folder.ts';
import { StateError } from './storage-refusal.ts';

/** What a backup holds. */
export interface BackupSummary {
  readonly epoch: number;
  readonly boot: number;
  readonly auditEntries: number;
  readonly auditHead: string;
  readonly bytes: number;
}

/** Table of what a backup holds beside the record. */
export const backupTable = 'backup_parts';

const addParts = (file: string, parts: Readonly<Record<string, string>>): void => {
  const database = new DatabaseSync(file);
  try {
    // One file without companions: a copied WAL database could be moved without its WAL.
    database.exec('pragma journal_mode=delete; pragma synchronous=full; begin');
    database.exec(`create table ${backupTable} (name text primary key, content text not null) strict`);
    const insert = database.prepare(`insert into ${backupTable} (name, content) values (?, ?)`);
    for (const [name, content] of Object.entries(parts)) insert.run(name, content);
    database.exec('commit');
  } finally {
    database.close();
  }
};

const summaryOf = (file: string): Omit<BackupSummary, 'bytes'> => {
  const database = openReader(file);
  try {
    const { epoch, boot } = readStart(database) ?? { epoch: 0, boot: 0 };
    const head = auditReads(database).head();
    return { epoch, boot, auditEntries: head.size, auditHead: toHex(head.hash) };
  } finally {
    database.close();
  }
};

/** How a backup is made. */
export interface BackupOptions {
  /** Replaces a file that is there. */
  readonly force?: boolean;
  /** Otherwise it is sealed under the master key. */
  readonly passphrase?: string | undefined;
  /** Otherwise the folder's own. */
  readonly master?: MasterKey | undefined;
}

const exists = (out: string, cause?: unknown): StateError =>
  new StateError('backup-exists', `${out} is there already`, 'name another file with --out, or say --force', { cause });

/** Gives the finished file its name; without `force` only one that nobody has, also when two backups end at once. */
const publish = (finished: string, out: string, force: boolean): void => {
  syncFile(finished);
  if (force) renameSync(finished, out);
  else {
    try {
      linkSync(finished, out);
    } catch (error) {
      throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? exists(out, error) : error;
    }
    rmSync(finished);
  }
  syncFolder(dirname(out));
};

/**
 * Writes a sealed backup of a state folder to a new file. The copy in clear never leaves the state folder.
 * @throws StateError when there is no record, no key to seal it with, or the file is there already.
 */
export const backupState = async (
  folder: string,
  out: string,
  takenAtMs: number,
  options: BackupOptions = {},
): Promise<BackupSummary> => {
  requireSafeSqlite();
  const files = stateFiles(folder);
  const { force = false, passphrase } = options;
  if (!existsSync(files.record)) {
    throw new StateError('state-missing', 'the folder holds no record', 'name a state folder with --state');
  }
  if (!force && existsSync(out)) throw exists(out);
  const mark = randomBytes(6).toString('hex');
  const plain = join(folder, `backup.${mark}.new`);
  const unfinished = `${out}.${mark}.new`;
  makePrivateFile(plain);
  const source = openReader(files.record);
  try {
    // All pages in one step: otherwise every commit of a running gateway starts the copy anew.
    await copyDatabase(source, plain, { rate: 2 ** 31 - 1 });
    const manifest = JSON.stringify({ v: 1, takenAtMs });
    addParts(plain, { manifest, keyring: keyringText(backupKeys(readKeyring(files.keys))) });
    const summary = summaryOf(plain);
    sealBackup(plain, unfinished, { passphrase, master: options.master ?? readMasterKeyFile(files.keys) });
    publish(unfinished, out, force);
    return { ...summary, bytes: statSync(out).size };
  } finally {
    source.close();
    rmSync(plain, { force: true });
    rmSync(unfinished, { force: true });
  }
};
