/** Rows of trusted keys. The writer is one thread: what it does not find nobody else is adding. */
import type { DatabaseSync } from 'node:sqlite';
import { isActiveState } from '@hauberk/device';
import { accept, epochMs, refuse } from '@hauberk/primitives';
import type { TrustedKeyTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import { judgeRegistration, type RegisteredKey } from '../trusted-key-store.ts';
import type { WriteHandlers, WriteInput } from '../write-command.ts';
import { attestationKeeper } from './attestation-writes.ts';
import { deviceReads } from './device-reads.ts';
import { scopeColumns } from './rows.ts';
import type { WriteContext } from './write-context.ts';

/** Synchronous reads of trusted keys. */
export interface TrustedKeyReads {
  ofDevice(scope: Scope, device: string): readonly RegisteredKey[];
  /** Whether any device of the app has, or had, this key. */
  isTaken(scope: Scope, thumbprint: string): boolean;
}

const keyOf = (row: TrustedKeyTable): RegisteredKey => ({
  thumbprint: row.thumbprint,
  device: row.device,
  purpose: row.purpose,
  publicKey: row.public_key,
  tier: row.tier,
  userBinding: row.user_binding,
  createdAtMs: epochMs(row.created_at_ms),
  endedAtMs: row.ended_at_ms === null ? null : epochMs(row.ended_at_ms),
});

/** Prepares the reads of trusted keys on a connection. */
export const trustedKeyReads = (database: DatabaseSync): TrustedKeyReads => {
  const ofDevice = prepare(database, (query, $: Scope & { device: string }) =>
    query
      .selectFrom('trusted_keys')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('device', '=', $.device)
      .orderBy('created_at_ms')
      .orderBy('thumbprint'),
  );
  const taken = prepare(database, (query, $: Scope & { thumbprint: string }) =>
    query
      .selectFrom('trusted_keys')
      .select('thumbprint')
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('thumbprint', '=', $.thumbprint),
  );
  return {
    ofDevice: (scope, device) => ofDevice.all({ ...scopeColumns(scope), device }).map(keyOf),
    isTaken: (scope, thumbprint) => taken.first({ ...scopeColumns(scope), thumbprint }) !== undefined,
  };
};

const prepareWrites = ({ database }: WriteContext) => ({
  insert: prepare(database, (query, $: Omit<TrustedKeyTable, 'ended_at_ms'>) =>
    query.insertInto('trusted_keys').values({
      organisation: $.organisation,
      app: $.app,
      thumbprint: $.thumbprint,
      device: $.device,
      purpose: $.purpose,
      public_key: $.public_key,
      tier: $.tier,
      user_binding: $.user_binding,
      created_at_ms: $.created_at_ms,
      ended_at_ms: null,
    }),
  ),
  end: prepare(database, (query, $: Scope & { thumbprint: string; now: number }) =>
    query
      .updateTable('trusted_keys')
      .set({ ended_at_ms: $.now })
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('thumbprint', '=', $.thumbprint),
  ),
});

/** The code behind changes of trusted keys. */
export const trustedKeyWrites = (context: WriteContext): WriteHandlers<'trusted-key.register'> => {
  const statements = prepareWrites(context);
  const reads = trustedKeyReads(context.database);
  const devices = deviceReads(context.database);
  const keeper = attestationKeeper(context);

  const keep = (scope: Scope, added: RegisteredKey, replaced: RegisteredKey | undefined): void => {
    const { thumbprint, device, purpose, publicKey, tier, userBinding, createdAtMs: now } = added;
    if (replaced !== undefined) statements.end.run({ ...scopeColumns(scope), thumbprint: replaced.thumbprint, now });
    statements.insert.run({
      ...scopeColumns(scope),
      thumbprint,
      device,
      purpose,
      public_key: publicKey,
      tier,
      user_binding: userBinding,
      created_at_ms: now,
    });
    const entry = { kind: 'key', atMs: now, actor: 'gateway', reason: `trusted ${purpose}`, facts: undefined } as const;
    keeper.note(scope, device, entry);
    const facts = { purpose, thumbprint, tier, userBinding };
    context.audit(scope, { actor: 'gateway', action: 'device.trusted-key', subject: device, facts }, now);
  };

  const register = ({ scope, device, key, now }: WriteInput<'trusted-key.register'>) => {
    const owner = devices.byId(scope, device);
    if (owner === undefined) return refuse('device-unknown');
    if (!isActiveState(owner.state)) return refuse('device-not-enrolled', owner.state);
    const isTaken = reads.isTaken(scope, key.thumbprint) || devices.byThumbprint(scope, key.thumbprint) !== undefined;
    const judged = judgeRegistration(reads.ofDevice(scope, device), isTaken, { device, key, now });
    if (!judged.ok) return judged;
    if ('kept' in judged.value) return accept(judged.value.kept);
    keep(scope, judged.value.added, judged.value.replaced);
    return accept(judged.value.added);
  };
  return { 'trusted-key.register': register };
};
