/** Verifies an audit log offline: every entry, every checkpoint, and that nothing is missing at the end. */
import type { KeyObject } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { type Bytes, canonicalJson, equalBytes, fromUtf8, toHex, utf8 } from '@hauberk/primitives';
import type { AuditEntryTable } from '../storage/record-schema.ts';
import { type AuditCheckpoint, isSignedCheckpoint } from './audit-checkpoint.ts';
import { chainHash, emptyAuditHash } from './audit-log.ts';

/** What is wrong with an audit log. */
export type AuditFindingCode =
  | 'database-corrupt'
  | 'entry-missing'
  | 'entry-malformed'
  | 'entry-columns'
  | 'entry-hash'
  | 'checkpoint-malformed'
  | 'checkpoint-key'
  | 'checkpoint-signature'
  | 'checkpoint-hash'
  | 'log-truncated'
  | 'anchor-missing'
  | 'anchor-malformed'
  | 'log-unsigned';

/** One thing that is wrong. */
export interface AuditFinding {
  readonly code: AuditFindingCode;
  /** The entry, or the size that a checkpoint names. */
  readonly sequence?: number;
  readonly detail?: string;
}

/** What verification answers. */
export interface AuditReport {
  readonly ok: boolean;
  readonly entries: number;
  readonly checkpoints: number;
  /** Entries that a valid signature covers; those after it are proved by the chain only. */
  readonly signed: number;
  /** Hexadecimal hash of the last entry. */
  readonly head: string;
  readonly findings: readonly AuditFinding[];
}

/** What the log is judged by. */
export interface AuditTrust {
  /** Audit keys by id. */
  readonly keys: ReadonlyMap<number, KeyObject>;
  /** Checkpoints from outside the record; the log must contain what they say. */
  readonly anchors: readonly AuditCheckpoint[];
}

/** Findings beyond this many are counted no further: after a broken link, the rest says nothing new. */
const maxFindings = 50;

/** Gathers findings. */
export class AuditFindings {
  readonly list: AuditFinding[] = [];
  add(code: AuditFindingCode, sequence?: number, detail?: string): void {
    if (this.list.length >= maxFindings) return;
    this.list.push({
      code,
      ...(sequence === undefined ? {} : { sequence }),
      ...(detail === undefined ? {} : { detail }),
    });
  }
}

type LooseRow = { readonly [Column in keyof AuditEntryTable]: unknown };

const isWholeRow = (row: LooseRow): row is LooseRow & AuditEntryTable =>
  typeof row.sequence === 'number' &&
  typeof row.entry === 'string' &&
  row.hash instanceof Uint8Array &&
  row.hash.length === 32;

const parseEntry = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const parsed: unknown = JSON.parse(text);
    // Text that is not canonical was not written by us, even where its hash is right.
    return typeof parsed === 'object' && parsed !== null && canonicalJson(parsed) === text ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
};

/** A row as it is judged; where actions have no column of their own there is none to compare. */
type JudgedRow = Omit<AuditEntryTable, 'action'> & { readonly action?: string };

const columnsAgree = (row: JudgedRow, entry: Readonly<Record<string, unknown>>): boolean =>
  entry['sequence'] === row.sequence &&
  entry['organisation'] === row.organisation &&
  entry['app'] === row.app &&
  (row.action === undefined || entry['action'] === row.action) &&
  entry['atMs'] === row.at_ms;

/** Judges a row after the one before it; answers the hash that the next link starts from. */
export const judgeAuditRow = (row: JudgedRow, previous: Bytes, findings: AuditFindings): Bytes => {
  // SQLite hands out text that is not UTF-8 with replacement characters; compared as bytes it would not be what was hashed.
  const isText = fromUtf8(utf8(row.entry)) === row.entry;
  const entry = isText ? parseEntry(row.entry) : undefined;
  if (entry === undefined) findings.add('entry-malformed', row.sequence);
  else if (!columnsAgree(row, entry)) findings.add('entry-columns', row.sequence);
  const hash = chainHash(previous, row.entry);
  if (!equalBytes(hash, row.hash)) findings.add('entry-hash', row.sequence);
  // The next link is judged by what this row claims, so that one changed entry is one finding and not all that follow.
  return new Uint8Array(row.hash);
};

interface Walked {
  readonly entries: number;
  readonly head: Bytes;
  /** Hashes at the sizes that checkpoints name. */
  readonly hashes: ReadonlyMap<number, Bytes>;
}

const walk = (database: DatabaseSync, sizes: ReadonlySet<number>, findings: AuditFindings): Walked => {
  const hashes = new Map<number, Bytes>([[0, emptyAuditHash]]);
  let head: Bytes = emptyAuditHash;
  let entries = 0;
  const rows = database
    .prepare('select sequence, organisation, app, action, at_ms, entry, hash from audit_entries order by sequence')
    .iterate() as Iterable<LooseRow>;
  for (const row of rows) {
    entries += 1;
    if (!isWholeRow(row)) {
      findings.add('entry-malformed', entries);
      continue;
    }
    if (row.sequence !== entries) findings.add('entry-missing', entries, `found ${row.sequence}`);
    head = judgeAuditRow(row, head, findings);
    entries = row.sequence;
    if (sizes.has(row.sequence)) hashes.set(row.sequence, head);
  }
  return { entries, head, hashes };
};

const isWholeCheckpoint = (row: Readonly<Record<string, unknown>>): boolean =>
  ['size', 'at_ms', 'epoch', 'boot', 'key_id'].every((column) => Number.isSafeInteger(row[column])) &&
  row['hash'] instanceof Uint8Array &&
  row['signature'] instanceof Uint8Array;

const readCheckpoints = (database: DatabaseSync, findings: AuditFindings): readonly AuditCheckpoint[] =>
  database
    .prepare('select size, hash, at_ms, epoch, boot, key_id, signature from audit_checkpoints order by size')
    .all()
    .flatMap((row) => {
      if (!isWholeCheckpoint(row)) {
        findings.add('checkpoint-malformed', Number(row['size']));
        return [];
      }
      const [hash, signature] = [row['hash'] as Bytes, row['signature'] as Bytes];
      const [size, atMs] = [Number(row['size']), Number(row['at_ms'])];
      const [epoch, boot, keyId] = [Number(row['epoch']), Number(row['boot']), Number(row['key_id'])];
      return [{ size, hash, atMs, epoch, boot, keyId, signature }];
    });

const judgeCheckpoint = (
  checkpoint: AuditCheckpoint,
  walked: Walked,
  keys: AuditTrust['keys'],
  findings: AuditFindings,
): boolean => {
  const { size } = checkpoint;
  const key = keys.get(checkpoint.keyId);
  const hash = walked.hashes.get(size);
  const before = findings.list.length;
  if (key === undefined) findings.add('checkpoint-key', size, `key ${checkpoint.keyId}`);
  else if (!isSignedCheckpoint(key, checkpoint)) findings.add('checkpoint-signature', size);
  if (size > walked.entries) findings.add('log-truncated', size, `${walked.entries} entries are left`);
  else if (hash === undefined || !equalBytes(hash, checkpoint.hash)) findings.add('checkpoint-hash', size);
  return findings.list.length === before;
};

const judgeStructure = (database: DatabaseSync, findings: AuditFindings): void => {
  for (const table of ['audit_entries', 'audit_checkpoints']) {
    for (const row of database.prepare(`pragma integrity_check('${table}')`).all()) {
      const said = String(row['integrity_check']);
      if (said !== 'ok') findings.add('database-corrupt', undefined, said);
    }
  }
};

const judge = (
  database: DatabaseSync,
  trust: AuditTrust,
  findings: AuditFindings,
): Omit<AuditReport, 'ok' | 'findings'> => {
  judgeStructure(database, findings);
  const checkpoints = [...readCheckpoints(database, findings), ...trust.anchors];
  const walked = walk(database, new Set(checkpoints.map(({ size }) => size)), findings);
  const valid = checkpoints.filter((checkpoint) => judgeCheckpoint(checkpoint, walked, trust.keys, findings));
  const signed = valid.reduce((largest, { size }) => Math.max(largest, size), 0);
  if (walked.entries > 0 && checkpoints.length === 0) findings.add('log-unsigned');
  return { entries: walked.entries, checkpoints: checkpoints.length, signed, head: toHex(walked.head) };
};

/** Verifies the audit log of a record. Never throws for what it finds, also where the file itself is damaged. */
export const verifyAudit = (database: DatabaseSync, trust: AuditTrust): AuditReport => {
  const findings = new AuditFindings();
  try {
    const judged = judge(database, trust, findings);
    return { ok: findings.list.length === 0, ...judged, findings: findings.list };
  } catch (error) {
    findings.add('database-corrupt', undefined, error instanceof Error ? error.message : String(error));
    return { ok: false, entries: 0, checkpoints: 0, signed: 0, head: '', findings: findings.list };
  }
};
