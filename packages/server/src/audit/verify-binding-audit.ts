/**
 * Verifies the chain of an app's binding records in PostgreSQL: entry by entry, against the head that the database tells, and against what the
 * signed log of a state folder says of it.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type Bytes, canonicalJson, equalBytes, fromHex, toHex } from '@hauberk/primitives';
import { openReader } from '../storage/node-sqlite.ts';
import type { Scope } from '../storage/scope.ts';
import { type AuditHead, type AuditRecord, emptyAuditHash } from './audit-log.ts';
import { type AuditFinding, AuditFindings, judgeAuditRow } from './verify-audit.ts';

/** A row of the chain as it is kept. */
export interface BindingAuditRow {
  readonly sequence: number;
  readonly at_ms: number;
  readonly entry: string;
  readonly hash: Bytes;
}

/** What verification answers. */
export interface BindingAuditReport {
  readonly app: string;
  readonly ok: boolean;
  readonly entries: number;
  /** Entries up to the newest anchor that fits: the signed log covers them. */
  readonly anchored: number;
  readonly head: string;
  readonly findings: readonly AuditFinding[];
}

const action = 'binding.audit-anchored';

/** How long a chain was and how it ended, to be written into the signed log. */
export const anchorRecord = (node: number, { size, hash }: AuditHead): AuditRecord => ({
  actor: 'binding',
  action,
  subject: `node ${node}`,
  facts: { size, hash: toHex(hash) },
});

const anchorIn = (entry: string): AuditHead | undefined => {
  const { facts } = JSON.parse(entry) as AuditRecord;
  const [size, hash] = [facts['size'], typeof facts['hash'] === 'string' ? fromHex(facts['hash']) : undefined];
  return typeof size === 'number' && hash !== undefined ? { size, hash } : undefined;
};

/** The anchors of an app that a record holds, oldest first. The record is believed: it was verified before. */
export const bindingAnchors = (record: string, { organisation, app }: Scope): readonly AuditHead[] => {
  const database: DatabaseSync = openReader(record);
  try {
    const rows = database
      .prepare('select entry from audit_entries where organisation = ? and app = ? and action = ? order by sequence')
      .all(organisation, app, action);
    return rows.flatMap(({ entry }) => (typeof entry === 'string' ? (anchorIn(entry) ?? []) : []));
  } finally {
    database.close();
  }
};

const isOfScope = (entry: string, { organisation, app }: Scope): boolean => {
  try {
    const parsed = JSON.parse(entry) as Readonly<Record<string, unknown>>;
    return parsed['organisation'] === organisation && parsed['app'] === app && canonicalJson(parsed) === entry;
  } catch {
    return false;
  }
};

/** Verifies a chain. `told` is the head that the database keeps beside it. */
export const verifyBindingAudit = async (
  scope: Scope,
  rows: AsyncIterable<BindingAuditRow>,
  told: AuditHead,
  anchors: readonly AuditHead[],
): Promise<BindingAuditReport> => {
  const findings = new AuditFindings();
  const wanted = new Set(anchors.map(({ size }) => size));
  const hashes = new Map<number, Bytes>([[0, emptyAuditHash]]);
  let [entries, head] = [0, emptyAuditHash];
  for await (const row of rows) {
    entries += 1;
    if (row.sequence !== entries) findings.add('entry-missing', entries, `found ${row.sequence}`);
    if (!isOfScope(row.entry, scope)) findings.add('entry-columns', row.sequence);
    head = judgeAuditRow({ ...scope, ...row }, head, findings);
    entries = row.sequence;
    if (wanted.has(entries)) hashes.set(entries, head);
  }
  if (told.size !== entries || !equalBytes(told.hash, head))
    findings.add('log-truncated', told.size, `the head tells of ${told.size} entries, ${entries} are there`);
  let anchored = 0;
  for (const { size, hash } of anchors) {
    const found = hashes.get(size);
    if (size > entries) findings.add('log-truncated', size, `${entries} entries are left`);
    else if (found === undefined || !equalBytes(found, hash)) findings.add('checkpoint-hash', size);
    else anchored = Math.max(anchored, size);
  }
  const { list } = findings;
  return { app: scope.app, ok: list.length === 0, entries, anchored, head: toHex(head), findings: list };
};
