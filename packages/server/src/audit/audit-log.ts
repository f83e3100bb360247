/**
 * The audit log: a chain of hashes over canonical JSON. Entry n is hashed together with the hash of entry n-1, so changing, dropping or
 * reordering one changes every later hash; signed checkpoints then tie those to a key that the record does not hold.
 */
import { createHash } from 'node:crypto';
import { type Bytes, canonicalJson, concat, type EpochMs, type JsonValue, utf8 } from '@hauberk/primitives';
import type { Scope } from '../storage/scope.ts';
import type { Stored } from '../storage/storage-refusal.ts';

/** What happened. `subject` is what it happened to; `facts` hold no secret and no more personal data than needed. */
export interface AuditRecord {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly facts: { readonly [name: string]: JsonValue };
}

/** A kept record with its place in the chain. */
export interface AuditEntry extends AuditRecord {
  readonly sequence: number;
  readonly scope: Scope;
  readonly atMs: EpochMs;
  readonly hash: Bytes;
}

/** The newest entry's place; size 0 for an empty log. */
export interface AuditHead {
  readonly size: number;
  readonly hash: Bytes;
}

/** The audit log. */
export interface AuditLog {
  append(scope: Scope, record: AuditRecord, now: EpochMs): Stored<AuditHead>;
  /** Entries of a scope after a sequence number, oldest first. */
  readAfter(scope: Scope, sequence: number, limit: number): Promise<readonly AuditEntry[]>;
  head(): Promise<AuditHead>;
}

/** The hash before the first entry. */
export const emptyAuditHash: Bytes = new Uint8Array(32);

/** Scope of what concerns the installation as a whole. No organisation can have this name. */
export const installationScope: Scope = { organisation: '', app: '' };

/** The text of an entry that is kept and hashed. */
export const auditText = (sequence: number, scope: Scope, record: AuditRecord, now: EpochMs): string =>
  canonicalJson({
    sequence,
    organisation: scope.organisation,
    app: scope.app,
    atMs: now,
    actor: record.actor,
    action: record.action,
    subject: record.subject,
    facts: record.facts,
  });

const entryContext = utf8('hb1/audit-entry\u0000');

/** The hash of an entry's text after the entry before it. */
export const chainHash = (previous: Uint8Array, text: string): Bytes =>
  new Uint8Array(
    createHash('sha256')
      .update(concat(entryContext, previous, utf8(text)))
      .digest(),
  );
