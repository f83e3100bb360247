/** A start of the process, in the record: a boot number that was never used before, before anything is answered. */
import type { DatabaseSync } from 'node:sqlite';
import { epochMs } from '@hauberk/primitives';
import { installationScope } from '../audit/audit-log.ts';
import type { StateTable } from './record-schema.ts';
import type { AuditChain } from './sqlite/audit-writes.ts';
import { disownEarlierBoots } from './sqlite/idempotency-writes.ts';
import type { WriteContext } from './sqlite/write-context.ts';
import { prepare } from './statement.ts';

/** Boots of one epoch: a restored record starts the next epoch's, so that no boot number is ever used twice. */
export const bootsPerEpoch: number = 2 ** 20;

/** Which start this is. */
export interface Start {
  readonly boot: number;
  /** Rises with every restore. */
  readonly epoch: number;
  /** Idempotency keys that an earlier start left without an outcome. */
  readonly disowned: number;
}

/** Reads the start counters; a new record has none. */
export const readStart = (database: DatabaseSync): Pick<StateTable, 'epoch' | 'boot'> | undefined =>
  prepare(database, (query, _$: object) => query.selectFrom('state').select(['epoch', 'boot'])).first({});

/** Keeps the start counters. */
export const keepStart = (database: DatabaseSync, row: StateTable): void => {
  prepare(database, (query, $: StateTable) =>
    query
      .insertInto('state')
      .values({ id: 1, epoch: $.epoch, boot: $.boot, created_at_ms: $.created_at_ms })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ epoch: $.epoch, boot: $.boot })),
  ).run(row);
};

/** Counts this start, disowns what earlier ones left, and says so in the audit log: one transaction. */
export const recordStart = (database: DatabaseSync, chain: AuditChain, startedAtMs: number): Start => {
  const now = epochMs(startedAtMs);
  database.exec('begin immediate');
  const before = readStart(database) ?? { epoch: 1, boot: bootsPerEpoch };
  const boot = before.boot + 1;
  keepStart(database, { id: 1, epoch: before.epoch, boot, created_at_ms: startedAtMs });
  const context: WriteContext = { database, boot, audit: (...entry) => chain.append(...entry) };
  const disowned = disownEarlierBoots(context, now);
  const facts = { boot, epoch: before.epoch };
  chain.append(installationScope, { actor: 'storage', action: 'state.started', subject: 'record', facts }, now);
  database.exec('commit');
  return { boot, epoch: before.epoch, disowned };
};
