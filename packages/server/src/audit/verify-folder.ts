/** Verifies the audit log of a state folder: whose keys, which anchors, which record. */
import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readKeyring } from '../keys/file-keys.ts';
import { openKey, type SealedKey } from '../keys/keyring.ts';
import { type MasterKey, readMasterKeyFile } from '../keys/master-key.ts';
import { openReader } from '../storage/node-sqlite.ts';
import { stateFiles } from '../storage/state-folder.ts';
import { StateError } from '../storage/storage-refusal.ts';
import { readAnchor } from './audit-anchor.ts';
import { type AuditCheckpoint, auditPublicKey } from './audit-checkpoint.ts';
import { type AuditFinding, type AuditReport, type AuditTrust, verifyAudit } from './verify-audit.ts';

/** What the verification of a folder rests on besides the folder. */
export interface FolderTrust {
  /** Raw public audit keys; without them those of the keyring count. */
  readonly pinned: readonly Uint8Array[];
  /** Checkpoints that were kept elsewhere. */
  readonly anchors: readonly AuditCheckpoint[];
  readonly master?: MasterKey | undefined;
}

/** How far the audit keys themselves are trusted: pinned by the caller, sealed under the master key, or only named by the folder. */
export type KeySource = 'pinned' | 'sealed' | 'keyring';

/** A report with the grounds that it rests on. */
export interface FolderReport extends AuditReport {
  readonly keySource: KeySource;
}

const keysById = (sealed: readonly SealedKey[], pinned: readonly Uint8Array[]): ReadonlyMap<number, KeyObject> => {
  const isTrusted = (point: Uint8Array): boolean =>
    pinned.length === 0 || pinned.some((other) => Buffer.compare(other, point) === 0);
  const keys = new Map<number, KeyObject>();
  for (const { id, purpose, publicKey } of sealed) {
    if (purpose === 'audit-signing' && publicKey !== null && isTrusted(publicKey))
      keys.set(id, auditPublicKey(publicKey));
  }
  return keys;
};

/** The audit keys of a keyring by id. */
export const auditKeysOf = (sealed: readonly SealedKey[]): ReadonlyMap<number, KeyObject> => keysById(sealed, []);

const keySourceOf = (sealed: readonly SealedKey[], folder: string, trust: FolderTrust): KeySource => {
  if (trust.pinned.length > 0) return 'pinned';
  const master = trust.master ?? readMasterKeyFile(folder);
  if (master === undefined) return 'keyring';
  const audit = sealed.filter(({ purpose }) => purpose === 'audit-signing');
  // Opening fails when a public key was exchanged: it is part of what the wrap authenticates.
  for (const key of audit) openKey([master], key);
  return audit.every(({ wrap }) => wrap !== null) ? 'sealed' : 'keyring';
};

const anchorsOf = (file: string, trust: FolderTrust): { anchors: AuditTrust['anchors']; found: AuditFinding[] } => {
  const anchor = readAnchor(file);
  if (anchor === 'malformed') return { anchors: trust.anchors, found: [{ code: 'anchor-malformed' }] };
  if (anchor === undefined) return { anchors: trust.anchors, found: [{ code: 'anchor-missing' }] };
  return { anchors: [anchor, ...trust.anchors], found: [] };
};

/**
 * Verifies the audit log of a state folder, in use or not.
 * @throws StateError when there is no record, or the keys are not those that the master key sealed.
 */
export const verifyAuditFolder = (folder: string, trust: FolderTrust): FolderReport => {
  const files = stateFiles(folder);
  if (!existsSync(files.record)) {
    throw new StateError('state-missing', 'the folder holds no record', 'name a state folder with --state');
  }
  const sealed = readKeyring(files.keys);
  const keySource = keySourceOf(sealed, files.keys, trust);
  const { anchors, found } = anchorsOf(files.anchor, trust);
  const report = verifyRecordFile(files.record, { keys: keysById(sealed, trust.pinned), anchors });
  return { ...report, ok: report.ok && found.length === 0, findings: [...found, ...report.findings], keySource };
};

/** Verifies the audit log of a record's file. */
export const verifyRecordFile = (file: string, trust: AuditTrust): AuditReport => {
  try {
    const database = openReader(file);
    try {
      return verifyAudit(database, trust);
    } finally {
      database.close();
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const findings = [{ code: 'database-corrupt', detail } as const];
    return { ok: false, entries: 0, checkpoints: 0, signed: 0, head: '', findings };
  }
};
