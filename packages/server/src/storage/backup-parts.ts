/** The keys in a backup, and how they join those of the folder that it is restored into. */
import { mkdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { keyringFile, readKeyring } from '../keys/file-keys.ts';
import { backupKeys, keyringText, openKey, parseKeyring, type SealedKey } from '../keys/keyring.ts';
import { type MasterKey, readMasterKeyFile } from '../keys/master-key.ts';
import { backupTable } from './backup.ts';
import { writeFileDurably } from './durable-file.ts';
import { StateError } from './storage-refusal.ts';

const readParts = (file: string): ReadonlyMap<string, string> => {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const rows = database.prepare(`select name, content from ${backupTable}`).all();
    const [check] = database.prepare('pragma integrity_check(1)').all();
    if (check?.['integrity_check'] !== 'ok') throw new Error(String(check?.['integrity_check']));
    return new Map(rows.map((row) => [String(row['name']), String(row['content'])]));
  } finally {
    database.close();
  }
};

const malformed = (cause: unknown): StateError =>
  new StateError('backup-malformed', 'the file is no backup of this program, or is damaged', 'use another backup', {
    cause,
  });

const versionOf = (manifest: string | undefined): unknown => {
  const parsed: unknown = JSON.parse(manifest ?? 'null');
  return typeof parsed === 'object' && parsed !== null && 'v' in parsed ? parsed.v : undefined;
};

/** The keyring of a backup. */
export const readBackupKeyring = (file: string): readonly SealedKey[] => {
  try {
    const parts = readParts(file);
    const keyring = parts.get('keyring');
    if (versionOf(parts.get('manifest')) !== 1 || keyring === undefined) throw new Error('parts are missing');
    return parseKeyring(keyring);
  } catch (cause) {
    throw malformed(cause);
  }
};

/** Refuses a restore that would leave a state whose keys nobody can open. */
export const requireKeys = (folder: string, keyring: readonly SealedKey[], supplied: MasterKey | undefined): void => {
  const master = supplied ?? readMasterKeyFile(folder);
  if (master === undefined) {
    throw new StateError(
      'master-key-missing',
      'a backup does not hold the master key, and the state folder has none',
      'put the master key of the original there as keys/master.key (mode 0600), or name it in HAUBERK_MASTER_KEY_FILE',
    );
  }
  for (const key of keyring) openKey([master], key);
};

/** Purposes whose older keys are still needed for what the backup holds. */
const isNeeded = ({ purpose }: SealedKey): boolean => purpose === 'idempotency-outcome';

/** Old keys that sign are no longer used: a key that was withdrawn since the backup must not come back. */
const ended = (key: SealedKey): SealedKey => (isNeeded(key) ? key : { ...key, wrap: null });

/** Joins the keys of a backup with those of the folder; short-lived ones go, so that nothing sealed before is honoured. */
export const restoreKeyring = (folder: string, keyring: readonly SealedKey[]): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const present = backupKeys(readKeyring(folder));
  const ids = new Set(present.map(({ id }) => id));
  const others = keyring.filter(({ id }) => !ids.has(id));
  const added =
    present.length === 0 ? others : others.filter((key) => isNeeded(key) || key.publicKey !== null).map(ended);
  writeFileDurably(keyringFile(folder), keyringText([...added, ...present]));
};
