/** Rows of binding in the record: reads on the caller's thread, changes on the writer's. */
import type { DatabaseSync } from 'node:sqlite';
import { accept, refuse } from '@hauberk/primitives';
import type { BindingChange, BindingRowKind, BindingRows, ReadRow, RowKey } from '../../binding/binding-store.ts';
import type { BindingRowTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare, type Statement } from '../statement.ts';
import type { WriteHandlers } from '../write-command.ts';
import { scopeColumns } from './rows.ts';
import type { WriteContext } from './write-context.ts';

type Keyed = Scope & { readonly kind: string; readonly id: string };

const prepareReads = (database: DatabaseSync) => ({
  row: prepare(database, (query, $: Keyed) =>
    query
      .selectFrom('binding_rows')
      .select(['version', 'value'])
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('kind', '=', $.kind)
      .where('id', '=', $.id),
  ),
  after: prepare(database, (query, $: Keyed & { limit: number }) =>
    query
      .selectFrom('binding_rows')
      .select('value')
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('kind', '=', $.kind)
      .where('id', '>', $.id)
      .orderBy('id')
      .limit($.limit),
  ),
  boot: prepare(database, (query) => query.selectFrom('state').select('boot')),
});

/** Synchronous reads of binding rows. */
export interface BindingReads {
  fence(): number;
  read(scope: Scope, key: RowKey): ReadRow;
  list<Kind extends BindingRowKind>(
    scope: Scope,
    kind: Kind,
    after: string,
    limit: number,
  ): readonly BindingRows[Kind][];
}

/** Prepares the reads of binding on a connection. */
export const bindingReads = (database: DatabaseSync): BindingReads => {
  const statements = prepareReads(database);
  return {
    // Boots are never used twice, over restarts and restores.
    fence: () => statements.boot.first({})?.boot ?? 0,
    read: (scope, key) => {
      const row = statements.row.first({ ...scopeColumns(scope), ...key });
      return { key, version: row?.version ?? 0, value: row === undefined ? undefined : JSON.parse(row.value) };
    },
    list: <Kind extends BindingRowKind>(scope: Scope, kind: Kind, after: string, limit: number) =>
      statements.after
        .all({ ...scopeColumns(scope), kind, id: after, limit })
        .map(({ value }) => JSON.parse(value) as BindingRows[Kind]),
  };
};

const prepareWrites = ({ database }: WriteContext) => ({
  put: prepare(database, (query, $: BindingRowTable) =>
    query
      .insertInto('binding_rows')
      .values({
        organisation: $.organisation,
        app: $.app,
        kind: $.kind,
        id: $.id,
        version: $.version,
        value: $.value,
        expires_at_ms: $.expires_at_ms,
      })
      .onConflict((conflict) =>
        conflict
          .columns(['organisation', 'app', 'kind', 'id'])
          .doUpdateSet({ version: $.version, value: $.value, expires_at_ms: $.expires_at_ms }),
      ),
  ),
  drop: prepare(database, (query, $: Keyed) =>
    query
      .deleteFrom('binding_rows')
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('kind', '=', $.kind)
      .where('id', '=', $.id),
  ),
});

/** Drops expired rows, at most so many. */
export const prepareBindingPurge = (database: DatabaseSync): Statement<{ now: number; limit: number }, unknown> =>
  prepare(database, (query, $: { now: number; limit: number }) =>
    query
      .deleteFrom('binding_rows')
      .where((where) =>
        where(
          where.refTuple('organisation', 'app', 'kind', 'id'),
          'in',
          where
            .selectFrom('binding_rows')
            .select(['organisation', 'app', 'kind', 'id'])
            .where('expires_at_ms', '<=', $.now)
            .limit($.limit)
            .$asTuple('organisation', 'app', 'kind', 'id'),
        ),
      ),
  );

/** Versions of one boot: a row that was dropped and made anew never has an old version again. */
const versionsOfBoot = 2 ** 32;

/** The code behind changes of binding rows. */
export const bindingWrites = (context: WriteContext): WriteHandlers<'binding.commit' | 'binding.purge'> => {
  const statements = prepareWrites(context);
  const purge = prepareBindingPurge(context.database);
  const reads = bindingReads(context.database);
  let version = context.boot * versionsOfBoot;
  const put = (scope: Scope, { kind, id, value, expiresAtMs }: BindingChange['puts'][number]): void => {
    if (value === undefined) {
      statements.drop.run({ ...scopeColumns(scope), kind, id });
      return;
    }
    version += 1;
    const row = { kind, id, version, value: JSON.stringify(value), expires_at_ms: expiresAtMs ?? null };
    statements.put.run({ ...scopeColumns(scope), ...row });
  };
  return {
    'binding.commit': ({ scope, change, now }) => {
      if (change.fence !== context.boot) return refuse('binding-fenced');
      if (change.read.some((read) => reads.read(scope, read.key).version !== read.version))
        return refuse('binding-conflict');
      for (const each of change.puts) put(scope, each);
      for (const record of change.audit) context.audit(scope, record, now);
      return accept(true);
    },
    'binding.purge': ({ now, limit }) => accept(purge.run({ now, limit })),
  };
};
