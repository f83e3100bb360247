/** The tables of directives: what was published, and the rollouts behind it. */
import type { IndexPlan, TablePlan } from './migrations.ts';

const scoped = { organisation: 'text', app: 'text' } as const;

/** What the migration of directives adds. */
export const directiveTables: Readonly<Record<string, TablePlan>> = {
  directives: {
    columns: {
      ...scoped,
      kind: 'text',
      service: 'text',
      version: 'integer',
      revision: 'integer',
      value: 'text',
      expires_at_ms: 'integer',
    },
    key: ['organisation', 'app', 'kind', 'service', 'version'],
  },
  rollouts: {
    columns: { ...scoped, id: 'text', row: 'integer', kind: 'text', service: 'text', state: 'text', value: 'text' },
    key: ['organisation', 'app', 'id'],
  },
};

/** Its indexes. */
export const directiveIndexes: readonly IndexPlan[] = [
  { table: 'directives', columns: ['revision'] },
  { table: 'rollouts', columns: ['state'] },
];
