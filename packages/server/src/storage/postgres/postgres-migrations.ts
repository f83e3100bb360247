/** How the tables of binding in PostgreSQL came to be. A migration that was released is never changed; what comes later is a new one. */
import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { StateError } from '../storage-refusal.ts';
import type { PostgresDatabase } from './postgres-database.ts';

const versionTable = 'binding_migration';

const scopeAndOrder = sql`text collate "C"`;

const createRows = async (database: Kysely<unknown>): Promise<void> => {
  // Never used twice: a row that was dropped and made anew is not the one that was read.
  await sql`create sequence binding_versions as bigint`.execute(database);
  await database.schema
    .createTable('binding_rows')
    .addColumn('organisation', scopeAndOrder, (column) => column.notNull())
    .addColumn('app', scopeAndOrder, (column) => column.notNull())
    .addColumn('kind', scopeAndOrder, (column) => column.notNull())
    .addColumn('id', scopeAndOrder, (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint')
    .addPrimaryKeyConstraint('binding_rows_key', ['organisation', 'app', 'kind', 'id'])
    .execute();
  await sql`create index binding_rows_by_expiry on binding_rows (expires_at_ms) where expires_at_ms is not null`.execute(
    database,
  );
};

const createState = async (database: Kysely<unknown>): Promise<void> => {
  await database.schema
    .createTable('binding_state')
    .addColumn('id', 'integer', (column) => column.primaryKey().check(sql`id = 1`))
    .addColumn('fence', 'bigint', (column) => column.notNull())
    .addColumn('timeline', 'text', (column) => column.notNull())
    .execute();
  await sql`insert into binding_state (id, fence, timeline) values (1, 0, '')`.execute(database);
};

const createAudit = async (database: Kysely<unknown>): Promise<void> => {
  await database.schema
    .createTable('binding_audit')
    .addColumn('organisation', scopeAndOrder, (column) => column.notNull())
    .addColumn('app', scopeAndOrder, (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('entry', 'text', (column) => column.notNull())
    .addColumn('hash', 'bytea', (column) => column.notNull())
    .addPrimaryKeyConstraint('binding_audit_key', ['organisation', 'app', 'sequence'])
    .execute();
  await database.schema
    .createTable('binding_audit_heads')
    .addColumn('organisation', scopeAndOrder, (column) => column.notNull())
    .addColumn('app', scopeAndOrder, (column) => column.notNull())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'bytea', (column) => column.notNull())
    .addPrimaryKeyConstraint('binding_audit_heads_key', ['organisation', 'app'])
    .execute();
};

const migrations: Readonly<Record<string, Migration>> = {
  '0001-binding': {
    up: async (database) => {
      await createRows(database);
      await createState(database);
      await createAudit(database);
    },
  },
};

const appliedNames = async (database: PostgresDatabase): Promise<readonly string[]> => {
  const { rows: found } = await sql<{ there: boolean }>`
    select to_regclass(${versionTable}) is not null as there`.execute(database);
  if (found[0]?.there !== true) return [];
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(versionTable)}`.execute(database);
  return rows.map(({ name }) => name);
};

/**
 * Brings the tables to what this program knows, all or nothing; of several programs that start at once one does it and the others wait.
 * @throws StateError when a newer program was here.
 */
export const migratePostgres = async (database: PostgresDatabase, schema: string): Promise<void> => {
  const known = Object.keys(migrations);
  const applied = await appliedNames(database);
  const foreign = applied.filter((name) => !known.includes(name));
  if (foreign.length > 0)
    throw new StateError(
      'state-newer-than-program',
      `the database of bindings was written by a newer program (${foreign.join(', ')})`,
      'start the newer program',
    );
  if (applied.length === known.length) return;
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => migrations },
    migrationTableSchema: schema,
    migrationTableName: versionTable,
    migrationLockTableName: `${versionTable}_lock`,
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
};
