/** The table of what the outbox takes once only. */
import type { IndexPlan, TablePlan } from './migrations.ts';

/** What migration 0005 adds. */
export const outboxMarkTables: Readonly<Record<string, TablePlan>> = {
  outbox_marks: {
    columns: { organisation: 'text', app: 'text', mark: 'blob', expires_at_ms: 'integer' },
    key: ['organisation', 'app', 'mark'],
  },
};

/** Their indexes. */
export const outboxMarkIndexes: readonly IndexPlan[] = [{ table: 'outbox_marks', columns: ['expires_at_ms'] }];
