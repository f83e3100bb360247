/** The table of trusted keys. */
import type { IndexPlan, TablePlan } from './migrations.ts';

/** What the migration of trusted keys adds. */
export const trustedKeyTables: Readonly<Record<string, TablePlan>> = {
  trusted_keys: {
    columns: {
      organisation: 'text',
      app: 'text',
      thumbprint: 'text',
      device: 'text',
      purpose: 'text',
      public_key: 'blob',
      tier: 'text',
      user_binding: 'text',
      created_at_ms: 'integer',
      ended_at_ms: 'integer?',
    },
    key: ['organisation', 'app', 'thumbprint'],
  },
};

/** Its index. */
export const trustedKeyIndexes: readonly IndexPlan[] = [
  { table: 'trusted_keys', columns: ['organisation', 'app', 'device'] },
];
