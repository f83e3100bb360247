/** Writes of idempotency keys. */
import { isActiveState } from '@hauberk/device';
import { accept, type EpochMs, epochMs } from '@hauberk/primitives';
import { installationScope } from '../../audit/audit-log.ts';
import { type AttemptOwner, type IdempotencyAttempt, judgeBegin } from '../idempotency-store.ts';
import type { IdempotencyTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import type { SealedBegin, WriteHandlers, WriteInput, WriteKind } from '../write-command.ts';
import { deviceReads } from './device-reads.ts';
import { outcomeColumns, outcomeOf, scopeColumns } from './rows.ts';
import type { WriteContext } from './write-context.ts';

type Entry = Scope & { readonly entry: string };
type Attempt = Entry & { readonly attempt: number };
type Outcome = Pick<IdempotencyTable, 'outcome_status' | 'outcome_content' | 'outcome_digest'>;

const prepareBegin = ({ database }: WriteContext) => ({
  find: prepare(database, (query, $: Entry) =>
    query
      .selectFrom('idempotency')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('entry', '=', $.entry),
  ),
  start: prepare(database, (query, $: Omit<IdempotencyTable, 'state' | keyof Outcome>) =>
    query
      .insertInto('idempotency')
      .values({
        organisation: $.organisation,
        app: $.app,
        entry: $.entry,
        device: $.device,
        route: $.route,
        fingerprint: $.fingerprint,
        state: 'started',
        attempt: $.attempt,
        owner_boot: $.owner_boot,
        owner_client: $.owner_client,
        started_at_ms: $.started_at_ms,
        expires_at_ms: $.expires_at_ms,
      })
      .onConflict((conflict) =>
        conflict.columns(['organisation', 'app', 'entry']).doUpdateSet({
          fingerprint: $.fingerprint,
          state: 'started',
          attempt: $.attempt,
          owner_boot: $.owner_boot,
          owner_client: $.owner_client,
          outcome_status: null,
          outcome_content: null,
          outcome_digest: null,
          started_at_ms: $.started_at_ms,
          expires_at_ms: $.expires_at_ms,
        }),
      ),
  ),
});

const prepareEnd = ({ database }: WriteContext) => ({
  // Also from `unknown`: the reply came after all, or the thread that had it was given up too early.
  finish: prepare(database, (query, $: Attempt & Outcome) =>
    query
      .updateTable('idempotency')
      .set({
        state: 'done',
        outcome_status: $.outcome_status,
        outcome_content: $.outcome_content,
        outcome_digest: $.outcome_digest,
      })
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('entry', '=', $.entry)
      .where('attempt', '=', $.attempt)
      .where('state', '!=', 'done'),
  ),
  markUnknown: prepare(database, (query, $: Attempt) =>
    query
      .updateTable('idempotency')
      .set({ state: 'unknown' })
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('entry', '=', $.entry)
      .where('attempt', '=', $.attempt)
      .where('state', '=', 'started'),
  ),
  // Only a first attempt: an earlier one of unknown outcome may have executed, which a free key would forget.
  release: prepare(database, (query, $: Attempt) =>
    query
      .deleteFrom('idempotency')
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('entry', '=', $.entry)
      .where('attempt', '=', $.attempt)
      .where('attempt', '=', 1)
      .where('state', '=', 'started'),
  ),
  disown: prepare(database, (query, $: { boot: number; client: number }) =>
    query
      .updateTable('idempotency')
      .set({ state: 'unknown' })
      .where('state', '=', 'started')
      .where('owner_boot', '=', $.boot)
      .where('owner_client', '=', $.client),
  ),
});

const prepareSettle = ({ database }: WriteContext) => ({
  settleExecuted: prepare(database, (query, $: Entry) =>
    query
      .updateTable('idempotency')
      .set({ state: 'done', outcome_status: 0 })
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('entry', '=', $.entry)
      .where('state', '=', 'unknown'),
  ),
  settleFree: prepare(database, (query, $: Entry) =>
    query
      .deleteFrom('idempotency')
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('entry', '=', $.entry)
      .where('state', '=', 'unknown'),
  ),
});

const attemptOf = ({ scope, entry, attempt }: IdempotencyAttempt): Attempt => ({
  ...scopeColumns(scope),
  entry,
  attempt,
});

/** Entries that an earlier process had started: nobody will finish them. Runs before the first command of a start. */
export const disownEarlierBoots = ({ database, boot, audit }: WriteContext, now: EpochMs): number => {
  const disown = prepare(database, (query, $: { boot: number }) =>
    query
      .updateTable('idempotency')
      .set({ state: 'unknown' })
      .where('state', '=', 'started')
      .where('owner_boot', '!=', $.boot),
  );
  const entries = disown.run({ boot });
  const record = { actor: 'storage', action: 'idempotency.disowned', subject: 'earlier-boots', facts: { entries } };
  if (entries > 0) audit(installationScope, record, now);
  return entries;
};

type IdempotencyWrite = Extract<WriteKind, `idempotency.${string}`>;

/** The code behind the writes of idempotency keys. */
export const idempotencyWrites = (context: WriteContext): WriteHandlers<IdempotencyWrite> => {
  const statements = { ...prepareBegin(context), ...prepareEnd(context), ...prepareSettle(context) };

  const devices = deviceReads(context.database);

  const begin = (input: WriteInput<'idempotency.begin'>, owner: AttemptOwner): SealedBegin => {
    const { scope, entry, device, route, request, now } = input;
    const row = statements.find.first({ ...scopeColumns(scope), entry });
    const held = row && { ...row, boot: row.owner_boot, expiresAtMs: epochMs(row.expires_at_ms) };
    const step = judgeBegin(held, request, owner.boot, now);
    if (row !== undefined && step === 'done') return { state: 'done', outcome: outcomeOf(row) };
    if (step !== 'insert' && step !== 'replace' && step !== 'retake')
      return { state: step === 'done' ? 'running' : step };
    const attempt = step === 'retake' && row !== undefined ? row.attempt + 1 : 1;
    statements.start.run({
      ...scopeColumns(scope),
      entry,
      device,
      route,
      fingerprint: request.fingerprint,
      attempt,
      owner_boot: owner.boot,
      owner_client: owner.client,
      started_at_ms: now,
      expires_at_ms: request.expiresAtMs,
    });
    return { state: 'fresh', attempt: { scope, entry, attempt }, again: step === 'retake' };
  };

  return {
    'idempotency.begin': (input, client) => accept(begin(input, { boot: context.boot, client })),
    'idempotency.finish': ({ attempt, outcome }) => {
      const row = statements.find.first({ ...scopeColumns(attempt.scope), entry: attempt.entry });
      if (row === undefined) return accept(false);
      // The device lost its rights while the request ran: its outcomes were dropped, and this one must not come after.
      const isEntitled = isActiveState(devices.byId(attempt.scope, row.device)?.state ?? 'revoked');
      const columns = outcomeColumns(outcome);
      const kept = isEntitled ? columns : { ...columns, outcome_content: null };
      return accept(statements.finish.run({ ...attemptOf(attempt), ...kept }) === 1);
    },
    'idempotency.mark-unknown': ({ attempt }) => accept(statements.markUnknown.run(attemptOf(attempt)) === 1),
    'idempotency.release': ({ attempt }) => accept(statements.release.run(attemptOf(attempt)) === 1),
    'idempotency.settle': ({ scope, entry, settlement, actor, now }) => {
      const statement = settlement === 'executed' ? statements.settleExecuted : statements.settleFree;
      const isSettled = statement.run({ ...scopeColumns(scope), entry }) === 1;
      const record = { actor, action: 'idempotency.settled', subject: entry, facts: { settlement } };
      if (isSettled) context.audit(scope, record, now);
      return accept(isSettled);
    },
    'idempotency.disown': ({ client, now }) => {
      const entries = statements.disown.run({ boot: context.boot, client });
      const facts = { client, entries };
      const record = { actor: 'storage', action: 'idempotency.disowned', subject: 'client', facts };
      if (entries > 0) context.audit(installationScope, record, now);
      return accept(entries);
    },
  };
};
