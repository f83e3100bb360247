/** What the code behind a write may use. */
import type { DatabaseSync } from 'node:sqlite';
import type { EpochMs } from '@hauberk/primitives';
import type { AuditHead, AuditRecord } from '../../audit/audit-log.ts';
import type { Scope } from '../scope.ts';

/** The writer's connection, its start, and the audit log that every change of weight is written to in the same transaction. */
export interface WriteContext {
  readonly database: DatabaseSync;
  readonly boot: number;
  readonly audit: (scope: Scope, record: AuditRecord, now: EpochMs) => AuditHead;
}
