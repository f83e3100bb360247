/** The tables of evidence: what each device's came to, and what happened to the device. */
import type { IndexPlan, TablePlan } from './migrations.ts';

const scoped = { organisation: 'text', app: 'text' } as const;

/** What migration 0003 adds. */
export const attestationTables: Readonly<Record<string, TablePlan>> = {
  device_attestations: {
    columns: {
      ...scoped,
      device: 'text',
      kind: 'text',
      facts: 'text',
      counter: 'integer?',
      counter_key: 'text',
      evidence: 'blob?',
      verdict: 'text?',
      attested_at_ms: 'integer',
      demand_reason: 'text',
      demand_at_ms: 'integer',
      shared_identity: 'text',
      shared_route: 'text',
    },
    key: ['organisation', 'app', 'device'],
  },
  device_history: {
    columns: {
      position: 'integer',
      ...scoped,
      device: 'text',
      kind: 'text',
      actor: 'text',
      reason: 'text',
      facts: 'text',
      at_ms: 'integer',
    },
    key: ['position'],
    counts: true,
  },
};

/** The indexes of these tables. */
export const attestationIndexes: readonly IndexPlan[] = [
  { table: 'device_attestations', columns: ['organisation', 'shared_identity'] },
  { table: 'device_history', columns: ['organisation', 'app', 'device', 'position'] },
];
