/** Versioned rows of a room in the record: reads on the caller's thread, changes on the writer's. */
import type { DatabaseSync } from 'node:sqlite';
import type { EpochMs } from '@hauberk/primitives';
import type { PrivacyRowTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import type { RowChange, RowKey, RowPage, RowPut, VersionedRow } from '../versioned-rows.ts';
import { scopeColumns } from './rows.ts';
import type { WriteContext } from './write-context.ts';

/** A table of versioned rows; all have the same columns. */
export type RowTable = 'privacy_rows' | 'decision_rows' | 'identity_rows';

type Keyed = Scope & { readonly kind: string; readonly id: string };

/** One of them stands for all in the types: their columns are the same. */
const named = (table: RowTable): 'privacy_rows' => table as 'privacy_rows';

const prepareReads = (database: DatabaseSync, table: 'privacy_rows') => ({
  row: prepare(database, (query, $: Keyed) =>
    query
      .selectFrom(table)
      .select(['version', 'value'])
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('kind', '=', $.kind)
      .where('id', '=', $.id),
  ),
  page: prepare(database, (query, $: Keyed & { end: string; limit: number }) =>
    query
      .selectFrom(table)
      .select(['id', 'version', 'value'])
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('kind', '=', $.kind)
      .where('id', '>', $.id)
      .where('id', '<', $.end)
      .orderBy('id')
      .limit($.limit),
  ),
  count: prepare(database, (query, $: Keyed & { end: string }) =>
    query
      .selectFrom(table)
      .select((select) => select.fn.countAll<number>().as('count'))
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('kind', '=', $.kind)
      .where('id', '>=', $.id)
      .where('id', '<', $.end),
  ),
});

/** Ids are ASCII, so nothing that begins with the prefix is behind this. */
const endOf = (prefix: string): string => `${prefix}\u{10ffff}`;

/** Synchronous reads of versioned rows. */
export interface RowReads<Rows> {
  read<Kind extends keyof Rows & string>(scope: Scope, key: RowKey<Rows, Kind>): VersionedRow<Rows, Kind>;
  list<Kind extends keyof Rows & string>(scope: Scope, kind: Kind, page: RowPage): readonly VersionedRow<Rows, Kind>[];
  count(scope: Scope, kind: keyof Rows & string, prefix?: string): number;
}

/** Prepares the reads of a table on a connection. */
export const rowReads = <Rows>(database: DatabaseSync, table: RowTable): RowReads<Rows> => {
  const statements = prepareReads(database, named(table));
  const opened = <Kind extends keyof Rows & string>(
    key: RowKey<Rows, Kind>,
    row: { readonly version: number; readonly value: string } | undefined,
  ): VersionedRow<Rows, Kind> => ({
    key,
    version: row?.version ?? 0,
    value: row === undefined ? undefined : (JSON.parse(row.value) as Rows[Kind]),
  });
  return {
    read: (scope, key) => opened(key, statements.row.first({ ...scopeColumns(scope), kind: key.kind, id: key.id })),
    list: (scope, kind, { prefix = '', after = '', limit }) =>
      statements.page
        .all({
          ...scopeColumns(scope),
          kind,
          id: after > prefix ? after : prefix,
          end: endOf(prefix),
          limit,
        })
        .map((row) => opened({ kind, id: row.id }, row)),
    count: (scope, kind, prefix = '') =>
      Number(statements.count.first({ ...scopeColumns(scope), kind, id: prefix, end: endOf(prefix) })?.count ?? 0),
  };
};

const prepareWrites = ({ database }: WriteContext, table: 'privacy_rows') => ({
  put: prepare(database, (query, $: PrivacyRowTable) =>
    query
      .insertInto(table)
      .values({
        organisation: $.organisation,
        app: $.app,
        kind: $.kind,
        id: $.id,
        version: $.version,
        value: $.value,
        at_ms: $.at_ms,
      })
      .onConflict((conflict) =>
        conflict
          .columns(['organisation', 'app', 'kind', 'id'])
          .doUpdateSet({ version: $.version, value: $.value, at_ms: $.at_ms }),
      ),
  ),
  drop: prepare(database, (query, $: Keyed) =>
    query
      .deleteFrom(table)
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('kind', '=', $.kind)
      .where('id', '=', $.id),
  ),
  purge: prepare(database, (query, $: { kind: string; before: EpochMs; limit: number }) =>
    query
      .deleteFrom(table)
      .where((where) =>
        where(
          where.refTuple('organisation', 'app', 'kind', 'id'),
          'in',
          where
            .selectFrom(table)
            .select(['organisation', 'app', 'kind', 'id'])
            .where('kind', '=', $.kind)
            .where('at_ms', '<', $.before)
            .limit($.limit)
            .$asTuple('organisation', 'app', 'kind', 'id'),
        ),
      ),
  ),
});

/** Versions of one boot: a row that was dropped and made anew never has an old version again. */
const versionsOfBoot = 2 ** 32;

/** Changes of versioned rows, inside the transaction of a group. */
export interface RowWrites<Rows> {
  readonly reads: RowReads<Rows>;
  readonly put: (scope: Scope, put: RowPut<Rows>) => void;
  /** Whether something that a change read has changed since. */
  readonly isStale: (change: RowChange<Rows>) => boolean;
  /** Writes a change that is not stale, with its audit entries. */
  readonly apply: (change: RowChange<Rows>, now: EpochMs) => void;
  readonly purge: (kind: string, before: EpochMs, limit: number) => number;
}

/** Prepares the changes of a table. */
export const rowWrites = <Rows>(context: WriteContext, table: RowTable): RowWrites<Rows> => {
  const statements = prepareWrites(context, named(table));
  const reads = rowReads<Rows>(context.database, table);
  let version = context.boot * versionsOfBoot;
  const put = (scope: Scope, { kind, id, value, atMs }: RowPut<Rows>): void => {
    if (value === undefined) {
      statements.drop.run({ ...scopeColumns(scope), kind, id });
      return;
    }
    version += 1;
    statements.put.run({ ...scopeColumns(scope), kind, id, version, value: JSON.stringify(value), at_ms: atMs });
  };
  return {
    reads,
    put,
    isStale: ({ scope, read }) => read.some(({ key, version: seen }) => reads.read(scope, key).version !== seen),
    apply: ({ scope, puts, audit }, now) => {
      for (const each of puts) put(scope, each);
      for (const record of audit) context.audit(scope, record, now);
    },
    purge: (kind, before, limit) => statements.purge.run({ kind, before, limit }),
  };
};
