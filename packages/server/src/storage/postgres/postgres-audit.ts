/** The audit records of binding in PostgreSQL: one chain of hashes for each app, written in the transaction of what it tells of. */
import type { EpochMs } from '@hauberk/primitives';
import { sql, type Transaction } from 'kysely';
import {
  type AuditEntry,
  type AuditHead,
  type AuditRecord,
  auditText,
  chainHash,
  emptyAuditHash,
} from '../../audit/audit-log.ts';
import type { BindingAuditRow } from '../../audit/verify-binding-audit.ts';
import type { Scope } from '../scope.ts';
import type { PostgresBindingSchema, PostgresDatabase } from './postgres-database.ts';

/** Appends to the chain of an app. Its head stays locked until the end of the transaction, so that no two entries have one place. */
export const appendPostgresAudit = async (
  transaction: Transaction<PostgresBindingSchema>,
  { organisation, app }: Scope,
  records: readonly AuditRecord[],
  now: EpochMs,
): Promise<void> => {
  if (records.length === 0) return;
  await sql`insert into binding_audit_heads (organisation, app, size, hash)
    values (${organisation}, ${app}, 0, ${Buffer.from(emptyAuditHash)}) on conflict do nothing`.execute(transaction);
  const { rows } = await sql<AuditHead>`select size, hash from binding_audit_heads
    where organisation = ${organisation} and app = ${app} for update`.execute(transaction);
  let { size, hash }: AuditHead = rows[0] ?? { size: 0, hash: emptyAuditHash };
  const entries = records.map((record) => {
    size += 1;
    const entry = auditText(size, { organisation, app }, record, now);
    hash = chainHash(hash, entry);
    return { organisation, app, sequence: size, at_ms: now, entry, hash: Buffer.from(hash) };
  });
  await transaction.insertInto('binding_audit').values(entries).execute();
  await transaction
    .updateTable('binding_audit_heads')
    .set({ size, hash: Buffer.from(hash) })
    .where('organisation', '=', organisation)
    .where('app', '=', app)
    .execute();
};

/** The end of an app's chain. */
export const postgresAuditHead = async (database: PostgresDatabase, scope: Scope): Promise<AuditHead> => {
  const row = await database
    .selectFrom('binding_audit_heads')
    .select(['size', 'hash'])
    .where('organisation', '=', scope.organisation)
    .where('app', '=', scope.app)
    .executeTakeFirst();
  return row === undefined ? { size: 0, hash: emptyAuditHash } : { size: row.size, hash: new Uint8Array(row.hash) };
};

const auditPage = 1000;

/** Every row of an app's chain as it is kept, oldest first. */
export async function* postgresAuditRows(database: PostgresDatabase, scope: Scope): AsyncGenerator<BindingAuditRow> {
  let after = 0;
  for (;;) {
    const rows = await database
      .selectFrom('binding_audit')
      .select(['sequence', 'at_ms', 'entry', 'hash'])
      .where('organisation', '=', scope.organisation)
      .where('app', '=', scope.app)
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(auditPage)
      .execute();
    for (const { hash, ...row } of rows) yield { ...row, hash: new Uint8Array(hash) };
    const last = rows.at(-1);
    if (last === undefined || rows.length < auditPage) return;
    after = last.sequence;
  }
}

/** Entries of an app after a sequence number, oldest first, as they were hashed. */
export const readPostgresAudit = async (
  database: PostgresDatabase,
  scope: Scope,
  after: number,
  limit: number,
): Promise<readonly AuditEntry[]> => {
  const rows = await database
    .selectFrom('binding_audit')
    .select(['entry', 'hash'])
    .where('organisation', '=', scope.organisation)
    .where('app', '=', scope.app)
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(limit)
    .execute();
  return rows.map(({ entry, hash }) => {
    const { organisation, app, ...rest } = JSON.parse(entry) as Omit<AuditEntry, 'scope' | 'hash'> & Scope;
    return { ...rest, scope: { organisation, app }, hash: new Uint8Array(hash) };
  });
};
