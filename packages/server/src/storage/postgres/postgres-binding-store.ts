/**
 * Bindings in PostgreSQL, for several gateways at once. A change locks the name of every row that it read or writes, also of rows that are not
 * there, in one order; then it compares their versions. So changes that touch one row happen one after the other, the later one sees what the
 * earlier one did, and nothing is left to a serialization failure.
 */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  accept,
  type DurationMs,
  durationMs,
  type EpochMs,
  epochMs,
  type Refusal,
  type Result,
  refuse,
} from '@hauberk/primitives';
import { sql, type Transaction } from 'kysely';
import type { AuditEntry, AuditHead } from '../../audit/audit-log.ts';
import type { BindingAuditRow } from '../../audit/verify-binding-audit.ts';
import {
  type BindingChange,
  type BindingRowKind,
  type BindingRows,
  type BindingStore,
  type ReadRow,
  type RowKey,
  type RowPut,
  rowName,
} from '../../binding/binding-store.ts';
import type { PostgresConfig } from '../../config/storage-config.ts';
import { type Scope, scopeKey } from '../scope.ts';
import { StateError, StorageFault, type StorageRefusal, StorageUnavailable } from '../storage-refusal.ts';
import { appendPostgresAudit, postgresAuditHead, postgresAuditRows, readPostgresAudit } from './postgres-audit.ts';
import { type PostgresBindingSchema, type PostgresDatabase, postgresDatabase } from './postgres-database.ts';
import { isTransient, refusalOf, unavailable } from './postgres-failure.ts';
import { migratePostgres } from './postgres-migrations.ts';

/** Bindings in PostgreSQL. */
export interface PostgresBindings {
  readonly store: BindingStore;
  /**
   * Makes or migrates the tables, raises the fence and drops what expired from then on: once a process, before anything is decided.
   * @throws StateError when the database cannot be used; its hint says what to do.
   */
  readonly start: () => Promise<void>;
  /** Milliseconds that only rise, on the clock of the database, so that gateways agree on them. Follows every `fence()`. */
  readonly monotonicMs: () => DurationMs;
  /** Entries of the app's audit chain after a sequence number, oldest first. */
  auditAfter(scope: Scope, sequence: number, limit: number): Promise<readonly AuditEntry[]>;
  readonly auditHead: (scope: Scope) => Promise<AuditHead>;
  /** Every row of the app's chain as it is kept, oldest first. */
  auditRows(scope: Scope): AsyncIterable<BindingAuditRow>;
  readonly close: () => Promise<void>;
}

type Work = Transaction<PostgresBindingSchema>;
type CommitRefusal = 'binding-conflict' | 'binding-fenced';

/** Undoes a transaction that is refused. */
class Declined extends Error {
  readonly refusal: Refusal<CommitRefusal>;
  constructor(code: CommitRefusal) {
    super(code);
    this.refusal = refuse(code);
  }
}

/** A failover may leave the new primary without the last changes: its timeline differs, and what was decided before is void. */
const timelineNow = sql<string>`substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)`;

interface StateRow {
  readonly fence: number;
  readonly timeline: string;
  readonly now: string;
}

const mostTries = 4;
const purgeEveryMs = 30_000;
const purgeRows = 2000;
/** How long a commit without an answer is asked after, in steps. */
const resolveTries = 50;
const resolveStepMs = 100;

const halves = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
const written = (character: string): string => `\\${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Text of PostgreSQL holds neither NUL nor half a character; both are written out, and what could be taken for that too. */
const columnText = (text: string): string =>
  text.replaceAll('\\', written).replaceAll('\u0000', written).replace(halves, written);

/** Advisory locks have numbers; two names with one number would only wait for each other. */
const lockNumber = (scope: Scope, key: RowKey): bigint =>
  createHash('sha256')
    .update(`hauberk binding\u0000${scopeKey(scope)}\u0000${rowName(key)}`)
    .digest()
    .readBigInt64BE();

const lockRows = async (work: Work, scope: Scope, keys: readonly RowKey[]): Promise<void> => {
  const numbers = [...new Set(keys.map((key) => lockNumber(scope, key)))].toSorted((one, other) =>
    one < other ? -1 : 1,
  );
  await sql`select pg_advisory_xact_lock(number) from unnest(${numbers.map(String)}::bigint[]) as number`.execute(work);
};

const namesOf = (keys: readonly RowKey[]) =>
  sql`select * from unnest(${keys.map(({ kind }) => kind)}::text[], ${keys.map(({ id }) => columnText(id))}::text[])`;

const versionsOf = async (work: Work, scope: Scope, keys: readonly RowKey[]): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await sql<{ kind: string; id: string; version: number }>`
    select kind, id, version from binding_rows
    where organisation = ${scope.organisation} and app = ${scope.app} and (kind, id) in (${namesOf(keys)})
    for update`.execute(work);
  return new Map(rows.map(({ kind, id, version }) => [`${kind}\u0000${id}`, version]));
};

const columnName = ({ kind, id }: RowKey): string => `${kind}\u0000${columnText(id)}`;

const writeRows = async (work: Work, { organisation, app }: Scope, puts: readonly RowPut[]): Promise<void> => {
  const last = [...new Map(puts.map((put) => [columnName(put), put])).values()];
  const dropped = last.filter(({ value }) => value === undefined);
  if (dropped.length > 0)
    await sql`delete from binding_rows where organisation = ${organisation} and app = ${app}
      and (kind, id) in (${namesOf(dropped)})`.execute(work);
  const kept = last.filter(({ value }) => value !== undefined);
  if (kept.length === 0) return;
  const rows = kept.map(({ kind, id, value, expiresAtMs }) => ({
    organisation,
    app,
    kind,
    id: columnText(id),
    version: sql<number>`nextval('binding_versions')`,
    value: JSON.stringify(value),
    expires_at_ms: expiresAtMs ?? null,
  }));
  await work
    .insertInto('binding_rows')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['organisation', 'app', 'kind', 'id']).doUpdateSet((row) => ({
        version: row.ref('excluded.version'),
        value: row.ref('excluded.value'),
        expires_at_ms: row.ref('excluded.expires_at_ms'),
      })),
    )
    .execute();
};

/** What is needed to ask later what became of a transaction. */
interface Trace {
  xid: string;
  timeline: string;
  isDecided: boolean;
}

const change = async (
  work: Work,
  scope: Scope,
  { fence, read, puts, audit }: BindingChange,
  now: EpochMs,
  trace: Trace,
) => {
  const keys = [...read.map(({ key }) => key), ...puts];
  await lockRows(work, scope, keys);
  const { rows } = await sql<StateRow & { xid: string }>`
    select fence, timeline, ${timelineNow} as now, pg_current_xact_id()::text as xid from binding_state for share`.execute(
    work,
  );
  const [state] = rows;
  if (state === undefined || state.fence !== fence || state.timeline !== state.now)
    throw new Declined('binding-fenced');
  const versions = await versionsOf(work, scope, keys);
  if (read.some(({ key, version }) => (versions.get(columnName(key)) ?? 0) !== version))
    throw new Declined('binding-conflict');
  await writeRows(work, scope, puts);
  await appendPostgresAudit(work, scope, audit, now);
  Object.assign(trace, { xid: state.xid, timeline: state.timeline, isDecided: true });
};

/** Asks what became of a commit whose answer was lost. */
const outcomeOf = async (
  database: PostgresDatabase,
  { xid, timeline }: Trace,
): Promise<'committed' | 'aborted' | 'unknown'> => {
  for (let tries = 0; tries < resolveTries; tries += 1) {
    try {
      const { rows } = await sql<{ status: string | null; now: string }>`
        select pg_xact_status(${xid}::xid8) as status, ${timelineNow} as now`.execute(database);
      const [row] = rows;
      // On another timeline the number may be somebody else's.
      if (row === undefined || row.now !== timeline || row.status === null) return 'unknown';
      if (row.status === 'committed' || row.status === 'aborted') return row.status;
    } catch (error) {
      if (refusalOf(error) === undefined) throw error;
    }
    await pause(resolveStepMs);
  }
  return 'unknown';
};

type Committed = Result<true, StorageRefusal | CommitRefusal>;

const refusedBy = (error: unknown): Refusal<StorageRefusal> => {
  const refusal = refusalOf(error);
  if (refusal === undefined) throw error;
  return refuse(refusal, 'database');
};

const commitOnce = async (
  database: PostgresDatabase,
  scope: Scope,
  asked: BindingChange,
  now: EpochMs,
): Promise<Committed | 'again'> => {
  const trace: Trace = { xid: '', timeline: '', isDecided: false };
  try {
    await database
      .transaction()
      .setIsolationLevel('read committed')
      .execute((work) => change(work, scope, asked, now, trace));
    return accept(true);
  } catch (error) {
    if (error instanceof Declined) return error.refusal;
    if (isTransient(error)) return 'again';
    if (!trace.isDecided) return refusedBy(error);
    const outcome = await outcomeOf(database, trace);
    if (outcome === 'committed') return accept(true);
    if (outcome === 'aborted') return refusedBy(error);
    throw new StorageFault('the database gave no answer to a commit', { cause: error });
  }
};

const commit = async (
  database: PostgresDatabase,
  scope: Scope,
  asked: BindingChange,
  now: EpochMs,
): Promise<Committed> => {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const answer = await commitOnce(database, scope, asked, now);
    if (answer !== 'again') return answer;
  }
  return refuse('storage-overloaded', 'database');
};

const load = async (database: PostgresDatabase, scope: Scope, keys: readonly RowKey[]): Promise<readonly ReadRow[]> => {
  const { rows } = await sql<{ kind: string; id: string; version: number; value: string }>`
    select kind, id, version, value from binding_rows
    where organisation = ${scope.organisation} and app = ${scope.app} and (kind, id) in (${namesOf(keys)})`.execute(
    database,
  );
  const found = new Map(rows.map((row) => [`${row.kind}\u0000${row.id}`, row]));
  return keys.map((key) => {
    const row = found.get(columnName(key));
    return { key, version: row?.version ?? 0, value: row === undefined ? undefined : JSON.parse(row.value) };
  });
};

const list = async <Kind extends BindingRowKind>(
  database: PostgresDatabase,
  scope: Scope,
  kind: Kind,
  after: string,
  limit: number,
): Promise<readonly BindingRows[Kind][]> => {
  const rows = await database
    .selectFrom('binding_rows')
    .select('value')
    .where('organisation', '=', scope.organisation)
    .where('app', '=', scope.app)
    .where('kind', '=', kind)
    .where('id', '>', columnText(after))
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(({ value }) => JSON.parse(value) as BindingRows[Kind]);
};

/** Rows that a change is looking at are passed over. */
const purge = async (database: PostgresDatabase, now: EpochMs, limit: number): Promise<number> => {
  const { numAffectedRows } = await sql`
    with due as materialized (
      select organisation, app, kind, id from binding_rows where expires_at_ms <= ${now} limit ${limit} for update skip locked
    )
    delete from binding_rows using due
    where (binding_rows.organisation, binding_rows.app, binding_rows.kind, binding_rows.id) = (due.organisation, due.app, due.kind, due.id)
  `.execute(database);
  return Number(numAffectedRows ?? 0);
};

const raiseFence = (database: PostgresDatabase, past: string | undefined) =>
  past === undefined
    ? sql`update binding_state set fence = fence + 1, timeline = ${timelineNow}`.execute(database)
    : sql`update binding_state set fence = fence + 1, timeline = ${timelineNow} where timeline = ${past}`.execute(
        database,
      );

/**
 * The clock of the database, carried on by this thread's own between calls. It may be found too slow, never too fast. Before the first call
 * it is that of this machine; every decision begins with one.
 */
class DatabaseClock {
  #ahead = Number.NEGATIVE_INFINITY;
  follow(databaseMs: number): void {
    this.#ahead = Math.max(this.#ahead, databaseMs - performance.now());
  }
  now(): DurationMs {
    const isKnown = this.#ahead !== Number.NEGATIVE_INFINITY;
    return durationMs(Math.floor(performance.now() + (isKnown ? this.#ahead : performance.timeOrigin)));
  }
}

const fence = async (database: PostgresDatabase, clock: DatabaseClock): Promise<number> => {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const { rows } = await sql<StateRow & { clock: string }>`
      select fence, timeline, ${timelineNow} as now, extract(epoch from clock_timestamp()) * 1000 as clock from binding_state`.execute(
      database,
    );
    const [state] = rows;
    if (state === undefined) throw new StorageUnavailable('storage-closed', 'the database of bindings has no state');
    clock.follow(Number(state.clock));
    if (state.timeline === state.now) return state.fence;
    await raiseFence(database, state.timeline);
  }
  throw new StorageUnavailable('storage-overloaded', 'the database of bindings fails over again and again');
};

/** What a database must be told to keep: an acknowledged change survives a power cut. */
const requireDurable = async (database: PostgresDatabase): Promise<void> => {
  const { rows } = await sql<{ fsync: string; commit: string; version: string }>`
    select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
      current_setting('server_version_num') as version`.execute(database);
  const { fsync, commit: synchronous, version } = rows[0] ?? { fsync: 'off', commit: 'off', version: '0' };
  if (Number(version) < 130_000)
    throw new StateError('database-too-old', 'the database of bindings is older than PostgreSQL 13', 'use a newer one');
  if (fsync !== 'on' || synchronous === 'off')
    throw new StateError(
      'database-unsafe',
      'the database of bindings forgets what it acknowledged (fsync or synchronous_commit is off)',
      'switch both on for this database and user',
    );
};

/** Two that make it at once would fail; and where it is made already, the right to make it is not needed. */
const makeSchema = (database: PostgresDatabase, schema: string): Promise<void> =>
  database.transaction().execute(async (work) => {
    await sql`select pg_advisory_xact_lock(hashtext('hauberk binding schema'))`.execute(work);
    const { rows } = await sql<{ there: boolean }>`select to_regnamespace(${schema}) is not null as there`.execute(
      work,
    );
    if (rows[0]?.there !== true) await sql`create schema ${sql.id(schema)}`.execute(work);
  });

const prepare = async (database: PostgresDatabase, config: PostgresConfig): Promise<void> => {
  try {
    await requireDurable(database);
    await makeSchema(database, config.schema);
    await migratePostgres(database, config.schema);
    await raiseFence(database, undefined);
  } catch (cause) {
    if (cause instanceof StateError || refusalOf(cause) === undefined) throw cause;
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer';
    throw new StateError(
      'database-unusable',
      `the database of bindings at ${config.host}:${config.port} cannot be used (${reason})`,
      'check storage.binding.postgres, that the database runs, and that this user may log in and make tables',
      { cause },
    );
  }
};

/** Bindings in a database. Connects with the first call; several threads and processes may. */
export const postgresBindings = (config: PostgresConfig): PostgresBindings => {
  const database = postgresDatabase(config);
  const clock = new DatabaseClock();
  let upkeep: NodeJS.Timeout | undefined;
  const reading = async <Answer>(read: Promise<Answer>): Promise<Answer> => {
    try {
      return await read;
    } catch (error) {
      throw unavailable(error);
    }
  };
  return {
    store: {
      fence: () => reading(fence(database, clock)),
      load: (scope, keys) => reading(load(database, scope, keys)),
      list: (scope, kind, after, limit) => reading(list(database, scope, kind, after, limit)),
      commit: (scope, asked, now) => commit(database, scope, asked, now),
      purge: async (now, limit) => {
        try {
          return accept(await purge(database, now, limit));
        } catch (error) {
          return refusedBy(error);
        }
      },
    },
    start: async () => {
      await prepare(database, config);
      const drop = (): void => {
        // What was not dropped now is dropped the next time.
        purge(database, epochMs(Date.now()), purgeRows).catch(() => undefined);
      };
      upkeep = setInterval(drop, purgeEveryMs).unref();
    },
    monotonicMs: () => clock.now(),
    auditAfter: (scope, sequence, limit) => reading(readPostgresAudit(database, scope, sequence, limit)),
    auditHead: (scope) => reading(postgresAuditHead(database, scope)),
    auditRows: (scope) => postgresAuditRows(database, scope),
    close: () => {
      clearInterval(upkeep);
      return database.destroy();
    },
  };
};
