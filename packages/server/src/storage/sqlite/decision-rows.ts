/** What people decide by, and the index of what was decided, in the record: reads on the caller's thread, changes on the writer's. */
import type { DatabaseSync } from 'node:sqlite';
import { accept, type EpochMs, refuse } from '@hauberk/primitives';
import {
  type DecisionQuery,
  type DecisionRows,
  decisionConsumer,
  type IndexedDecision,
} from '../../decision/record-rows.ts';
import type { DecisionTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import type { WriteHandlers } from '../write-command.ts';
import { outboxReads } from './outbox-reads.ts';
import { scopeColumns } from './rows.ts';
import { rowWrites } from './versioned-rows.ts';
import type { WriteContext } from './write-context.ts';

type Asked = Scope & {
  readonly from: number;
  readonly to: number;
  readonly before_ms: number;
  readonly before_id: string;
  readonly outcome: string;
  readonly scene: string;
  readonly policy: string;
  readonly mark: string;
  readonly limit: number;
};

const prepareReads = (database: DatabaseSync) => ({
  byId: prepare(database, (query, $: Scope & { id: string }) =>
    query
      .selectFrom('decisions')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '=', $.id),
  ),
  byTime: prepare(database, (query, $: Asked) =>
    query
      .selectFrom('decisions as d')
      .selectAll('d')
      .where('d.organisation', '=', $.organisation)
      .where('d.app', '=', $.app)
      .where('d.at_ms', '>=', $.from)
      .where('d.at_ms', '<', $.to)
      .where((where) =>
        where.or([
          where('d.at_ms', '<', $.before_ms),
          where.and([where('d.at_ms', '=', $.before_ms), where('d.id', '<', $.before_id)]),
        ]),
      )
      .where((where) => where.or([where('d.outcome', '=', $.outcome), where(where.val($.outcome), '=', '')]))
      .where((where) => where.or([where('d.scene', '=', $.scene), where(where.val($.scene), '=', '')]))
      .where((where) => where.or([where('d.policy', '=', $.policy), where(where.val($.policy), '=', '')]))
      .orderBy('d.at_ms', 'desc')
      .orderBy('d.id', 'desc')
      .limit($.limit),
  ),
  byMark: prepare(database, (query, $: Asked) =>
    query
      .selectFrom('decision_marks as m')
      .innerJoin('decisions as d', (join) =>
        join.onRef('d.organisation', '=', 'm.organisation').onRef('d.app', '=', 'm.app').onRef('d.id', '=', 'm.id'),
      )
      .selectAll('d')
      .where('m.organisation', '=', $.organisation)
      .where('m.app', '=', $.app)
      .where('m.mark', '=', $.mark)
      .where('m.at_ms', '>=', $.from)
      .where('m.at_ms', '<', $.to)
      .where((where) =>
        where.or([
          where('m.at_ms', '<', $.before_ms),
          where.and([where('m.at_ms', '=', $.before_ms), where('m.id', '<', $.before_id)]),
        ]),
      )
      .where((where) => where.or([where('d.outcome', '=', $.outcome), where(where.val($.outcome), '=', '')]))
      .where((where) => where.or([where('d.scene', '=', $.scene), where(where.val($.scene), '=', '')]))
      .where((where) => where.or([where('d.policy', '=', $.policy), where(where.val($.policy), '=', '')]))
      .orderBy('m.at_ms', 'desc')
      .orderBy('m.id', 'desc')
      .limit($.limit),
  ),
});

const decisionOf = (row: DecisionTable): IndexedDecision => ({
  id: row.id,
  atMs: row.at_ms,
  position: row.position,
  scene: row.scene,
  outcome: row.outcome,
  points: row.points,
  policy: row.policy,
  reasons: JSON.parse(row.reasons) as readonly string[],
  entities: JSON.parse(row.entities) as readonly string[],
});

/** The mark of an entity or a reason. */
const entityMark = (entity: string): string => `e:${entity}`;
const reasonMark = (reason: string): string => `r:${reason}`;

/** Synchronous reads of the index. */
export interface DecisionReads {
  find(scope: Scope, id: string): IndexedDecision | undefined;
  query(scope: Scope, query: DecisionQuery): readonly IndexedDecision[];
}

/** Prepares the reads of the index on a connection. */
export const decisionReads = (database: DatabaseSync): DecisionReads => {
  const statements = prepareReads(database);
  return {
    find: (scope, id) => {
      const row = statements.byId.first({ ...scopeColumns(scope), id });
      return row === undefined ? undefined : decisionOf(row);
    },
    query: (scope, { entity, reason, limit, ...asked }) => {
      const input = {
        ...scopeColumns(scope),
        from: asked.fromMs ?? 0,
        to: asked.toMs ?? Number.MAX_SAFE_INTEGER,
        before_ms: asked.before?.atMs ?? Number.MAX_SAFE_INTEGER,
        before_id: asked.before?.id ?? '',
        outcome: asked.outcome ?? '',
        scene: asked.scene ?? '',
        policy: asked.policy ?? '',
        mark: entity === undefined ? reasonMark(reason ?? '') : entityMark(entity),
        limit,
      };
      if (entity === undefined && reason === undefined) return statements.byTime.all(input).map(decisionOf);
      if (entity === undefined || reason === undefined) return statements.byMark.all(input).map(decisionOf);
      return pagesOf((before) => statements.byMark.all({ ...input, ...before }).map(decisionOf), reason, limit);
    },
  };
};

/** Decisions of one entity are few: those for one reason are picked from them, page by page. */
const pagesOf = (
  page: (before: { readonly before_ms?: number; readonly before_id?: string }) => readonly IndexedDecision[],
  reason: string,
  limit: number,
): readonly IndexedDecision[] => {
  const found: IndexedDecision[] = [];
  let before = {};
  for (;;) {
    const read = page(before);
    found.push(...read.filter(({ reasons }) => reasons.includes(reason)));
    const last = read.at(-1);
    if (last === undefined || read.length < limit || found.length >= limit) return found.slice(0, limit);
    before = { before_ms: last.atMs, before_id: last.id };
  }
};

const prepareWrites = ({ database }: WriteContext) => ({
  put: prepare(database, (query, $: DecisionTable) =>
    query
      .insertInto('decisions')
      .values({
        organisation: $.organisation,
        app: $.app,
        id: $.id,
        at_ms: $.at_ms,
        position: $.position,
        scene: $.scene,
        outcome: $.outcome,
        points: $.points,
        policy: $.policy,
        reasons: $.reasons,
        entities: $.entities,
      })
      .onConflict((conflict) => conflict.columns(['organisation', 'app', 'id']).doNothing()),
  ),
  mark: prepare(database, (query, $: Scope & { mark: string; at_ms: number; id: string }) =>
    query
      .insertInto('decision_marks')
      .values({ organisation: $.organisation, app: $.app, mark: $.mark, at_ms: $.at_ms, id: $.id })
      .onConflict((conflict) => conflict.columns(['organisation', 'app', 'mark', 'at_ms', 'id']).doNothing()),
  ),
  oldest: prepare(database, (query, $: { limit: number }) =>
    query.selectFrom('decisions').selectAll().orderBy('at_ms').limit($.limit),
  ),
  count: prepare(database, (query) =>
    query.selectFrom('decisions').select((select) => select.fn.countAll<number>().as('count')),
  ),
  drop: prepare(database, (query, $: Scope & { id: string }) =>
    query
      .deleteFrom('decisions')
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '=', $.id),
  ),
  unmark: prepare(database, (query, $: Scope & { mark: string; at_ms: number; id: string }) =>
    query
      .deleteFrom('decision_marks')
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('mark', '=', $.mark)
      .where('at_ms', '=', $.at_ms)
      .where('id', '=', $.id),
  ),
});

const marksOf = ({ entities, reasons }: Pick<IndexedDecision, 'entities' | 'reasons'>): readonly string[] => [
  ...new Set([...entities.map(entityMark), ...reasons.map(reasonMark)]),
];

type Kinds = 'decision.commit' | 'decision.purge' | 'decision.index' | 'decision.forget';

/** The code behind the writes of decisions; `outbox` is that behind those of the outbox. */
export const decisionWrites = (
  context: WriteContext,
  outbox: WriteHandlers<'outbox.acknowledge'>,
): WriteHandlers<Kinds> => {
  const statements = prepareWrites(context);
  const rows = rowWrites<DecisionRows>(context, 'decision_rows');
  const stream = outboxReads(context.database);
  let held: number | undefined;

  const advance = (to: number, client: number): void => {
    outbox['outbox.acknowledge']({ consumer: decisionConsumer, position: to }, client);
  };
  const isElsewhere = (from: number): boolean => stream.acknowledged(decisionConsumer) !== from;

  const add = (scope: Scope, decision: IndexedDecision): void => {
    const { id, atMs, position, scene, outcome, points, policy, reasons, entities } = decision;
    const columns = { ...scopeColumns(scope), id, at_ms: atMs };
    const lists = { reasons: JSON.stringify(reasons), entities: JSON.stringify(entities) };
    const added = statements.put.run({ ...columns, position, scene, outcome, points, policy, ...lists });
    // Decided again under the same id: the first one stands.
    if (added === 0) return;
    if (held !== undefined) held += 1;
    for (const mark of marksOf(decision)) statements.mark.run({ ...columns, mark });
  };

  const drop = (row: DecisionTable): void => {
    const columns = { organisation: row.organisation, app: row.app, id: row.id, at_ms: row.at_ms };
    for (const mark of marksOf(decisionOf(row))) statements.unmark.run({ ...columns, mark });
    statements.drop.run(columns);
  };

  const forget = (beforeMs: EpochMs | number, most: number, limit: number): number => {
    held ??= Number(statements.count.first({})?.count ?? 0);
    const beyond = held - most;
    const oldest = statements.oldest.all({ limit });
    const due = oldest.filter(({ at_ms }, index) => at_ms < beforeMs || index < beyond);
    for (const row of due) drop(row);
    held -= due.length;
    return due.length;
  };

  return {
    'decision.commit': ({ commit, now }, client) => {
      const { changes, advance: moved } = commit;
      if ((moved !== undefined && isElsewhere(moved.from)) || changes.some(rows.isStale))
        return refuse('decision-conflict');
      for (const change of changes) rows.apply(change, now);
      if (moved !== undefined) advance(moved.to, client);
      return accept(true);
    },
    'decision.purge': ({ kind, before, limit }) => accept(rows.purge(kind, before, limit)),
    'decision.index': ({ batches, advance: moved, now }, client) => {
      if (isElsewhere(moved.from)) return refuse('decision-conflict');
      for (const { scope, decisions, labels } of batches) {
        for (const decision of decisions) add(scope, decision);
        for (const label of labels) rows.put(scope, { kind: 'label', id: label.decision, value: label, atMs: now });
      }
      advance(moved.to, client);
      return accept(true);
    },
    'decision.forget': ({ beforeMs, most, limit }) => accept(forget(beforeMs, most, limit)),
  };
};
