/** How the record's tables came to be. A migration that was released is never changed; what comes later is a new one. */
import type { DatabaseSync } from 'node:sqlite';
import { type CreateTableBuilder, Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { administrationIndexes, administrationTables } from './administration-tables.ts';
import { attestationIndexes, attestationTables } from './attestation-tables.ts';
import { bindingIndexes, bindingTables } from './binding-tables.ts';
import { decisionIndexes, decisionMarks, decisionTables } from './decision-tables.ts';
import { directiveIndexes, directiveTables } from './directive-tables.ts';
import { identityIndexes, identityTables } from './identity-tables.ts';
import { nodeSqliteDialect } from './node-sqlite.ts';
import { outboxMarkIndexes, outboxMarkTables } from './outbox-tables.ts';
import { privacyIndexes, privacyTables } from './privacy-tables.ts';
import { smsIndexes, smsTables } from './sms-tables.ts';
import { StateError } from './storage-refusal.ts';
import { trustedKeyIndexes, trustedKeyTables } from './trusted-key-tables.ts';

type Columns = Readonly<Record<string, 'text' | 'integer' | 'blob' | 'text?' | 'integer?' | 'blob?'>>;

/** A table to create. */
export interface TablePlan {
  readonly columns: Columns;
  readonly key: readonly string[];
  /** The key is one integer that the database counts. */
  readonly counts?: boolean;
}

const scoped = { organisation: 'text', app: 'text' } as const;

const record: Readonly<Record<string, TablePlan>> = {
  state: { columns: { id: 'integer', epoch: 'integer', boot: 'integer', created_at_ms: 'integer' }, key: ['id'] },
  devices: {
    columns: {
      ...scoped,
      id: 'text',
      tier: 'integer',
      state: 'text',
      generation: 'integer',
      verdict_reference: 'text',
      created_at_ms: 'integer',
      changed_at_ms: 'integer',
    },
    key: ['organisation', 'app', 'id'],
  },
  device_keys: {
    columns: {
      ...scoped,
      thumbprint: 'text',
      device: 'text',
      purpose: 'text',
      public_key: 'blob',
      created_at_ms: 'integer',
    },
    key: ['organisation', 'app', 'thumbprint'],
  },
  spent_challenges: {
    columns: { ...scoped, challenge: 'blob', expires_at_ms: 'integer' },
    key: ['organisation', 'app', 'challenge'],
  },
  logins: {
    columns: {
      ...scoped,
      id: 'text',
      device: 'text',
      customer: 'text',
      grants: 'text',
      created_at_ms: 'integer',
      expires_at_ms: 'integer',
      ended_at_ms: 'integer?',
    },
    key: ['organisation', 'app', 'id'],
  },
  login_credentials: {
    columns: { ...scoped, device: 'text', credential_hash: 'text', login: 'text', expires_at_ms: 'integer?' },
    key: ['organisation', 'app', 'device', 'credential_hash'],
  },
  idempotency: {
    columns: {
      ...scoped,
      entry: 'text',
      device: 'text',
      route: 'text',
      fingerprint: 'text',
      state: 'text',
      attempt: 'integer',
      owner_boot: 'integer',
      owner_client: 'integer',
      outcome_status: 'integer?',
      outcome_content: 'blob?',
      outcome_digest: 'blob?',
      started_at_ms: 'integer',
      expires_at_ms: 'integer',
    },
    key: ['organisation', 'app', 'entry'],
  },
  revocations: {
    columns: {
      position: 'integer',
      ...scoped,
      device: 'text',
      generation: 'integer',
      state: 'text',
      tier: 'integer',
      reason: 'text',
      at_ms: 'integer',
    },
    key: ['position'],
    counts: true,
  },
  config_versions: {
    columns: {
      ...scoped,
      service: 'text',
      version: 'integer',
      hash: 'blob',
      document: 'text',
      published_at_ms: 'integer',
    },
    key: ['organisation', 'app', 'service', 'version'],
  },
  resume_generations: { columns: { ...scoped, generation: 'integer' }, key: ['organisation', 'app'] },
  outbox_events: {
    columns: { position: 'integer', ...scoped, kind: 'text', at_ms: 'integer', payload: 'blob' },
    key: ['position'],
  },
  outbox_segments: {
    columns: {
      segment: 'integer',
      first_position: 'integer',
      events: 'integer',
      bytes: 'integer',
      last_at_ms: 'integer',
    },
    key: ['segment'],
  },
  outbox_consumers: { columns: { consumer: 'text', position: 'integer' }, key: ['consumer'] },
  audit_entries: {
    columns: { sequence: 'integer', ...scoped, action: 'text', at_ms: 'integer', entry: 'text', hash: 'blob' },
    key: ['sequence'],
  },
  audit_checkpoints: {
    columns: {
      size: 'integer',
      hash: 'blob',
      at_ms: 'integer',
      epoch: 'integer',
      boot: 'integer',
      key_id: 'integer',
      signature: 'blob',
    },
    key: ['size', 'at_ms'],
  },
};

/** An index to create. */
export interface IndexPlan {
  readonly table: string;
  readonly columns: readonly string[];
}

const indexes: readonly IndexPlan[] = [
  { table: 'device_keys', columns: ['organisation', 'app', 'device'] },
  { table: 'devices', columns: ['organisation', 'app', 'state', 'id'] },
  { table: 'spent_challenges', columns: ['expires_at_ms'] },
  { table: 'logins', columns: ['organisation', 'app', 'device'] },
  { table: 'logins', columns: ['expires_at_ms'] },
  { table: 'login_credentials', columns: ['organisation', 'app', 'login'] },
  { table: 'idempotency', columns: ['state', 'owner_boot', 'owner_client'] },
  { table: 'idempotency', columns: ['expires_at_ms'] },
  { table: 'idempotency', columns: ['organisation', 'app', 'device'] },
  { table: 'audit_entries', columns: ['organisation', 'app', 'sequence'] },
];

const withColumns = (builder: CreateTableBuilder<string>, plan: TablePlan): CreateTableBuilder<string> => {
  let table = builder;
  for (const [name, kind] of Object.entries(plan.columns)) {
    const type = kind.startsWith('integer') ? 'integer' : kind.startsWith('blob') ? 'blob' : 'text';
    table = table.addColumn(name, type, (column) => {
      if (plan.counts === true && plan.key[0] === name) return column.primaryKey().autoIncrement();
      return kind.endsWith('?') ? column : column.notNull();
    });
  }
  return table;
};

/** A migration that only adds tables and indexes. */
const createTables = (tables: Readonly<Record<string, TablePlan>>, added: readonly IndexPlan[]): Migration => ({
  up: async (database) => {
    for (const [name, plan] of Object.entries(tables)) {
      const table = withColumns(database.schema.createTable(name), plan);
      const keyed =
        plan.counts === true ? table : table.addPrimaryKeyConstraint(`${name}_key`, plan.key as string[] as never[]);
      await keyed.modifyEnd(sql`strict`).execute();
    }
    for (const { table, columns } of added) {
      await database.schema
        .createIndex(
          `${table}_by_${columns.filter((column) => column !== 'organisation' && column !== 'app').join('_')}`,
        )
        .on(table)
        .columns([...columns])
        .execute();
    }
  },
});

/** A migration that keeps the rows of a table in its key alone, where a row is little else: each is then written once instead of twice. */
const keepInKey = (name: string, plan: TablePlan): Migration => ({
  up: async (database) => {
    const fresh = `${name}_fresh`;
    await withColumns(database.schema.createTable(fresh), plan)
      .addPrimaryKeyConstraint(`${name}_key`, plan.key as string[] as never[])
      .modifyEnd(sql`strict, without rowid`)
      .execute();
    const columns = sql.join(Object.keys(plan.columns).map((column) => sql.ref(column)));
    const order = sql.join(plan.key.map((column) => sql.ref(column)));
    await sql`insert into ${sql.table(fresh)} (${columns}) select ${columns} from ${sql.table(name)} order by ${order}`.execute(
      database,
    );
    await database.schema.dropTable(name).execute();
    await database.schema.alterTable(fresh).renameTo(name).execute();
  },
});

const migrations: Readonly<Record<string, Migration>> = {
  '0001-record': createTables(record, indexes),
  '0002-administration': createTables(administrationTables, administrationIndexes),
  '0003-attestations': createTables(attestationTables, attestationIndexes),
  '0004-binding': createTables(bindingTables, bindingIndexes),
  '0005-outbox-marks': createTables(outboxMarkTables, outboxMarkIndexes),
  '0006-sms': createTables(smsTables, smsIndexes),
  '0007-privacy': createTables(privacyTables, privacyIndexes),
  '0008-trusted-keys': createTables(trustedKeyTables, trustedKeyIndexes),
  '0009-directives': createTables(directiveTables, directiveIndexes),
  '0010-decisions': createTables(decisionTables, decisionIndexes),
  '0011-identities': createTables(identityTables, identityIndexes),
  '0012-decision-marks': keepInKey('decision_marks', decisionMarks),
};

/** Brings the tables to what this program knows, all or nothing. A record from a newer program is refused. */
export const migrateRecord = async (database: DatabaseSync): Promise<void> => {
  const kysely = new Kysely<unknown>({ dialect: nodeSqliteDialect(database) });
  const migrator = new Migrator({ db: kysely, provider: { getMigrations: async () => migrations } });
  const known = Object.keys(migrations);
  const applied = (await migrator.getMigrations()).filter((migration) => migration.executedAt !== undefined);
  const recorded = appliedNames(database);
  const foreign = recorded.filter((name) => !known.includes(name));
  if (foreign.length > 0) {
    throw new StateError(
      'state-newer-than-program',
      `the record was written by a newer program (${foreign.join(', ')})`,
      'start the newer program, or restore a backup that this one made',
    );
  }
  if (applied.length === known.length) return;
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw new Error('the record could not be migrated', { cause: error });
};

const appliedNames = (database: DatabaseSync): readonly string[] => {
  const isThere = database.prepare("select 1 from sqlite_schema where name = 'kysely_migration'").get();
  if (isThere === undefined) return [];
  return database
    .prepare('select name from kysely_migration')
    .all()
    .map((row) => String(row['name']));
};
