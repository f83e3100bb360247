/** Writes of devices' evidence. What may follow on what is the device package's to say; here it is kept. */
import {
  type Appraised,
  type By,
  type DeviceRecord,
  demandEvidence,
  type HistoryEntry,
  isActiveState,
  maxHistory,
  type ReattestationDemand,
  reattest,
  rotateIdentity,
} from '@hauberk/device';
import { accept, type Bytes, type EpochMs, refuse } from '@hauberk/primitives';
import { type AttestingKey, maxEvidenceBytes } from '../attestation-store.ts';
import type { Device } from '../device-store.ts';
import type { DeviceAttestationTable, DeviceHistoryTable, DeviceKeyTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import type { WriteHandlers } from '../write-command.ts';
import { attestationReads } from './attestation-reads.ts';
import { deviceReads } from './device-reads.ts';
import { scopeColumns } from './rows.ts';
import type { WriteContext } from './write-context.ts';

type ScopedDevice = Scope & { readonly device: string };

const prepareAttestationWrites = ({ database }: WriteContext) => ({
  keep: prepare(database, (query, $: DeviceAttestationTable) =>
    query
      .insertInto('device_attestations')
      .values({
        organisation: $.organisation,
        app: $.app,
        device: $.device,
        kind: $.kind,
        facts: $.facts,
        counter: $.counter,
        counter_key: $.counter_key,
        evidence: $.evidence,
        verdict: $.verdict,
        attested_at_ms: $.attested_at_ms,
        demand_reason: $.demand_reason,
        demand_at_ms: $.demand_at_ms,
        shared_identity: $.shared_identity,
        shared_route: $.shared_route,
      })
      .onConflict((conflict) =>
        conflict.columns(['organisation', 'app', 'device']).doUpdateSet((row) => ({
          kind: row.ref('excluded.kind'),
          facts: row.ref('excluded.facts'),
          counter: row.ref('excluded.counter'),
          counter_key: row.ref('excluded.counter_key'),
          evidence: row.fn.coalesce('excluded.evidence', 'device_attestations.evidence'),
          verdict: row.fn.coalesce('excluded.verdict', 'device_attestations.verdict'),
          attested_at_ms: row.ref('excluded.attested_at_ms'),
          demand_reason: row.ref('excluded.demand_reason'),
          demand_at_ms: row.ref('excluded.demand_at_ms'),
          shared_identity: row.ref('excluded.shared_identity'),
          shared_route: row.ref('excluded.shared_route'),
        })),
      ),
  ),
  note: prepare(database, (query, $: Omit<DeviceHistoryTable, 'position'>) =>
    query.insertInto('device_history').values({
      organisation: $.organisation,
      app: $.app,
      device: $.device,
      kind: $.kind,
      actor: $.actor,
      reason: $.reason,
      facts: $.facts,
      at_ms: $.at_ms,
    }),
  ),
  // The enrolment always stays: it says what the device was first.
  trim: prepare(database, (query, $: ScopedDevice) =>
    query
      .deleteFrom('device_history')
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('device', '=', $.device)
      .where('kind', '<>', 'enrolled')
      .where('position', '<=', (inner) =>
        inner
          .selectFrom('device_history')
          .select('position')
          .where('organisation', '=', $.organisation)
          .where('app', '=', $.app)
          .where('device', '=', $.device)
          .orderBy('position', 'desc')
          .offset(maxHistory - 1)
          .limit(1),
      ),
  ),
  dropAttesting: prepare(database, (query, $: ScopedDevice) =>
    query
      .deleteFrom('device_keys')
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('device', '=', $.device)
      .where('purpose', '=', 'attestation'),
  ),
  retire: prepare(database, (query, $: ScopedDevice & { thumbprint: string }) =>
    query
      .updateTable('device_keys')
      .set({ purpose: 'retired' })
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('device', '=', $.device)
      .where('purpose', '=', 'identity')
      .where('thumbprint', '<>', $.thumbprint),
  ),
  insertKey: prepare(database, (query, $: DeviceKeyTable) =>
    query.insertInto('device_keys').values({
      organisation: $.organisation,
      app: $.app,
      device: $.device,
      thumbprint: $.thumbprint,
      purpose: $.purpose,
      public_key: $.public_key,
      created_at_ms: $.created_at_ms,
    }),
  ),
});

/** Keeps what devices say, inside the transaction of whoever calls. */
export interface AttestationKeeper {
  /** Keeps the present appraisal; the evidence of before where none is given. */
  keep(
    scope: Scope,
    record: Pick<DeviceRecord, 'id' | 'appraised' | 'attestedAtMs' | 'demand' | 'shared'>,
    evidence?: Bytes,
    verdict?: string,
  ): void;
  note(scope: Scope, device: string, entry: HistoryEntry): void;
  /** Puts the key that vouches for a device in the place of the one before; false when another device has it. */
  keepAttesting(scope: Scope, device: string, key: AttestingKey | undefined, now: EpochMs): boolean;
}

/** Prepares the keeper; the writes of devices use it as well. */
export const attestationKeeper = (context: WriteContext): AttestationKeeper => {
  const statements = prepareAttestationWrites(context);
  const devices = deviceReads(context.database);
  return {
    keepAttesting: (scope, device, key, now) => {
      if (key === undefined) return true;
      const { thumbprint, publicKey } = key;
      const held = devices.byThumbprint(scope, thumbprint);
      if (held !== undefined) return held.device.id === device && held.key.purpose === 'attestation';
      const row = { purpose: 'attestation', thumbprint, public_key: publicKey, created_at_ms: now } as const;
      statements.dropAttesting.run({ ...scopeColumns(scope), device });
      statements.insertKey.run({ ...scopeColumns(scope), device, ...row });
      return true;
    },
    keep: (scope, { id, appraised, attestedAtMs, demand, shared }, evidence, verdict) => {
      statements.keep.run({
        ...scopeColumns(scope),
        device: id,
        kind: appraised.kind,
        facts: JSON.stringify(appraised.facts),
        counter: appraised.counter?.value ?? null,
        counter_key: appraised.counter?.key ?? '',
        evidence: evidence === undefined || evidence.length > maxEvidenceBytes ? null : evidence,
        verdict: verdict ?? null,
        attested_at_ms: attestedAtMs,
        demand_reason: demand?.reason ?? '',
        demand_at_ms: demand?.atMs ?? 0,
        shared_identity: shared?.identity ?? '',
        shared_route: shared?.route ?? '',
      });
    },
    note: (scope, device, { kind, actor, reason, facts, atMs }) => {
      const row = { kind, actor, reason, facts: facts === undefined ? '' : JSON.stringify(facts), at_ms: atMs };
      statements.note.run({ ...scopeColumns(scope), device, ...row });
      statements.trim.run({ ...scopeColumns(scope), device });
    },
  };
};

/** What the writes of devices lend: a changed device is kept, logged and stripped in one place. */
export type KeepDevice = (scope: Scope, before: Device, after: Device, by: By, now: EpochMs) => void;

/** The code behind the writes of evidence. */
export const attestationWrites = (
  context: WriteContext,
  keepDevice: KeepDevice,
): WriteHandlers<'device.attest' | 'device.demand' | 'device.rotate' | 'device.link' | 'device.note'> => {
  const statements = prepareAttestationWrites(context);
  const reads = attestationReads(context.database);
  const keeper = attestationKeeper(context);
  const rowOf = (record: DeviceRecord): Device => ({
    id: record.id,
    tier: record.tier,
    state: record.state,
    generation: record.generation,
    verdictReference: record.appraised.verdictReference,
    createdAtMs: record.createdAtMs,
    changedAtMs: record.changedAtMs,
  });
  const keepRecord = (
    scope: Scope,
    before: DeviceRecord,
    after: DeviceRecord,
    by: By,
    now: EpochMs,
    evidence?: Bytes,
    verdict?: string,
  ): Device => {
    keepDevice(scope, rowOf(before), rowOf(after), by, now);
    keeper.keep(scope, after, evidence, verdict);
    const entry = after.history.at(-1);
    if (entry !== undefined) keeper.note(scope, after.id, entry);
    return rowOf(after);
  };
  return {
    'device.attest': ({ scope, device, attestation, now }) => {
      const { appraised, signedBy, evidence, attestingKey, verdict } = attestation;
      const held = reads.record(scope, device)?.record;
      if (held === undefined) return refuse('device-unknown');
      const after = reattest(held, appraised, signedBy, now);
      if (!after.ok) return after;
      if (!keeper.keepAttesting(scope, device, attestingKey, now)) return refuse('device-key-taken');
      const by = { actor: 'gateway', reason: `evidence ${appraised.kind}` };
      return accept(keepRecord(scope, held, after.value, by, now, evidence, verdict));
    },
    'device.demand': ({ scope, device, demand, by }) => {
      const held = reads.record(scope, device)?.record;
      if (held === undefined) return refuse('device-unknown');
      const after = demandEvidence(held, demand, by);
      return after.ok ? accept(keepRecord(scope, held, after.value, by, demand.atMs)) : after;
    },
    'device.rotate': ({ scope, device, identity, now }) => {
      const held = reads.record(scope, device)?.record;
      if (held === undefined) return refuse('device-unknown');
      if (!isActiveState(held.state)) return refuse('device-not-enrolled', held.state);
      const keys = rotateIdentity(held.keys, identity, now);
      if (!keys.ok) return keys;
      if (keys.value === held.keys) return accept(rowOf(held));
      if (reads.hasKey(scope, identity.thumbprint)) return refuse('rotation.key-taken');
      const { thumbprint, publicKey } = identity;
      statements.insertKey.run({
        ...scopeColumns(scope),
        device,
        purpose: 'identity',
        thumbprint,
        public_key: publicKey,
        created_at_ms: now,
      });
      statements.retire.run({ ...scopeColumns(scope), device, thumbprint });
      const by = { actor: 'gateway', reason: 'key rotation' };
      const entry: HistoryEntry = { kind: 'key', atMs: now, actor: 'gateway', reason: thumbprint, facts: undefined };
      const after = { ...held, generation: held.generation + 1, changedAtMs: now, history: [entry] };
      return accept(keepRecord(scope, held, after, by, now));
    },
    'device.link': ({ scope, device, shared, now }) => {
      const held = reads.record(scope, device)?.record;
      if (held === undefined) return refuse('device-unknown');
      keeper.keep(scope, { ...held, shared });
      keeper.note(scope, device, {
        kind: 'linked',
        atMs: now,
        actor: 'gateway',
        reason: shared.route,
        facts: undefined,
      });
      context.audit(scope, { actor: 'gateway', action: 'device.linked', subject: device, facts: { ...shared } }, now);
      return accept(true as const);
    },
    'device.note': ({ scope, device, entry }) => {
      if (reads.record(scope, device) === undefined) return refuse('device-unknown');
      keeper.note(scope, device, entry);
      return accept(true as const);
    },
  };
};

/** The appraisal of an enrolment that brought none. */
export const softwareAppraisal = (tier: number, verdictReference: string): Appraised => ({
  kind: 'software',
  tier,
  facts: { platform: 'other', level: 'software' },
  verdictReference,
});

/** A demand that a reinstated device must meet, where there is hardware to meet it with. */
export const reinstatedDemand = (appraised: Appraised, now: EpochMs): ReattestationDemand | undefined =>
  appraised.facts.level === 'software' ? undefined : { reason: 'reinstated', atMs: now };
