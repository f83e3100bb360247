/** A backup: one file, a consistent copy of the record with the keys that belong in it, taken while the gateway runs. */
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup as copyDatabase, DatabaseSync } from 'node:sqlite';
import { toHex } from '@hauberk/primitives';
import { readKeyring } from '../keys/file-keys.ts';
import { backupKeys, keyringText } from '../keys/keyring.ts';
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

const summaryOf = (file: string): BackupSummary => {
  const database = openReader(file);
  try {
    const { epoch, boot } = readStart(database) ?? { epoch: 0, boot: 0 };
    const head = auditReads(database).head();
    const bytes = readFileSync(file).length;
    return { epoch, boot, auditEntries: head.size, auditHead: toHex(head.hash), bytes };
  } finally {
    database.close();
  }
};

/**
 * Writes a backup of a state folder to a new file.
 * @throws StateError when there is no record.
 */
export const backupState = async (folder: string, out: string, takenAtMs: number): Promise<BackupSummary> => {
  requireSafeSqlite();
  const files = stateFiles(folder);
  if (!existsSync(files.record)) {
    throw new StateError('state-missing', 'the folder holds no record', 'name a state folder with --state');
  }
  const unfinished = `${out}.${process.pid}.new`;
  makePrivateFile(unfinished);
  const source = openReader(files.record);
  try {
    // All pages in one step: otherwise every commit of a running gateway starts the copy anew.
    await copyDatabase(source, unfinished, { rate: 2 ** 31 - 1 });
    const manifest = JSON.stringify({ v: 1, takenAtMs });
    addParts(unfinished, { manifest, keyring: keyringText(backupKeys(readKeyring(files.keys))) });
    const summary = summaryOf(unfinished);
    syncFile(unfinished);
    renameSync(unfinished, out);
    syncFolder(dirname(out));
    return summary;
  } finally {
    source.close();
    rmSync(unfinished, { force: true });
  }
};
