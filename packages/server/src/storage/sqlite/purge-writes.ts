/** Drops what has expired, a bounded number of rows at a time. */
import { accept, days, type EpochMs } from '@hauberk/primitives';
import { prepare } from '../statement.ts';
import type { WriteHandlers } from '../write-command.ts';
import { prepareBindingPurge } from './binding-rows.ts';
import { prepareSmsPurge } from './sms-rows.ts';
import type { WriteContext } from './write-context.ts';

/** How long an unknown outcome is listed after it expired: time for an operator to settle it. */
const unknownKept = days(90);
/** How long an ended or expired login is kept, for whoever asks what happened. */
const loginKept = days(1);

/** How long an ended token or proposal is kept beside the audit log. */
const administrationKept = days(400);

interface Before {
  readonly before: EpochMs;
  readonly limit: number;
}

const preparePurge = ({ database }: WriteContext) => ({
  challenges: prepare(database, (query, $: Before) =>
    query
      .deleteFrom('spent_challenges')
      .where((where) =>
        where(
          where.refTuple('organisation', 'app', 'challenge'),
          'in',
          where
            .selectFrom('spent_challenges')
            .select(['organisation', 'app', 'challenge'])
            .where('expires_at_ms', '<=', $.before)
            .limit($.limit)
            .$asTuple('organisation', 'app', 'challenge'),
        ),
      ),
  ),
  marks: prepare(database, (query, $: Before) =>
    query
      .deleteFrom('outbox_marks')
      .where((where) =>
        where(
          where.refTuple('organisation', 'app', 'mark'),
          'in',
          where
            .selectFrom('outbox_marks')
            .select(['organisation', 'app', 'mark'])
            .where('expires_at_ms', '<=', $.before)
            .limit($.limit)
            .$asTuple('organisation', 'app', 'mark'),
        ),
      ),
  ),
  idempotency: prepare(database, (query, $: Before & { state: 'done' | 'unknown' }) =>
    query
      .deleteFrom('idempotency')
      .where((where) =>
        where(
          where.refTuple('organisation', 'app', 'entry'),
          'in',
          where
            .selectFrom('idempotency')
            .select(['organisation', 'app', 'entry'])
            .where('expires_at_ms', '<=', $.before)
            .where('state', '=', $.state)
            .limit($.limit)
            .$asTuple('organisation', 'app', 'entry'),
        ),
      ),
  ),
  logins: prepare(database, (query, $: Before) =>
    query
      .deleteFrom('logins')
      .where((where) =>
        where(
          where.refTuple('organisation', 'app', 'id'),
          'in',
          where
            .selectFrom('logins')
            .select(['organisation', 'app', 'id'])
            .where('expires_at_ms', '<=', $.before)
            .limit($.limit)
            .$asTuple('organisation', 'app', 'id'),
        ),
      ),
  ),
  credentials: prepare(database, (query, $: Before) =>
    query.deleteFrom('login_credentials').where((where) =>
      where(
        where.refTuple('organisation', 'app', 'device', 'credential_hash'),
        'in',
        where
          .selectFrom('login_credentials as name')
          .leftJoin('logins', (join) =>
            join
              .onRef('logins.organisation', '=', 'name.organisation')
              .onRef('logins.app', '=', 'name.app')
              .onRef('logins.id', '=', 'name.login'),
          )
          .select(['name.organisation', 'name.app', 'name.device', 'name.credential_hash'])
          .where((either) => either.or([either('logins.id', 'is', null), either('name.expires_at_ms', '<=', $.before)]))
          .limit($.limit)
          .$asTuple('organisation', 'app', 'device', 'credential_hash'),
      ),
    ),
  ),
});

const prepareAdministrationPurge = ({ database }: WriteContext) => ({
  tokens: prepare(database, (query, $: Before) =>
    query
      .deleteFrom('admin_tokens')
      .where('id', 'in', (where) =>
        where.selectFrom('admin_tokens').select('id').where('expires_at_ms', '<=', $.before).limit($.limit),
      ),
  ),
  approvals: prepare(database, (query, $: Before) =>
    query
      .deleteFrom('approvals')
      .where('id', 'in', (where) =>
        where.selectFrom('approvals').select('id').where('expires_at_ms', '<=', $.before).limit($.limit),
      ),
  ),
});

/** The code behind the purge. */
export const purgeWrites = (context: WriteContext): WriteHandlers<'record.purge'> => {
  const bindings = prepareBindingPurge(context.database);
  const sms = prepareSmsPurge(context.database);
  const statements = { ...preparePurge(context), ...prepareAdministrationPurge(context) };
  return {
    'record.purge': ({ now, limit }) => {
      const before = (kept: number): Before => ({ before: (now - kept) as EpochMs, limit });
      return accept(
        statements.challenges.run(before(0)) +
          statements.marks.run(before(0)) +
          statements.idempotency.run({ ...before(0), state: 'done' }) +
          statements.idempotency.run({ ...before(unknownKept), state: 'unknown' }) +
          statements.logins.run(before(loginKept)) +
          statements.credentials.run(before(loginKept)) +
          statements.tokens.run(before(administrationKept)) +
          statements.approvals.run(before(administrationKept)) +
          bindings.run({ now, limit }) +
          sms.run({ now, limit }),
      );
    },
  };
};
