/** The tables of the administration: API tokens, start-up secrets, proposals. */
import type { IndexPlan, TablePlan } from './migrations.ts';

const scoped = { organisation: 'text', app: 'text' } as const;

/** What migration 0002 adds. */
export const administrationTables: Readonly<Record<string, TablePlan>> = {
  admin_tokens: {
    columns: {
      ...scoped,
      id: 'text',
      subject: 'text',
      label: 'text',
      grants: 'text',
      lineage: 'text',
      hash: 'blob',
      hash_key: 'integer',
      created_by: 'text',
      created_at_ms: 'integer',
      expires_at_ms: 'integer',
      last_used_at_ms: 'integer?',
      revoked_at_ms: 'integer?',
    },
    key: ['organisation', 'app', 'id'],
  },
  startup_secrets: {
    columns: {
      ...scoped,
      id: 'text',
      hash: 'blob',
      hash_key: 'integer',
      created_at_ms: 'integer',
      expires_at_ms: 'integer',
      used_at_ms: 'integer?',
    },
    key: ['organisation', 'app', 'id'],
  },
  approvals: {
    columns: {
      ...scoped,
      id: 'text',
      version: 'integer',
      state: 'text',
      proposer_subject: 'text',
      change: 'text',
      change_hash: 'text',
      proposer: 'text',
      created_at_ms: 'integer',
      changed_at_ms: 'integer',
      expires_at_ms: 'integer',
      decision: 'text?',
      outcome: 'text?',
    },
    key: ['organisation', 'app', 'id'],
  },
};

/** Their indexes. */
export const administrationIndexes: readonly IndexPlan[] = [
  { table: 'admin_tokens', columns: ['id'] },
  { table: 'startup_secrets', columns: ['id'] },
  { table: 'approvals', columns: ['organisation', 'app', 'state', 'id'] },
];
