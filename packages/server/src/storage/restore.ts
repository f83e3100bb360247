/**
 * Puts a backup in place of a state folder's record. The epoch rises, so that nothing from before is honoured; what the replaced record
 * had taken away stays taken; a backup with a shorter audit log than the present one is only accepted explicitly.
 */
import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { epochMs, equalBytes } from '@hauberk/primitives';
import { readAnchor, writeAnchor } from '../audit/audit-anchor.ts';
import { type AuditHead, emptyAuditHash, installationScope } from '../audit/audit-log.ts';
import { auditKeysOf, verifyRecordFile } from '../audit/verify-folder.ts';
import { openFileKeys } from '../keys/file-keys.ts';
import type { SealedKey } from '../keys/keyring.ts';
import { p256PrivateKey } from '../keys/make-key.ts';
import { type MasterKey, readMasterKeyFile } from '../keys/master-key.ts';
import { backupTable } from './backup.ts';
import { readBackupKeyring, requireKeys, restoreKeyring } from './backup-parts.ts';
import { isSealedBackup, openBackup } from './backup-seal.ts';
import { makePrivateFile, makePrivateFolder, syncFile, syncFolder } from './durable-file.ts';
import { type KeptRows, mergePresent, voidRestored } from './merge-record.ts';
import { migrateRecord } from './migrations.ts';
import { openReader, openWriter, requireSafeSqlite } from './node-sqlite.ts';
import { auditReads } from './sqlite/audit-reads.ts';
import { openAuditChain } from './sqlite/audit-writes.ts';
import { bootsPerEpoch, keepStart, readStart } from './start-record.ts';
import { type StateFiles, stateFiles } from './state-folder.ts';
import { lockState } from './state-lock.ts';
import { StateError } from './storage-refusal.ts';

/** What to restore, where, and on whose word. */
export interface RestoreOptions {
  readonly file: string;
  readonly folder: string;
  readonly master?: MasterKey | undefined;
  /** Of a backup that was sealed under one. */
  readonly passphrase?: string | undefined;
  /** The operator knows that audit entries of the present state are not in the backup. */
  readonly acceptRollback: boolean;
  readonly nowMs: number;
}

/**
 * How the present audit log goes beyond the backup's: `older` (the backup is a beginning of it), `forked`, or `unreadable`: the present
 * record is damaged, so that what it had taken away cannot be kept.
 */
export interface AuditRollback {
  readonly kind: 'older' | 'forked' | 'unreadable';
  readonly presentSize: number;
  readonly backupSize: number;
}

/** What a restore did. */
export interface RestoreSummary {
  readonly epoch: number;
  readonly boot: number;
  readonly rollback: AuditRollback | null;
  readonly kept: KeptRows;
  /** Folder with the record that was replaced; null when there was none. */
  readonly replaced: string | null;
}

const hashAt = (database: DatabaseSync, size: number): Uint8Array | undefined => {
  if (size === 0) return emptyAuditHash;
  const row = database.prepare('select hash from audit_entries where sequence = ?').get(size);
  return row?.['hash'] instanceof Uint8Array ? row['hash'] : undefined;
};

type PresentRecord = 'none' | 'whole' | 'damaged';

const unreadable = (backup: DatabaseSync, present: AuditHead): AuditRollback => ({
  kind: 'unreadable',
  presentSize: present.size,
  backupSize: auditReads(backup).head().size,
});

const compareLogs = (backup: DatabaseSync, present: AuditHead): AuditRollback | null => {
  const backupHead = auditReads(backup).head();
  const rollback = { presentSize: present.size, backupSize: backupHead.size };
  if (present.size > backupHead.size) return { kind: 'older', ...rollback };
  const common = hashAt(backup, present.size);
  return common !== undefined && equalBytes(common, present.hash) ? null : { kind: 'forked', ...rollback };
};

/** The furthest that the present audit log is known to have come: the record's own end, or the anchor where that is further. */
const presentHead = (files: StateFiles, present: PresentRecord): AuditHead => {
  const anchor = readAnchor(files.anchor);
  const anchored = anchor === undefined || anchor === 'malformed' ? { size: 0, hash: emptyAuditHash } : anchor;
  if (present !== 'whole') return anchored;
  const database = openReader(files.record);
  try {
    const head = auditReads(database).head();
    return head.size >= anchored.size ? head : anchored;
  } finally {
    database.close();
  }
};

const judgeRollback = (options: RestoreOptions, files: StateFiles, present: PresentRecord): AuditRollback | null => {
  const backup = openReader(options.file);
  try {
    const head = presentHead(files, present);
    const rollback = present === 'damaged' ? unreadable(backup, head) : compareLogs(backup, head);
    if (rollback === null || options.acceptRollback) return rollback;
    const { kind, presentSize, backupSize } = rollback;
    throw new StateError(
      'state-rollback',
      `the present audit log has ${presentSize} entries, the backup ${backupSize} (${kind}): entries would be lost`,
      'restore with --accept-rollback to go back all the same; the replaced record is kept',
    );
  } finally {
    backup.close();
  }
};

const requireSound = (file: string, keyring: readonly SealedKey[]): void => {
  const report = verifyRecordFile(file, { keys: auditKeysOf(keyring), anchors: [] });
  // A record that was copied within its first second has entries and no checkpoint yet.
  const [finding] = report.findings.filter(({ code }) => code !== 'log-unsigned');
  if (finding === undefined) return;
  const at = finding.sequence === undefined ? '' : ` at ${finding.sequence}`;
  throw new StateError(
    'backup-malformed',
    `the audit log of the backup is damaged: ${finding.code}${at}`,
    'use another',
  );
};

/** Folds the WAL into the record, so that the record is one file, and tells whether it can be merged. */
const settlePresent = async (files: StateFiles): Promise<PresentRecord> => {
  if (!existsSync(files.record)) return 'none';
  try {
    const present = openWriter(files.record);
    try {
      // Merging goes by columns, which an older program's record may not have yet.
      await migrateRecord(present);
      present.exec('pragma wal_checkpoint(truncate)');
      const [check] = present.prepare('pragma integrity_check(1)').all();
      return check?.['integrity_check'] === 'ok' && readStart(present) !== undefined ? 'whole' : 'damaged';
    } finally {
      present.close();
    }
  } catch (error) {
    if (error instanceof StateError) throw error;
    // Whatever SQLite says of it: the operator restores because of that, and is asked before it is given up.
    return 'damaged';
  }
};

interface Prepared {
  readonly epoch: number;
  readonly boot: number;
  readonly kept: KeptRows;
}

const nothingKept: KeptRows = { revocations: 0, idempotency: 0, configs: 0 };

/** Makes the restored record of a copy of the backup: one transaction. */
const mergeAll = (
  database: DatabaseSync,
  hasPresent: boolean,
  rollback: AuditRollback | null,
  nowMs: number,
): Prepared => {
  const backup = readStart(database) ?? { epoch: 0, boot: 0 };
  const presentStart = hasPresent ? database.prepare('select epoch, boot from present.state').get() : undefined;
  const epoch = Math.max(backup.epoch, Number(presentStart?.['epoch'] ?? 0)) + 1;
  const boot = Math.max(backup.boot, Number(presentStart?.['boot'] ?? 0), epoch * bootsPerEpoch);
  database.exec('begin immediate');
  const kept = hasPresent ? mergePresent(database) : nothingKept;
  voidRestored(database, nowMs);
  keepStart(database, { id: 1, epoch, boot, created_at_ms: nowMs });
  const facts = { epoch, boot, rollback: rollback === null ? null : { ...rollback }, kept: { ...kept } };
  const record = { actor: 'restore', action: 'state.restored', subject: 'record', facts };
  openAuditChain(database).append(installationScope, record, epochMs(nowMs));
  database.exec(`drop table ${backupTable}`);
  database.exec('commit');
  return { epoch, boot, kept };
};

const prepareRecord = async (
  copy: string,
  present: string | null,
  rollback: AuditRollback | null,
  nowMs: number,
): Promise<Prepared> => {
  const database = openWriter(copy);
  try {
    await migrateRecord(database);
    if (present !== null) database.prepare('attach database ? as present').run(present);
    const prepared = mergeAll(database, present !== null, rollback, nowMs);
    if (present !== null) database.exec('detach database present');
    database.exec('pragma wal_checkpoint(truncate); pragma journal_mode=delete');
    return prepared;
  } finally {
    database.close();
  }
};

/** Keeps the replaced record under a second name, then puts the new one in its place in one step: there is always a record. */
const exchange = (copy: string, options: RestoreOptions, files: StateFiles, epoch: number): string | null => {
  syncFile(copy);
  if (!existsSync(files.record)) {
    renameSync(copy, files.record);
    syncFolder(options.folder);
    return null;
  }
  const replaced = join(options.folder, `replaced-by-epoch-${epoch}`);
  mkdirSync(replaced, { recursive: true, mode: 0o700 });
  // Left by an attempt that ended before the exchange; the record itself is still in its place.
  rmSync(join(replaced, 'record.db'), { force: true });
  linkSync(files.record, join(replaced, 'record.db'));
  syncFolder(replaced);
  renameSync(copy, files.record);
  syncFolder(options.folder);
  return replaced;
};

const signRestored = (options: RestoreOptions, files: StateFiles, { epoch, boot }: Prepared): void => {
  const now = epochMs(options.nowMs);
  const key = openFileKeys(files.keys, now, options).current('audit-signing', now);
  const database = openWriter(files.record);
  try {
    const signer = { keyId: key.id, privateKey: p256PrivateKey(key) };
    const checkpoint = openAuditChain(database).checkpoint(signer, { epoch, boot }, now);
    if (checkpoint !== undefined) writeAnchor(files.anchor, checkpoint);
  } finally {
    database.close();
  }
};

const restoreLocked = async (options: RestoreOptions, files: StateFiles): Promise<RestoreSummary> => {
  const keyring = readBackupKeyring(options.file);
  requireKeys(files.keys, keyring, options.master);
  requireSound(options.file, keyring);
  const present = await settlePresent(files);
  const rollback = judgeRollback(options, files, present);
  const copy = `${files.record}.restoring`;
  rmSync(copy, { force: true });
  makePrivateFile(copy);
  try {
    copyFileSync(options.file, copy);
    const prepared = await prepareRecord(copy, present === 'whole' ? files.record : null, rollback, options.nowMs);
    restoreKeyring(files.keys, keyring);
    const replaced = exchange(copy, options, files, prepared.epoch);
    signRestored(options, files, prepared);
    return { epoch: prepared.epoch, boot: prepared.boot, rollback, kept: prepared.kept, replaced };
  } finally {
    rmSync(copy, { force: true });
  }
};

/** Restores what lies in clear, or is opened into the state folder first; of a sealed backup nothing in clear is left. */
const restoreOpened = async (options: RestoreOptions, files: StateFiles): Promise<RestoreSummary> => {
  if (!isSealedBackup(options.file)) return restoreLocked(options, files);
  const opened = `${files.record}.opened`;
  rmSync(opened, { force: true });
  try {
    const master = options.master ?? readMasterKeyFile(files.keys);
    openBackup(options.file, opened, { passphrase: options.passphrase, master });
    return await restoreLocked({ ...options, file: opened }, files);
  } finally {
    rmSync(opened, { force: true });
  }
};

/**
 * Restores a backup into a state folder that no process uses.
 * @throws StateError when the folder is in use, the backup is damaged, its keys cannot be opened, or it would roll the audit log back.
 */
export const restoreState = async (options: RestoreOptions): Promise<RestoreSummary> => {
  requireSafeSqlite();
  if (!existsSync(options.file)) throw new StateError('state-missing', 'the backup is not there', 'name it with --in');
  makePrivateFolder(options.folder);
  const lock = lockState(options.folder);
  try {
    return await restoreOpened(options, stateFiles(options.folder));
  } finally {
    lock.release();
  }
};
