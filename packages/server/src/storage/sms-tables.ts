/** The table of the SMS inbox. */
import type { IndexPlan, TablePlan } from './migrations.ts';

/** What the migration of the SMS plane adds. */
export const smsTables: Readonly<Record<string, TablePlan>> = {
  sms_inbox: {
    columns: {
      position: 'integer',
      name: 'text',
      content: 'blob?',
      received_at_ms: 'integer',
      expires_at_ms: 'integer',
    },
    key: ['position'],
    counts: true,
  },
};

/** Its indexes. */
export const smsIndexes: readonly IndexPlan[] = [
  { table: 'sms_inbox', columns: ['name'] },
  { table: 'sms_inbox', columns: ['expires_at_ms'] },
];
