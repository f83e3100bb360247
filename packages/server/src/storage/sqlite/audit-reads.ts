/** Reads of the audit log. */
import type { DatabaseSync } from 'node:sqlite';
import { epochMs } from '@hauberk/primitives';
import type { AuditCheckpoint } from '../../audit/audit-checkpoint.ts';
import { type AuditEntry, type AuditHead, type AuditRecord, emptyAuditHash } from '../../audit/audit-log.ts';
import type { AuditCheckpointTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';

/** Synchronous reads of the audit log. */
export interface AuditReads {
  head(): AuditHead;
  readAfter(scope: Scope, sequence: number, limit: number): readonly AuditEntry[];
  latestCheckpoint(): AuditCheckpoint | undefined;
}

/** A checkpoint from its row. */
export const checkpointOf = (row: AuditCheckpointTable): AuditCheckpoint => ({
  size: row.size,
  hash: row.hash,
  atMs: row.at_ms,
  epoch: row.epoch,
  boot: row.boot,
  keyId: row.key_id,
  signature: row.signature,
});

const prepareAuditReads = (database: DatabaseSync) => ({
  newest: prepare(database, (query, _$: object) =>
    query.selectFrom('audit_entries').select(['sequence', 'hash']).orderBy('sequence', 'desc').limit(1),
  ),
  after: prepare(database, (query, $: Scope & { sequence: number; limit: number }) =>
    query
      .selectFrom('audit_entries')
      .select(['sequence', 'at_ms', 'entry', 'hash'])
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('sequence', '>', $.sequence)
      .orderBy('sequence')
      .limit($.limit),
  ),
  checkpoint: prepare(database, (query, _$: object) =>
    query.selectFrom('audit_checkpoints').selectAll().orderBy('size', 'desc').orderBy('at_ms', 'desc').limit(1),
  ),
});

/** Prepares the reads of the audit log on a connection. */
export const auditReads = (database: DatabaseSync): AuditReads => {
  const statements = prepareAuditReads(database);
  return {
    head: () => {
      const row = statements.newest.first({});
      return row === undefined ? { size: 0, hash: emptyAuditHash } : { size: row.sequence, hash: row.hash };
    },
    readAfter: ({ organisation, app }, sequence, limit) =>
      statements.after.all({ organisation, app, sequence, limit }).map((row) => {
        const { actor, action, subject, facts } = JSON.parse(row.entry) as AuditRecord;
        const scope = { organisation, app };
        return {
          sequence: row.sequence,
          scope,
          atMs: epochMs(row.at_ms),
          actor,
          action,
          subject,
          facts,
          hash: row.hash,
        };
      }),
    latestCheckpoint: () => {
      const row = statements.checkpoint.first({});
      return row === undefined ? undefined : checkpointOf(row);
    },
  };
};
