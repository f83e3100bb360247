/** The table of identities: versioned rows, see `IdentityRows`. */
import type { IndexPlan, TablePlan } from './migrations.ts';

/** What the migration of identities adds. */
export const identityTables: Readonly<Record<string, TablePlan>> = {
  identity_rows: {
    columns: {
      organisation: 'text',
      app: 'text',
      kind: 'text',
      id: 'text',
      version: 'integer',
      value: 'text',
      at_ms: 'integer',
    },
    key: ['organisation', 'app', 'kind', 'id'],
  },
};

/** Its index. */
export const identityIndexes: readonly IndexPlan[] = [{ table: 'identity_rows', columns: ['kind', 'at_ms'] }];
