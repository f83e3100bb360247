/** Connections to PostgreSQL: a bounded pool with deadlines, under Kysely. The driver `pg` is optional and loaded here only. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { type Generated, Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import type { PoolConfig } from 'pg';
import type { DatabaseTlsConfig, PostgresConfig } from '../../config/storage-config.ts';
import { StateError, StorageUnavailable } from '../storage-refusal.ts';
import { isStatementError } from './postgres-failure.ts';

interface Scoped {
  organisation: string;
  app: string;
}

/** The tables of binding in PostgreSQL. */
export interface PostgresBindingSchema {
  binding_rows: Scoped & {
    kind: string;
    id: string;
    version: Generated<number>;
    value: string;
    expires_at_ms: number | null;
  };
  binding_state: { id: number; fence: number; timeline: string };
  binding_audit: Scoped & { sequence: number; at_ms: number; entry: string; hash: Uint8Array };
  binding_audit_heads: Scoped & { size: number; hash: Uint8Array };
}

/** A database of bindings. */
export type PostgresDatabase = Kysely<PostgresBindingSchema>;

const int8 = 20;

const tlsOptions = (host: string, tls: DatabaseTlsConfig): Exclude<PoolConfig['ssl'], boolean | undefined> => {
  const read = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : readFileSync(file, 'utf8');
  const [ca, cert, key] = [read(tls.caFile), read(tls.certificateFile), read(tls.keyFile)];
  return {
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    // A name is sent and verified by the driver; an address is verified only when it is named here.
    ...(isIP(host) === 0 ? {} : { host }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
};

const loadDriver = async (): Promise<Pick<typeof import('pg'), 'Pool' | 'Client' | 'types'>> => {
  try {
    const module = await import('pg');
    return module.default;
  } catch (cause) {
    throw new StateError(
      'database-driver-missing',
      'storage.binding.postgres needs the package pg, which is not installed',
      'npm install pg',
      { cause },
    );
  }
};

const poolConfig = (
  config: PostgresConfig,
  parse: (oid: number, format?: 'text' | 'binary') => unknown,
): PoolConfig => ({
  host: config.host,
  port: config.port,
  database: config.database,
  user: config.user,
  ...(config.password === undefined ? {} : { password: config.password }),
  ssl: config.tls === 'none' || config.host.startsWith('/') ? false : tlsOptions(config.host, config.tls),
  application_name: 'hauberk',
  options: `-c search_path=${config.schema}`,
  max: config.connections,
  connectionTimeoutMillis: config.connectTimeoutMs,
  idleTimeoutMillis: 30_000,
  // A thread that is done need not wait for them.
  allowExitOnIdle: true,
  keepAlive: true,
  statement_timeout: config.statementTimeoutMs,
  lock_timeout: config.statementTimeoutMs,
  idle_in_transaction_session_timeout: 2 * config.statementTimeoutMs,
  // The server speaks first; this is for one that went silent.
  query_timeout: config.statementTimeoutMs + 500,
  types: {
    getTypeParser: (oid: number, format?: 'text' | 'binary') => (oid === int8 ? Number : parse(oid, format)),
  } as NonNullable<PoolConfig['types']>,
});

/** A connection on which a call got no answer is never used again: its answer might come to the next one. */
const guarded = (client: PostgresPoolClient, onRelease: () => void): PostgresPoolClient => {
  let isBroken = false;
  const query = async (text: string, parameters: readonly unknown[]): Promise<unknown> => {
    try {
      return await client.query(text, [...(parameters ?? [])]);
    } catch (error) {
      isBroken ||= !isStatementError(error);
      throw error;
    }
  };
  return Object.assign(Object.create(client) as PostgresPoolClient, {
    query,
    release: (discard?: boolean) => {
      onRelease();
      client.release(isBroken || discard === true);
    },
  });
};

/** Opens no connection before the first call. */
export const postgresDatabase = (config: PostgresConfig): PostgresDatabase => {
  let calls = 0;
  const pool = async (): Promise<PostgresPool> => {
    const driver = await loadDriver();
    const { Pool, types } = driver;
    const inner = new Pool(poolConfig(config, types.getTypeParser));
    // A connection that breaks while nobody uses it is dropped by the pool; without a listener the process would end.
    inner.on('error', () => undefined);
    // The same holds for one in use; its call is refused beside.
    inner.on('connect', (client) => client.on('error', () => undefined));
    const connect = async (): Promise<PostgresPoolClient> => {
      if (calls >= config.calls) throw new StorageUnavailable('storage-overloaded', 'too many calls of the database');
      calls += 1;
      try {
        const client = (await inner.connect()) as unknown as PostgresPoolClient;
        return guarded(client, () => {
          calls -= 1;
        });
      } catch (error) {
        calls -= 1;
        throw error;
      }
    };
    return {
      connect,
      end: () => inner.end(),
      options: inner.options,
      Client: driver.Client,
    } as unknown as PostgresPool;
  };
  return new Kysely<PostgresBindingSchema>({ dialect: new PostgresDialect({ pool }) });
};
