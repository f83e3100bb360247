/** Writes of devices. */
import { isActiveState } from '@hauberk/device';
import { accept, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import { changeDevice, type Device, type KeyedDevice, maxDeviceKeys, takesAway } from '../device-store.ts';
import type { DeviceKeyTable, DeviceTable, RevocationTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import type { WriteHandlers, WriteInput } from '../write-command.ts';
import { attestationReads } from './attestation-reads.ts';
import { attestationKeeper, type KeepDevice, reinstatedDemand, softwareAppraisal } from './attestation-writes.ts';
import { deviceReads } from './device-reads.ts';
import { deviceKeyOf, deviceOf, scopeColumns } from './rows.ts';
import type { WriteContext } from './write-context.ts';

type ScopedDevice = Scope & { readonly device: string };
type NewRevocation = Omit<RevocationTable, 'position'>;

const prepareDeviceWrites = ({ database }: WriteContext) => ({
  insertDevice: prepare(database, (query, $: DeviceTable) =>
    query.insertInto('devices').values({
      organisation: $.organisation,
      app: $.app,
      id: $.id,
      tier: $.tier,
      state: $.state,
      generation: $.generation,
      verdict_reference: $.verdict_reference,
      created_at_ms: $.created_at_ms,
      changed_at_ms: $.changed_at_ms,
    }),
  ),
  insertKey: prepare(database, (query, $: DeviceKeyTable) =>
    query.insertInto('device_keys').values({
      organisation: $.organisation,
      app: $.app,
      thumbprint: $.thumbprint,
      device: $.device,
      purpose: $.purpose,
      public_key: $.public_key,
      created_at_ms: $.created_at_ms,
    }),
  ),
  updateDevice: prepare(database, (query, $: Omit<DeviceTable, 'created_at_ms'>) =>
    query
      .updateTable('devices')
      .set({
        state: $.state,
        tier: $.tier,
        generation: $.generation,
        verdict_reference: $.verdict_reference,
        changed_at_ms: $.changed_at_ms,
      })
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '=', $.id),
  ),
  insertRevocation: prepare(database, (query, $: NewRevocation) =>
    query.insertInto('revocations').values({
      organisation: $.organisation,
      app: $.app,
      device: $.device,
      generation: $.generation,
      state: $.state,
      tier: $.tier,
      reason: $.reason,
      at_ms: $.at_ms,
    }),
  ),
  endLogins: prepare(database, (query, $: ScopedDevice & { now: EpochMs }) =>
    query
      .updateTable('logins')
      .set({ ended_at_ms: $.now })
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('device', '=', $.device)
      .where('ended_at_ms', 'is', null),
  ),
  // The entry stays, without its content: were the key free again, a retry after reinstatement would execute twice.
  dropOutcomes: prepare(database, (query, $: ScopedDevice) =>
    query
      .updateTable('idempotency')
      .set({ outcome_content: null })
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('device', '=', $.device),
  ),
});

const rowOf = (scope: Scope, device: Device): DeviceTable => ({
  ...scopeColumns(scope),
  id: device.id,
  tier: device.tier,
  state: device.state,
  generation: device.generation,
  verdict_reference: device.verdictReference,
  created_at_ms: device.createdAtMs,
  changed_at_ms: device.changedAtMs,
});

/** Keeps a changed device: its row, the revocation log, what it loses with its rights, the audit log. */
export const deviceKeeper = (context: WriteContext): KeepDevice => {
  const statements = prepareDeviceWrites(context);
  return (scope, before, after, by, now) => {
    statements.updateDevice.run(rowOf(scope, after));
    const { id, generation, state, tier } = after;
    const { actor, reason } = by;
    statements.insertRevocation.run({
      ...scopeColumns(scope),
      device: id,
      generation,
      state,
      tier,
      reason,
      at_ms: now,
    });
    if (takesAway(before, after)) {
      statements.endLogins.run({ ...scopeColumns(scope), device: id, now });
      statements.dropOutcomes.run({ ...scopeColumns(scope), device: id });
    }
    const facts = { from: before.state, to: state, tier, generation, reason };
    context.audit(scope, { actor, action: 'device.state-changed', subject: id, facts }, now);
  };
};

/** The code behind the writes of devices. */
export const deviceWrites = (
  context: WriteContext,
): WriteHandlers<'device.enrol' | 'device.add-key' | 'device.change-state'> => {
  const statements = prepareDeviceWrites(context);
  const reads = deviceReads(context.database);
  const attested = attestationReads(context.database);
  const keeper = attestationKeeper(context);
  const keepDevice = deviceKeeper(context);

  const enrol = ({
    scope,
    id,
    enrolment,
    now,
  }: WriteInput<'device.enrol'>): Result<KeyedDevice & { created: boolean }, 'device-key-taken'> => {
    const known = reads.byThumbprint(scope, enrolment.thumbprint);
    // A step-up key is no identity: were it answered here, it could say hello for the device.
    if (known !== undefined && known.key.purpose !== 'identity') return refuse('device-key-taken');
    if (known !== undefined) return accept({ ...known, created: false });
    const { tier, verdictReference } = enrolment;
    const appraised = enrolment.appraised ?? softwareAppraisal(tier, verdictReference);
    const row = rowOf(scope, {
      id,
      tier,
      state: appraised.facts.level === 'software' ? 'enrolled' : 'trusted',
      generation: 1,
      verdictReference,
      createdAtMs: now,
      changedAtMs: now,
    });
    const { thumbprint, publicKey } = enrolment;
    const key = { thumbprint, purpose: 'identity', public_key: publicKey, created_at_ms: now } as const;
    // Before anything is written: a refusal leaves no trace.
    if (!keeper.keepAttesting(scope, id, enrolment.attestingKey, now)) return refuse('device-key-taken');
    statements.insertDevice.run(row);
    statements.insertKey.run({ ...scopeColumns(scope), ...key, device: id });
    keeper.keep(
      scope,
      { id, appraised, attestedAtMs: now, demand: undefined, shared: undefined },
      enrolment.evidence,
      enrolment.verdict,
    );
    const entry = { kind: 'enrolled', atMs: now, actor: 'gateway', reason: appraised.kind } as const;
    keeper.note(scope, id, { ...entry, facts: appraised.facts });
    const facts = { tier, thumbprint };
    context.audit(scope, { actor: 'gateway', action: 'device.enrolled', subject: id, facts }, now);
    return accept({ device: deviceOf(row), key: deviceKeyOf(key), created: true });
  };

  return {
    'device.enrol': enrol,
    'device.add-key': ({ scope, device, key, now }) => {
      const owner = reads.byId(scope, device);
      if (owner === undefined) return refuse('device-unknown');
      if (!isActiveState(owner.state)) return refuse('device-not-enrolled', owner.state);
      const known = reads.byThumbprint(scope, key.thumbprint);
      if (known !== undefined) {
        const isSame = known.device.id === device && known.key.purpose === key.purpose;
        return isSame ? accept(known.key) : refuse('device-key-taken');
      }
      if (reads.keyCount(scope, device) >= maxDeviceKeys) return refuse('device-keys-full');
      const row = { thumbprint: key.thumbprint, purpose: key.purpose, public_key: key.publicKey, created_at_ms: now };
      statements.insertKey.run({ ...scopeColumns(scope), ...row, device });
      const facts = { purpose: key.purpose, thumbprint: key.thumbprint };
      context.audit(scope, { actor: 'gateway', action: 'device.key-added', subject: device, facts }, now);
      return accept(deviceKeyOf(row));
    },
    'device.change-state': ({ scope, device: id, change, now }) => {
      const before = reads.byId(scope, id);
      if (before === undefined) return refuse('device-unknown');
      const changed = changeDevice(before, change, now);
      if (!changed.ok || changed.value === before) return changed;
      const device = changed.value;
      keepDevice(scope, before, device, change, now);
      const held = attested.current(scope, before);
      const isBack = before.state === 'suspended' && device.state === 'enrolled';
      const demand = isBack ? (reinstatedDemand(held.appraised, now) ?? held.demand) : held.demand;
      keeper.keep(scope, { id, ...held, demand });
      const { actor, reason } = change;
      const words = `${before.state} to ${device.state}: ${reason}`;
      keeper.note(scope, id, { kind: 'state', atMs: now, actor, reason: words, facts: undefined });
      return changed;
    },
  };
};
