/** Kysely over `node:sqlite`: the compiler for all statements, and the driver for migrations. */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { type Dialect, SqliteAdapter, SqliteDialect } from 'kysely';
import { makePrivateFile } from './durable-file.ts';
import { StateError } from './storage-refusal.ts';

/** Oldest SQLite without the WAL-reset bug, which corrupts a database that two connections checkpoint. */
const oldestSqlite = [3, 51, 3] as const;

/** Refuses an SQLite that is too old to be trusted. */
export const requireSafeSqlite = (version: string = process.versions['sqlite'] ?? '0'): void => {
  const parts = version.split('.').map(Number);
  for (const [index, least] of oldestSqlite.entries()) {
    const part = parts[index] ?? 0;
    if (part > least) return;
    if (part < least) {
      throw new StateError(
        'sqlite-too-old',
        `SQLite ${version} is older than ${oldestSqlite.join('.')}`,
        'start with Node 24.15 or newer',
      );
    }
  }
};

/** SQLite can undo DDL, so that a migration is applied as a whole or not at all, also when the process dies in it. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** What Kysely's SQLite driver asks of a connection, given by one of `node:sqlite`. */
const driven = (database: DatabaseSync) => ({
  close: () => {},
  prepare: (sql: string) => {
    const statement = database.prepare(sql);
    return {
      reader: statement.columns().length > 0,
      all: (parameters: readonly unknown[]) => statement.all(...(parameters as SQLInputValue[])),
      run: (parameters: readonly unknown[]) => statement.run(...(parameters as SQLInputValue[])),
      iterate: (parameters: readonly unknown[]) => statement.iterate(...(parameters as SQLInputValue[])),
    };
  },
});

/** The dialect over an open connection, which stays its owner's to close. */
export const nodeSqliteDialect = (database: DatabaseSync): Dialect => {
  const dialect = new SqliteDialect({ database: driven(database) });
  return {
    createAdapter: () => new TransactionalAdapter(),
    createDriver: () => dialect.createDriver(),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createIntrospector: (kysely) => dialect.createIntrospector(kysely),
  };
};

/** Opens the only connection that writes. FULL: a commit returns after its fsync, so that acknowledged means kept at a power cut. */
export const openWriter = (file: string): DatabaseSync => {
  makePrivateFile(file);
  const database = new DatabaseSync(file, { timeout: 5000 });
  database.exec(
    'pragma journal_mode=wal; pragma synchronous=full; pragma foreign_keys=on; pragma wal_autocheckpoint=4000; ' +
      'pragma journal_size_limit=67108864; pragma cache_size=-65536; pragma trusted_schema=off',
  );
  return database;
};

/** Opens a connection that can only read; every read sees the last whole commit. */
export const openReader = (file: string): DatabaseSync => {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  // Not memory-mapped: an I/O error in a mapping is a signal that ends the process, not an error.
  database.exec('pragma query_only=on; pragma cache_size=-16384; pragma trusted_schema=off');
  return database;
};
