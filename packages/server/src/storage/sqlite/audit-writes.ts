/** Appends to the audit log inside the transaction of whatever is audited, and signs checkpoints. */
import type { DatabaseSync } from 'node:sqlite';
import { accept, type EpochMs } from '@hauberk/primitives';
import { type AuditCheckpoint, type AuditSigner, signCheckpoint } from '../../audit/audit-checkpoint.ts';
import { type AuditHead, type AuditRecord, auditText, chainHash } from '../../audit/audit-log.ts';
import type { AuditCheckpointTable, AuditEntryTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import type { WriteHandlers } from '../write-command.ts';
import { auditReads } from './audit-reads.ts';
import type { WriteContext } from './write-context.ts';

/** The end of the chain, kept in memory between appends. */
export interface AuditChain {
  readonly head: () => AuditHead;
  readonly append: WriteContext['audit'];
  /** Forgets what memory knows: the transaction that it followed was undone. */
  readonly reload: () => void;
  readonly latestCheckpoint: () => AuditCheckpoint | undefined;
  /** Signs the present head, unless the newest checkpoint already says it. */
  readonly checkpoint: (
    signer: AuditSigner,
    start: { readonly epoch: number; readonly boot: number },
    now: EpochMs,
  ) => AuditCheckpoint | undefined;
}

const prepareAuditWrites = (database: DatabaseSync) => ({
  insert: prepare(database, (query, $: AuditEntryTable) =>
    query.insertInto('audit_entries').values({
      sequence: $.sequence,
      organisation: $.organisation,
      app: $.app,
      action: $.action,
      at_ms: $.at_ms,
      entry: $.entry,
      hash: $.hash,
    }),
  ),
  insertCheckpoint: prepare(database, (query, $: AuditCheckpointTable) =>
    query.insertInto('audit_checkpoints').values({
      size: $.size,
      hash: $.hash,
      at_ms: $.at_ms,
      epoch: $.epoch,
      boot: $.boot,
      key_id: $.key_id,
      signature: $.signature,
    }),
  ),
});

/** Opens the chain of a record at its end. */
export const openAuditChain = (database: DatabaseSync): AuditChain => {
  const statements = prepareAuditWrites(database);
  const reads = auditReads(database);
  let head = reads.head();
  const append = ({ organisation, app }: Scope, record: AuditRecord, now: EpochMs): AuditHead => {
    const sequence = head.size + 1;
    const entry = auditText(sequence, { organisation, app }, record, now);
    const hash = chainHash(head.hash, entry);
    statements.insert.run({ sequence, organisation, app, action: record.action, at_ms: now, entry, hash });
    head = { size: sequence, hash };
    return head;
  };
  return {
    head: () => head,
    append,
    reload: () => {
      head = reads.head();
    },
    latestCheckpoint: () => reads.latestCheckpoint(),
    checkpoint: (signer, { epoch, boot }, now) => {
      const latest = reads.latestCheckpoint();
      if (head.size === 0 || latest?.size === head.size) return undefined;
      const signed = signCheckpoint(signer, { size: head.size, hash: head.hash, atMs: now, epoch, boot });
      const { size, hash, keyId, signature } = signed;
      statements.insertCheckpoint.run({ size, hash, at_ms: now, epoch, boot, key_id: keyId, signature });
      return signed;
    },
  };
};

/** The code behind appends that stand on their own. */
export const auditWrites = ({ audit }: WriteContext): WriteHandlers<'audit.append'> => ({
  'audit.append': ({ scope, record, now }) => accept(audit(scope, record, now)),
});
