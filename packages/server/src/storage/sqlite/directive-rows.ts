/** Directives and rollouts in the record: reads on the caller's thread, changes on the writer's. */
import type { DatabaseSync } from 'node:sqlite';
import { accept } from '@hauberk/primitives';
import type { Rollout, RolloutState } from '@hauberk/rollout';
import {
  type DirectiveTrack,
  judgeDirectiveChange,
  type PublishedDirective,
  type RolloutPage,
  type StoredRollout,
} from '../directive-store.ts';
import type { DirectiveTable, RolloutTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import type { WriteHandlers } from '../write-command.ts';
import { scopeColumns } from './rows.ts';
import type { WriteContext } from './write-context.ts';

type Track = Scope & { readonly kind: string; readonly service: string };
/** An empty state stands for every state. */
type Page = Scope & { readonly state: string; readonly afterId: string; readonly limit: number };

const prepareReads = (database: DatabaseSync) => ({
  byId: prepare(database, (query, $: Scope & { id: string }) =>
    query
      .selectFrom('rollouts')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '=', $.id),
  ),
  oldestFirst: prepare(database, (query, $: Page) =>
    query
      .selectFrom('rollouts')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '>', $.afterId)
      .where((where) => where.or([where('state', '=', $.state), where(where.val($.state), '=', '')]))
      .orderBy('id')
      .limit($.limit),
  ),
  newestFirst: prepare(database, (query, $: Page) =>
    query
      .selectFrom('rollouts')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '<', $.afterId)
      .where((where) => where.or([where('state', '=', $.state), where(where.val($.state), '=', '')]))
      .orderBy('id', 'desc')
      .limit($.limit),
  ),
  inState: prepare(database, (query, $: { state: string }) =>
    query.selectFrom('rollouts').selectAll().where('state', '=', $.state).orderBy('id'),
  ),
  published: prepare(database, (query) => query.selectFrom('directives').selectAll().orderBy('revision')),
  revision: prepare(database, (query) =>
    query.selectFrom('directives').select((select) => select.fn.max<number | null>('revision').as('revision')),
  ),
  version: prepare(database, (query, $: Track) =>
    query
      .selectFrom('directives')
      .select((select) => select.fn.max<number | null>('version').as('version'))
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('kind', '=', $.kind)
      .where('service', '=', $.service),
  ),
});

/** Sorts after every id. */
const beyondIds = 'g';

const rolloutOf = ({ organisation, app, row, value }: RolloutTable): StoredRollout => ({
  scope: { organisation, app },
  row,
  rollout: JSON.parse(value) as Rollout,
});

/** Synchronous reads of directives. */
export interface DirectiveReads {
  find(scope: Scope, id: string): StoredRollout | undefined;
  list(scope: Scope, page: RolloutPage): readonly StoredRollout[];
  inState(state: RolloutState): readonly StoredRollout[];
  published(): readonly PublishedDirective[];
  revision(): number;
  version(track: DirectiveTrack): number;
}

/** Prepares the reads of directives on a connection. */
export const directiveReads = (database: DatabaseSync): DirectiveReads => {
  const statements = prepareReads(database);
  return {
    find: (scope, id) => {
      const row = statements.byId.first({ ...scopeColumns(scope), id });
      return row === undefined ? undefined : rolloutOf(row);
    },
    list: (scope, { state = '', newestFirst, afterId, limit }) => {
      const page = { ...scopeColumns(scope), state, limit, afterId: afterId ?? (newestFirst ? beyondIds : '') };
      return (newestFirst ? statements.newestFirst : statements.oldestFirst).all(page).map(rolloutOf);
    },
    inState: (state) => statements.inState.all({ state }).map(rolloutOf),
    published: () =>
      statements.published.all({}).map(({ revision, value }) => ({
        revision,
        directive: JSON.parse(value) as PublishedDirective['directive'],
      })),
    revision: () => statements.revision.first({})?.revision ?? 0,
    version: ({ scope, kind, service }) =>
      statements.version.first({ ...scopeColumns(scope), kind, service: service ?? '' })?.version ?? 0,
  };
};

const prepareWrites = ({ database }: WriteContext) => ({
  publish: prepare(database, (query, $: DirectiveTable) =>
    query.insertInto('directives').values({
      organisation: $.organisation,
      app: $.app,
      kind: $.kind,
      service: $.service,
      version: $.version,
      revision: $.revision,
      value: $.value,
      expires_at_ms: $.expires_at_ms,
    }),
  ),
  put: prepare(database, (query, $: RolloutTable) =>
    query
      .insertInto('rollouts')
      .values({
        organisation: $.organisation,
        app: $.app,
        id: $.id,
        row: $.row,
        kind: $.kind,
        service: $.service,
        state: $.state,
        value: $.value,
      })
      .onConflict((conflict) =>
        conflict.columns(['organisation', 'app', 'id']).doUpdateSet({ row: $.row, state: $.state, value: $.value }),
      ),
  ),
  staged: prepare(database, (query, $: Track & { id: string }) =>
    query
      .selectFrom('rollouts')
      .select('id')
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('kind', '=', $.kind)
      .where('service', '=', $.service)
      .where('state', '=', 'staged')
      .where('id', '<>', $.id),
  ),
});

/** The code behind changes of directives. `acknowledge` is that of the outbox. */
export const directiveWrites = (
  context: WriteContext,
  acknowledge: (read: { readonly consumer: string; readonly position: number }) => void,
): WriteHandlers<'directive.commit'> => {
  const statements = prepareWrites(context);
  const reads = directiveReads(context.database);
  return {
    'directive.commit': ({ scope, change, now }) => {
      const columns = scopeColumns(scope);
      const judged = judgeDirectiveChange(scope, change, {
        rowOf: (own, id) => reads.find(own, id)?.row ?? 0,
        isBusy: (own, kind, service, id) =>
          statements.staged.first({ ...scopeColumns(own), kind, service, id }) !== undefined,
        versionOf: (kind, service) => reads.version({ scope, kind, service }),
        revision: reads.revision(),
      });
      if (!judged.ok) return judged;
      for (const { rollout, ifRow, scope: own = scope } of change.rollouts) {
        const { id, state, plan } = rollout;
        const value = JSON.stringify(rollout);
        statements.put.run({
          ...scopeColumns(own),
          id,
          row: ifRow + 1,
          kind: plan.kind,
          service: plan.service ?? '',
          state,
          value,
        });
      }
      for (const { revision, directive } of change.publish) {
        const { kind, version, expiresAtMs } = directive;
        const service = directive.scope.service ?? '';
        const value = JSON.stringify(directive);
        statements.publish.run({ ...columns, kind, service, version, revision, value, expires_at_ms: expiresAtMs });
      }
      for (const record of change.audit) context.audit(scope, record, now);
      if (change.read !== undefined) acknowledge(change.read);
      return accept(true);
    },
  };
};
