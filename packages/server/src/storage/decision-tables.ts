/** The tables of decisions: versioned rows, see `DecisionRows`, and the index of what was decided, see `IndexedDecision`. */
import type { IndexPlan, TablePlan } from './migrations.ts';

const scoped = { organisation: 'text', app: 'text' } as const;

/** One row for each entity and reason of a decision: what a decision is found by. */
export const decisionMarks: TablePlan = {
  columns: { ...scoped, mark: 'text', at_ms: 'integer', id: 'text' },
  key: ['organisation', 'app', 'mark', 'at_ms', 'id'],
};

/** What the migration of decisions adds. */
export const decisionTables: Readonly<Record<string, TablePlan>> = {
  decision_rows: {
    columns: { ...scoped, kind: 'text', id: 'text', version: 'integer', value: 'text', at_ms: 'integer' },
    key: ['organisation', 'app', 'kind', 'id'],
  },
  decisions: {
    columns: {
      ...scoped,
      id: 'text',
      at_ms: 'integer',
      position: 'integer',
      scene: 'text',
      outcome: 'text',
      points: 'integer',
      policy: 'text',
      reasons: 'text',
      entities: 'text',
    },
    key: ['organisation', 'app', 'id'],
  },
  decision_marks: decisionMarks,
};

/** Their indexes. */
export const decisionIndexes: readonly IndexPlan[] = [
  { table: 'decision_rows', columns: ['kind', 'at_ms'] },
  { table: 'decisions', columns: ['at_ms'] },
  { table: 'decisions', columns: ['organisation', 'app', 'outcome', 'at_ms'] },
];
