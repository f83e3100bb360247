/** Devices in memory. */
import { randomBytes } from 'node:crypto';
import { type Appraised, isActiveState, withEntry } from '@hauberk/device';
import { accept, type EpochMs, refuse, toBase64Url } from '@hauberk/primitives';
import type { AttestationStore } from '../attestation-store.ts';
import {
  changeDevice,
  type Device,
  type DeviceKey,
  type DeviceStore,
  type KeyedDevice,
  maxDeviceKeys,
  type Revocation,
  takesAway,
} from '../device-store.ts';
import type { Scope } from '../scope.ts';
import {
  type HeldAppraisal,
  type KeepMemoryDevice,
  keepAttesting,
  memoryAttestationStore,
} from './memory-attestation-store.ts';
import type { MemoryRecord } from './memory-record.ts';

/** Devices and their keys by scope. */
export interface DeviceRows {
  readonly devices: Map<string, Device>;
  readonly keys: Map<string, { readonly key: DeviceKey; readonly device: string }>;
  readonly appraisals: Map<string, HeldAppraisal>;
}

const softwareAppraisal = (tier: number, verdictReference: string): Appraised => ({
  kind: 'software',
  tier,
  facts: { platform: 'other', level: 'software' },
  verdictReference,
});

/** A switched-off device that comes back has to be vouched for anew, where there is hardware for it. */
const demandAfter = (before: Device, after: Device, held: HeldAppraisal, now: EpochMs): HeldAppraisal['demand'] =>
  before.state === 'suspended' && after.state === 'enrolled' && held.appraised.facts.level !== 'software'
    ? { reason: 'reinstated', atMs: now }
    : held.demand;

/** The stores of devices and of their evidence over a memory record. */
export const memoryDeviceStores = (
  record: MemoryRecord,
): { readonly devices: DeviceStore; readonly attestations: AttestationStore } => {
  const revocations: Revocation[] = [];
  const rowsOf = (scope: Scope): DeviceRows => record.devices(scope);
  const keyed = (scope: Scope, thumbprint: string): KeyedDevice | undefined => {
    const { devices, keys } = rowsOf(scope);
    const held = keys.get(thumbprint);
    const device = held && devices.get(held.device);
    return held === undefined || device === undefined ? undefined : { device, key: held.key };
  };
  const keep: KeepMemoryDevice = (scope, before, device, reason, now) => {
    rowsOf(scope).devices.set(device.id, device);
    const { generation, state, tier } = device;
    const position = revocations.length + 1;
    revocations.push({ position, scope, device: device.id, generation, state, tier, reason, atMs: now });
    if (takesAway(before, device)) record.strip(scope, device.id, now);
  };
  const attestations = memoryAttestationStore(record, keep);
  const devices: DeviceStore = {
    enrol: (scope, enrolment, now) =>
      record.write(() => {
        const known = keyed(scope, enrolment.thumbprint);
        if (known !== undefined && known.key.purpose !== 'identity') return refuse('device-key-taken');
        if (known !== undefined) return accept({ ...known, created: false });
        const { thumbprint, publicKey, tier, verdictReference } = enrolment;
        const id = toBase64Url(randomBytes(16));
        const times = { createdAtMs: now, changedAtMs: now };
        const appraised = enrolment.appraised ?? softwareAppraisal(tier, verdictReference);
        const state = appraised.facts.level === 'software' ? 'enrolled' : 'trusted';
        const device: Device = { id, tier, state, generation: 1, verdictReference, ...times };
        const key: DeviceKey = { thumbprint, purpose: 'identity', publicKey, createdAtMs: now };
        if (!keepAttesting(rowsOf(scope), id, enrolment.attestingKey, now)) return refuse('device-key-taken');
        rowsOf(scope).devices.set(id, device);
        rowsOf(scope).keys.set(thumbprint, { key, device: id });
        const { facts, kind: reason } = appraised;
        const entry = { kind: 'enrolled', atMs: now, actor: 'gateway', reason, facts } as const;
        rowsOf(scope).appraisals.set(id, {
          appraised,
          attestedAtMs: now,
          demand: undefined,
          shared: undefined,
          history: [entry],
          evidence: enrolment.evidence,
          verdict: enrolment.verdict,
        });
        return accept({ device, key, created: true });
      }),
    addKey: (scope, id, { thumbprint, purpose, publicKey }, now) =>
      record.write(() => {
        const { devices, keys } = rowsOf(scope);
        const device = devices.get(id);
        if (device === undefined) return refuse('device-unknown');
        if (!isActiveState(device.state)) return refuse('device-not-enrolled', device.state);
        const known = keys.get(thumbprint);
        if (known !== undefined) {
          return known.device === id && known.key.purpose === purpose ? accept(known.key) : refuse('device-key-taken');
        }
        if (
          [...keys.values()].filter(({ device: owner, key }) => owner === id && key.purpose !== 'retired').length >=
          maxDeviceKeys
        ) {
          return refuse('device-keys-full');
        }
        const key: DeviceKey = { thumbprint, purpose, publicKey, createdAtMs: now };
        keys.set(thumbprint, { key, device: id });
        return accept(key);
      }),
    findByThumbprint: async (scope, thumbprint, purpose) => {
      const found = keyed(scope, thumbprint);
      return found?.key.purpose === purpose ? found : undefined;
    },
    find: async (scope, id) => rowsOf(scope).devices.get(id),
    changeState: (scope, id, change, now) =>
      record.write(() => {
        const before = rowsOf(scope).devices.get(id);
        if (before === undefined) return refuse('device-unknown');
        const changed = changeDevice(before, change, now);
        if (!changed.ok || changed.value === before) return changed;
        keep(scope, before, changed.value, change.reason, now);
        const held = rowsOf(scope).appraisals.get(id);
        if (held === undefined) return changed;
        const reason = `${before.state} to ${changed.value.state}: ${change.reason}`;
        const entry = { kind: 'state', atMs: now, actor: change.actor, reason, facts: undefined } as const;
        const demand = demandAfter(before, changed.value, held, now);
        rowsOf(scope).appraisals.set(id, { ...held, demand, history: withEntry(held.history, entry) });
        return changed;
      }),
    list: async (scope, { state, afterId = '', limit }) =>
      [...rowsOf(scope).devices.values()]
        .filter((device) => device.id > afterId && (state === undefined || device.state === state))
        .toSorted((left, right) => (left.id < right.id ? -1 : 1))
        .slice(0, limit),
    revocationsAfter: async (position, limit) => revocations.slice(position, position + limit),
  };
  return { devices, attestations };
};
