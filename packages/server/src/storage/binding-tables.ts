/** The table of binding: versioned rows, see `BindingRows`. */
import type { IndexPlan, TablePlan } from './migrations.ts';

/** What the migration of binding adds. */
export const bindingTables: Readonly<Record<string, TablePlan>> = {
  binding_rows: {
    columns: {
      organisation: 'text',
      app: 'text',
      kind: 'text',
      id: 'text',
      version: 'integer',
      value: 'text',
      expires_at_ms: 'integer?',
    },
    key: ['organisation', 'app', 'kind', 'id'],
  },
};

/** Its indexes. */
export const bindingIndexes: readonly IndexPlan[] = [{ table: 'binding_rows', columns: ['expires_at_ms'] }];
