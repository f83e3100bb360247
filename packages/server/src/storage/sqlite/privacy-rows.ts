/** Rows of privacy in the record: reads on the caller's thread, changes on the writer's. */
import type { DatabaseSync } from 'node:sqlite';
import { accept, type EpochMs, refuse, utf8 } from '@hauberk/primitives';
import {
  eventPayload,
  type PrivacyChange,
  type PrivacyKey,
  type PrivacyRow,
  type PrivacyRowKind,
  type PrivacyRows,
  privacyConsumer,
  reportEventKind,
} from '../../privacy/privacy-store.ts';
import type { OutboxEntry } from '../outbox.ts';
import type { PrivacyRowTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import type { WriteHandlers } from '../write-command.ts';
import { outboxReads } from './outbox-reads.ts';
import { scopeColumns } from './rows.ts';
import type { WriteContext } from './write-context.ts';

type Keyed = Scope & { readonly kind: string; readonly id: string };

const prepareReads = (database: DatabaseSync) => ({
  row: prepare(database, (query, $: Keyed) =>
    query
      .selectFrom('privacy_rows')
      .select(['version', 'value'])
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('kind', '=', $.kind)
      .where('id', '=', $.id),
  ),
  page: prepare(database, (query, $: Keyed & { end: string; limit: number }) =>
    query
      .selectFrom('privacy_rows')
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
      .selectFrom('privacy_rows')
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

/** Synchronous reads of privacy rows. */
export interface PrivacyReads {
  read<Kind extends PrivacyRowKind>(scope: Scope, key: PrivacyKey<Kind>): PrivacyRow<Kind>;
  list<Kind extends PrivacyRowKind>(
    scope: Scope,
    kind: Kind,
    page: { readonly prefix?: string; readonly after?: string; readonly limit: number },
  ): readonly PrivacyRow<Kind>[];
  count(scope: Scope, kind: PrivacyRowKind, prefix?: string): number;
}

/** Prepares the reads of privacy on a connection. */
export const privacyReads = (database: DatabaseSync): PrivacyReads => {
  const statements = prepareReads(database);
  const opened = <Kind extends PrivacyRowKind>(
    key: PrivacyKey<Kind>,
    row: { readonly version: number; readonly value: string } | undefined,
  ): PrivacyRow<Kind> => ({
    key,
    version: row?.version ?? 0,
    value: row === undefined ? undefined : (JSON.parse(row.value) as PrivacyRows[Kind]),
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

const prepareWrites = ({ database }: WriteContext) => ({
  put: prepare(database, (query, $: PrivacyRowTable) =>
    query
      .insertInto('privacy_rows')
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
      .deleteFrom('privacy_rows')
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('kind', '=', $.kind)
      .where('id', '=', $.id),
  ),
  purge: prepare(database, (query, $: { kind: string; before: EpochMs; limit: number }) =>
    query
      .deleteFrom('privacy_rows')
      .where((where) =>
        where(
          where.refTuple('organisation', 'app', 'kind', 'id'),
          'in',
          where
            .selectFrom('privacy_rows')
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

type Kinds = 'privacy.ingest' | 'privacy.commit' | 'privacy.purge';

/** The code behind the writes of privacy; `outbox` is that behind those of the outbox. */
export const privacyWrites = (
  context: WriteContext,
  outbox: WriteHandlers<'outbox.append' | 'outbox.acknowledge'>,
): WriteHandlers<Kinds> => {
  const statements = prepareWrites(context);
  const reads = privacyReads(context.database);
  const stream = outboxReads(context.database);
  let version = context.boot * versionsOfBoot;

  const put = (scope: Scope, { kind, id, value, atMs }: PrivacyChange['puts'][number]): void => {
    if (value === undefined) {
      statements.drop.run({ ...scopeColumns(scope), kind, id });
      return;
    }
    version += 1;
    statements.put.run({ ...scopeColumns(scope), kind, id, version, value: JSON.stringify(value), at_ms: atMs });
  };

  /** The pseudonym of a device; here, where there is one thread, so that two reports cannot draw two. */
  const subjectOf = (scope: Scope, tag: string, fresh: string, now: EpochMs): string => {
    const held = reads.read(scope, { kind: 'subject', id: tag }).value;
    const subject = held?.subject ?? fresh;
    const day = new Date(now).toISOString().slice(0, 10);
    // Once a day: retention forgets who was not heard of for long.
    if (held?.day === day) return subject;
    put(scope, { kind: 'subject', id: tag, value: { subject, day }, atMs: now });
    put(scope, { kind: 'alias', id: subject, value: { tag }, atMs: now });
    return subject;
  };

  const isStale = ({ scope, read }: PrivacyChange): boolean =>
    read.some(({ key, version: seen }) => reads.read(scope, key).version !== seen);

  return {
    'privacy.ingest': ({ scope, intake, now }, client) => {
      const { tag, fresh, reports, maxBehind } = intake;
      if (stream.head() - stream.acknowledged(privacyConsumer) > maxBehind) return refuse('privacy-behind');
      const subject = subjectOf(scope, tag, fresh, now);
      const entries = reports.map(
        ({ kind, mark, untilMs, json }): OutboxEntry => ({
          scope,
          kind: reportEventKind(kind),
          atMs: now,
          payload: utf8(eventPayload(subject, json)),
          once: { mark, untilMs },
        }),
      );
      const before = stream.head();
      const appended = outbox['outbox.append']({ entries }, client);
      return appended.ok ? accept(appended.value - before) : appended;
    },
    'privacy.commit': ({ commit, now }, client) => {
      const { changes, advance } = commit;
      const isElsewhere = advance !== undefined && stream.acknowledged(privacyConsumer) !== advance.from;
      if (isElsewhere || changes.some(isStale)) return refuse('privacy-conflict');
      for (const { scope, puts, audit } of changes) {
        for (const each of puts) put(scope, each);
        for (const record of audit) context.audit(scope, record, now);
      }
      if (advance !== undefined)
        outbox['outbox.acknowledge']({ consumer: privacyConsumer, position: advance.to }, client);
      return accept(true);
    },
    'privacy.purge': ({ kind, before, limit }) => accept(statements.purge.run({ kind, before, limit })),
  };
};
