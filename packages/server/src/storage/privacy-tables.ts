/** The table of privacy: versioned rows, see `PrivacyRows`. */
import type { IndexPlan, TablePlan } from './migrations.ts';

/** What the migration of privacy adds. */
export const privacyTables: Readonly<Record<string, TablePlan>> = {
  privacy_rows: {
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

/** Its indexes. */
export const privacyIndexes: readonly IndexPlan[] = [{ table: 'privacy_rows', columns: ['kind', 'at_ms'] }];
