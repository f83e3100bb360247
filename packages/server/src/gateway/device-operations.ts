/** What operators do to devices and to outcomes that nobody knows. A revocation reaches every worker thread with one store to shared memory. */
import { type DeviceTable, deviceTableKey, findDeviceRow, raiseGeneration } from '@hauberk/channel';
import { type EpochMs, fromBase64Url } from '@hauberk/primitives';
import type { Device, DeviceChange, DeviceStore } from '../storage/device-store.ts';
import type { IdempotencyStore, Settlement, UnknownOutcome } from '../storage/idempotency-store.ts';
import type { Scope } from '../storage/scope.ts';

/** What the operations need. */
export interface DeviceOperationsParts {
  readonly devices: DeviceStore;
  readonly idempotency: IdempotencyStore;
  readonly table: DeviceTable;
  readonly now: () => EpochMs;
}

/** Operations on one app's devices. */
export interface DeviceOperations {
  readonly find: (scope: Scope, device: string) => Promise<Device | undefined>;
  /** Changes a device's state; kept first, then felt by every thread at once. Answers the device, or why not. */
  readonly change: (scope: Scope, device: string, change: DeviceChange) => Promise<Device | string>;
  readonly unknownOutcomes: (scope: Scope) => Promise<readonly UnknownOutcome[]>;
  readonly settle: (scope: Scope, entry: string, settlement: Settlement, actor: string) => Promise<boolean | string>;
}

const listedOutcomes = 1000;

/** Voids every ticket of an older generation on all threads. */
export const voidTickets = (table: DeviceTable, device: Device): void => {
  const id = fromBase64Url(device.id);
  const row = id === undefined ? undefined : findDeviceRow(table, deviceTableKey(id));
  // Without a row no session lives, and the next hello reads the record.
  if (row !== undefined) raiseGeneration(table, row, device.generation);
};

/** The operations over a storage and the shared table. */
export const deviceOperations = ({ devices, idempotency, table, now }: DeviceOperationsParts): DeviceOperations => ({
  find: (scope, device) => devices.find(scope, device),
  change: async (scope, device, change) => {
    const changed = await devices.changeState(scope, device, change, now());
    if (!changed.ok) return changed.code;
    voidTickets(table, changed.value);
    return changed.value;
  },
  unknownOutcomes: (scope) => idempotency.listUnknown(scope, listedOutcomes),
  settle: async (scope, entry, settlement, actor) => {
    const settled = await idempotency.settle(scope, entry, settlement, actor, now());
    return settled.ok ? settled.value : settled.code;
  },
});
