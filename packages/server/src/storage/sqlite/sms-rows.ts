/** Rows of the SMS inbox in the record. The writer is one thread: what it does not find nobody else is adding. */
import type { DatabaseSync } from 'node:sqlite';
import { accept, type Bytes, epochMs } from '@hauberk/primitives';
import { prepare, type Statement } from '../statement.ts';
import type { WriteHandlers } from '../write-command.ts';
import type { WriteContext } from './write-context.ts';

/** A row that waits, its content still sealed. */
export interface SealedSms {
  readonly position: number;
  readonly name: string;
  readonly sealed: Bytes;
  readonly receivedAtMs: ReturnType<typeof epochMs>;
}

/** Synchronous reads of the inbox. */
export interface SmsReads {
  waiting(afterPosition: number, limit: number): readonly SealedSms[];
  countWaiting(): number;
}

/** Prepares the reads of the inbox on a connection. */
export const smsReads = (database: DatabaseSync): SmsReads => {
  const after = prepare(database, (query, $: { position: number; limit: number }) =>
    query
      .selectFrom('sms_inbox')
      .select(['position', 'name', 'content', 'received_at_ms'])
      .where('position', '>', $.position)
      .where('content', 'is not', null)
      .orderBy('position')
      .limit($.limit),
  );
  const count = prepare(database, (query) =>
    query
      .selectFrom('sms_inbox')
      .select((select) => select.fn.countAll<number>().as('count'))
      .where('content', 'is not', null),
  );
  return {
    waiting: (position, limit) =>
      after.all({ position, limit }).map((row) => ({
        position: row.position,
        name: row.name,
        sealed: row.content ?? new Uint8Array(0),
        receivedAtMs: epochMs(row.received_at_ms),
      })),
    countWaiting: () => Number(count.first({})?.count ?? 0),
  };
};

interface NewRow {
  readonly name: string;
  readonly content: Bytes;
  readonly received_at_ms: number;
  readonly expires_at_ms: number;
}

const prepareWrites = ({ database }: WriteContext) => ({
  known: prepare(database, (query, $: { name: string; since: number }) =>
    query
      .selectFrom('sms_inbox')
      .select('position')
      .where('name', '=', $.name)
      .where('received_at_ms', '>=', $.since)
      .limit(1),
  ),
  insert: prepare(database, (query, $: NewRow) =>
    query.insertInto('sms_inbox').values({
      name: $.name,
      content: $.content,
      received_at_ms: $.received_at_ms,
      expires_at_ms: $.expires_at_ms,
    }),
  ),
  settle: prepare(database, (query, $: { position: number }) =>
    query
      .updateTable('sms_inbox')
      .set({ content: null })
      .where('position', '=', $.position)
      .where('content', 'is not', null),
  ),
});

/** Forgets expired rows, at most so many. */
export const prepareSmsPurge = (database: DatabaseSync): Statement<{ now: number; limit: number }, unknown> =>
  prepare(database, (query, $: { now: number; limit: number }) =>
    query
      .deleteFrom('sms_inbox')
      .where('position', 'in', (where) =>
        where.selectFrom('sms_inbox').select('position').where('expires_at_ms', '<=', $.now).limit($.limit),
      ),
  );

/** The code behind changes of the inbox. */
export const smsWrites = (context: WriteContext): WriteHandlers<'sms.take' | 'sms.settle' | 'sms.purge'> => {
  const statements = prepareWrites(context);
  const purge = prepareSmsPurge(context.database);
  return {
    'sms.take': ({ name, sealed, sameSinceMs, receivedAtMs, expiresAtMs }) => {
      if (statements.known.first({ name, since: sameSinceMs }) !== undefined) return accept('known' as const);
      statements.insert.run({ name, content: sealed, received_at_ms: receivedAtMs, expires_at_ms: expiresAtMs });
      return accept('taken' as const);
    },
    'sms.settle': ({ positions }) =>
      accept(positions.reduce((sum, position) => sum + statements.settle.run({ position }), 0)),
    'sms.purge': ({ now, limit }) => accept(purge.run({ now, limit })),
  };
};
