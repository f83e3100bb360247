/** Devices in memory. */
import { randomBytes } from 'node:crypto';
import { accept, type EpochMs, refuse, toBase64Url } from '@hauberk/primitives';
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
import type { MemoryRecord } from './memory-record.ts';

/** Devices and their keys by scope. */
export interface DeviceRows {
  readonly devices: Map<string, Device>;
  readonly keys: Map<string, { readonly key: DeviceKey; readonly device: string }>;
}

/** The device store over a memory record. */
export const memoryDeviceStore = (record: MemoryRecord): DeviceStore => {
  const revocations: Revocation[] = [];
  const rowsOf = (scope: Scope): DeviceRows => record.devices(scope);
  const keyed = (scope: Scope, thumbprint: string): KeyedDevice | undefined => {
    const { devices, keys } = rowsOf(scope);
    const held = keys.get(thumbprint);
    const device = held && devices.get(held.device);
    return held === undefined || device === undefined ? undefined : { device, key: held.key };
  };
  const keep = (scope: Scope, before: Device, device: Device, reason: string, now: EpochMs): void => {
    rowsOf(scope).devices.set(device.id, device);
    const { generation, state, tier } = device;
    const position = revocations.length + 1;
    revocations.push({ position, scope, device: device.id, generation, state, tier, reason, atMs: now });
    if (takesAway(before, device)) record.strip(scope, device.id, now);
  };
  return {
    enrol: (scope, enrolment, now) =>
      record.write(() => {
        const known = keyed(scope, enrolment.thumbprint);
        if (known !== undefined && known.key.purpose !== 'identity') return refuse('device-key-taken');
        if (known !== undefined) return accept({ ...known, created: false });
        const { thumbprint, publicKey, tier, verdictReference } = enrolment;
        const id = toBase64Url(randomBytes(16));
        const times = { createdAtMs: now, changedAtMs: now };
        const device: Device = { id, tier, state: 'enrolled', generation: 1, verdictReference, ...times };
        const key: DeviceKey = { thumbprint, purpose: 'identity', publicKey, createdAtMs: now };
        rowsOf(scope).devices.set(id, device);
        rowsOf(scope).keys.set(thumbprint, { key, device: id });
        return accept({ device, key, created: true });
      }),
    addKey: (scope, id, { thumbprint, purpose, publicKey }, now) =>
      record.write(() => {
        const { devices, keys } = rowsOf(scope);
        const device = devices.get(id);
        if (device === undefined) return refuse('device-unknown');
        if (device.state !== 'enrolled') return refuse('device-not-enrolled', device.state);
        const known = keys.get(thumbprint);
        if (known !== undefined) {
          return known.device === id && known.key.purpose === purpose ? accept(known.key) : refuse('device-key-taken');
        }
        if ([...keys.values()].filter((key) => key.device === id).length >= maxDeviceKeys) {
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
        if (changed.ok && changed.value !== before) keep(scope, before, changed.value, change.reason, now);
        return changed;
      }),
    list: async (scope, { state, afterId = '', limit }) =>
      [...rowsOf(scope).devices.values()]
        .filter((device) => device.id > afterId && (state === undefined || device.state === state))
        .toSorted((left, right) => (left.id < right.id ? -1 : 1))
        .slice(0, limit),
    revocationsAfter: async (position, limit) => revocations.slice(position, position + limit),
  };
};
